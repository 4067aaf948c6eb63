"""Items and the answers to them, paired: by `line`, by `id`, by order, or by a template.

A samples file has one JSON object a line: the answer's text in `output_text` (or `output`, or
`completion`), its tool calls in `output_tools` where there are any, and how it finds its item:
`line`, the item's line in the items file, counted from 1; else `id`, the item's field `id`; else
its place, the first sample to the first item. The first sample decides for all. By line and by id
an item may have several samples, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from pipelines.findings import BadInput, show
from pipelines.graders.render import Unresolved, filler, sample_of
from pipelines.graders.templates import templates
from pipelines.io.jsonl import json_object, objects

# A line, from 1, and the object in it.
_Row = tuple[int, dict[str, Any]]

TEXTS = ("output_text", "output", "completion")


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer and its item, with their lines; `sample_line` is 0 without a samples file."""

    sample: dict[str, Any]
    item: dict[str, Any]
    line: int
    sample_line: int = 0


class Pairs:
    """The pairs of two files; `alone` counts, after iteration, the items without a sample."""

    def __init__(self, items: Path, samples: Path) -> None:
        self._items, self._samples = items, samples
        self.alone = 0

    def __iter__(self) -> Iterator[Pair]:
        """The pairs in the order of the samples. BadInput where one has no partner."""
        rows = objects(self._samples)
        first = next(rows, None)
        if first is None:
            raise BadInput(f"{self._samples}: it has no samples; write one JSON object a line")
        key = next((key for key in ("line", "id") if key in first[1]), None)
        rows = chain([first], rows)
        yield from self._by_order(rows) if key is None else self._by_key(key, rows)

    def _by_order(self, rows: Iterator[_Row]) -> Iterator[Pair]:
        remedy = "give every sample an `id` or a `line`"
        for row, item in zip_longest(rows, objects(self._items)):
            if row is None:
                place = f"{self._items}:{item[0]}"
                raise BadInput(f"{place}: no sample is left for this item; {remedy}")
            place = f"{self._samples}:{row[0]}"
            if item is None:
                raise BadInput(f"{place}: no item is left for this sample; {remedy}")
            if "line" in row[1] or "id" in row[1]:
                raise BadInput(f"{place}: it names its item, the first does not; {remedy}")
            yield Pair(_sample(row[1], place), item[1], item[0], row[0])

    def _by_key(self, key: str, rows: Iterator[_Row]) -> Iterator[Pair]:
        places = _places(self._items, key)
        used: set[int] = set()
        with self._items.open("rb") as items:
            for number, row in rows:
                place = f"{self._samples}:{number}"
                if key not in row:
                    raise BadInput(f"{place}: no {key!r}, which the first sample has; add it")
                named = row[key]
                if not isinstance(named, (str, int)) or named not in places:
                    problem = f"no item of {self._items} has {key} {show(named)}"
                    raise BadInput(f"{place}: {problem}; correct it, or leave the sample out")
                offset, line = places[named]
                used.add(line)
                items.seek(offset)
                item = json_object(items.readline(), self._items, line)
                yield Pair(_sample(row, place), item, line, number)
        self.alone = len(places) - len(used)


class OfTemplate:
    """Each item with the answer that a template makes of it, as `{{item.reference_answer}}`."""

    alone = 0

    def __init__(self, items: Path, text: str) -> None:
        found, unclosed = templates(text)
        if unclosed or any(template.root != "item" for template in found):
            problem = f"{show(text)} reads more than items"
            raise BadInput(f"--template: {problem}; write {{{{item.<field>}}}}")
        self._items, self._fill = items, filler(text)

    def __iter__(self) -> Iterator[Pair]:
        """The pairs in the order of the items. BadInput where one lacks what the template reads."""
        for line, item in objects(self._items):
            try:
                yield Pair(sample_of(self._fill({"item": item})), item, line)
            except Unresolved as error:
                place = f"{self._items}:{line}"
                raise BadInput(f"{place}: {error}; give --template another field") from None


def _places(path: Path, key: str) -> dict[str | int, tuple[int, int]]:
    """Where the items are, offset and line, by line or by id; the items themselves stay there."""
    if not path.is_file():
        raise BadInput(f"{path}: samples by {key} need a file of items that can be read again")
    places: dict[str | int, tuple[int, int]] = {}
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                named = number if key == "line" else json_object(line, path, number).get("id")
                if isinstance(named, (str, int)):
                    if named in places:
                        twice = f"id {show(named)} is in line {places[named][1]} too"
                        raise BadInput(f"{path}:{number}: {twice}; name items by `line`")
                    places[named] = offset, number
            offset += len(line)
    if not places:
        raise BadInput(f"{path}: no item has `{key}`; name items by `line`, or check --items")
    return places


def _sample(row: dict[str, Any], place: str) -> dict[str, Any]:
    name = next((name for name in TEXTS if name in row), TEXTS[0])
    text, tools = row.get(name), row.get("output_tools") or []
    if not isinstance(tools, list):
        raise BadInput(f"{place}: output_tools is not a list; write the model's tool calls")
    if text is None and tools:  # an answer that only calls tools has no text
        text = ""
    if not isinstance(text, str):
        problem = f"{name} is not text" if name in row else f"no {', '.join(TEXTS)}"
        raise BadInput(f"{place}: {problem}; write what the model answered, as one string")
    return sample_of(text, tools)
