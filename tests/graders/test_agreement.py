r"""Items whose answers agree with one another and not with the reference."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.graders.agreement import Agreement
from pipelines.graders.pass_rates import Rate
from pipelines.graders.render import sample_of
from pipelines.graders.samples import Sample

PLAIN = {"type": "string_check", "input": "{{sample.output_text}}"}
JSON = {"type": "string_check", "input": "{{sample.output_json.answer}}"}


def suspects(texts: list[str], *, n: int, passed: int = 0, grader: Any = PLAIN) -> list[str]:
    """What is suspected where so many answers fail with these texts and so many pass."""
    agreement = Agreement(grader)
    for text in texts:
        agreement.add(1, Sample(sample_of(text), {"reference_answer": "7"}, 0))
    return [each.answer for each in agreement.suspects([Rate(1, "i", n, passed)])]


@pytest.mark.parametrize(
    ("texts", "more", "answer"),
    [
        ([r"So \boxed{8}.", r"\boxed{ 8 }", r"it is $\boxed{8}$"], {}, "8"),
        ([r"\boxed{\frac{1}{2}}"] * 3, {}, r"\frac{1}{2}"),
        (["Let me see.\nThe answer is B.", "the answer is b", "The Answer is B"], {}, None),
        (["8", "8", "8", "9"], {}, "8"),
        (['{"answer": "B", "why": "x"}', '{"answer": "B", "why": "y"}', '{"answer":"B"}'],
         {"grader": JSON}, "B"),
    ],
)  # fmt: skip
def test_answers_that_agree(texts: list[str], more: dict, answer: str | None) -> None:
    found = suspects(texts, n=len(texts), **more)
    assert len(found) == 1
    assert answer is None or found == [answer]


@pytest.mark.parametrize(
    ("texts", "n", "passed"),
    [
        (["8", "8"], 2, 0),  # too few
        (["8", "9", "10", "8"], 4, 0),  # they differ
        (["8", "8", "8"], 4, 1),  # the model finds the reference too
        (["", "", "", ""], 4, 0),  # they say nothing
        (["8", "8", "8"], 8, 5),
    ],
)
def test_answers_that_do_not(texts: list[str], n: int, passed: int) -> None:
    assert suspects(texts, n=n, passed=passed) == []
