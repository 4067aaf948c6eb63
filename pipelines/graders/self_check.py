"""Items against their own grader: whether a reference answer, given as a model would, scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from pipelines.graders import is_ours, run
from pipelines.graders.grade import Grade
from pipelines.graders.grading import Grading
from pipelines.graders.templates import item_fields

# The fields of an item that python graders of ours read.
READ_BY_OURS = ("reference_answer", "options")

# Characters of an answer from which its grade is not kept: prompts and traces would fill memory.
_REMEMBERED = 200


class OwnGrader:
    """The grader of a dataset: in this process where it is our own, else in the sandbox or refused.

    Where it is known what it reads of an item, equal answers to equal fields are graded once.

    reads: the fields of an item that it reads; None where that is not known.
    """

    def __init__(self, grading: Grading) -> None:
        grader = grading.local or grading.grader
        self._wrap = grading.wrap
        self._ready = run.Grader(grader, run.Setup(in_process=True))
        self.reads: list[str] | None = None
        if grader["type"] == "python":
            self.reads = list(READ_BY_OURS) if is_ours(grader["source"]) else None
        elif grader["type"] != "multi":
            self.reads = sorted(item_fields(grader))
        self._known: dict[bytes, Grade] = {}

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
        if self.reads is None or len(output) > _REMEMBERED:
            return self._ready.score(output, item)
        compared = orjson.dumps((output, [item.get(name) for name in self.reads]))
        if compared not in self._known:
            self._known[compared] = self._ready.score(output, item)
        return self._known[compared]
