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
    (
        "How many zeros end $25!$ when it is written out?",
        "as many as there are factors five in it",
        {},
    ),
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
    (
        "How many ways are there to seat five guests on five chairs? [hide]There are "
        "$\\boxed{120}$ of them.[/hide]",
        "120",
        {},
    ),
    (
        "What is the sum of the squares from 1 to 10?\n\nSolution. By the formula it is "
        "$\\frac{10 \\cdot 11 \\cdot 21}{6}$, that is $385$.",
        "385",
        {},
    ),
    ("Let $T=TNYWR$. How many divisors has $T+36$?", "9", UNJUDGED),
    ("Let $K$ be the answer to problem 4. Find the last digit of $7^{K}$.", "3", {}),
    ("For which positive integers $m$ is $2^{m}-1$ a multiple of 7?", "m", {}),
    ("Find all natural numbers $k$ whose square ends in the digits of $k$.", "$k$", {}),
    ("Petrova L. M.,", "15", {}),
    ("Kangaroo and Giraffe", "18", {}),
    ("Determine all two-digit primes whose digits can change places.", "13", UNSOLVED),
    ("Find all days of March 2026 with a square as their number.", "25", UNSOLVED),
)

# Sound once they are repaired: a command whose escape was read, or that runs into a letter, a
# closing answer, an image.
REPAIRED = (
    ("What is $\x0crac{3}{4}$ of 24, written as a sum of two primes with difference 8?", "5+13"),
    ("By how much does $17 \times 18$ exceed $16 \times 19$?", "2"),
    (r"For which positive $x$ is $3 \cdotx \cdotx$ equal to 147?", "7"),
    (r"What is $\sqrt{2 \timesy}$ for $y = 98$?", "14"),
    ("How many squares are between 50 and 150?\n\nAnswer: 5", "5"),
    ("What is the product of the proper divisors of 15?\n\nResult: $\\quad 15$", "15"),
    (
        "Find the area of a triangle with the sides 9, 12 and 15.\n\n"
        "![](https://example.org/cropped/figure.jpg?height=411)",
        "54",
    ),
    (
        "How long is the space diagonal of a box of 2 by 3 by 6?\n"
        '<img src="https://example.org/line.png">',
        "7",
    ),
)
