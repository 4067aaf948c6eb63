"""The files of a dataset from the hub or from Kaggle into its raw folder, as they are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeVar

import httpx2

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.sources import record
from pipelines.sources.fetch import Remote, fetch
from pipelines.sources.hub import Hub
from pipelines.sources.kaggle import Copy, unpack
from pipelines.sources.partial import matches, remove_part
from pipelines.sources.record import Entry, Source

T = TypeVar("T")


def from_hub(
    dataset: Dataset,
    folder: Path,
    choices: dict[str, str],
    endpoint: str | None,
    retry: RetryPolicy,
    progress: Progress,
) -> Source:
    """Bring the chosen files and the further test sets; what then is in the folder."""
    if dataset.hub is None:
        raise BadInput(f"{dataset.name}: no repository of the hub is known; give hub, or --source")
    hub = Hub(endpoint, retry)
    roles = dataset.patterns(choices.get("config"))
    revision = choices.get("revision") or dataset.revision or "main"
    commit, listed = hub.listing(
        dataset.hub, revision, [p for patterns in roles.values() for p in patterns], progress.note
    )
    if revision == "main":
        progress.note(f"{dataset.hub}: pinned at the newest commit, {commit}")
    for role in ("validation", "test"):
        patterns = roles[role]
        if patterns and not any(fnmatch(r.path, p) for r in listed for p in patterns):
            raise BadInput(f"{dataset.hub}: {role}: no file matches {' or '.join(patterns)}")
    is_train = [any(fnmatch(r.path, pattern) for pattern in roles["train"]) for r in listed]
    train = [remote for remote, hit in zip(listed, is_train, strict=True) if hit]
    if not train:
        raise BadInput(f"{dataset.hub}: no file matches {' or '.join(roles['train'])}")
    remotes = _shards(train, choices.get("shards"))
    remotes += [remote for remote, hit in zip(listed, is_train, strict=True) if not hit]
    for other in dataset.benchmarks:
        _, listed = hub.listing(other.hub, other.revision, [other.path], progress.note)
        remotes += [replace(r, path=f"benchmarks/{other.name}/{r.path}") for r in listed]
    return Source(
        source="huggingface",
        repository=dataset.hub,
        revision=commit,
        license=dataset.license,
        choices=choices,
        patterns=record.patterns(dataset, choices),
        benchmarks=record.benchmarks(dataset),
        files=_brought(remotes, folder, retry, progress),
    )


def from_kaggle(
    dataset: Dataset, folder: Path, choices: dict[str, str], retry: RetryPolicy, progress: Progress
) -> Source:
    """Bring the train files of the copy on Kaggle; what then is in the folder."""
    if dataset.kaggle is None:
        raise BadInput(
            f"{dataset.name}: no parquet copy on Kaggle is known; use --source huggingface"
        )
    with httpx2.Client() as client:
        copy = Copy(dataset.kaggle, client, retry, progress.note)
        names = [pattern.rpartition("/")[2] for pattern in dataset.patterns()["train"]]
        train = [name for pattern in names for name in copy.names(pattern)]
        if not train:
            wanted = " or ".join(names)
            raise BadInput(f"{dataset.kaggle}: the copy on Kaggle holds no file {wanted}")
        remotes = [copy.remote(name) for name in _shards(train, choices.get("shards"))]
        entries = _brought(remotes, folder, retry, progress)
    return Source(
        source="kaggle",
        repository=dataset.kaggle,
        revision=str(copy.version),
        license=dataset.license,
        choices=choices,
        patterns=record.patterns(dataset, choices),
        benchmarks=[],
        files=entries,
    )


def _shards(train: list[T], shards: str | None) -> list[T]:
    """The train files from A to B, counted from 0, for `A-B`; the file A for `A`; all for None."""
    if shards is None:
        return train
    first, _, last = shards.partition("-")
    chosen = train[int(first) : int(last or first) + 1]
    if len(chosen) != int(last or first) + 1 - int(first):
        raise BadInput(f"--shards {shards}: there are {len(train)} train files, from 0 on")
    return chosen


def _brought(
    remotes: Sequence[Remote], folder: Path, retry: RetryPolicy, progress: Progress
) -> list[Entry]:
    """Bring the files that are not there with their published bytes; the entries of all."""
    untouched = record.untouched(folder)

    def present(remote: Remote) -> str | None:
        digest = untouched.get(remote.path)
        if digest is not None and digest == remote.published.digests.get("sha256"):
            return digest
        return matches(folder / remote.path, remote.published)

    with ThreadPoolExecutor(record.AT_ONCE) as pool:
        present_digests = list(pool.map(present, remotes))
    digests = {r.path: d for r, d in zip(remotes, present_digests, strict=True) if d is not None}
    absent = [remote for remote in remotes if remote.path not in digests]
    if absent:
        size = sum(remote.published.size for remote in absent)
        names = ", ".join(remote.path for remote in absent[:3])
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        progress.note(f"fetching {names}{more} ({size / 1e6:,.1f} MB)")
        digests |= fetch(absent, folder, retry, progress)
    entries = []
    for remote in remotes:
        path, digest = remote.path, digests[remote.path]
        remove_part(folder / path)
        if path.endswith(".zip"):
            path = unpack(folder, path)
            digest = files.sha256(folder / path)
        verified = bool(remote.published.digests)
        entries.append(record.entry(folder, path, digest, verified=verified))
    return sorted(entries, key=lambda entry: entry.path)
