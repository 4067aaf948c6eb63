r"""What a published solution and the generations box, against the reference answer."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.datasets.openr1_math.rules.asked import values
from pipelines.graders.boxed_math import correct
from pipelines.graders.boxed_math.boxes import boxes, spans


def incomplete_answer(answer: str, solution: str) -> bool:
    """The published solution boxes several values and the answer has fewer.

    Counted only, for some boxes are results on the way; not measured on published solutions.
    """
    solution = solution.replace("\\fbox", "\\boxed")
    different: list[str] = []
    for begin, end in sorted(spans(solution)[0]):
        text = solution[begin:end].strip()
        if text and not any(correct(text, other) for other in different):
            different.append(text)
    return values(answer) < len(different)


def confirmed(answer: str, given: str | Sequence[str | None]) -> bool | None:
    """Whether the last box of a solution, or of any generation, means the answer; null if unknown.

    Generations that box different things say nothing: they err, and not the answer.
    """
    texts = [given] if isinstance(given, str) else given
    last = [boxes(text.replace("\\fbox", "\\boxed"))[0] for text in texts if text]
    found = [text.strip() for text in last if text and text.strip()]
    if not found or not answer:
        return None
    if any(correct(text, answer) or correct(answer, text) for text in found):
        return True
    return False if all(correct(text, found[0]) for text in found[1:]) else None
