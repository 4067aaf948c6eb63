r"""Answers that are not all of the answer, and those that only look it, in our own words."""

from __future__ import annotations

import pytest
from conftest import guarded, reason

from pipelines.datasets.openr1_math.solutions import another_solution

SOLVED = {"solution": "We add."}


@pytest.mark.parametrize(
    ("problem", "answer", "solution", "expected"),
    [
        ("What can it be?", "3", r"Either $\boxed{2}$ or $\boxed{3}$.", "incomplete_answer"),
        ("Find all $n$.", "3", "\\boxed{2} fits.\n\nSo does \\boxed{3}.", "incomplete_answer"),
        ("What can it be?", "3", r"\fbox{2}, \boxed{\frac{6}{2}}", "incomplete_answer"),
        # a result on the way, the same in another form, a letter, all of them
        ("What is it?", "3", "First $\\boxed{2}$.\n\nSo $\\boxed{3}$.", None),
        ("What can it be?", r"\frac{1}{2}", r"$\boxed{0.5}$, that is $\boxed{\frac{1}{2}}$", None),
        ("What can it be?", "3", r"$\boxed{3}$, so $\boxed{\text{B}}$", None),
        ("Find all $n$.", "2, 3", r"$\boxed{2}$ and $\boxed{3}$", None),
        ("Find all $n$.", "3", r"$\boxed{3}$", None),
        ("Find all $n$.", "3", r"$\boxed{2$ and $\boxed{3}$", None),
        ("Which?\n(A) 2\n(B) 3", "3", r"$\boxed{2}$ and $\boxed{3}$", None),
    ],
)
def test_partial_answer(problem: str, answer: str, solution: str, expected: str | None) -> None:
    assert reason(problem, answer, solution=solution) == expected


@pytest.mark.parametrize(
    ("problem", "answer", "expected"),
    [
        ("Find all primes that divide it.", "7", "unconfirmed_answer"),
        ("For which natural numbers is it true?", "7", "unconfirmed_answer"),
        ("Determine all pairs that fit.", "(2, 7)", "unconfirmed_answer"),
        ("What are the possible values of $n$?", "n = 7", "unconfirmed_answer"),
        ("Find all that equal the sum of the squares of their digits.", "7", "unconfirmed_answer"),
        ("Find all values of the greatest common divisor.", "2", "unconfirmed_answer"),
        ("Find all functions that fit.", "f(x) = 1 - x", "unconfirmed_answer"),
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
    assert reason(problem, answer, solution=None) == expected
    assert reason(problem, answer, **SOLVED) is None
    assert reason(problem, answer, solution=None, correctness_math_verify=[True]) is None


@pytest.mark.parametrize(
    ("problem", "answer", "expected"),
    [
        ("Write the equation of the line through $A$ and $B$.", "2", "answer_type_mismatch"),
        (
            "Find the decomposition of vector $x$ in $p$ and $q$.",
            r"\frac{1}{2}",
            "answer_type_mismatch",
        ),
        ("What could this function be?", "2", "answer_type_mismatch"),
        ("Write the equation of the line through $A$ and $B$.", "y = 2x", None),
        ("Find the root of the equation of the line.", "2", None),
    ],
)
def test_wrong_kind(problem: str, answer: str, expected: str | None) -> None:
    assert reason(problem, answer) == expected


@pytest.mark.parametrize(
    ("problem", "answer", "expected"),
    [
        ("Solve $x^2=4$.", "2", "x = -2"),
        ("Solve $100x^2=1$.", "0.1", "x = -1/10"),
        (r"Solve $9x^{2}=1$.", r"\frac{1}{3}", "x = -1/3"),
        ("7. Solve the equation $$3^{x^{2}}=81$$", "x=2", "x = -2"),
        ("Find all pairs $(x, y)$ of integers such that $xy=x+y$.", "(2, 2)", "x = 0, y = 0"),
        ("Find all natural $a, b$ for which $a^b=b^a$, where $a<b+3$.", "(4, 2)", "a = 2, b = 4"),
        (
            "Solve the system $\\left\\{\\begin{array}{l} x+y=3, \\\\ x y=2 \\end{array}\\right.$",
            "x=1, y=2",
            "x = 2, y = 1",
        ),
        ("Find all primes $p, q$ with $p+q=9$.", "(2, 7)", "p = 7, q = 2"),
        ("Solve for real $x$: $|x-1|=2$ (2009, Olympiad)", "3", "x = -1"),
        # there is none
        ("Solve $x^3=8$.", "2", None),
        ("Solve in positive integers $x^2=4$.", "2", None),
        ("Find all pairs $(x, y)$ of natural numbers such that $xy=x+y$.", "(2, 2)", None),
        ("Find all primes $p, q$ with $p+q=9$, $p<q$.", "(2, 7)", None),
        ("Find nonnegative $x$ with $x^2=4$.", "2", None),
        # a condition in words, an amount that is asked for, a sign or a text that is not understood
        ("Find the largest $x$ with $x^2=4$.", "2", None),
        ("Find even $x$ with $x^2=4$.", "2", None),
        ("Solve $x^2=4$ for $x \\ne -2$.", "2", None),
        ("Solve $x^2=4$, $2 \\mid x$.", "2", None),
        ("Solve $x^2=4$. What is $x^4$?", "16", None),
        ("Solve $x^2=a$.", "2", None),
        ("Solve $x^2=4$.", r"\pm 2", None),
        ("Solve $x^2=4$ (all positive).", "2", None),
        ("Find all natural $a$, $b$ with $a+b=9$ for which $a^2+1$ is prime.", "a=4, b=5", None),
        ("Solve $[x]^2=4$.", "2", None),
        ("Find primes $p, q$ with $p+q=9$, for which $pq$ is positive.", "(2, 7)", None),
        ("Find all positive $x, y$ with $xy=6$.", "(-2, -3)", None),
        ("Solve $x^2=5$.", "2", None),
        # several arguments or one, a logarithm to no base, numbers beyond those of floats
        (r"Solve $\max(x, 2, -3)=2$.", "2", "x = -2"),
        (r"Solve $\min(x)^2=4$.", "2", "x = -2"),
        (r"Solve the equation $10^x = 5$.", r"\log 5", None),
        (r"Solve the equation $10^x = 5$.", r"x = 2\log 5 + 1", None),
        ("Solve $x - x^2 = 0 \\cdot 1" + "0" * 400 + "$.", "1", None),
    ],
)  # fmt: skip
def test_another_solution(problem: str, answer: str, expected: str | None) -> None:
    assert another_solution(problem, answer) == expected


def test_another_solution_is_named_in_the_ledger() -> None:
    assert reason("Solve $x^2=4$.", "2") == "incomplete_answer"


def test_what_is_large_takes_no_time() -> None:
    for problem, answer in (
        ("Solve $x^{x^{x^{x^{x}}}}=2$.", "9" * 300),
        ("Solve $9^{9^{9^{9^{9}}}}x=2$.", "1"),
        ("Solve $x^2=4$.", "1" + "0" * 400),
        ("Solve $x!=y!$.", "(999999999, 999999999)"),
        ("Solve " + "$x=1$ " * 90, "1"),
        ("Solve $" + "(" * 300 + "x=1$", "1"),
    ):
        with guarded():
            assert another_solution(problem, answer) is None
