"""Items against their own grader: whether a reference answer, given as a model would, scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.graders import run
from pipelines.graders.grade import Grade
from pipelines.graders.grading import Grading
from pipelines.graders.templates import item_fields


class OwnGrader:
    """The grader of a dataset: in this process where it is our own, else in the sandbox or refused.

    Where it only compares fields, equal answers to equal fields are graded once.
    """

    def __init__(self, grading: Grading) -> None:
        grader = grading.local or grading.grader
        self._wrap = grading.wrap
        self._ready = run.Grader(grader, run.Setup(in_process=True))
        self._fields = (
            None if grader["type"] in ("python", "multi") else sorted(item_fields(grader))
        )
        self._known: dict[tuple[object, ...], Grade] = {}

    def close(self) -> None:
        """End what the grader holds open."""
        self._ready.close()

    def score(self, output: str, item: Mapping[str, Any]) -> float:
        """The score of an answer; 0.0 where the grader fails on it."""
        return self._grade(output, item).score or 0.0

    def fault(self, item: Mapping[str, Any]) -> str | None:
        """The grader's word on the item's own reference answer; None where it scores in full."""
        grade = self._grade(self._wrap(item["reference_answer"]), item)
        if grade.error:
            return f"{grade.error}: {grade.details}"
        return None if grade.score == 1.0 else f"the reference answer scores {grade.score}"

    def _grade(self, output: str, item: Mapping[str, Any]) -> Grade:
        if self._fields is None:
            return self._ready.score(output, item)
        compared = (output, *(item.get(name) for name in self._fields))
        if compared not in self._known:
            self._known[compared] = self._ready.score(output, item)
        return self._known[compared]
