"""What a grader says of one answer, in the words of the service's `graders/run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class NotRun(Exception):
    """A grader that cannot be run here; the text is the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A score, or why there is none.

    `score` is None where the grader was not run, with the reason in `not_run`. Where it failed,
    `error` is the service's name of the failure and the score is what the service counts: 0, or
    `invalid_grade` of a multi grader. `scores` are those of a multi grader's parts. `unfinished` is
    how an answer ended that was never graded, for it is none: cut, filtered or refused.
    """

    score: float | None
    error: str | None = None
    details: str | None = None
    not_run: str | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    unfinished: str | None = None


def failed(error: str, details: str, score: float = 0.0) -> Grade:
    """The grade of an answer on which the grader failed."""
    return Grade(score, error, details)


def not_run(reason: object) -> Grade:
    """The grade of an answer that was not graded."""
    return Grade(None, not_run=str(reason))
