"""The score of a sample against an item."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from pipelines.graders.boxed_math.bounds import MAX_DIGITS, WORK, Exhausted, Work
from pipelines.graders.boxed_math.boxes import boxes
from pipelines.graders.boxed_math.meaning import same
from pipelines.graders.boxed_math.options import chosen
from pipelines.graders.thinking import given

BOXED_BUT_WRONG = 0.0  # the score of exactly one box that holds something, but not the answer


def correct(reference: str, answer: str, options: Sequence[str] = ()) -> bool:
    """Whether an answer is right; with options, by letter or by text."""
    before = WORK.set(Work())
    try:
        right = chosen(reference, options) if options else ""
        given = chosen(answer, options) if right else None
        return same(reference, answer) if given is None else given == right
    except Exhausted:
        return False
    finally:
        WORK.reset(before)


def grade(sample: Any, item: Any) -> float:
    """The score of a sample's last boxed answer against an item's reference answer."""
    text, item = given(sample, item)
    reference, options = _spelled(item.get("reference_answer")), item.get("options", [])
    answer, only = boxes(text)
    if reference is None or answer is None or not answer.strip():
        return 0.0
    if not isinstance(options, list) or not all(isinstance(each, str) for each in options):
        options = []
    if correct(reference, answer, options):
        return 1.0
    return BOXED_BUT_WRONG if only else 0.0


def _spelled(reference: Any) -> str | None:
    """A reference that is a number as it is written by hand: 0.00001, not 1e-05. None for NaN."""
    if type(reference) is float and isfinite(reference):
        return f"{Decimal(repr(reference)):f}"
    if type(reference) is int and abs(reference) < 10**MAX_DIGITS:
        return str(reference)
    return reference if isinstance(reference, str) else None
