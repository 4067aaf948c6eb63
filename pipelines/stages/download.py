"""From a source's name to the raw parquet files, checked against what the source publishes.

This is the one stage that has no frame: it brings files, or lists those that are there. What it
brings goes to `raw/<dataset>/`, laid out as the hub lays it, with `SOURCE.json` written last. What
is there and is as it came is used without a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import datasets
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

# What of a dataset may be chosen, by source.
_CHOICES = {"huggingface": {"revision", "config", "shards"}, "kaggle": {"shards"}}

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.parquet")


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw files of a dataset. Paths in records are relative to `root`.

    kind: `demo`, `huggingface`, `kaggle` or `folder`. splits: the files of `train`, `validation`
    and `test`; those of `train` are split where `validation` has none. benchmarks: files of test
    sets, each with the column of its question where that is said. record: what `SOURCE.json` says
    of these files, None where nothing shows where they are from. digests: the sha256 of the files
    that are as they came; empty where `root` has no `SOURCE.json`.
    """

    kind: str
    root: Path
    splits: Mapping[str, tuple[Path, ...]]
    benchmarks: tuple[tuple[Path, str | None], ...]
    record: Source | None = None
    digests: Mapping[Path, str] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """The files of all splits, in the order in which they are read."""
        return [path for paths in self.splits.values() for path in paths]

    @property
    def absent(self) -> list[str]:
        """The train shards that are not there and of which the names of the others tell."""
        names = {path.name for path in self.splits["train"]}
        series = {(m[1], m[3]) for m in map(_SHARD.fullmatch, names) if m}
        expected = {
            f"{stem}-{i:05}-of-{total}.parquet" for stem, total in series for i in range(int(total))
        }
        return sorted(expected - names)


def download(
    dataset: Dataset,
    *,
    source: str | None,
    progress: Progress,
    fetch: bool = True,
    offline: bool = False,
    endpoint: str | None = None,
    retry: RetryPolicy | None = None,
    **choices: str,
) -> Raw:
    """The raw files of a dataset from `demo`, `huggingface`, `kaggle` or a folder.

    With `fetch` false nothing is brought or written, with `offline` no server is asked.
    `progress` hears of the bytes that are to come and that came. endpoint: of the hub, in place of
    the client's (HF_ENDPOINT). retry: with servers. source: None where the description decides: a
    user's files where they are there, the demo where there is one, else the hub or Kaggle.

    choices: revision, a commit, branch or tag in place of the recipe's commit; config, a
    configuration by name; shards, the train files `A-B`, counted from 0.
    """
    if source is None:
        source = _own_source(dataset)
    _check_choices(dataset, choices, source)
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


def _own_source(dataset: Dataset) -> str:
    """Where the rows of a dataset are, by its description."""
    folder = dataset.path.parent
    if dataset.own_files and _matching(folder, dataset.patterns()["train"]):
        return str(folder)
    if dataset.shipped and dataset.name in datasets.DEMO:
        return "demo"
    if dataset.hub or dataset.kaggle:
        return "huggingface" if dataset.hub else "kaggle"
    missing = ", ".join(str(folder / pattern) for pattern in dataset.patterns()["train"])
    raise BadInput(f"{dataset.path}: files: no file {missing}")


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
    faults = record.faults(folder, held, every_byte=True)
    return [f"{fault}; run `{command}`" for fault in faults] + record.unlisted(folder, held)


def _command(dataset: Dataset, source: str, choices: Mapping[str, str]) -> str:
    options = "".join(f" --{name} {value}" for name, value in choices.items())
    word = dataset.name if dataset.shipped else dataset.path
    return f"rft prepare {word} --until download --source {source}{options}"


def _check_choices(dataset: Dataset, choices: Mapping[str, str], source: str) -> None:
    """End the run where the source cannot give what is chosen."""
    for name, value in choices.items():
        if name not in _CHOICES.get(source, ()):
            sources = [source for source, names in _CHOICES.items() if name in names]
            raise BadInput(f"--{name} {value}: only with --source {' or '.join(sources)}")
    if "config" in choices and dataset.config is None:
        remedy = "its description has no `config`; leave the option out"
        raise BadInput(f"--config {choices['config']}: {dataset.name} has no others: {remedy}")
    bounds = re.fullmatch(r"(\d+)(?:-(\d+))?", choices.get("shards", "0"))
    if not bounds or (bounds[2] and int(bounds[2]) < int(bounds[1])):
        raise BadInput(f"--shards {choices['shards']}: give the first and the last file, as in 0-1")


# A downloaded copy -------------------------------------------------------------------------------


def _held(
    dataset: Dataset, folder: Path, source: str, choices: Mapping[str, str], *, quiet: bool
) -> Source | None:
    """The record of the folder where it is of what is chosen; None where that must be brought.

    A branch or tag may have moved on, so only the hub knows: with `quiet` it is as it was.
    """
    held = record.read(folder)
    if held is None:
        return None
    if held.source != source:
        raise BadInput(f"{folder}: holds the copy from {held.source}; move it away to use {source}")
    repository = dataset.hub if source == "huggingface" else dataset.kaggle
    patterns = record.patterns(dataset, choices)
    if (held.repository, held.choices, held.patterns) != (repository, choices, patterns):
        return None
    if source == "huggingface":
        # Without a commit the one stays that was the newest at the first download.
        revision = choices.get("revision") or dataset.revision or held.revision
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
    roles = dataset.patterns(held.choices.get("config"))
    paths = {entry.path: root / entry.path for entry in held.files}
    others = [(path, None) for name, path in paths.items() if name.startswith("benchmarks/")]
    matching = {
        role: [path for name, path in paths.items() if any(fnmatch(name, p) for p in patterns)]
        for role, patterns in roles.items()
    }
    taken = {path for role in roles if role != "train" for path in matching[role]}
    rest = [path for path in paths.values() if path not in {*taken, *(path for path, _ in others)}]
    return Raw(
        kind=held.source,
        root=root,
        splits=_by_split(matching | {"train": rest}),
        benchmarks=(*((path, None) for path in matching["benchmark"]), *others),
        record=held,
        digests={paths[entry.path]: entry.sha256 for entry in held.files},
    )


def _by_split(files: Mapping[str, list[Path]]) -> dict[str, tuple[Path, ...]]:
    return {split: tuple(files[split]) for split in ("train", "validation", "test")}


# A folder ----------------------------------------------------------------------------------------


def _in_folder(dataset: Dataset, folder: Path, kind: str) -> Raw:
    """The files of a folder that holds `<dataset>/`, or the dataset's files themselves.

    Where the folder has a `SOURCE.json`, its files must be as they came.
    """
    roles = dataset.patterns()
    for root in (folder / dataset.name, folder):
        matching = {role: _matching(root, patterns) for role, patterns in roles.items()}
        if not matching["train"] and dataset.shipped:
            matching["train"] = _other_files(root)
        if not matching["train"]:
            continue
        for role in ("validation", "test"):
            if roles[role] and not matching[role] and not dataset.shipped:
                raise BadInput(f"{dataset.path}: {role}: no file {root / roles[role][0]}")
        held = record.read(root)
        if held is None and (root / record.NAME).exists():
            raise BadInput(f"{root / record.NAME}: is not as `rft prepare` writes it; remove it")
        faults = record.faults(root, held, remember=False) if held else []
        faults += record.unlisted(root, held) if held else []
        if faults:
            raise BadInput(f"{faults[0]}; download it again, or remove {record.NAME}")
        named = [_with_field(pattern) for pattern in roles["benchmark"]]
        own = [(path, field) for one, field in named for path in _matching(root, [one])]
        others = [(path, None) for path in sorted(root.glob("benchmarks/**/*")) if path.is_file()]
        digests = {root / entry.path: entry.sha256 for entry in held.files} if held else {}
        train = matching["train"]
        return Raw(
            kind=kind,
            root=root,
            splits=_by_split(matching),
            benchmarks=tuple(dict.fromkeys((*own, *others))),
            record=held if digests.keys() >= set(train) else None,
            digests=digests,
        )
    raise BadInput(
        f"{folder}: no file {' or '.join(roles['train'])}, with {dataset.name}/ or without"
    )


def _with_field(pattern: str) -> tuple[str, str | None]:
    """`PATH` or `PATH:COLUMN` of a description."""
    path, colon, field = pattern.rpartition(":")
    return (path, field) if colon and "/" not in field and "." not in field else (pattern, None)


def _matching(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below a folder that match, by name where no folder of the pattern is there."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        name = pattern.rpartition("/")[2]
        for inner in (pattern, f"data/{name}", name):
            start = root / Path(inner).anchor
            rest = Path(inner).relative_to(Path(inner).anchor).as_posix()
            exact = [start / rest] if (start / rest).is_file() else []  # with [ ] in its name
            if here := [path for path in exact or sorted(start.glob(rest)) if path.is_file()]:
                found |= dict.fromkeys(here)
                break
    return list(found)


def _other_files(root: Path) -> list[Path]:
    """Every parquet file of a copy with names of its own that is no other split."""
    for inner in (root / "data", root):
        paths = sorted(inner.glob("*.parquet"))
        if train := [path for path in paths if not re.match("validation|test|dev", path.name)]:
            return train
    return []
