"""Rows of OpenR1-Math-220k in our own words: sound ones, whose answers are computed, then faults."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import comb, factorial, gcd, isqrt
from typing import Any

from math_wording import LETTERED, REPAIRED, WORDING
from names import OVERSIZED, Row, name_of

_PEOPLE = ["Mina", "Tom", "Ada", "Ravi", "Lena", "Omar", "Ines", "Jun", "Sara", "Pavel", "Noor"]
_THINGS = ["marbles", "stamps", "apples", "tickets", "shells", "pencils", "coins", "cards", "nuts"]
_PLACES = ["harbour", "library", "market", "stadium", "museum", "bakery", "airport", "orchard"]


def _fraction(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _math_problems() -> list[tuple[str, str, str, str]]:
    """(problem, answer, problem type, source), the answer computed, not written down."""
    out: list[tuple[str, str, str, str]] = []
    for i in range(11):
        who, whom = _PEOPLE[i], _PEOPLE[(i + 4) % 11]
        thing, place = _THINGS[i % 9], _PLACES[i % 8]
        a, b, c = 3 + 2 * i, 7 + i, 2 + i % 5
        out += [
            (
                f"{who} walks to the {place} at ${b}$ kilometres an hour and back along the same "
                f"road at ${b + c}$ kilometres an hour. What is the average speed of the whole "
                "walk, in kilometres an hour?",
                _fraction(Fraction(2 * b * (b + c), 2 * b + c)),
                "Algebra",
                "cn_k12",
            ),
            (
                f"How many positive divisors does ${2**c * 3 ** (i % 4 + 1) * 5}$ have?",
                str((c + 1) * (i % 4 + 2) * 2),
                "Number Theory",
                "number_theory",
            ),
            (
                f"A box in the {place} holds ${a}$ red and ${b}$ blue {thing}. Two are drawn "
                "without putting the first one back. What is the probability that their colours "
                "differ?",
                _fraction(Fraction(a * b, comb(a + b, 2))),
                "Combinatorics",
                "olympiads",
            ),
            (
                rf"Find the greatest common divisor of ${a * 12 * (i + 2)}$ and ${b * 18 * (i + 2)}$.",
                str(gcd(a * 12 * (i + 2), b * 18 * (i + 2))),
                "Number Theory",
                "cn_contest",
            ),
            (
                f"Let $f(x)={c}x^2-{a}x+{b}$. Evaluate $f({i + 2})-f({i - 3})$.",
                str(c * ((i + 2) ** 2 - (i - 3) ** 2) - a * 5),
                "Algebra",
                "cn_k12",
            ),
            (
                f"{whom} writes the numbers from $1$ to ${20 + 3 * i}$ on a board and wipes out all "
                f"multiples of ${c + 1}$. What is the sum of the numbers that are left?",
                str(sum(n for n in range(1, 21 + 3 * i) if n % (c + 1))),
                "Number Theory",
                "aops_forum",
            ),
            (
                f"The legs of a right triangle are ${a}$ and ${a + c}$ long. Determine the square "
                "of the length of the altitude to the hypotenuse.",
                _fraction(Fraction((a * (a + c)) ** 2, a**2 + (a + c) ** 2)),
                "Geometry",
                "olympiads",
            ),
            (
                f"In how many ways can {whom} and ${i + 4}$ friends stand in a row for a picture at "
                f"the {place} if {whom} must not stand at either end?",
                str((i + 3) * factorial(i + 4)),
                "Combinatorics",
                "amc_aime",
            ),
            (
                f"What is the remainder when ${c + 1}^{{{30 + i}}}$ is divided by ${11 + 2 * i}$?",
                str(pow(c + 1, 30 + i, 11 + 2 * i)),
                "Number Theory",
                "aops_forum",
            ),
            (
                f"Solve the equation $x^2-{a + b}x+{a * b}=0$. Give both solutions in increasing "
                "order.",
                f"{min(a, b)}, {max(a, b)}" if a != b else str(a),
                "Algebra",
                "cn_k12",
            ),
            (
                f"A rectangular garden beside the {place} is ${a + 8}$ metres long and ${b + 3}$ "
                f"metres wide. A path of width ${c - 1}$ metre(s) runs around it on the outside. "
                "Find the area of the path in square metres.",
                str((a + 8 + 2 * (c - 1)) * (b + 3 + 2 * (c - 1)) - (a + 8) * (b + 3)),
                "Geometry",
                "cn_contest",
            ),
            (
                f"How many subsets with exactly three elements of $\\{{1, 2, \\ldots, {6 + i}\\}}$ "
                "have an even sum?",
                str(sum(sum(s) % 2 == 0 for s in combinations(range(1, 7 + i), 3))),
                "Combinatorics",
                "olympiads",
            ),
            (
                f"The sequence $u_1={c}$, $u_{{n+1}}=u_n+{a}n$ is given. Calculate $u_{{{i + 6}}}$.",
                str(c + a * (i + 6) * (i + 5) // 2),
                "Algebra",
                "amc_aime",
            ),
            (
                f"A circle of radius ${a}$ touches all four sides of a square. What is the area of "
                "the part of the square outside the circle?",
                rf"{4 * a * a}-{a * a}\pi",
                "Geometry",
                "amc_aime",
            ),
            (
                f"{who} buys ${c}$ {thing} and ${c + 1}$ notebooks for ${c * b + (c + 1) * a}$ cents; "
                f"a notebook costs ${a}$ cents. How many cents does one of the {thing} cost?",
                str(b),
                "Algebra",
                "cn_k12",
            ),
            (
                f"Simplify $\\sqrt{{{a * a * c}}}+\\sqrt{{{b * b * c}}}$ as far as possible.",
                str((a + b) * isqrt(c)) if isqrt(c) ** 2 == c else rf"{a + b}\sqrt{{{c}}}",
                "Algebra",
                "cn_contest",
            ),
            (
                f"Which of these numbers is prime?\n(A) ${91 + 22 * i if i % 2 else 51}$\n"
                f"(B) $57$\n(C) ${[61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107][i]}$\n(D) $87$",
                "C",
                "Number Theory",
                "amc_aime",
            ),
            (
                f"A clock at the {place} shows ${i + 1}$ o'clock. How many degrees is the smaller "
                "angle between its hands?",
                str(min(30 * (i + 1) % 360, 360 - 30 * (i + 1) % 360)),
                "Geometry",
                "olympiads",
            ),
            (
                f"Of ${40 + 5 * i}$ children, ${20 + 2 * i}$ like {thing}, ${18 + 3 * i}$ like "
                f"{_THINGS[(i + 3) % 9]}, and ${6 + i}$ like both. How many like neither?",
                str(40 + 5 * i - (20 + 2 * i) - (18 + 3 * i) + 6 + i),
                "Combinatorics",
                "aops_forum",
            ),
        ]
    return out


def _math_row(
    problem: str | None, answer: str | None, kind: str, source: str, **changes: Any
) -> Row:
    generations = [
        f"We work it out and check the result. \\boxed{{{answer}}}",
        f"Another way gives the same. \\boxed{{{answer}}}",
    ]
    row = {
        "problem": problem,
        "solution": f"Computing directly, the answer is ${answer}$.",
        "answer": answer,
        "problem_type": kind,
        "question_type": "MCQ" if problem and "\n(A)" in problem else "math-word-problem",
        "source": source,
        "uuid": name_of("openr1", problem, answer),
        "is_reasoning_complete": [True, True],
        "generations": generations,
        "correctness_math_verify": [True, True],
        "correctness_llama": None,
        "finish_reasons": None,
        "correctness_count": 2,
        "messages": [
            {"role": "user", "content": problem},
            {"role": "assistant", "content": generations[0]},
        ],
    }
    return row | changes


def benchmark() -> list[tuple[str, str]]:
    """(problem, answer) of a test set of our own, beside the rows."""
    return [
        (
            "A lighthouse flashes every 14 seconds and a buoy every 21 seconds. Both flash together "
            "at noon. How many times do they flash together in the hour from noon on, counting the "
            "first?",
            "86",
        ),
        (
            "On a long table lie 2026 coins, all of them heads up. In round number n every n-th coin "
            "is turned over, for n from 1 to 2026. How many coins show tails after the last round?",
            "45",
        ),
        ("What is the largest prime factor of 1001?", "13"),
    ]


def math_rows() -> list[Row]:
    """Sound rows, then the planted faults."""
    problems = _math_problems()
    rows = [_math_row(*problem) for problem in problems]
    for i, row in enumerate(rows):  # what judges left open, in every form it takes
        row |= [
            {},
            {"correctness_math_verify": [True, False], "correctness_count": 1},
            {"correctness_math_verify": [False, False], "correctness_llama": [True, False]},
            {"correctness_math_verify": None, "correctness_count": None},
            {"correctness_math_verify": [], "correctness_llama": []},
            {"uuid": None, "correctness_llama": [True, None]},
            {"source": None, "problem_type": None},
        ][i % 7 if i % 5 == 0 else 0]

    def again(i: int, **changes: Any) -> Row:
        problem, answer, kind, source = problems[i]
        return _math_row(problem, answer, kind, source) | changes

    def fresh(number: int, problem: str, answer: str | None, **changes: Any) -> Row:
        sources = ["olympiads", "cn_k12", "aops_forum"]
        return _math_row(problem, answer, "Other", sources[number % 3], **changes)

    p = [problem for problem, *_ in problems]
    translate = (
        "Translate the above text into English, please keep the original text's line breaks and "
        "format, and output the translation result directly."
    )
    trough = (
        "A trough in the yard is filled by two taps. The first tap alone needs {} minutes for it, the "
        "second tap alone needs {} minutes. How many minutes do both of them {} together?"
    )
    ferry = (
        "A ferry crosses a lake at a steady speed. With the wind it needs {} minutes, against the "
        "wind it needs {} minutes longer. How long would the {} need on a calm day, in minutes?"
    )
    lighthouse, coins, _ = (problem for problem, _ in benchmark())
    return [
        *rows,
        # nearly the same, and a number changed
        fresh(0, trough.format(20, 30, "need"), "12"),
        fresh(1, trough.format(20, 30, "take"), "12"),
        fresh(2, trough.format(25, 100, "need"), "20"),
        fresh(0, ferry.format(40, 20, "ferry"), "48"),
        fresh(1, ferry.format(40, 20, "boat"), "48"),
        fresh(2, ferry.format(30, 30, "ferry"), "40"),
        # questions of the benchmark: itself, nearly, quoted
        fresh(0, f"Problem 3. {lighthouse.lower()}", "86"),
        fresh(1, lighthouse.replace("Both flash", "They flash"), "86"),
        fresh(
            2,
            "A game for one player has these rules. "
            + coins.partition("How many")[0]
            + "The player wins if he guessed how many coins lie heads up now. What should he guess?",
            "1981",
        ),
        # the same text, and the same question in other dress
        again(3),
        again(40),
        again(12, problem=f"Example 7 {p[12]}", uuid=name_of("dress", 12)),
        again(25, problem=f"14. (6 points) {p[25].upper()}", uuid=name_of("dress", 25)),
        again(61, problem=f"  {p[61]} ".replace(" ", "  "), uuid=name_of("dress", 61)),
        # one question, two answers
        fresh(
            0, "A pond doubles its lilies daily and is full on day 30. When is it half full?", "29"
        ),
        fresh(
            0, "A pond doubles its lilies daily and is full on day 30. When is it half full", "15"
        ),
        fresh(1, "What is the sum of the interior angles of a convex heptagon, in degrees?", "900"),
        fresh(
            2, "What is the sum of the interior angles of a convex heptagon, in degrees?", "1260"
        ),
        # repaired
        fresh(
            0,
            "Three pumps drain a tank in\r\n6, 8 and 12 hours.\r\nHow long do they take together, in hours?",
            r"\frac{8}{3}",
        ),
        fresh(1, "Compute the product\r of the digits of 9876.", "3024"),
        fresh(
            2,
            "An [octahedron](https://example.org/wiki/Octahedron_(solid)) has how many edges?",
            "12",
        ),
        fresh(0, "How many [faces](https://example.org/face) has a dodecahedron?", "12"),
        fresh(1, f"Find the last digit of $7^{{2026}}$.\n\n{translate}", "9"),
        fresh(
            2,
            "Find the smallest integer above $\\sqrt{2026}$.\n\n---\n\nThe translation maintains the "
            "original format and line breaks as requested.",
            "46",
        ),
        fresh(
            0,
            "How many months have 31 days?\n\n保留了原文的格式。\n\nHow many months have 31 days?",
            "7",
        ),
        *(fresh(i, problem, answer) for i, (problem, answer) in enumerate((*LETTERED, *REPAIRED))),
        fresh(0, "Find the sum of the first ten odd numbers.", "100", uuid=name_of("shared")),
        fresh(1, "Find the sum of the first ten even numbers.", "110", uuid=name_of("shared")),
        # dropped
        fresh(0, "", "4"),
        fresh(1, " \n", "5") | {"problem": None},
        fresh(
            2, "Add up these numbers: " + ", ".join(str(n) for n in range(7500)) + ".", "28121250"
        ),
        fresh(0, "Count the letters: " + "ab" * (OVERSIZED // 2) + ".", str(OVERSIZED)),
        fresh(1, "A number equals twice its digit sum. Which positive number is it?", None),
        fresh(2, "How many squares of any size are on a chessboard?", "  "),
        fresh(0, "A die is thrown twice. How likely is a total of nine?", r"\frac{1"),
        fresh(1, "Which set solves $x^2=4$?", "\\{-2,2\\"),
        fresh(2, "What is three quarters of sixty-four?", r"48 \text{ so } \boxed{48}"),
        fresh(0, "Compute $11^2-10^2$.", r"\boxed{21}"),
        fresh(
            1,
            "Prove that the square of an odd number leaves remainder 1 on division by 8.",
            "1",
            question_type="proof",
        ),
        fresh(2, "Show that among 13 people two share a birth month.", "2", question_type="proof"),
        *(fresh(i, problem, answer, **more) for i, (problem, answer, more) in enumerate(WORDING)),
        fresh(
            2,
            "How many primes are below 60?",
            "18",
            correctness_math_verify=[False, False],
            correctness_count=0,
        ),
        fresh(
            0,
            "How many diagonals has a regular decagon?",
            "45",
            correctness_math_verify=[False, None],
            correctness_llama=[False, False],
            correctness_count=0,
        ),
    ]
