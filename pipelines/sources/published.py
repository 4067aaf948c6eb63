"""The files of a dataset from the hub or from Kaggle into its raw folder, as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
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
from pipelines.sources.columns import narrow
from pipelines.sources.fetch import Remote, fetch
from pipelines.sources.hub import Hub
from pipelines.sources.kaggle import Copy, unpack
from pipelines.sources.partial import matches, remove_traces
from pipelines.sources.record import Entry, Source

T = TypeVar("T")

# Where some columns of a file go, so that they never stand in the place of the file.
NARROW = "narrow"


def from_hub(
    dataset: Dataset,
    folder: Path,
    asked: dict[str, str],
    endpoint: str | None,
    retry: RetryPolicy,
    progress: Progress,
) -> Source:
    """Bring what is asked for, and the further test sets; what then is in the folder."""
    hub = Hub(endpoint, retry)
    pattern = train_pattern(dataset, asked.get("config"))
    patterns = [pattern, *([dataset.benchmark] if dataset.benchmark else [])]
    revision = asked.get("revision", dataset.revision)
    commit, listed = hub.listing(dataset.hub, revision, patterns, progress.note)
    train = _shards([r for r in listed if fnmatch(r.path, pattern)], asked.get("shards"))
    whole = [remote for remote in listed if not fnmatch(remote.path, pattern)]
    for other in dataset.benchmarks:
        _, found = hub.listing(other.hub, other.revision, [other.path], progress.note)
        whole += [replace(r, path=f"benchmarks/{other.name}/{r.path}") for r in found]
    entries = []
    if "columns" in asked:
        parts = [replace(remote, path=f"{NARROW}/{remote.path}") for remote in train]
        progress.note(f"fetching {len(dataset.columns)} columns of {_told(train)}")
        before = record.read(folder)
        known = {entry.path: entry.sha256 for entry in before.files} if before else {}
        digests = narrow(parts, dataset.columns, folder, known, retry, progress)
        entries = [_entry(folder, path, digest, verified=False) for path, digest in digests.items()]
    else:
        whole = [*train, *whole]
    entries += _whole(whole, folder, retry, progress)
    return Source(
        source="huggingface",
        repository=dataset.hub,
        revision=commit,
        licence=dataset.licence,
        asked=asked,
        benchmarks=record.benchmarks(dataset),
        files=sorted(entries, key=lambda entry: entry.path),
    )


def from_kaggle(
    dataset: Dataset, folder: Path, asked: dict[str, str], retry: RetryPolicy, progress: Progress
) -> Source:
    """Bring the train files of the copy on Kaggle; what then is in the folder."""
    if dataset.kaggle is None:
        raise BadInput(
            f"{dataset.name}: no parquet copy on Kaggle is known; use --source huggingface"
        )
    with httpx2.Client() as client:
        copy = Copy(dataset.kaggle, client, retry, progress.note)
        pattern = dataset.train.rpartition("/")[2]
        train = copy.names(pattern)
        if not train:
            raise BadInput(f"{dataset.kaggle}: the copy on Kaggle holds no file {pattern}")
        remotes = [copy.remote(name) for name in _shards(train, asked.get("shards"))]
        entries = _whole(remotes, folder, retry, progress)
    return Source(
        source="kaggle",
        repository=dataset.kaggle,
        revision=str(copy.version),
        licence=dataset.licence,
        asked=asked,
        benchmarks=[],
        files=sorted(entries, key=lambda entry: entry.path),
    )


def train_pattern(dataset: Dataset, config: str | None) -> str:
    """The pattern of the train files of a configuration; the recipe's where None."""
    if config is None:
        return dataset.train
    known = dataset.configs
    if config not in known:
        names = ", ".join(known) or "none but its own"
        raise BadInput(f"{dataset.name}: unknown configuration {config!r}; there is {names}")
    return known[config]


def _shards(train: list[T], shards: str | None) -> list[T]:
    """The train files from A to B, counted from 0, for `A-B`; the file A for `A`; all for None."""
    if shards is None:
        return train
    first, _, last = shards.partition("-")
    chosen = train[int(first) : int(last or first) + 1]
    if len(chosen) != int(last or first) + 1 - int(first):
        raise BadInput(f"--shards {shards}: there are {len(train)} train files, from 0 on")
    return chosen


def _whole(
    remotes: Sequence[Remote], folder: Path, retry: RetryPolicy, progress: Progress
) -> list[Entry]:
    """Bring the files that are not there with their published bytes; all that are there then."""
    names = [r.path for r in remotes if "sha256" in r.published.digests]
    found = record.digests(folder, names)
    digests: dict[str, str] = {}
    for remote in remotes:
        if remote.path not in found:
            digest = matches(folder / remote.path, remote.published)
        elif found[remote.path] == remote.published.digests["sha256"]:
            digest = found[remote.path]
        else:
            digest = None
        if digest is not None:
            digests[remote.path] = digest
    absent = [remote for remote in remotes if remote.path not in digests]
    if absent:
        progress.note(f"fetching {_told(absent)}")
        digests |= fetch(absent, folder, retry, progress)
    for remote in remotes:
        remove_traces(folder / remote.path)
    return [
        _entry(folder, r.path, digests[r.path], verified=bool(r.published.digests)) for r in remotes
    ]


def _entry(folder: Path, path: str, digest: str, *, verified: bool) -> Entry:
    """The entry of a file that is there; one that came packed is unpacked."""
    if path.endswith(".zip"):
        path = unpack(folder, path)
        digest = files.sha256(folder / path)
    return Entry(path, digest, (folder / path).stat().st_size, verified)


def _told(remotes: Sequence[Remote]) -> str:
    size = sum(remote.published.size for remote in remotes)
    names = ", ".join(remote.path for remote in remotes[:3])
    more = f" and {len(remotes) - 3} more" if len(remotes) > 3 else ""
    return f"{names}{more} ({size / 1e6:,.1f} MB)"
