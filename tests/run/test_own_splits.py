"""A user's own splits, and the share that a test split takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from conftest import Run, problem, settings

from pipelines.datasets import find
from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.run.result import Result


def written(folder: Path, **splits: list[tuple[str, str]]) -> None:
    """`mine.toml` and one CSV file a split."""
    for split, rows in splits.items():
        pl.DataFrame(rows, schema=["q", "a"], orient="row").write_csv(folder / f"{split}.csv")
    lines = [f'{"files" if split == "train" else split} = "{split}.csv"' for split in splits]
    keys = [*lines, 'prompt = "q"', 'answer = "a"', "threshold = 0.9"]
    (folder / "mine.toml").write_text("\n".join(keys))


def test_a_test_split_is_checked_and_exported(tmp_path: Path, rft: Run) -> None:
    written(tmp_path, train=rows(0, 30), validation=rows(30, 40), test=rows(40, 50))
    run(tmp_path)
    folder = tmp_path / "out/mine"
    got = rft("validate", folder)
    assert (got.returncode, got.stdout) == (0, "no problems in 5 files, 50 rows\n")
    assert (
        rft("export", folder, "--to", "trl", "--to", "hf", "--out", tmp_path / "e").returncode == 0
    )
    assert pl.read_parquet(tmp_path / "e/trl/mine/test.parquet").height == 10
    card = (tmp_path / "e/hf/mine/README.md").read_text()
    assert "- split: test" in card
    leak = (folder / "test.jsonl").read_bytes().splitlines(keepends=True)[0]
    (folder / "test.jsonl").write_bytes(leak.replace(b'"role":"user"', b'"role":"usr"'))
    assert rft("validate", folder).returncode == 1


def run(folder: Path, out: str = "out", **changes: Any) -> Result:
    return driver.prepare(
        find(str(folder / "mine.toml")),
        replace(settings(folder / out), source=None, **changes),
        Progress(),
    )


def prompts(folder: Path, split: str, out: str = "out") -> set[str]:
    lines = (folder / out / "mine" / f"{split}.jsonl").read_bytes().splitlines()
    return {orjson.loads(line)["messages"][-1]["content"] for line in lines}


def rows(first: int, last: int) -> list[tuple[str, str]]:
    return [(problem(n), str(n)) for n in range(first, last)]


def test_a_file_may_be_elsewhere(tmp_path: Path, rft: Run) -> None:
    """By its whole path, which is then what the manifest says of it."""
    (tmp_path / "elsewhere").mkdir()
    written(tmp_path / "elsewhere", train=rows(0, 30))
    described = (tmp_path / "elsewhere/mine.toml").read_text()
    train = tmp_path / "elsewhere/train.csv"
    (tmp_path / "mine.toml").write_text(described.replace("train.csv", str(train)))
    got = rft("prepare", "mine.toml", "--out", "out")
    assert got.returncode == 0, got.stderr
    manifest = orjson.loads((tmp_path / "out/mine/manifest.json").read_bytes())
    assert [entry["path"] for entry in manifest["source"]["files"]] == [str(train)]
    assert rft("validate", "out/mine").returncode == 0


def test_rows_stay_in_their_split_and_training_gives_way(tmp_path: Path) -> None:
    near = (problem(31) + " now", "31")
    train = [*rows(0, 30), *rows(30, 31), (problem(40).upper(), "40"), near]
    written(tmp_path, train=train, validation=rows(30, 40), test=rows(40, 50))
    result = run(tmp_path)
    assert result.splits == {"train": 30, "validation": 10, "test": 10}
    assert result.dropped == {"duplicate": 1, "near_duplicate": 2}
    assert prompts(tmp_path, "validation") == {problem(n) for n in range(30, 40)}
    assert prompts(tmp_path, "test") == {problem(n) for n in range(40, 50)}
    manifest = orjson.loads((tmp_path / "out/mine/manifest.json").read_bytes())
    assert manifest["rows"] == {"raw": 53, "dropped": 3, **result.splits}
    trace = pl.read_parquet(tmp_path / "out/mine/trace.parquet")
    assert trace.filter(pl.col("split") == "test")["file"].unique().to_list() == ["test.csv"]


def test_a_near_question_with_another_answer_is_in_one_split_only(tmp_path: Path) -> None:
    near = (problem(30) + " 7", "7")
    written(tmp_path, train=[*rows(0, 30), near], validation=rows(30, 40))
    result = run(tmp_path)
    assert (result.dropped, result.splits) == (
        {"split_conflict": 1},
        {"train": 30, "validation": 10},
    )


def test_a_test_split_alone_leaves_validation_to_be_drawn(tmp_path: Path) -> None:
    near = (problem(90) + " 7", "7")
    written(tmp_path, train=[*rows(0, 90), near], test=rows(90, 100))
    result = run(tmp_path)
    assert result.splits["test"] == 10
    assert result.splits["train"] + result.splits["validation"] == 90
    assert result.splits["validation"] > 3
    assert result.dropped == {"split_conflict": 1}


@pytest.mark.parametrize("own", [False, True])
def test_a_test_share_moves_no_validation_row(tmp_path: Path, own: bool) -> None:
    splits = {"train": rows(0, 150), "validation": rows(150, 170)}
    written(tmp_path, **(splits if own else {"train": rows(0, 170)}))
    before, after = run(tmp_path), run(tmp_path, "with", test_share=0.2)
    assert sum(before.splits.values()) == sum(after.splits.values()) == 170
    assert after.splits["test"] > 15
    for split in ("validation", "train"):
        assert prompts(tmp_path, split, "with") <= prompts(tmp_path, split)
    assert prompts(tmp_path, "validation", "with") == prompts(tmp_path, "validation")
    assert not (tmp_path / "out/mine/test.jsonl").exists()
    assert run(tmp_path, "with").splits == before.splits  # and the file goes with its share
    assert not (tmp_path / "with/mine/test.jsonl").exists()


def test_a_test_split_and_a_share_are_one_too_many(tmp_path: Path, rft: Run) -> None:
    written(tmp_path, train=rows(0, 30), test=rows(30, 40))
    got = rft("prepare", "mine.toml", "--test-share", "0.1")
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (2, "", 1)
    assert "mine.toml has a test split" in got.stderr
