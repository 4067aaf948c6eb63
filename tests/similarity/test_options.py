from __future__ import annotations

import pytest
from conftest import guarded

from pipelines.similarity.keys import key
from pipelines.similarity.options import split_options

NUMBERS = ["26", "22", "17"]


@pytest.mark.parametrize(
    "written",
    [
        "A. 26\nB. 22\nC. 17",
        "A) 26\nB) 22\nC) 17",
        "(A) 26\n(B) 22\n(C) 17",
        "( A) 26\n(B) 22\n(C ) 17",
        "A 26\nB 22\nC 17",
        "$A$ 26\n$B$ 22\n$C$ 17",
        "$A$. 26\n$B$. 22\n$C$. 17",
        "A: 26\nB: 22\nC: 17",
        "A. 26 B. 22 C. 17",
        "A) 26 B) 22 C) 17",
        "A. 26\nB. 22 C. 17",
        "(A) 26 (B) 22 (C) 17",
        "(A) 26 \\quad (B) 22 \\qquad (C) 17",
        "(A) 26\n(C) 17\n(B) 22",
        "A) 26\nC) 17\nB) 22",
        "(a) 26\n(b) 22\n(c) 17",
        "a) 26\nb) 22\nc) 17",
        "(a) 26 (b) 22 (c) 17",
        "[list=1]\n[*] 26\n[*] 22\n[*] 17\n[/list]",
        "\\text{(A)} 26 \\text{(B)} 22 \\text{(C)} 17",
        "A. 26\nB. 22\nC. 17\n(9th Town Contest, 1987)",
        "A. 26\nB. 22\nC. 17\n\n## Second part",
        "A. 26\nB. 22\nC. 17\n\nEnter the letter.",
        "(A) 26\n(B) 22\n(C) 17\n[asy]draw((0,0)--(1,1));[/asy]",
    ],
)
def test_spellings(written: str) -> None:
    question, options = split_options(f"How old is the oak?\n{written}")
    assert question.startswith("How old is the oak?")
    assert options == NUMBERS
    assert key(f"How old is the oak?\n{written}").split("\n")[1:] == sorted(NUMBERS)


PERCENTS = [r"$1\%$", r"$2\%$", r"$3\%$"]


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (r"$\textbf{(A) }1\%\qquad \textbf{(B) }2\%\quad\textbf{(C) }3\%$", PERCENTS),
        (r"$\mathrm{(A)\ }1\%\quad\mathrm{(B)\ }2\%\\ \mathrm{(C)\ }3\%$", PERCENTS),
        (r"$(\mathrm {A}) \ 1\% \qquad (\mathrm {B}) \ 2\% \qquad (\mathrm {C})\ 3\%$", PERCENTS),
        ("$\\text{(A)}\\ 1\\%$\n$\\text{(B)}\\ 2\\%$\n$\\text{(C)}\\ 3\\%$", PERCENTS),
        ("$\n\\textbf{(A)} 1\\%\n\\qquad\\textbf{(B)} 2\\%\n\\textbf{(C)} 3\\%\n$", PERCENTS),
        (
            r"$\text{(A)}\ \text{red} \quad \text{(B)}\ \text{blue} \quad \text{(C)}\ \text{none}$",
            ["red", "blue", "none"],
        ),
        (
            r"$\text{(A) } 1 \quad \text{(B) } 2 \quad \text{(C) over } 3$",
            ["$1$", "$2$", r"$\text{over } 3$"],
        ),
        (r"$\textbf{(A)}\ x^2 \qquad\textbf{(B)}\ \{1\}$", []),
        ("A. costs \\$5\nB. costs \\$6", ["costs \\$5", "costs \\$6"]),
        ("A. the sum\nis odd\nB. it is even", ["the sum\nis odd", "it is even"]),
        ("(A) It is.\n(B) Not so; see (A).", ["It is.", "Not so; see (A)."]),
    ],
)
def test_texts(written: str, options: list[str]) -> None:
    assert split_options(f"Choose.\n{written}")[1] == options


@pytest.mark.parametrize(
    "prompt",
    [
        # people, teams and points
        "Five friends A, B, C meet.\nA says: “I lie.”\nB says: “So do I.”\nC says: “Not I.”",
        "$A$ says it was $B$.\n$B$ says it was $C$.\n$C$ says nothing.",
        "A: I am a knight.\nB: I am a knave.\nC: I am neither.",
        "Team A needs 6 days, Team B needs 9 days and Team C 12 days. Which is the fastest?",
        "Points $A$, $B$ and $C$ lie on a circle. Find $AB$.",
        "In triangle $A B C$ the angle at $A$ is right.",
        # letters that are only mentioned
        "Blocks of kinds (a), (b), and (c) make a row. How many rows are there?",
        "Conditions (A), (B) and (C) hold. Which follows?",
        # parts
        "(a) Find the sum.\n(b) Find the product.\n(c) Find both.",
        "a) How many are red?\nb) How many are blue?\nc) How many are neither?",
        "Calculate:\na) $1+1$\nb) $2+2$\nc) $3+3$",
        "A. Which day was it?\nB. How many came?\nC. Draw a chart.",
        "[b](a)[/b] Sketch it.\n[b](b)[/b] Is it even?\n[b](c)[/b] Sketch it again.",
        "[list]\n[*] each is odd;\n[*] none is 1;\n[*] two are prime.\n[/list]\nHow many?",
        # gaps
        "Q\nB. x\nC. y",
        "Q\nA. x\nC. y",
        "Q\n(A) 3\n(B)\n(C) 8",
        # code
        "Find $AB$.\n[asy]\nA = (0,1);\nB = (2,3);\nC = (4,5);\n[/asy]",
        "",
    ],
)
def test_no_options(prompt: str) -> None:
    assert split_options(prompt) == (prompt, [])


def test_long_runs_of_signs_take_no_time() -> None:
    """Patterns that go back over a run of n signs would need n² steps: minutes for 0.1 s."""
    with guarded():
        for run in (" ", "$", ".", "\n", "(A", "\\quad", "A. "):
            split_options(f"Q\n(A) 1 (B) 2 (C) {run * 100_000}x")
