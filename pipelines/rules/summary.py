"""What is gathered of a JSONL file while it streams by: enough for the rules on whole files."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.rules.tokens import Tokens

# Rows that are checked and compared, at 24 bytes each; the rest of a file is counted. A file with
# more is twenty times over the row limit, and 500 MB may hold 160 million rows of `{}`.
CHECKED = 1_000_000

# Bytes that shapes may take; a file with more has other fields in every row, which RFT305 says of
# those that are held.
_SHAPES = 10_000_000

# Names and Python types of a row's fields, in order.
Shape = tuple[tuple[str, ...], tuple[type, ...]]


def shape_of(item: Mapping[str, Any]) -> Shape:
    """The shape of a row."""
    return tuple(item), tuple(map(type, item.values()))


@dataclass(slots=True, eq=False)
class FileSummary:
    """A file once it has been read, and the caps that it is held to.

    `role` is `train`, `validation` or `test`, which is only compared. `shapes` counts the rows by
    the names and Python types of their fields, in order, with the first line of each, and take
    about `held` bytes; `prompts` and `references` hold a 64-bit hash of each row, in order, and
    `lines` its line. `tokens` is None where they are not counted.
    """

    role: str
    most_rows: int = 50_000
    most_bytes: int = 500_000_000
    rows: int = 0
    bytes: int = 0
    flagged: int = 0
    shapes: dict[Shape, list[int]] = field(default_factory=dict)
    held: int = 0
    prompts: array[int] = field(default_factory=lambda: array("q"))
    references: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    reference_count: int = 0
    reference_length: int = 0
    tokens: Tokens | None = None
    name: str = ""
    supervised: bool = False

    @property
    def types(self) -> dict[str, dict[str, tuple[int, int]]]:
        """The JSON types of each item field: in how many rows, and in which line first."""
        types: dict[str, dict[str, tuple[int, int]]] = {}
        for (names, kinds), (count, line) in self.shapes.items():
            for name, python in zip(names, kinds, strict=True):
                if name not in _RESERVED:
                    of_name = types.setdefault(name, {})
                    kind = _KINDS[python]
                    before, first = of_name.get(kind, (0, line))
                    of_name[kind] = (before + count, min(first, line))
        return types

    def adder(
        self, answers: tuple[str, ...], judged: tuple[str, ...] = ()
    ) -> Callable[[Mapping[str, Any], int, Shape], None]:
        """What takes note of a row: of the object, its line and its shape.

        `answers` are the fields that the answer is compared with; `judged`, which a model grader
        alone reads, are part of the question: one prompt may be judged by several rubrics.
        """
        shapes = self.shapes
        add_prompt, add_reference = self.prompts.append, self.references.append
        add_line = self.lines.append

        last: Shape | None = None
        seen: list[int] | None = None

        def add(item: Mapping[str, Any], line: int, shape: Shape) -> None:
            nonlocal last, seen
            if shape is not last:  # a tuple's hash is computed anew each time
                last, seen = shape, shapes.get(shape)
            if seen is not None:
                seen[0] += 1
            else:
                # A name takes about 60 bytes beside its text, a shape 300.
                size = 300 + sum(60 + len(name) for name in item)
                if self.held + size <= _SHAPES:
                    seen = shapes[shape] = [1, line]
                    self.held += size
            values = tuple(map(item.get, answers))
            for value in values:
                if type(value) is str:
                    self.reference_count += 1
                    self.reference_length += len(value)
            if "messages" not in item:
                return
            try:
                prompt = hash(tuple([message["content"] for message in item["messages"]]))
            except (TypeError, KeyError):  # lists in them, or no sound chat
                prompt = _hash(_spelled(item["messages"]))
            add_prompt(_hash((prompt, *map(item.get, judged))) if judged else prompt)
            try:
                add_reference(hash(values))
            except TypeError:
                add_reference(hash(repr(values)))
            add_line(line)

        return add


def _spelled(messages: object) -> object:
    """The contents of messages, those in parts of text as the one text that they are."""
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        return messages
    contents = [one.get("content") for one in messages]
    for i, content in enumerate(contents):
        parts = content if isinstance(content, list) else [None]
        texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
        if all(isinstance(text, str) for text in texts):
            contents[i] = "".join(map(str, texts))
    return tuple(contents)


def _hash(value: object) -> int:
    try:
        return hash(value)
    except TypeError:
        return hash(repr(value))


_RESERVED = {"messages", "tools"}
_KINDS = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
