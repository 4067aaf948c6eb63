"""Rows of the demo are known in whatever dress, and no other row is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import DEMO
from service_server import prepared

from pipelines.io.prepared import find
from pipelines.service import demo

GOLDEN = Path(__file__).parents[1] / "golden"
Row = dict[str, Any]
ROWS: list[Row] = [
    row
    for path in sorted(GOLDEN.glob("*.jsonl"))
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    if list(demo.entries(row["messages"][-1]["content"]))
]

assert ROWS


def user(*contents: Any) -> Row:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


DRESS: dict[str, Callable[[str], Row]] = {
    "plain": user,
    "instruction before": lambda prompt: user(f"Think step by step. Question: {prompt}"),
    "instruction after": lambda prompt: user(f"{prompt} Put the answer in \\boxed{{}}."),
    "between tags": lambda prompt: user(f"<problem>{prompt}</problem>\n\nAnswer:"),
    "capitals and spaces": lambda prompt: user(prompt.upper().replace(" ", "\n  ")),
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


def test_most_rows_are_looked_for() -> None:
    assert len(ROWS) == 17


def test_a_folder_with_its_options_in_another_order_is_known(tmp_path: Path) -> None:
    """By the questions that have enough words of their own."""
    table = pl.read_parquet(DEMO / "medmcqa" / "data" / "train-00000-of-00001.parquet")
    turned = (
        "\n".join(
            [str(row["question"]), *(f"({name[-1]}) {row[name]}" for name in ("opd", "opb", "opa"))]
        )
        for row in table.iter_rows(named=True)
    )
    found = demo.rows(find(str(added(tmp_path, *turned))))
    assert found is not None
    assert found[1] > 10


@pytest.mark.parametrize(
    "prompt",
    [
        "How many positive divisors does $60$ have?",  # too short to be nobody else's
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
