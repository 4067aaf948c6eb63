"""What `rft init` makes of columns as people call them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.datasets.guess import guess
from pipelines.findings import BadInput

_TURNS = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": r"\boxed{4}"}]
_LETTERS = ["A", "C", "B", "D"]


def rows(**columns: Any) -> list[dict[str, Any]]:
    """Twenty rows; a list is a column's values in turn, and `{}` in a text is the row's number."""
    return [
        {
            name: value[number % len(value)]
            if isinstance(value, tuple)
            else value.format(number)
            if isinstance(value, str)
            else value
            for name, value in columns.items()
        }
        for number in range(20)
    ]


def said(found: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    return guess(found, given, "x.csv").values


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"question": "How many is {}?", "answer": "{}"},
            {"prompt": "question", "answer": "answer", "grader": "math"},
        ),
        (
            {"problem": "Find {}.", "solution": r"so \boxed{{{}}}.", "unique": "{}"},
            {"prompt": "problem", "answer": "solution", "answer_from": "boxed", "grader": "math"},
        ),
        (
            {"question": "How many is {}?", "answer": "it is 3\n#### {}"},
            {"answer_pattern": r"####\s*([^\n]*\S)\s*$", "grader": "math"},
        ),
        (
            {"question": "Capital {}?", "answer": ("Rome", "Paris", "Bern")},
            {"grader": "text"},
        ),
        (
            {"question": "{}?", "opa": "w", "opb": "x", "opc": "y", "opd": "z", "cop": (0, 3, 1)},
            {"options": ["opa", "opb", "opc", "opd"], "answer": "cop", "answer_is": "index"},
        ),
        (
            {"Question": "{}?", "A": "w", "B": "x", "C": "y", "D": "z", "answer": tuple(_LETTERS)},
            {"options": ["A", "B", "C", "D"], "answer_is": "letter", "grader": "letter"},
        ),
        (
            {"question": "{}?", "option_1": "w", "option_2": "x", "label": (1, 2)},
            {"options": ["option_1", "option_2"], "answer": "label", "answer_is": "index1"},
        ),
        (
            {"question": "{}?", "choices": ["w", "x", "y"], "answer": ("x", "y")},
            {"options": "choices", "option_labels": "ABC", "answer_is": "text"},
        ),
        (
            {
                "question": "{}?",
                "choices": {"text": ["w", "x"], "label": ["1", "2"]},
                "answerKey": ("1", "2"),
            },
            {"options": "choices.text", "option_labels": "choices.label", "answer": "answerKey"},
        ),
        (
            {"messages": _TURNS, "id": "{}"},
            {"prompt": "messages", "answer": "messages.-1.content", "answer_from": "boxed"},
        ),
        (
            {"context": ("A contract.", "A lease."), "question": "Who {}?", "answer": "Bob {}"},
            {"prompt": "{context}\n\n{question}", "group": "context", "grader": "text"},
        ),
        (
            {"instruction": "Add.", "input": "{} + 1", "output": "{}"},
            {"prompt": "{instruction}\n\n{input}", "answer": "output"},
        ),
        (
            {"reward_model": {"ground_truth": "34"}, "prompt": [{"role": "user", "content": "x"}]},
            {"prompt": "prompt", "answer": "reward_model.ground_truth", "grader": "math"},
        ),
        (
            {"question": "{}?", "answer": "{}", "uuid": "u{}", "subject": ("a", "b")},
            {"id": "uuid", "stratum": "subject", "keep": ["subject"]},
        ),
        (
            {"Question ": "{}?", "Gold Answer": "{}", " Category": ("a", "b")},
            {"prompt": "Question ", "answer": "Gold Answer", "stratum": " Category"},
        ),
    ],
)
def test_columns_by_their_names_and_cells(
    columns: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = said(rows(**columns))
    assert {key: found.get(key) for key in expected} == expected


def test_long_references_want_a_judge() -> None:
    prose = "The treaty of {} ended a long war and began a longer peace between both of them."
    assert guess(rows(question="Why {}?", answer=prose), {}, "x.csv").judged


def test_what_is_given_is_taken() -> None:
    found = said(rows(q="How many is {}?", gold="{}", other="x"), prompt="q", answer="gold")
    assert (found["prompt"], found["answer"], found["grader"]) == ("q", "gold", "math")


@pytest.mark.parametrize(
    ("columns", "option"),
    [
        ({"question": "How many is {}?", "x": 3}, "--answer"),
        ({"a": 1, "b": 2}, "--prompt"),
    ],
)
def test_where_it_cannot_guess_one_line_says_what_to_give(
    columns: dict[str, Any], option: str
) -> None:
    with pytest.raises(BadInput, match=option):
        said(rows(**columns))
