"""The score of a sample against an item."""

from __future__ import annotations

from typing import Any

from pipelines.graders.one_letter.letters import chosen
from pipelines.graders.thinking import after_thinking


def grade(sample: Any, item: Any) -> float:
    """Whether the letter of a sample is that of an item's reference answer."""
    output = sample.get("output_text") if isinstance(sample, dict) else None
    item = item if isinstance(item, dict) else {}
    reference, options = item.get("reference_answer"), item.get("options")
    if not isinstance(output, str) or not isinstance(reference, str):
        return 0.0
    if not isinstance(options, list) or not all(isinstance(each, str) for each in options):
        options = []
    return 1.0 if chosen(after_thinking(output), options) == {reference} else 0.0
