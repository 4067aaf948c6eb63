"""`SOURCE.json`: where the files of a raw folder came from, and whether they are as they came.

It is written last, so that a folder that has it is whole. Reading the files again takes 0.8 s of
CPU for each GB, so `.verified.json` has size, times and inode of each file beside the digest that
was found, and while they are the same the file is taken as read. That sees every write and every
replaced file, also where the time was set back; it does not see a disk that loses bits. `faults`
with `every_byte` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from pipelines.datasets.dataset import Dataset
from pipelines.io import files

NAME = "SOURCE.json"
_VERIFIED = ".verified.json"

# Files read at once: hashlib lets other threads run, and two cores hash 2.4 GB/s.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path below the folder; `verified` where a published digest covers its bytes."""

    path: str
    sha256: str
    bytes: int
    verified: bool


@dataclass(frozen=True, slots=True)
class Source:
    """What `SOURCE.json` holds.

    source: `huggingface` or `kaggle`. revision: the commit of the hub, the version on Kaggle.
    asked: the choices of what to bring, by name, that were not left to the recipe. benchmarks: the
    further test sets with their repositories and commits.
    """

    source: str
    repository: str
    revision: str
    licence: str
    asked: dict[str, str]
    benchmarks: list[dict[str, str]]
    files: list[Entry]


def benchmarks(dataset: Dataset) -> list[dict[str, str]]:
    """The further test sets of a dataset, as its record names them."""
    return [
        {"name": other.name, "repository": other.hub, "revision": other.revision}
        for other in dataset.benchmarks
    ]


def read(folder: Path) -> Source | None:
    """The record of a folder; None where there is none that can be read."""
    with suppress(OSError, orjson.JSONDecodeError, TypeError, KeyError):
        value: dict[str, Any] = orjson.loads((folder / NAME).read_bytes())
        return Source(**value | {"files": [Entry(**entry) for entry in value["files"]]})
    return None


def write(folder: Path, source: Source) -> None:
    """Write the record, after the files that it names."""
    digests = {entry.path: entry.sha256 for entry in source.files}
    _keep(folder, {path: (_stat(folder / path), digest) for path, digest in digests.items()})
    files.write_json(folder / NAME, asdict(source))


def faults(
    folder: Path, source: Source, *, every_byte: bool = False, remember: bool = True
) -> list[str]:
    """Which files are missing or are not as they came, one line each, in the order of the record.

    With `every_byte`, no file is taken as read; with `remember` false, nothing is written.
    """
    names = [entry.path for entry in source.files]
    found = digests(folder, names, every_byte=every_byte, remember=remember)
    told = []
    for entry in source.files:
        digest = found[entry.path]
        if digest is None:
            told.append(f"{folder / entry.path}: is missing")
        elif digest != entry.sha256:
            told.append(f"{folder / entry.path}: has changed since it was brought (sha256)")
    return told


def digests(
    folder: Path, paths: Iterable[str], *, every_byte: bool = False, remember: bool = True
) -> dict[str, str | None]:
    """The sha256 of files below a folder, None where there is no such file."""
    kept = {} if every_byte else _kept(folder)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        names = list(paths)
        found = dict(zip(names, pool.map(partial(_digest, folder, kept), names), strict=True))
    new = {name: pair for name, pair in found.items() if pair and pair != kept.get(name)}
    if new and remember:
        _keep(folder, new)
    return {name: pair and pair[1] for name, pair in found.items()}


_Stat = tuple[int, int, int, int]


def _digest(
    folder: Path, kept: dict[str, tuple[_Stat, str]], name: str
) -> tuple[_Stat, str] | None:
    path = folder / name
    if not path.is_file():
        return None
    before = _stat(path)
    if name in kept and kept[name][0] == before:
        return kept[name]
    return before, files.sha256(path)


def _stat(path: Path) -> _Stat:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _kept(folder: Path) -> dict[str, tuple[_Stat, str]]:
    with suppress(OSError, orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        value = orjson.loads((folder / _VERIFIED).read_bytes())
        return {name: (tuple(stat), digest) for name, (stat, digest) in value.items()}
    return {}


def _keep(folder: Path, new: dict[str, tuple[_Stat, str]]) -> None:
    """Remember digests for the next run; a folder that cannot be written is read anew each time."""
    with suppress(OSError):
        data = orjson.dumps({**_kept(folder), **new})
        part = folder / f"{_VERIFIED}.part"
        with files.open_new(part) as file:
            file.write(data)
        part.replace(folder / _VERIFIED)
