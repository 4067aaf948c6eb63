"""What a model says after it has thought. Graders that are bundled may import this module."""

from __future__ import annotations


def after_thinking(text: str) -> str:
    """The text after the last `</think>`; nothing where a `<think>` after it is not closed.

    All up to `</think>` is thinking, for a chat template may have opened it in the prompt. Where it
    did, and the text was cut off before `</think>`, there is no tag that could tell.
    """
    answer = text.rpartition("</think>")[2]
    return "" if "<think>" in answer else answer
