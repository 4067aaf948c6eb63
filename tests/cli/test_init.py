"""`rft init` as a user runs it, and `rft prepare` on what it writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from conftest import ROOT, Run, problem

QUESTIONS = ROOT / "docs" / "example" / "questions.csv"
ROWS: list[dict[str, Any]] = [
    {"question": f"{problem(n)}. Which is it?", "answer": str(n)} for n in range(120)
]


def described(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_the_example(rft: Run, tmp_path: Path) -> None:
    got = rft("init", QUESTIONS)
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.count('"messages"') == 3
    assert "37 of 37 references get the full score" in got.stdout
    text = (tmp_path / "questions.toml").read_text(encoding="utf-8")
    assert text in got.stdout
    assert "# by its name" in text
    got = rft("prepare", "questions.toml", "--format", "json")
    assert got.returncode == 0
    (made,) = orjson.loads(got.stdout)["datasets"]
    assert made["dropped"] == {
        "empty_prompt": 1,
        "unlabelled": 1,
        "unbalanced_answer": 1,
        "conflicting_answers": 2,
        "duplicate": 1,
    }
    assert made["rows"]["raw"] == 40
    assert made["rows"]["train"] + made["rows"]["validation"] == 34


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_every_kind_of_file_ends_sound(rft: Run, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"my rows.{kind}"
    if kind == "csv":
        pl.DataFrame(ROWS).write_csv(path)
    elif kind == "jsonl":
        path.write_text(lines(ROWS))
    elif kind == "json":  # an object of objects
        path.write_text(json.dumps({f"k{n}": row for n, row in enumerate(ROWS)}))
    else:
        nested = [
            {
                "prompt": [{"role": "user", "content": row["question"]}],
                "reward_model": {"ground_truth": row["answer"]},
            }
            for row in ROWS
        ]
        pl.DataFrame(nested).write_parquet(path)
    got = rft("init", path.name)
    assert (got.returncode, got.stderr) == (0, ""), got.stderr
    values = described(tmp_path / "my-rows.toml")
    assert values["grader"] == "math"
    assert values.get("id") == ("key" if kind == "json" else None)
    if kind == "parquet":
        assert (values["prompt"], values["answer"]) == ("prompt", "reward_model.ground_truth")
    got = rft("prepare", "my-rows.toml", "-q")
    assert (got.returncode, got.stdout) == (0, "")
    folder = tmp_path / "processed/my-rows"
    items = [
        orjson.loads(line)
        for split in ("train", "validation")
        for line in (folder / f"{split}.jsonl").read_bytes().splitlines()
    ]
    assert {item["reference_answer"] for item in items} == {row["answer"] for row in ROWS}
    assert {item["messages"][-1]["content"] for item in items} == {r["question"] for r in ROWS}
    assert rft("validate", str(folder)).returncode == 0


def test_a_folder_has_its_splits_by_their_names(rft: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name, part in {"train": ROWS[:90], "dev": ROWS[90:105], "test": ROWS[105:]}.items():
        (tmp_path / "data" / f"{name}.jsonl").write_text(lines(part))
    (tmp_path / "data" / "notes.txt").write_text("x")
    assert rft("init", "data/").returncode == 0
    values = described(tmp_path / "data.toml")
    assert (values["files"], values["validation"], values["test"]) == (
        "data/train.jsonl",
        "data/dev.jsonl",
        "data/test.jsonl",
    )
    assert rft("prepare", "data.toml", "-q").returncode == 0
    folder = tmp_path / "processed/data"
    counts = [
        len((folder / f"{s}.jsonl").read_bytes().splitlines())
        for s in ("train", "validation", "test")
    ]
    assert counts == [90, 15, 15]


def test_it_writes_over_nothing_unless_told(rft: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(lines(ROWS))
    (tmp_path / "rows.toml").write_text("mine")
    got = rft("init", "rows.jsonl")
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (2, "", 1)
    assert "rows.toml: is there; give --force" in got.stderr
    assert (tmp_path / "rows.toml").read_text() == "mine"
    assert rft("init", "rows.jsonl", "--force").returncode == 0
    assert described(tmp_path / "rows.toml")["prompt"] == "question"
    assert rft("init", "rows.jsonl", "--out", "gsm8k.toml").returncode == 2


@pytest.mark.parametrize(
    ("row", "option"),
    [
        ({"question": "How many?", "x": 3}, "--answer"),
        ({"a": 1, "b": 2}, "--prompt"),
    ],
)
def test_where_it_cannot_guess_it_says_what_to_give(
    rft: Run, tmp_path: Path, row: dict[str, Any], option: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(lines([row] * 5))
    got = rft("init", "rows.jsonl")
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (2, "", 1)
    assert option in got.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv"], "nowhere.csv: there is no such file or folder"),
        (["empty.jsonl"], "empty.jsonl: holds no rows"),
        (["notes.txt"], "notes.txt: not a kind of file that is read"),
        (["rows.jsonl", "--prompt", "nothing"], "no column 'nothing'"),
        (["rows.jsonl", "--grader", "maths"], "did you mean 'math'"),
        (["rows.jsonl", "--answer-pattern", "x"], "no group"),
        (["rows.jsonl", "--out", "none/rows.toml"], "none/rows.toml"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    rft: Run, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "rows.jsonl").write_text(lines(ROWS))
    got = rft("init", *words)
    assert (got.returncode, got.stderr.count("\n")) == (2, 1)
    assert message in got.stderr
    assert not list(tmp_path.glob("*.toml"))


def test_long_references_get_a_judge(rft: Run, tmp_path: Path) -> None:
    prose = "{}: the treaty ended a long war and began a longer peace between both of them."
    rows = [{"question": row["question"], "answer": prose.format(row["answer"])} for row in ROWS]
    (tmp_path / "essays.jsonl").write_text(lines(rows))
    got = rft("init", "essays.jsonl")
    assert got.returncode == 0
    assert "The references were not graded" in got.stdout
    assert described(tmp_path / "essays.toml")["grader"] == "essays.grader.json"
    grader = orjson.loads((tmp_path / "essays.grader.json").read_bytes())
    assert grader["type"] == "score_model"
    assert rft("prepare", "essays.toml", "-q").returncode == 0
    made = orjson.loads((tmp_path / "processed/essays/grader.json").read_bytes())
    assert made == grader
