"""A file of answers that grows one by one and outlives a kill.

Answers are appended to `<name>.journal` as they come, each with one write. In the end all of them,
with those that the file held before, are put in order and written under the final name. Each is
known by what is asked: item, model, settings and its number, so that none is asked for twice.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson
from filelock import FileLock, Timeout

from pipelines.findings import BadInput
from pipelines.io.jsonl import json_object, lines


class Key(NamedTuple):
    """Which answer it is: model, the digests of settings and item, the number from 0."""

    model: str
    settings: str
    item: str
    number: int


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The answers of a file, for one process at a time."""
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: is no plain file; name one with --out")
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise BadInput(f"{path}: another run is writing it; wait for it") from None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        journal = Journal(path)
        try:
            yield journal
        finally:
            journal.close()
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


class Journal:
    """The answers of a file: those in it and those that are added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path.with_name(f"{path.name}.journal")
        # Where each answer is: in which file, at which offset, of how many bytes.
        self._places: dict[Key, tuple[Path, int, int]] = {}
        self._read(self.path)
        self._end = self._read(self.journal)
        try:
            self._file = FileIO(self.journal, "r+" if self.journal.exists() else "w+")
            self._file.truncate(self._end)  # without what a kill cut
            self._file.seek(self._end)
        except OSError as error:
            raise _unwritable(self.journal, error) from error

    def __contains__(self, key: Key) -> bool:
        """Whether an answer is there."""
        return key in self._places

    def close(self) -> None:
        """Let the journal go, which stays where it holds answers."""
        self._file.close()
        if not self._end:
            self.journal.unlink(missing_ok=True)

    def add(self, key: Key, answer: Mapping[str, Any]) -> None:
        """Keep an answer."""
        line = orjson.dumps({**key._asdict(), **answer}) + b"\n"
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise _unwritable(self.journal, error) from error
        self._places[key] = self.journal, self._end, len(line)
        self._end += len(line)

    def finish(self) -> None:
        """Write all answers under the final name, by model, settings, item and number."""
        from pipelines.io import files  # with polars behind it, which a dry run needs not

        with ExitStack() as closed:
            read = {
                path: closed.enter_context(path.open("rb"))
                for path in {place[0] for place in self._places.values()}
            }
            files.write(self.path, lambda file: file.writelines(self._ordered(read)))
        self._file.truncate(0)
        self._end = 0

    def _ordered(self, read: Mapping[Path, IO[bytes]]) -> Iterator[bytes]:
        for key in sorted(self._places):
            path, offset, size = self._places[key]
            read[path].seek(offset)
            yield read[path].read(size).removesuffix(b"\n") + b"\n"  # a person may leave it out

    def _read(self, path: Path) -> int:
        """Take note of a file's answers; how many of its bytes are whole lines."""
        offset = 0
        for number, line in enumerate(lines(path) if path.is_file() else (), 1):
            if path == self.journal and not line.endswith(b"\n"):
                break  # a kill cut it
            row = json_object(line, path, number)
            values: Any = [row.get(name) for name in Key._fields]
            if [type(value) for value in values] != [str, str, str, int]:
                problem = "is no answer that `rft sample` wrote"
                raise BadInput(f"{path}:{number}: {problem}; give --out another file")
            self._places[Key(*values)] = path, offset, len(line)
            offset += len(line)
        return offset


def _unwritable(path: Path, error: OSError) -> BadInput:
    from pipelines.io import files

    return files.unwritable(path, error)
