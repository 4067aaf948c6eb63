"""`SOURCE.json`: where the files of a raw folder came from, and whether they are as they came.

It is written last, so that a folder that has it is whole. Reading the files again takes 0.8 s of
CPU for each GB, so it also holds size, times and inode of each file as they were when its bytes
were last compared, and while they are the same the file is taken as read. That sees every write and
every replaced file, also where the time was set back; it does not see a disk that loses bits.
`faults` with `every_byte` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.io import files, schema

NAME = "SOURCE.json"
_DATA = (".jsonl", ".parquet")

# Files read at once: hashlib lets other threads run, and two cores hash 2.4 GB/s.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path below the folder; `verified` where a published digest covers its bytes.

    stat: size, times and inode when the bytes last had the digest; empty where that is not known.
    """

    path: str
    sha256: str
    bytes: int
    verified: bool
    stat: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """What `SOURCE.json` holds.

    source: `huggingface` or `kaggle`. revision: the commit of the hub, the version on Kaggle.
    choices: what to bring, by option, where it was not left to the recipe. patterns: those of the
    files, by their role. benchmarks: the further test sets with their repositories and commits.
    """

    source: str
    repository: str
    revision: str
    license: str | None
    choices: dict[str, str]
    patterns: dict[str, list[str]]
    benchmarks: list[dict[str, str]]
    files: list[Entry]


def patterns(dataset: Dataset, choices: Mapping[str, str]) -> dict[str, list[str]]:
    """The patterns of a dataset's files, as its record has them."""
    roles = dataset.patterns(choices.get("config"))
    return {role: list(patterns) for role, patterns in roles.items() if patterns}


def benchmarks(dataset: Dataset) -> list[dict[str, str]]:
    """The further test sets of a dataset, as its record names them."""
    return [
        {"name": other.name, "repository": other.hub, "revision": other.revision}
        for other in dataset.benchmarks
    ]


def entry(folder: Path, path: str, digest: str, *, verified: bool) -> Entry:
    """The entry of a file whose bytes have the digest."""
    stat = _stat(folder / path)
    return Entry(path, digest, stat[0], verified, stat)


def read(folder: Path) -> Source | None:
    """The record of a folder; None where there is none that can be read."""
    value = schema.document(folder / NAME, "source")
    if value is None:
        return None
    return Source(**value | {"files": [Entry(**entry) for entry in value["files"]]})


def write(folder: Path, source: Source) -> None:
    """Write the record, after the files that it names."""
    files.write_json(folder / NAME, asdict(source))


def faults(
    folder: Path, source: Source, *, every_byte: bool = False, remember: bool = True
) -> list[str]:
    """Which files are missing or are not as they came, one line each, in the order of the record.

    With `every_byte`, no file is taken as read; with `remember` false, nothing is written.
    """

    def compare(entry: Entry) -> tuple[Entry, str | None]:
        path = folder / entry.path
        if not path.is_file():
            return entry, f"{path}: is missing"
        stat = _stat(path)
        if stat == entry.stat and not every_byte:
            return entry, None
        if files.sha256(path) != entry.sha256:
            return entry, f"{path}: has changed since it was brought (sha256)"
        return replace(entry, stat=stat), None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        compared = list(pool.map(compare, source.files))
    entries = [entry for entry, _ in compared]
    if remember and entries != source.files:
        # A folder that cannot be written, or where another run writes, is read anew each time.
        with suppress(BadInput), files.alone(folder):
            if read(folder) == source:
                write(folder, replace(source, files=entries))
    return [message for _, message in compared if message]


def unlisted(folder: Path, source: Source) -> list[str]:
    """The data files of a folder that its record does not name, one line each."""
    listed = {folder / entry.path for entry in source.files}
    there = (path for path in sorted(folder.rglob("*")) if path.suffix in _DATA)
    return [f"{path}: is no file of {NAME}; move it away" for path in there if path not in listed]


def untouched(folder: Path) -> dict[str, str]:
    """The sha256 of the recorded files that nothing has touched since they were read, by path."""
    source = read(folder)
    entries = source.files if source else []
    return {
        entry.path: entry.sha256
        for entry in entries
        if (folder / entry.path).is_file() and _stat(folder / entry.path) == entry.stat
    }


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
