"""Samples, what a model answered, each with its item: by `line`, by `id`, by order, or a template.

A samples file has one JSON object a line: the answer's text in `output_text` (or `output`, or
`completion`), its tool calls in `output_tools` where there are any, and how it finds its item:
`line`, the item's line in the (first) items file, counted from 1; else `item`, the digest of what
was asked, as `rft sample` writes it; else `id`, the item's field `id`; else its place, the first
sample to the first item of that file. The first sample of a file decides for all of it. But by
place an item may have several samples, or none; those by digest may be of other items too, which
are counted and passed over. What `rft sample` wrote also says how an answer ended (`finish`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.findings import BadInput, show
from pipelines.graders.render import Roots, Unresolved, filler, sample_of
from pipelines.graders.templates import templates
from pipelines.io.items import Items, item_digest
from pipelines.io.jsonl import objects

# How an answer may end that is none, for it was cut, or there never was one; in words.
UNFINISHED = {
    "length": "cut by the token limit",
    "content_filter": "stopped by a content filter",
    "refusal": "refused by the model",
}

_DIGEST = re.compile("[0-9a-f]{32}")
_TEXTS = ("output_text", "output", "completion")


class Sample(NamedTuple):
    """What a model answered to an item.

    output: as a grader sees it (`sample_of`). number: the item's among all items. line: where the
    sample is in its file, 0 where a template made it. unfinished: how it ended, one of UNFINISHED.
    tokens: how many the model wrote, None where that is not known.
    """

    output: dict[str, Any]
    item: dict[str, Any]
    number: int
    line: int = 0
    unfinished: str | None = None
    tokens: int | None = None


@dataclass(slots=True)
class Origin:
    """Whose answers a file holds, filled in while it is read.

    model: its answers alone are read; where it is None, all must be of one. settings: the same of
    the digest of how they were asked for. others: answers passed over, of other items.
    """

    model: str | None = None
    settings: str | None = None
    answers: int = 0
    others: int = 0
    asked: dict[str, Any] = field(default_factory=dict)
    items: Counter[int] = field(default_factory=Counter)
    dates: set[str] = field(default_factory=set)
    tokens: int = 0
    with_tokens: int = 0
    chosen: set[str] = field(init=False)

    def __post_init__(self) -> None:
        """What was named is chosen, and what comes first in a file is not."""
        self.chosen = {name for name in ("model", "settings") if getattr(self, name)}

    def takes(self, row: dict[str, Any], place: str) -> bool:
        """Whether an answer is one of these; BadInput where it is not said of which they are."""
        for name in ("model", "settings"):
            here, mine = row.get(name), getattr(self, name)
            if here is None or here == mine:
                continue
            if mine is None and not self.answers:
                setattr(self, name, here)
            elif mine is None or name not in self.chosen:
                raise BadInput(
                    f"{place}: of {name} {show(here)}, and those before of {show(mine)}; "
                    f"choose one with --{name}"
                )
            else:
                return False
        return True

    def count(self, row: dict[str, Any], number: int, tokens: int | None) -> None:
        """Take note of an answer and of how many tokens it took, where that is known."""
        self.answers += 1
        self.items[number] += 1
        if isinstance(date := row.get("date"), str):
            self.dates.add(date)
        if isinstance(asked := row.get("asked"), dict):
            self.asked = asked
        if tokens is not None:
            self.tokens += tokens
            self.with_tokens += 1

    def as_dict(self) -> dict[str, Any]:
        """The origin as a manifest has it; `n` is the number of answers an item, or two ends."""
        counts = sorted(set(self.items.values()))
        return {
            "model": self.model,
            "settings": self.settings,
            "answers": self.answers,
            "items": len(self.items),
            "n": counts[0] if len(counts) == 1 else [counts[0], counts[-1]],
            "tokens_per_answer": round(self.tokens / max(1, self.with_tokens), 1) or None,
            "temperature": self.asked.get("temperature"),
            "asked": self.asked,
            "dates": [min(self.dates), max(self.dates)] if self.dates else None,
        }


def read(items: Items, *paths: Path, origin: Origin | None = None) -> Iterator[Sample]:
    """The samples of some files in their order. BadInput where one has no item, or no text.

    origin: chooses among the answers, and takes note of them; without one all are read.
    """
    for path in paths:
        yield from _read(items, path, origin)


def _read(items: Items, path: Path, chosen: Origin | None) -> Iterator[Sample]:
    remedy = "give every sample an `id` or a `line`"
    origin = chosen or Origin()
    key: str | None = None
    numbers: dict[str | int, list[int]] = {}
    count = 0
    for count, (line, row) in enumerate(objects(path), 1):
        place = f"{path}:{line}"
        if count == 1:
            key = next((key for key in ("line", "item", "id") if _names(row, key)), None)
            numbers = _numbers(items, key)
        if key is None and ("line" in row or "id" in row):
            raise BadInput(f"{place}: it names its item, the first does not; {remedy}")
        if key is None and count not in numbers:
            raise BadInput(f"{place}: no item is left for this sample; {remedy}")
        if key is not None and key not in row:
            raise BadInput(f"{place}: no {key!r}, which the first sample has; add it")
        if chosen is not None and not chosen.takes(row, place):
            continue
        name = count if key is None else row[key]
        if key == "item" and isinstance(name, str) and name not in numbers:
            origin.others += 1
            continue
        if type(name) not in (str, int) or name not in numbers:
            files = " or ".join(map(str, items.paths if key == "id" else items.paths[:1]))
            problem = f"no item of {files} has {key} {show(name)}"
            raise BadInput(f"{place}: {problem}; correct it, or leave the sample out")
        finish = row.get("finish")
        unfinished = finish if isinstance(finish, str) and finish in UNFINISHED else None
        usage = row.get("usage")
        tokens = usage.get("output") if isinstance(usage, dict) else None
        tokens = tokens if type(tokens) is int and 0 <= tokens < 1 << 40 else None
        for number in numbers[name]:
            origin.count(row, number, tokens)
            output = _output(row, place)
            yield Sample(output, items[number], number, line, unfinished, tokens)
    if not count:
        raise BadInput(f"{path}: it has no samples; write one JSON object a line")
    if not origin.answers:
        which = f" of {origin.model}" if origin.model else ""
        raise BadInput(f"{path}: no answer{which} to an item of {items.paths[0]} is in it")
    if key is None and count < len(numbers):
        place = items.where(numbers[count + 1][0])
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


def _names(row: dict[str, Any], key: str) -> bool:
    """Whether a sample's field may name its item."""
    return bool(_DIGEST.fullmatch(str(row.get(key)))) if key == "item" else key in row


def _numbers(items: Items, key: str | None) -> dict[str | int, list[int]]:
    """The numbers of items by what samples call them: line, digest, id, or place from 1."""
    if key == "item":
        asked: defaultdict[str | int, list[int]] = defaultdict(list)
        for number in range(len(items)):
            asked[item_digest(items[number])].append(number)
        return dict(asked)
    if key != "id":
        first = [number for number, place in enumerate(items.places) if place.file == 0]
        return {items.places[n].line if key else n + 1: [n] for n in first}
    numbers: dict[str | int, list[int]] = {}
    for number in range(len(items)):
        name = items[number].get("id")
        if isinstance(name, (str, int)):
            if name in numbers:
                problem = f"id {show(name)} is in {items.where(numbers[name][0])} too"
                remedy = "give each its own, or name items by `line`"
                raise BadInput(f"{items.where(number)}: {problem}; {remedy}")
            numbers[name] = [number]
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
