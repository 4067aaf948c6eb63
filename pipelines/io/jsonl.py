"""JSONL as it lies on the disk: its lines, whatever they hold, in bounded memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from pipelines.findings import BadInput

BOM = b"\xef\xbb\xbf"

# Bytes of a line that are read; the rule RFT108 refuses longer ones, and nothing parses them.
MOST_LINE_BYTES = 16_000_000


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, or of the standard input for `-`, with their line ends.

    Of one that is too long, its start and one byte more than are allowed.
    """
    if str(path) == "-":
        yield from _split(sys.stdin.buffer)
        return
    try:
        file = path.open("rb", buffering=1 << 20)
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        yield from _split(file)


def numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, as they are, with their numbers from 1."""
    for number, line in enumerate(lines(path), 1):
        if line.removeprefix(BOM).strip():
            yield number, line


def count(path: Path) -> int:
    """How many lines are not blank."""
    return sum(1 for _ in numbered(path))


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their lines; BadInput where a line holds none."""
    for number, line in numbered(path):
        yield number, json_object(line, path, number)


def json_object(line: bytes, path: Path | str, number: int) -> dict[str, Any]:
    """The object that a line of a file holds; BadInput, with its place, where it holds none."""
    try:
        value = orjson.loads(line.removeprefix(BOM))
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadInput(f"{path}:{number}: not a JSON object; see `rft validate {path}`")
    return value


def document(path: Path) -> Any:
    """The one JSON value of a file, or of the standard input for `-`."""
    try:
        return orjson.loads(content(path))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path}: not JSON: {error}; write one JSON object") from None


def content(path: Path) -> bytes:
    """All bytes of a document, or of the standard input for `-`, without a byte-order mark."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return data.removeprefix(BOM)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> BadInput:
    """The one line for a file that cannot be read."""
    return BadInput(f"{path}: cannot be read ({error.strerror}); see its name and permissions")


def _split(file: BinaryIO) -> Iterator[bytes]:
    most = MOST_LINE_BYTES + 1
    while line := file.readline(most):
        yield line
        while len(line) == most and line[-1:] != b"\n":
            line = file.readline(most)
