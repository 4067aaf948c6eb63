"""Files that are whole or absent: digests, atomic writes, one process at a time in a folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest
from io import BufferedWriter
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import polars as pl
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from pipelines.findings import BadInput

# Rows a row group of our own parquet files.
_GROUP = 65_536
_PARQUET: Any = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}

_LOCK = ".lock"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def sha256(path: Path) -> str:
    """The digest of a file's bytes, 64 hex digits. Memory does not grow with the file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file under a name of its own, flush it to the disk, then give it its final name.

    A run that dies on the way leaves `<name>.part`, which the next run overwrites. An error leaves
    nothing; a full disk and a folder that cannot be written become one line for the user.
    """
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        return _write_through(path, fill)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_new(part) as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_through(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write to a device or a pipe, which cannot be replaced."""
    try:
        with path.open("wb", buffering=0) as raw, BufferedWriter(raw) as file:
            fill(file)
    except OSError as error:
        raise unwritable(path, error) from error


def open_new(path: Path) -> BinaryIO:
    """Open a file that is to be written from its start, never what a link of that name leads to."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def unwritable(
    path: Path,
    error: OSError,
    *,
    room: str = "free some, or choose another --out",
    otherwise: str = "choose another --out",
) -> BadInput:
    """The one line for a file or folder that could not be written, with what to do about it."""
    if error.errno in _NO_ROOM:
        return BadInput(f"{path}: no room left on the disk; {room}")
    return BadInput(f"{path}: cannot be written ({error.strerror or error}); {otherwise}")


def json_bytes(value: object) -> bytes:
    """JSON for people: two spaces, non-ASCII as it is, one line end at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_json(path: Path, value: object) -> None:
    """Write JSON for people."""
    write(path, lambda file: file.write(json_bytes(value)))


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as parquet; the bytes depend on its rows alone, not on chunks or threads.

    In row groups of a fixed size, so that only one is held in Arrow's form at a time. Without
    dictionaries and statistics: most columns are prompts and digests, for which these cost a third
    of the time and save nothing.
    """
    groups = frame.iter_slices(_GROUP) if frame.height else [frame]
    tables = (part.rechunk().to_arrow() for part in groups)

    def fill(file: BinaryIO) -> None:
        first = next(tables)
        with pq.ParquetWriter(file, first.schema, **_PARQUET) as out:
            for table in chain([first], tables):
                out.write_table(table)

    write(path, fill)


def below(path: Path, root: Path) -> str:
    """The path from `root`, or the whole of one that is elsewhere."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def describe(
    path: Path, root: Path, rows: int | None = None, digest: str | None = None
) -> dict[str, object]:
    """A file as the manifest has it: path below `root`, digest, bytes, rows where counted.

    Of a file elsewhere, as a description may name it, the whole path.
    `digest` is the sha256 where it is known, so that the file is not read for it.
    """
    entry: dict[str, object] = {
        "path": below(path, root),
        "sha256": digest or sha256(path),
        "bytes": path.stat().st_size,
    }
    return entry if rows is None else {**entry, "rows": rows}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; another run in it is told so at once.

    The lock goes with the process, however that ends. Folders that were made for this and in which
    nothing was written are removed in the end.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        lock.acquire(blocking=False)
    except Timeout:
        raise BadInput(f"{folder}: another run is writing here; wait for it") from None
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield
    finally:
        if made:
            _remove_empty(folder, made)
        lock.release()


def _remove_empty(folder: Path, made: list[Path]) -> None:
    """Remove the folders in a folder that are empty, and those that were `made` for it."""
    inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    with suppress(OSError):
        for path in inner:
            if not any(path.iterdir()):
                path.rmdir()
        if [path.name for path in folder.iterdir()] == [_LOCK]:
            (folder / _LOCK).unlink()
            for path in made:
                path.rmdir()
