"""The fast path: one compiled check that stands for the rules on rows which it names, no others."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from pipelines.io import schema
from pipelines.rules.shapes import is_deep
from pipelines.rules.summary import Shape, shape_of
from pipelines.rules.tables import limit, phrases

# The rules that have nothing against a row which the check finds plain. A rule that is not listed
# runs on every row: a new one costs time until it is written into the check, but is never silent.
STANDS_FOR = {
    *("RFT103", "RFT121", "RFT122"),
    *("RFT201", "RFT202", "RFT203", "RFT204", "RFT205", "RFT206", "RFT207", "RFT208", "RFT210"),
    *("RFT211", "RFT212", "RFT213", "RFT214", "RFT215", "RFT216", "RFT217", "RFT218", "RFT219"),
    *("RFT220", "RFT222"),
    *("RFT301", "RFT302", "RFT306", "RFT307", "RFT310", "RFT311"),
}

# A row of n bytes has at most n tokens.
_FEW_TOKENS = limit("row_tokens_advised")
_NESTED = {list, dict}

# A sound shape, the one object for all its rows; the texts in which braces must pair up; the values
# that may be deep.
_Sound = tuple[Shape, tuple[str, ...], tuple[str, ...]]
# Shapes whose result is kept; files have a few, and one that has more is slow.
_SHAPES = 1000


def checker(
    graded: tuple[str, ...], compared: tuple[str, ...], dataset: str | None, *, every: bool = False
) -> Callable[[bytes, Mapping[str, Any]], Shape | None]:
    """The shape of the object in a line where line and object are plain; None where they are not.

    `graded` and `compared` are the fields that the grader reads, and those that it compares as
    text. `every`: there is no grader, and any text may be a reference. What hangs on the names and
    types of the fields alone is looked at once a shape.
    """
    fits_item, fits_messages = _compiled()
    fits = schema.compiled(f"item.{dataset}").is_valid if schema.exists(f"item.{dataset}") else None
    known: dict[Shape, _Sound | None] = {}

    def looked_at(item: Mapping[str, Any], shape: Shape) -> _Sound | None:
        if not fits_item(item) or any(item.get(name) is None for name in graded):
            return None
        if any(type(item[name]) is not str for name in compared):
            return None
        texts = tuple(name for name in (item if every else graded) if type(item[name]) is str)
        return shape, texts, tuple(n for n in item if type(item[n]) in _NESTED and n != "messages")

    def is_plain(line: bytes, item: Mapping[str, Any]) -> Shape | None:
        if len(line) > _FEW_TOKENS:
            return None
        shape = shape_of(item)
        try:
            sound = known[shape]
        except KeyError:
            sound = looked_at(item, shape)
            if len(known) < _SHAPES:
                known[shape] = sound
        if sound is None:
            return None
        shape, texts, nested = sound
        messages = item["messages"]
        if not fits_messages(messages) or messages[-1]["role"] != "user":
            return None
        for name in nested:
            value = item[name]
            parts = value.values() if type(value) is dict else value
            if not _NESTED.isdisjoint(map(type, parts)) and is_deep(value):
                return None
        # A key twice makes more colons in the line than keys were parsed. So do texts with colons;
        # in those the signs `":` are counted, of which white space before a colon hides one.
        keys = len(item) + 2 * len(messages)
        if line.count(b":") != keys and (
            line.count(b'":') != keys or any(sign in line for sign in (b" :", b"\t:", b"\r:"))
        ):
            return None
        for name in texts:
            value = item[name]
            if "{" in value or "}" in value or value[-1:] == "\\":
                return None
        return shape if fits is None or fits(item) else None

    return is_plain


def _compiled() -> tuple[Callable[[Any], bool], Callable[[Any], bool]]:
    """`item.plain.json` without the messages, and the messages alone.

    No message may hold the phrases and the special tokens. As a pattern of the schema the phrases
    take 2 µs for 16 kB, as seven searches in Python 42. And it looks at the text, where a search of
    the line would miss a sign that is written `\\u003c`.
    """
    plain = copy.deepcopy(schema.load("item.plain"))
    messages = plain["properties"]["messages"]
    flagged = "|".join(map(re.escape, phrases()))
    # In one pattern they take ten times as long as in two.
    signs = [{"pattern": f"(?i){flagged}"}, {"pattern": r"<\|"}]
    messages["items"]["properties"]["content"]["not"] = {"anyOf": signs}
    plain["properties"]["messages"] = {"type": "array"}
    compiled = jsonschema_rs.Draft202012Validator
    return compiled(plain).is_valid, compiled(messages).is_valid
