"""Rows of the demo are known in whatever dress, and no other row is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from service_server import prepared

from pipelines.io.prepared import find
from pipelines.service import demo
from pipelines.similarity.options import split_options

GOLDEN = Path(__file__).parents[1] / "golden"
Row = dict[str, Any]
ROWS: list[Row] = [
    json.loads(line)
    for path in sorted(GOLDEN.glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]

assert ROWS


def user(*contents: Any) -> Row:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


def turned(prompt: str) -> str:
    """Its options in another order, with other labels, in one line with the question."""
    question, options = split_options(prompt)
    labelled = (f"({number}) {text}" for number, text in enumerate(options[::-1], 1))
    return " ".join([question.strip(), *labelled])


DRESS: dict[str, Callable[[str], Row]] = {
    "plain": user,
    "instruction before": lambda prompt: user(f"Think step by step. Question: {prompt}"),
    "instruction after": lambda prompt: user(f"{prompt} Put the answer in \\boxed{{}}."),
    "between tags": lambda prompt: user(f"<problem>{prompt}</problem>\n\nAnswer:"),
    "capitals and spaces": lambda prompt: user(prompt.upper().replace(" ", "\n  ")),
    "other order": lambda prompt: user(turned(prompt)),
    "other formula signs": lambda prompt: user(prompt.replace("$", "\\)").replace("^2", "^{2}")),
    "parts": lambda prompt: user([{"type": "text", "text": prompt}]),
    "parts within a word": lambda prompt: user(
        [{"type": "text", "text": text} for text in (prompt[:20], prompt[20:])]
    ),
    "two messages": lambda prompt: user(*prompt.split("\n\n")),
    "the developer says it": lambda prompt: {
        "messages": [{"role": "developer", "content": prompt}, {"role": "user", "content": "Go."}]
    },
    "a turn of several": lambda prompt: user("Are you ready?", prompt, "So?"),
    "as JSON": lambda prompt: user(json.dumps({"question": prompt})),
}


@pytest.mark.parametrize("dress", DRESS)
def test_a_row_is_known_in_any_dress(tmp_path: Path, dress: str) -> None:
    folder = prepared(tmp_path)
    rows = [DRESS[dress](row["messages"][-1]["content"]) for row in ROWS]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "validation.jsonl").write_text(text, encoding="utf-8")
    assert demo.rows(find(str(folder))) == (f"{folder}/validation.jsonl:1", len(ROWS))


def added(folder: Path, *prompts: str, lines: str = "") -> Path:
    """A folder of rows that are not the demo's, with these at the end of the training file."""
    with (prepared(folder, rows=100) / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines + "".join(json.dumps(user(prompt)) + "\n" for prompt in prompts))
    return folder


def test_one_row_among_others_is_named(tmp_path: Path) -> None:
    folder = added(tmp_path, ROWS[0]["messages"][-1]["content"])
    assert demo.rows(find(str(folder))) == (f"{folder}/train.jsonl:101", 1)


def test_a_mark_and_blank_lines_hide_nothing(tmp_path: Path) -> None:
    folder = added(tmp_path, ROWS[0]["messages"][-1]["content"], lines="\n\r\n\ufeff")
    assert demo.rows(find(str(folder))) == (f"{folder}/train.jsonl:103", 1)


DIVISORS = "How many positive divisors does ${}$ have?"


def test_questions_of_few_words_count_together(tmp_path: Path) -> None:
    """One may well be somebody else's; a hundredth of the rows is no chance."""
    short = [DIVISORS.format(n) for n in (60, 180, 360)]
    assert demo.rows(find(str(added(tmp_path / "1", short[0])))) is None
    assert demo.rows(find(str(added(tmp_path / "2", *short[:2])))) is None
    folder = added(tmp_path / "3", *short)
    assert demo.rows(find(str(folder))) == (f"{folder}/train.jsonl:101", 3)


@pytest.mark.parametrize(
    "prompt",
    [
        DIVISORS.format(61),
        "How many positive divisors does the number of months that have 31 days have?",
        "The legs of a right triangle are $23$ and $25$ long. Determine the length of the altitude "
        "to the hypotenuse.",
        "Solve the equation $x^2-13x+41=0$. Give both solutions in increasing order.",
        # The question with other options, and the options of the question with another.
        "Lack of thiamine leads to which of these?\n\nA. ataxia\nB. beriberi\nC. goitre\nD. gout",
        "Lack of niacin leads to none of these but\n\nA. pellagra\nB. beriberi\nC. rickets\n"
        "D. scurvy",
        "",
        "Why?",
    ],
)
def test_what_is_alike_is_not_the_same(tmp_path: Path, prompt: str) -> None:
    assert demo.rows(find(str(added(tmp_path, *[prompt] * 9)))) is None
