"""From a source's name to the raw parquet files, checked against what the source publishes.

This is the one stage that has no frame: it brings files, or lists those that are there. What it
brings goes to `raw/<dataset>/`, laid out as the hub lays it, with `SOURCE.json` written last. What
is there and is as it came is used without a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, did_you_mean
from pipelines.io import files
from pipelines.io.progress import Progress
from pipelines.sources import record
from pipelines.sources.record import Source

if TYPE_CHECKING:
    from pipelines.io.retry import RetryPolicy

DEMO = Path(__file__).parents[2] / "raw" / "demo"
RAW = Path("raw")

# What of a dataset may be choices, by source.
_CHOICES = {"huggingface": {"revision", "config", "shards"}, "kaggle": {"shards"}}

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.parquet")


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw files of a dataset. Paths in records are relative to `root`.

    kind: `demo`, `huggingface`, `kaggle` or `folder`. others: files of other test sets, from
    `benchmarks/`. record: what `SOURCE.json` says of these files, None where nothing shows where
    they are from. digests: the sha256 of the files that are as they came; empty where `root` has no
    `SOURCE.json`.
    """

    kind: str
    root: Path
    train: tuple[Path, ...]
    benchmark: tuple[Path, ...]
    others: tuple[Path, ...] = ()
    record: Source | None = None
    digests: Mapping[Path, str] = field(default_factory=dict)

    @property
    def absent(self) -> list[str]:
        """The train shards that are not there and of which the names of the others tell."""
        names = {path.name for path in self.train}
        series = {(m[1], m[3]) for m in map(_SHARD.fullmatch, names) if m}
        expected = {
            f"{stem}-{i:05}-of-{total}.parquet" for stem, total in series for i in range(int(total))
        }
        return sorted(expected - names)


def download(
    dataset: Dataset,
    *,
    source: str,
    progress: Progress,
    fetch: bool = True,
    offline: bool = False,
    endpoint: str | None = None,
    retry: RetryPolicy | None = None,
    **choices: str,
) -> Raw:
    """The raw files of a dataset from `demo`, `huggingface`, `kaggle` or a folder.

    With `fetch` false nothing is brought or written, with `offline` no server is asked. `progress`
    hears of the bytes that are to come and that came. endpoint: of the hub, in place of the
    client's (HF_ENDPOINT). retry: with servers.

    choices: revision, a commit, branch or tag in place of the recipe's commit; config, a
    configuration by name; shards, the train files `A-B`, counted from 0.
    """
    _check_choices(choices, source)
    if source == "demo":
        if not DEMO.is_dir():
            raise BadInput(
                "the demo is part of a checkout and this is an installed copy; "
                "use --source huggingface, kaggle or a folder"
            )
        return _in_folder(dataset, DEMO, "demo")
    if source not in _CHOICES:
        folder = Path(source)
        if not folder.is_dir():
            fault = "there is no such folder" if not folder.exists() else "it is a file"
            hint = did_you_mean(source, ("demo", "huggingface", "kaggle", "a folder"))
            raise BadInput(f"{source}: {fault}; {hint}")
        return _in_folder(dataset, folder, "folder")
    folder = RAW / dataset.name
    quiet = offline or not fetch
    held = _held(dataset, folder, source, choices, quiet=quiet)
    faults = record.faults(folder, held, remember=fetch) if held else []
    if held is None or faults:
        if quiet:
            reason = faults[0] if faults else f"{folder}: not downloaded yet"
            raise BadInput(f"{reason}; run `{_command(dataset, source, choices)}`")
        for fault in faults:
            progress.note(f"{fault}; fetching it again")
        held = _bring(dataset, folder, source, choices, endpoint, retry, progress)
    return _recorded(dataset, folder, held)


def check(dataset: Dataset) -> list[str]:
    """What is wrong with the files in `raw/<dataset>/`, every byte of them read: a line each.

    BadInput where nothing was downloaded.
    """
    folder = RAW / dataset.name
    held = record.read(folder)
    if held is None:
        command = _command(dataset, "huggingface", {})
        raise BadInput(f"{folder}: not downloaded yet; run `{command}`")
    command = _command(dataset, held.source, held.choices)
    return [f"{fault}; run `{command}`" for fault in record.faults(folder, held, every_byte=True)]


def _command(dataset: Dataset, source: str, choices: Mapping[str, str]) -> str:
    options = "".join(f" --{name} {value}" for name, value in choices.items())
    return f"rft prepare {dataset.name} --until download --source {source}{options}"


def _check_choices(choices: Mapping[str, str], source: str) -> None:
    """End the run where the source cannot give what is choices."""
    for name, value in choices.items():
        if name not in _CHOICES.get(source, ()):
            sources = [source for source, names in _CHOICES.items() if name in names]
            raise BadInput(f"--{name} {value}: only with --source {' or '.join(sources)}")
    bounds = re.fullmatch(r"(\d+)(?:-(\d+))?", choices.get("shards", "0"))
    if not bounds or (bounds[2] and int(bounds[2]) < int(bounds[1])):
        raise BadInput(f"--shards {choices['shards']}: give the first and the last file, as in 0-1")


# A downloaded copy -------------------------------------------------------------------------------


def _held(
    dataset: Dataset, folder: Path, source: str, choices: Mapping[str, str], *, quiet: bool
) -> Source | None:
    """The record of the folder where it is of what is choices; None where that must be brought.

    A branch or tag may have moved on, so only the hub knows: with `quiet` it is as it was.
    """
    held = record.read(folder)
    if held is None:
        return None
    if held.source != source:
        raise BadInput(f"{folder}: holds the copy from {held.source}; move it away to use {source}")
    if held.choices != choices:
        return None
    if source == "huggingface":
        revision = choices.get("revision", dataset.revision)
        moves = not _COMMIT.fullmatch(revision)
        same = quiet if moves else held.revision == revision
        return held if same and held.benchmarks == record.benchmarks(dataset) else None
    return held


def _bring(
    dataset: Dataset,
    folder: Path,
    source: str,
    choices: dict[str, str],
    endpoint: str | None,
    retry: RetryPolicy | None,
    progress: Progress,
) -> Source:
    # Here and not above: the clients take 0.2 s to load, and most runs ask no server.
    from pipelines.io.retry import RetryPolicy
    from pipelines.sources import published

    way = (retry or RetryPolicy(), progress)
    with files.alone(folder):
        if source == "kaggle":
            brought = published.from_kaggle(dataset, folder, choices, *way)
        else:
            brought = published.from_hub(dataset, folder, choices, endpoint, *way)
        record.write(folder, brought)
    return brought


def _recorded(dataset: Dataset, root: Path, held: Source) -> Raw:
    """The files that a record names."""
    paths = {entry.path: root / entry.path for entry in held.files}
    others = [name for name in paths if name.startswith("benchmarks/")]
    benchmark = [name for name in paths if fnmatch(name, dataset.benchmark or "")]
    train = tuple(path for name, path in paths.items() if name not in {*others, *benchmark})
    return Raw(
        kind=held.source,
        root=root,
        train=train,
        benchmark=tuple(paths[name] for name in benchmark),
        others=tuple(paths[name] for name in others),
        record=held,
        digests={paths[entry.path]: entry.sha256 for entry in held.files},
    )


# A folder ----------------------------------------------------------------------------------------


def _in_folder(dataset: Dataset, folder: Path, kind: str) -> Raw:
    """The files of a folder that holds `<dataset>/`, or the dataset's files themselves.

    Where the folder has a `SOURCE.json`, its files must be as they came.
    """
    for root in (folder / dataset.name, folder):
        for inner in (root / "data", root):
            train = _train_files(dataset, inner)
            if not train:
                continue
            held = record.read(root)
            faults = record.faults(root, held, remember=False) if held else []
            if faults:
                raise BadInput(f"{faults[0]}; download it again, or remove {record.NAME}")
            pattern = (dataset.benchmark or "").rpartition("/")[2]
            others = (
                path
                for path in sorted(root.glob("benchmarks/**/*"))
                if path.suffix in (".jsonl", ".parquet")
            )
            digests = {root / entry.path: entry.sha256 for entry in held.files} if held else {}
            return Raw(
                kind=kind,
                root=root,
                train=train,
                benchmark=tuple(sorted(inner.glob(pattern)) if pattern else ()),
                others=tuple(others),
                record=held if digests.keys() >= set(train) else None,
                digests=digests,
            )
    raise BadInput(
        f"{folder}: no parquet file of {dataset.name}; "
        f"expected {dataset.name}/{dataset.train}, or the files themselves"
    )


def _train_files(dataset: Dataset, folder: Path) -> tuple[Path, ...]:
    """The published train files; where names differ, every parquet file that is no other split."""
    published = sorted(folder.glob(dataset.train.rpartition("/")[2]))
    others = (p for p in folder.glob("*.parquet") if not re.match("validation|test|dev", p.name))
    return tuple(published or sorted(others))
