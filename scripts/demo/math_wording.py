r"""Problems in our own words whose options, questions or answers are worded in a way of their own."""

from __future__ import annotations

from typing import Any

# Sound: options in the rarer spellings, and letters that are people.
LETTERED = (
    (
        "The mean of 3, 8 and 16 is\n$\\textbf{(A)}\\ 8\\qquad\\textbf{(B)}\\ 9\\qquad"
        "\\textbf{(C)}\\ 10\\qquad\\textbf{(D)}\\ 11$",
        "B",
    ),
    ("What is a fifth of 85?\nA 15\nB 16\nC 17\nD 18\nE 19", "C"),
    ("Which number is a cube?\na) 36\nb) 49\nc) 64\nd) 81", "c"),
    (
        "$A$ says: “$B$ took the coin.” $B$ says: “$C$ took it.” $C$ says: “I did not.” One of them "
        "took it, and only the thief lies. Who is the thief?",
        "B",
    ),
)

UNJUDGED: dict[str, Any] = {"correctness_math_verify": None}
UNSOLVED: dict[str, Any] = {**UNJUDGED, "solution": None}

# Faulty, each fault at least twice: problem, answer, what else differs.
WORDING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Prove that a product of three consecutive integers is a multiple of 6.", "6", {}),
    (
        "How many edges meet at a vertex of an icosahedron?",
        "All answers are given in the solutions above.",
        {},
    ),
    ("How many zeros end $25!$ when it is written out?", "2026-03-04T05:06:07 - - - - - -", {}),
    ("One of three chests holds the crown. Two labels lie. In which chest is it?", "C", {}),
    ("Which is longer: the diagonal of a square or one and a half of its sides?", "(B)", {}),
    (
        "Which of these equals $\\sqrt{50}$?\n(A) $5\\sqrt{2}$\n(B) $2\\sqrt{5}$\n(C) $25$\n"
        "(D) $5\\sqrt{2}$",
        "A",
        {},
    ),
    ("A half of a third of 36 is\n(A) $5$\n(B) $6$\n(C) $6$.\n(D) $12$\n(E) $18$", "C", {}),
    (
        "A cellar has 12 steps of 18 cm.\n\n(a) How deep is it, in cm?\n\n(b) How many steps of 24 cm "
        "would lead down as far?",
        "9",
        {},
    ),
    ("How many hares and how many geese have 35 heads and 94 feet together?", "12", {}),
    ("How many ways are there to seat five guests on five chairs?\n\nAnswer: 120", "120", {}),
    (
        "What is the sum of the squares from 1 to 10?\n\nSolution. By the formula it is "
        "$\\frac{10 \\cdot 11 \\cdot 21}{6}$, that is $385$.",
        "385",
        {},
    ),
    (
        "The diagram shows a floor of square and triangular tiles. What part of it is shaded?",
        r"\frac{4}{7}",
        UNJUDGED,
    ),
    ("The areas of four fields are marked in the figure. How large is the fifth?", "21", UNJUDGED),
    (
        "A flag pole throws a shadow of 6 m or of 8 m, as the sun stands. How long can the rope from "
        "its top of 8 m to the end of the shadow be, in m?",
        "10",
        {"solution": "It is $\\boxed{8\\sqrt{2}}$ m with the long one or $\\boxed{10}$ m."},
    ),
    (
        "For which digits $d$ is the number $3d6$ a multiple of 9?",
        "9",
        {
            "solution": "The sum of its digits is $9+d$.\n\nSo $\\boxed{0}$ fits.\n\nAnd $\\boxed{9}$."
        },
    ),
    ("Solve the equation $x^{2}-3 x-28=0$.", "7", {}),
    ("Find all pairs $(x, y)$ of integers such that $x y-x-y=6$.", "(2, 8)", {}),
    ("Determine all two-digit primes whose digits can change places.", "13", UNSOLVED),
    ("Find all days of March 2026 with a square as their number.", "25", UNSOLVED),
    ("Write the equation of the line through $A(1, 3)$ and $B(3, 7)$.", "2", {}),
    (
        "What is the decomposition of the vector $\\vec{c}=(5, 1)$ along $\\vec{a}=(1, 1)$ and "
        "$\\vec{b}=(1, -1)$?",
        "3",
        {},
    ),
)
