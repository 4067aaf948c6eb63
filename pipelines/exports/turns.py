"""The assistant turns that make supervised rows of items; their texts wait on the disk.

A dataset's reasoning traces are hundreds of megabytes, so of items and turns only numbers are held.
"""

from __future__ import annotations

from typing import IO, NamedTuple

import orjson


class Turn(NamedTuple):
    """A text that may stand as the assistant's turn after an item.

    item: its number. rank: 0 for the item's best text, 1 for the next. offset, size: where the
    spool has the text, as a JSON string.
    """

    item: int
    rank: int
    offset: int
    size: int


class LeftOut(NamedTuple):
    """An item, or one of the texts offered for it, that is in no row, and why; sorted by item."""

    item: int
    reason: str
    detail: str


# What a source of turns offers.
Offered = tuple[list[Turn], list[LeftOut]]


class Spool:
    """Texts in a file, one after another."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._end = 0

    def add(self, text: str) -> tuple[int, int]:
        """Write a text as a JSON string: its offset and its size."""
        data = orjson.dumps(text)
        self._file.seek(self._end)
        self._file.write(data)
        self._end += len(data)
        return self._end - len(data), len(data)

    def read(self, turn: Turn) -> bytes:
        """The text of a turn as a JSON string."""
        self._file.seek(turn.offset)
        return self._file.read(turn.size)
