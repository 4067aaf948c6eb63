from __future__ import annotations

import polars as pl
import pytest
from conftest import frame, math
from known import DATASETS

from pipelines.datasets.openr1_math.repair import repair

DATASET = DATASETS["openr1-math"]
record = DATASET.record

TRANSLATE = (
    "Translate the above text into English, please keep the original text's line breaks and "
    "format, and output the translation result directly."
)


@pytest.mark.parametrize(
    ("problem", "text", "repairs"),
    [
        ("a\r\nb\rc", "a\nb\nc", ["carriage_return"]),
        ("a [b](https://x.org/y_(z)) c", "a b c", ["link"]),
        ("[b](/wiki/Y) c", "b c", ["link"]),
        (f"Find x.\n\n{TRANSLATE}", "Find x.", ["translator"]),
        (f"Find x.\n\n{TRANSLATE}\n\nFind  X.", "Find x.", ["translator"]),
        (
            "Find x.\n\n---\n\nThe translation maintains the original format.",
            "Find x.",
            ["translator"],
        ),
        (
            "Find x.\n\n---\n\n(Translation provided as requested, all kept.)",
            "Find x.",
            ["translator"],
        ),
        (
            "Find x.\n\n untranslated text:\n将上面的文本翻译成英文。\n\n"
            " translated text:\nFind x.",
            "Find x.",
            ["translator"],
        ),
        (
            "Find x.\n\nTranslate the text above back into Latin, and no more.\nInvenias x.\n\nx.",
            "Find x.",
            ["translator"],
        ),
        ("Find x.\n\n保留了源文本的换行和格式。", "Find x.", ["translator"]),
        ("Find x.\n\n保留原文的格式，直接输出翻译结果如下：\n\nFind x.", "Find x.", ["translator"]),
        (
            'Find x, in 分.\n\n分.\n\nNote: The last word "分" may be translated as "points". So '
            "the complete translation would be:\n\nFind x, in 分.\n\npoints.",
            "Find x, in 分.\n\npoints.",
            ["translator"],
        ),
        (
            "3. Find the value of $x+1$.\n\n3. Find the  value of $x+1$.\n\n"
            "(Note: The mathematical expression is the same in both languages.)",
            "3. Find the value of $x+1$.",
            ["translator"],
        ),
        (
            "Find the sum of all the digits.\n\nFind the sum of all the  digits.",
            "Find the sum of all the digits.",
            ["translator"],
        ),
        ("a\r\n\r\n[b](http://x.y)", "a\n\nb", ["carriage_return", "link"]),
        # what only looks like it
        ("f^{[2]}(x) on [a, b](a<b)", "f^{[2]}(x) on [a, b](a<b)", []),
        ("[i](A. Author)[/i]", "[i](A. Author)[/i]", []),
        ("a ![](https://x.org/a.png?b=1)", "a", ["image"]),
        ("a [here](https://x.org/a.png) b", "a  b", ["image"]),
        ("a [img]b.png[/img] c https://x.org/a.png", "a  c", ["image"]),
        ("The graph is translated 2 units.", "The graph is translated 2 units.", []),
        ("The translation maps A to B. Find it.", "The translation maps A to B. Find it.", []),
        ("First.\n\n---\n\nSecond.", "First.\n\n---\n\nSecond.", []),
        ("甲 and 乙 race.", "甲 and 乙 race.", []),
        (
            "Find the sum of all digits.\n\nHint: add.\n\nFind the sum of all digits of 12.",
            "Find the sum of all digits.\n\nHint: add.\n\nFind the sum of all digits of 12.",
            [],
        ),
    ],
)
def test_repair(problem: str, text: str, repairs: list[str]) -> None:
    assert repair(problem) == (text, "", repairs)


@pytest.mark.parametrize(
    ("problem", "answer", "text", "mended", "repairs"),
    [
        ("$\x0crac{1}{2} \times 3$, \x08eta", "\x0crac12",
         r"$\frac{1}{2} \times 3$, \beta", r"\frac12", ["control_character", "answer \x0crac12"]),
        (r"$2 \cdotx + \sinn$", r"2\piR", r"$2 \cdot x + \sin n$", r"2\pi R",
         ["glued_command", r"answer 2\piR"]),
        (r"\hlineRed & 1 \\", "1", r"\hline Red & 1 \\", "1", ["glued_command"]),
        ("How many?\n\nAnswer: 17.", "17", "How many?", "17", ["answer"]),
        ("How many? Answer. There are $17$.", "17", "How many?", "17", ["answer"]),
        ("How many?\n\n## Answer: $n$.", "n", "How many?", "n", ["answer"]),
        ("How many?\n\nResult: $\\quad 17$", "17", "How many?", "17", ["answer"]),
        ("the di\x0bfference", "1", "the di\x0bfference", "1", []),
        # no reading, a name that is a command, a tab that indents, what an answer is to be like
        ("a \x02 b", "1", "a \x02 b", "1", []),
        (r"\cdots \sinh x \leqslant \cosh \pitchfork \capture", "1",
         r"\cdots \sinh x \leqslant \cosh \pitchfork \capture", "1", []),
        (r"\def\piR{3} $\piR$", "1", r"\def\piR{3} $\piR$", "1", []),
        ("a\n\tthen b\n\ttop", "1", "a\n\tthen b\n\ttop", "1", []),
        ("Then\rfloor 3\nequal\tau", "1", "Then\nfloor 3\nequal\tau", "1", ["carriage_return"]),
        ("Answer: 17. What is it?", "17", "Answer: 17. What is it?", "17", []),
        ("How many? Answer: yes or no.", "17", "How many? Answer: yes or no.", "17", []),
        ("Which?\nAnswer: (A) 7 (B) 8 (C) 9", "7", "Which?\nAnswer: (A) 7 (B) 8 (C) 9", "7", []),
    ],
)  # fmt: skip
def test_repair_of_problem_and_answer(
    problem: str, answer: str, text: str, mended: str, repairs: list[str]
) -> None:
    assert repair(problem, answer) == (text, mended, repairs)


@pytest.mark.parametrize(
    ("verify", "llama", "expected"),
    [
        ([True, True], None, 2),
        ([True, False], None, 1),
        ([False, False], None, 0),
        ([False, False], [True, False], 1),
        ([True, False], [True, False], 1),
        (None, None, None),
        ([], [], None),
        ([], None, None),
        ([None, None], None, None),
        ([None, True], [None, None], 1),
        ([False], [False, True, True], 2),
        (None, [False], 0),
    ],
)
def test_verified(verify: list | None, llama: list | None, expected: int | None) -> None:
    rows = frame(math(correctness_math_verify=verify, correctness_llama=llama), math())
    assert record(rows)["verified"].to_list() == [expected, 2]


@pytest.mark.parametrize(
    ("verify", "llama", "judged"),
    [
        (None, None, None),
        ([None, True], [None, None], 1),
        ([False], [False, True, True], 3),
        ([True, False, None], None, 2),
    ],
)
def test_judged(verify: list | None, llama: list | None, judged: int | None) -> None:
    rows = frame(math(correctness_math_verify=verify, correctness_llama=llama))
    assert record(rows)["judged"].to_list() == [judged]


def test_only_problem_and_answer_are_needed() -> None:
    rows = pl.DataFrame({"problem": ["Find x"], "answer": ["1"]})
    assert record(rows).row(0, named=True) == {
        "id": None,
        "prompt": "Find x",
        "question": "Find x",
        "reference_answer": "1",
        "options": [],
        "source": "",
        "problem_type": "",
        "verified": None,
        "judged": None,
        "repairs": [],
        "published": None,
        "question_type": "",
        "solution": None,
        "generations": None,
    }


def test_item() -> None:
    values = record(frame(math("Q\n(A) 1\n(B) 2", "B"))).row(0, named=True) | {"id": "7"}
    assert DATASET.item(values, "Do it.") == {
        "messages": [
            {"role": "developer", "content": "Do it."},
            {"role": "user", "content": "Q\n(A) 1\n(B) 2"},
        ],
        "reference_answer": "B",
        "options": ["1", "2"],
        "source": "olympiads",
        "problem_type": "Algebra",
        "id": "7",
    }


def test_instruction_asks_for_what_the_grader_reads() -> None:
    assert "\\boxed{}" in DATASET.grading.instruction


@pytest.mark.parametrize(
    ("problem", "answer", "expected"),
    [
        ("Which?\n(a) 1\n(b) 2\n(c) 3", "c", "C"),
        ("Which?\na) 1\nb) 2\nc) 3", "(b)", "(B)"),
        ("Which?\nA. 1\nB. 2", "B", "B"),
        ("Let $MN=c$. Find $PQ$.", "c", "c"),
    ],
)
def test_letters_of_options_are_capitals(problem: str, answer: str, expected: str) -> None:
    assert record(frame(math(problem, answer)))["reference_answer"].to_list() == [expected]
