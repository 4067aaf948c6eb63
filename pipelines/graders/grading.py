"""How answers are asked for and scored: instruction, grader and response format, a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


def boxed(reference: str) -> str:
    r"""A reference answer as the model gives it where the instruction asks for `\\boxed{}`."""
    return f"\\boxed{{{reference}}}"


@dataclass(frozen=True, slots=True)
class Grading:
    """How answers are asked for and scored: instruction, grader and response format, a set.

    name: as `--grader` has it. about: its row in the docs. wrap: a reference answer as the model
    would give it. strict: whether the reference without that form must not score. local: what is
    run here to check references, where `grader` asks a model. prompt_field: the item field that
    holds the prompt once more, where `grader` reads it; graders see no messages. checks: whether a
    reference answer in that form must score; of a grader that is not ours nobody knows the form.
    """

    name: str
    about: str
    instruction: str
    grader: Mapping[str, Any]
    wrap: Callable[[str], str]
    strict: bool = True
    response_format: Mapping[str, object] | None = None
    local: Mapping[str, Any] | None = None
    prompt_field: str | None = None
    checks: bool = True

    def answered_in(self, response_format: Mapping[str, object]) -> Grading:
        """The same, with another response format."""
        return replace(self, response_format=response_format)
