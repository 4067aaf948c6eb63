"""What a grader is given: a model's text after it has thought, and the row's item.

Graders that are bundled may import this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def after_thinking(text: str) -> str:
    """The text after the last `</think>`; nothing where a `<think>` after it is not closed.

    All up to `</think>` is thinking, for a chat template may have opened it in the prompt. Where it
    did, and the text was cut off before `</think>`, there is no tag that could tell.
    """
    answer = text.rpartition("</think>")[2]
    return "" if "<think>" in answer else answer


def given(sample: Any, item: Any) -> tuple[str, dict[str, Any]]:
    """The text of a sample after it has thought, and the item; empty where they are none.

    TypeError for a mapping that is no dict: it may hold an answer, so that a score would mislead.
    """
    for name, value in (("sample", sample), ("item", item)):
        if isinstance(value, Mapping) and not isinstance(value, dict):
            raise TypeError(f"the {name} is a {type(value).__name__}, not a dict")
    output = sample.get("output_text") if isinstance(sample, dict) else None
    text = after_thinking(output) if isinstance(output, str) else ""
    return text, item if isinstance(item, dict) else {}
