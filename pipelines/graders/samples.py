"""Samples, what a model answered, each with its item: by `line`, by `id`, by order, or a template.

A samples file has one JSON object a line: the answer's text in `output_text` (or `output`, or
`completion`), its tool calls in `output_tools` where there are any, and how it finds its item:
`line`, the item's line in the (first) items file, counted from 1; else `id`, the item's field `id`;
else its place, the first sample to the first item of that file. The first sample of a file decides
for all of it. By line and by id an item may have several samples, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.findings import BadInput, show
from pipelines.graders.render import Roots, Unresolved, filler, sample_of
from pipelines.graders.templates import templates
from pipelines.io.items import Items
from pipelines.io.jsonl import objects

_TEXTS = ("output_text", "output", "completion")


class Sample(NamedTuple):
    """What a model answered to an item.

    output: as a grader sees it (`sample_of`). number: the item's among all items. line: where the
    sample is in its file, 0 where a template made it.
    """

    output: dict[str, Any]
    item: dict[str, Any]
    number: int
    line: int = 0


def read(items: Items, *paths: Path) -> Iterator[Sample]:
    """The samples of some files in their order. BadInput where one has no item, or no text."""
    for path in paths:
        yield from _read(items, path)


def _read(items: Items, path: Path) -> Iterator[Sample]:
    remedy = "give every sample an `id` or a `line`"
    key: str | None = None
    numbers: dict[str | int, int] = {}
    count = 0
    for count, (line, row) in enumerate(objects(path), 1):
        place = f"{path}:{line}"
        if count == 1:
            key = next((key for key in ("line", "id") if key in row), None)
            numbers = _numbers(items, key)
        if key is None and ("line" in row or "id" in row):
            raise BadInput(f"{place}: it names its item, the first does not; {remedy}")
        if key is None and count not in numbers:
            raise BadInput(f"{place}: no item is left for this sample; {remedy}")
        if key is not None and key not in row:
            raise BadInput(f"{place}: no {key!r}, which the first sample has; add it")
        name = count if key is None else row[key]
        if type(name) not in (str, int) or name not in numbers:
            files = " or ".join(map(str, items.paths if key == "id" else items.paths[:1]))
            problem = f"no item of {files} has {key} {show(name)}"
            raise BadInput(f"{place}: {problem}; correct it, or leave the sample out")
        number = numbers[name]
        yield Sample(_output(row, place), items[number], number, line)
    if not count:
        raise BadInput(f"{path}: it has no samples; write one JSON object a line")
    if key is None and count < len(numbers):
        place = items.where(numbers[count + 1])
        raise BadInput(f"{place}: no sample is left for this item; {remedy}")


def of_template(items: Items, text: str) -> Iterator[Sample]:
    """Each item with the answer that a template makes of it, as `{{item.reference_answer}}`.

    BadInput where the template reads more than items, or an item lacks what it reads.
    """
    used, unclosed = templates(text)
    if unclosed or any(template.root != "item" for template in used):
        problem = f"{show(text)} reads more than items"
        raise BadInput(f"--template: {problem}; write {{{{item.<field>}}}}")
    return _filled(items, filler(text))


def _filled(items: Items, fill: Callable[[Roots], str]) -> Iterator[Sample]:
    for number in range(len(items)):
        item = items[number]
        try:
            yield Sample(sample_of(fill({"item": item})), item, number)
        except Unresolved as error:
            place = items.where(number)
            raise BadInput(f"{place}: {error}; give --template another field") from None


def _numbers(items: Items, key: str | None) -> dict[str | int, int]:
    """The number of each item by what samples call it: its line, its id, or its place from 1."""
    if key != "id":
        first = [number for number, place in enumerate(items.places) if place.file == 0]
        return {items.places[n].line if key else n + 1: n for n in first}
    numbers: dict[str | int, int] = {}
    for number in range(len(items)):
        name = items[number].get("id")
        if isinstance(name, (str, int)):
            if name in numbers:
                problem = f"id {show(name)} is in {items.where(numbers[name])} too"
                remedy = "give each its own, or name items by `line`"
                raise BadInput(f"{items.where(number)}: {problem}; {remedy}")
            numbers[name] = number
    if not numbers:
        raise BadInput(f"{items.paths[0]}: no item has `id`; name items by `line`")
    return numbers


def _output(row: dict[str, Any], place: str) -> dict[str, Any]:
    name = next((name for name in _TEXTS if name in row), _TEXTS[0])
    text, tools = row.get(name), row.get("output_tools") or []
    if not isinstance(tools, list):
        raise BadInput(f"{place}: output_tools is not a list; write the model's tool calls")
    if text is None and tools:  # an answer that only calls tools has no text
        text = ""
    if not isinstance(text, str):
        problem = f"{name} is not text" if name in row else f"no {', '.join(_TEXTS)}"
        raise BadInput(f"{place}: {problem}; write what the model answered, as one string")
    return sample_of(text, tools)
