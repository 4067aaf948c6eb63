"""The score of a sample against an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.graders.boxed_math.bounds import MAX_DIGITS
from pipelines.graders.boxed_math.boxes import boxes
from pipelines.graders.boxed_math.meaning import same
from pipelines.graders.boxed_math.options import chosen
from pipelines.graders.thinking import after_thinking

BOXED_BUT_WRONG = 0.0  # the score of exactly one box that holds something, but not the answer


def correct(reference: str, answer: str, options: Sequence[str] = ()) -> bool:
    """Whether an answer is right; with options, by letter or by text."""
    right = chosen(reference, options) if options else ""
    given = chosen(answer, options) if right else None
    return same(reference, answer) if given is None else given == right


def grade(sample: Any, item: Any) -> float:
    """The score of a sample's last boxed answer against an item's reference answer."""
    output = sample.get("output_text") if isinstance(sample, dict) else None
    item = item if isinstance(item, dict) else {}
    reference, options = item.get("reference_answer"), item.get("options")
    if type(reference) is float or (type(reference) is int and abs(reference) < 10**MAX_DIGITS):
        reference = str(reference)
    if not isinstance(output, str) or not isinstance(reference, str):
        return 0.0
    answer, only = boxes(after_thinking(output))
    if answer is None or not answer.strip():
        return 0.0
    if not isinstance(options, list) or not all(isinstance(each, str) for each in options):
        options = []
    if correct(reference, answer, options):
        return 1.0
    return BOXED_BUT_WRONG if only else 0.0
