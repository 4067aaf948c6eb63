r"""Answers that are not all of the answer, and those that only look it, in our own words."""

from __future__ import annotations

import pytest
from conftest import findings, reason

SOLVED = {"solution": "We add."}


@pytest.mark.parametrize(
    ("problem", "answer", "solution", "expected"),
    [
        ("What can it be?", "3", r"Either $\boxed{2}$ or $\boxed{3}$.", "incomplete_answer"),
        ("Find all $n$.", "3", "\\boxed{2} fits.\n\nSo does \\boxed{3}.", "incomplete_answer"),
        ("What can it be?", "3", r"\fbox{2}, \boxed{\frac{6}{2}}", "incomplete_answer"),
        # the same in another form, all of them, a box that does not close
        ("What can it be?", r"\frac{1}{2}", r"$\boxed{0.5}$, that is $\boxed{\frac{1}{2}}$", None),
        ("Find all $n$.", "2, 3", r"$\boxed{2}$ and $\boxed{3}$", None),
        ("Find all $n$.", "3", r"$\boxed{3}$", None),
        ("Find all $n$.", "3", r"$\boxed{2$ and $\boxed{3}$", None),
        ("Which?\n(A) 2\n(B) 3", "3", r"$\boxed{2}$ and $\boxed{3}$", None),
    ],
)
def test_partial_answer(problem: str, answer: str, solution: str, expected: str | None) -> None:
    counted = "incomplete_answer" in findings(problem, answer, solution=solution)
    assert counted is (expected is not None)


@pytest.mark.parametrize(
    ("problem", "answer", "expected"),
    [
        ("Find all primes that divide it.", "7", "unconfirmed_answer"),
        ("For which natural numbers is it true?", "7", "unconfirmed_answer"),
        ("Determine all pairs that fit.", "(2, 7)", "unconfirmed_answer"),
        ("What are the possible values of $n$?", "n = 7", "unconfirmed_answer"),
        ("Find all that equal the sum of the squares of their digits.", "7", "unconfirmed_answer"),
        ("Find all values of the greatest common divisor.", "2", "unconfirmed_answer"),
        ("Find all functions that fit.", "f(x) = 1", "unconfirmed_answer"),
        # several, a set, a family, an amount of what is found, one that is asked for
        ("Find all primes that divide it.", "2, 7", None),
        ("Find all primes that divide it.", r"\{7\}", None),
        ("Find all $x$ that fit.", "[2, 7]", None),
        ("Find all pairs that fit.", "(a, a+1)", None),
        ("Find all functions that fit.", "f(x) = kx", None),
        ("Find all $x$ that fit.", "No solution", None),
        ("Find all $x$ that fit. Indicate the sum of all solutions.", "7", None),
        ("Find all primes that divide it, and write the smallest.", "7", None),
        ("What is the number?", "7", None),
        ("Find all.\n(A) 7\n(B) 8", "7", None),
    ],
)
def test_unconfirmed_answer(problem: str, answer: str, expected: str | None) -> None:
    assert findings(problem, answer, solution=None) == ([] if expected is None else [expected])
    assert findings(problem, answer, **SOLVED) == []
    judged = findings(problem, answer, solution=None, correctness_math_verify=[True])
    assert judged == ["confirmed_by_judges"]


@pytest.mark.parametrize(
    ("answer", "solution", "generations", "expected"),
    [
        (r"\frac{1}{2}", r"So $\boxed{0.5}$.", None, ["confirmed_by_solution"]),
        ("3", r"First $\boxed{2}$.", None, ["contradicted_by_solution"]),
        ("3", r"So $\boxed{2$.", None, []),
        ("3", "We add.", [r"\boxed{3}", r"\boxed{4}"], ["confirmed_by_generations"]),
        ("3", "We add.", [r"\boxed{4}", r"is \boxed{4.0}"], ["contradicted_by_generations"]),
        ("3", "We add.", [r"\boxed{4}", r"\boxed{5}"], []),
        ("3", "We add.", [r"\boxed{", None, ""], []),
        ("3", None, [], []),
    ],
)
def test_who_confirms_a_reference(
    answer: str, solution: str | None, generations: list | None, expected: list
) -> None:
    more = {"solution": solution, "generations": generations}
    assert findings("What is it?", answer, **more) == expected
    assert reason("What is it?", answer, **more) is None


def test_judges_confirm() -> None:
    assert findings("Add.", "3", correctness_math_verify=[True]) == ["confirmed_by_judges"]
