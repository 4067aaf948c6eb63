"""Outputs of a user's model to the items of both splits: JSONL as `rft grade` reads it.

The text of an output is in `output_text` (or `output`, or `completion`), its tool calls in
`output_tools` where there are any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipelines.exports.turns import Items, Turn
from pipelines.findings import BadInput, show
from pipelines.graders.pairs import TEXTS
from pipelines.io.jsonl import json_object
from pipelines.similarity.keys import digest


class Output(NamedTuple):
    """One output: its item's number, its text, whether it calls tools, its file and offset."""

    item: int
    text: str
    tools: bool
    place: tuple[int, int]


class Outputs:
    """The outputs of several files with their items; to be closed after use.

    The first output of a file decides for all of it how they name their items: by `line`, of the
    training file; else by `id`, of either file; else by order, one to each training item. BadInput
    where one names no item, or has no text.
    """

    def __init__(self, items: Items, paths: Sequence[Path]) -> None:
        self._items, self._paths = items, paths
        self._open = ExitStack()
        for path in paths:
            if not path.is_file():
                raise BadInput(f"{path}: there is no such file, or it cannot be read twice")
        self._files = [self._open.enter_context(path.open("rb")) for path in paths]

    def __iter__(self) -> Iterator[Output]:
        """The outputs in the order of the files."""
        for number, path in enumerate(self._paths):
            rows = _rows(path)
            first = next(rows, None)
            if first is None:
                raise BadInput(f"{path}: it has no outputs; write one JSON object a line")
            key = next((key for key in ("line", "id") if key in first[2]), None)
            items = self._named(key)
            count = 0
            for line, offset, row in chain([first], rows):
                count += 1
                name = count if key is None else row.get(key)
                if not isinstance(name, (str, int)) or name not in items:
                    problem = f"no item has the {key or 'place'} {show(name)}"
                    raise BadInput(f"{path}:{line}: {problem}; correct it, or leave the output out")
                text, tools = _text(row, f"{path}:{line}"), bool(row.get("output_tools"))
                yield Output(items[name], text, tools, (number, offset))
            if key is None and count < len(items):
                problem = f"{count:,} outputs for {len(items):,} training items"
                raise BadInput(f"{path}: {problem}; give every output an `id` or a `line`")

    def read(self, turn: Turn) -> bytes:
        """The text of a kept output as JSON; BadInput where it is not what was scored."""
        number, offset = turn.place
        file, path = self._files[number], self._paths[number]
        file.seek(offset)
        text = _text(json_object(file.readline(), path, 0), str(path))
        if digest(text) != turn.name:
            raise BadInput(f"{path}: it changed while it was read; run the command again")
        return orjson.dumps(text)

    def close(self) -> None:
        """Close the files."""
        self._open.close()

    def _named(self, key: str | None) -> dict[str | int, int]:
        """The number of each item by what the outputs call it: line, id, or place from 1."""
        named: dict[str | int, int] = {}
        for number, place in enumerate(self._items.places):
            if key == "id":
                name = self._items[number].get("id")
                if name in named:
                    other = self._items.where(named[name])
                    problem = f"id {show(name)} is in {other} too"
                    raise BadInput(f"{self._items.where(number)}: {problem}; give each its own")
            else:
                if place.split != "train":
                    break
                name = place.line if key == "line" else number + 1
            if isinstance(name, (str, int)):
                named[name] = number
        return named


def _rows(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The objects of a JSONL file with their lines, from 1, and offsets."""
    offset = 0
    with path.open("rb", buffering=1 << 20) as file:
        for line, data in enumerate(file, 1):
            if data.strip():
                yield line, offset, json_object(data, path, line)
            offset += len(data)


def _text(row: Mapping[str, Any], place: str) -> str:
    """What the model answered; empty where it only called tools."""
    text = next((row[name] for name in TEXTS if name in row), None)
    if text is None and row.get("output_tools"):
        return ""
    if not isinstance(text, str):
        raise BadInput(f"{place}: no text in {', '.join(TEXTS)}; write what the model answered")
    return text
