"""Items, and the assistant turns that make supervised rows of them: places, not texts.

A dataset's reasoning traces are hundreds of megabytes, so of items and turns only numbers are held,
and what they say is read again where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipelines.io.jsonl import json_object
from pipelines.io.prepared import SPLITS, Prepared


class Place(NamedTuple):
    """Where an item is: its split, its line in that file, from 1, and the line's offset."""

    split: str
    line: int
    offset: int


class Items:
    """The items of both splits, training first, by number from 0; to be closed after use."""

    def __init__(self, prepared: Prepared) -> None:
        self._open = ExitStack()
        self._paths = {split: prepared.path(split) for split in SPLITS}
        self._files = {
            split: self._open.enter_context(path.open("rb")) for split, path in self._paths.items()
        }
        self.places: list[Place] = []
        for split, file in self._files.items():
            offset = 0
            for line, data in enumerate(file, 1):
                if data.strip():
                    self.places.append(Place(split, line, offset))
                offset += len(data)

    def __len__(self) -> int:
        """How many items there are in both splits."""
        return len(self.places)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """An item, read from its file; BadInput where its line holds no JSON object."""
        split, line, offset = self.places[number]
        self._files[split].seek(offset)
        return json_object(self._files[split].readline(), self._paths[split], line)

    def where(self, number: int) -> str:
        """The item's file and line, as a message has them."""
        split, line, _ = self.places[number]
        return f"{self._paths[split]}:{line}"

    def close(self) -> None:
        """Close both files."""
        self._open.close()


@dataclass(frozen=True, slots=True)
class Turn:
    """A text that may stand as the assistant's turn after an item.

    item: its number. rank: 0 for the item's best text, 1 for the next. size: bytes of the text as
    a JSON string. name: the text's digest. place: where its source finds it again.
    """

    item: int
    rank: int
    size: int
    name: str
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item, or one of the texts offered for it, that is in no row, and why."""

    item: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Turns:
    """What a source of turns offers. `read` gives a turn's text as the bytes of a JSON string."""

    turns: list[Turn]
    left_out: list[LeftOut]
    read: Callable[[Turn], bytes]
