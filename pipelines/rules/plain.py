"""The fast path: one compiled check that stands for the rules on rows which it names, no others."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from pipelines.io import schema
from pipelines.rules.fix import is_deep
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


def checker(
    graded: tuple[str, ...], compared: tuple[str, ...], dataset: str | None
) -> Callable[[bytes, Mapping[str, Any]], bool]:
    """Whether a line and the object in it are plain: `item.plain.json`, and what it cannot express.

    `graded` and `compared` are the fields that the grader reads, and those that it compares as
    text.
    """
    fits_plain = _compiled()
    fits = schema.compiled(f"item.{dataset}").is_valid if dataset else None

    def is_plain(line: bytes, item: Mapping[str, Any]) -> bool:
        if len(line) > _FEW_TOKENS or not fits_plain(item):
            return False
        messages = item["messages"]
        if is_deep([value for value in item.values() if value is not messages]):
            return False
        if messages[-1]["role"] != "user":
            return False
        # A key twice makes more colons in the line than keys were parsed. So do texts with colons;
        # in those the signs `":` are counted, of which white space before a colon hides one.
        keys = len(item) + 2 * len(messages)
        if line.count(b":") != keys and (
            line.count(b'":') != keys or any(sign in line for sign in (b" :", b"\t:", b"\r:"))
        ):
            return False
        for name in graded:
            value = item.get(name)
            if type(value) is str:
                if "{" in value or "}" in value or value[-1:] == "\\":
                    return False
            elif value is None or name in compared:
                return False
        return fits is None or fits(item)

    return is_plain


def _compiled() -> Callable[[Any], bool]:
    """`item.plain.json` with the phrases and the special tokens, which no message may hold.

    As a pattern of the schema the phrases take 2 µs for 16 kB, as seven searches in Python 42. And
    it looks at the text, where a search of the line would miss a sign that is written `\\u003c`.
    """
    plain = copy.deepcopy(schema.load("item.plain"))
    message = plain["properties"]["messages"]["items"]
    flagged = "|".join(map(re.escape, phrases()))
    # In one pattern they take ten times as long as in two.
    signs = [{"pattern": f"(?i){flagged}"}, {"pattern": r"<\|"}]
    message["properties"]["content"]["not"] = {"anyOf": signs}
    check: Callable[[Any], bool] = jsonschema_rs.Draft202012Validator(plain).is_valid
    return check
