"""Two short texts as a person compares them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pipelines.graders.thinking import given

_LINE = re.compile(r"^\W{0,9}(?:final )?answer\W{0,4}[:：]\W{0,4}?(?P<answer>[^\n]*)$", re.I | re.M)
# What may stand at the edge of a text without a meaning; a sign before a number, a percent sign and
# a closing bracket have one.
_EDGE = " \t.,;:!?*_`\"'“”‘’«»。，"


def grade(sample: Any, item: Any) -> float:
    """Whether the text of a sample's answer is that of an item's reference answer."""
    text, item = given(sample, item)
    reference = item.get("reference_answer")
    if not isinstance(reference, str):
        return 0.0
    lines = [line["answer"] for line in _LINE.finditer(text)]
    wanted = _plain(reference)
    return 1.0 if wanted and _plain(lines[-1] if lines else text) == wanted else 0.0


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
    folded = " ".join(folded.split())
    body = folded.strip(_EDGE)
    # ".5" is not "5".
    if body[:1].isdigit() and folded[: folded.index(body)].endswith("."):
        body = "." + body
    return body or folded
