"""One row's story: by which words it is found, and what it tells."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from conftest import DEMO, ROOT, Run
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.options import Format
from pipelines.cli.show import _changes, show
from pipelines.findings import BadInput
from pipelines.io.prepared import Prepared
from pipelines.report.difference import marked
from pipelines.report.rows import kind
from pipelines.report.story import stories
from pipelines.report.table import doubling, tenth

from .conftest import calibration, item


def test_every_raw_row_has_a_story_by_every_name(demo: dict[str, Prepared]) -> None:
    prepared = demo["medmcqa"]
    items = {split: list(prepared.items(split)) for split in prepared.splits}
    trace = pl.read_parquet(prepared.folder / "trace.parquet")
    for place in trace.gather_every(9).iter_rows(named=True):
        (story,) = stories(prepared, f"{place['file']}:{place['row']}")
        assert story["id"] == place["id"]
        if place["line"] is None:
            names = ("stage", "reason", "detail")
            assert story["became"] == {name: place[name] for name in names}
            assert story["item"] is None
        else:
            assert story["item"] == items[place["split"]][place["line"] - 1]
            assert stories(prepared, f"{place['split']}:{place['line']}") == [story]
        assert story in stories(prepared, story["id"])
        assert story in stories(prepared, story["digest"])
        assert story in stories(prepared, story["digest"][:8].upper())
        raw = pl.read_parquet(DEMO / "medmcqa" / place["file"]).row(place["row"] - 1, named=True)
        assert story["raw"]["columns"] == raw


def test_a_duplicate_tells_of_the_row_that_stays(demo: dict[str, Prepared]) -> None:
    prepared = demo["medmcqa"]
    trace = pl.read_parquet(prepared.folder / "trace.parquet")
    for place in trace.filter(pl.col("reason") == "duplicate").iter_rows(named=True):
        (story,) = stories(prepared, f"{Path(place['file']).name}:{place['row']}")
        others = [link for link in story["links"] if link["link"] in ("same text", "same question")]
        assert others
        assert any("line" in link or link["reason"] == "contaminated" for link in others)


def test_raw_files_are_shown_only_where_they_are_the_same(
    demo: dict[str, Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = demo["openr1-math"]
    monkeypatch.setattr("pipelines.report.story.DEMO", tmp_path / "nowhere")
    (gone,) = stories(prepared, "train:1")
    assert gone["raw"]["columns"] is None
    assert "--raw" in gone["raw"]["fault"]
    moved = tmp_path / "moved"
    shutil.copytree(DEMO / "openr1-math", moved)
    (story,) = stories(prepared, "train:1", moved)
    assert story["raw"]["columns"]["uuid"] == story["id"]
    path = moved / story["raw"]["file"]
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    assert stories(prepared, "train:1", moved)[0]["raw"]["columns"] is None


def test_a_folder_by_hand_has_stories_too(folder) -> None:
    prepared = folder([item("One?", id=7), item("One?", "2")], [item("Two?")])
    (story,) = stories(prepared, "train:2")
    assert (story["raw"], story["links"], story["reference_answer"]) == (None, [], "2")
    assert stories(prepared, "7")[0]["item"]["id"] == 7
    (prepared.folder / "calibration.json").write_bytes(orjson.dumps(calibration(prepared)))
    (prepared.folder / "rates.jsonl").write_bytes(b'{"line": 2, "n": 4, "passed": 3}\n')
    assert stories(prepared, "train:2")[0]["grades"] == {"pass_rate": {"passed": 3, "n": 4}}
    (prepared.folder / "rates.jsonl").unlink()
    os.mkfifo(prepared.folder / "rates.jsonl")
    assert stories(prepared, "train:2")[0]["grades"] == {}
    for word in ("nobody", "train:9", "train:" + "9" * 40, "", ":", "One?"):
        with pytest.raises(BadInput, match="no row of"):
            stories(prepared, word)


@pytest.mark.parametrize("messages", [None, 5, "x", [1], [None], {"a": 1}], ids=str)
def test_messages_of_the_wrong_type_are_no_fault(
    folder, messages: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"messages": messages, "reference_answer": "2", "id": "one"}
    prepared = folder([row], [item("Two?")])
    show(str(prepared.folder), "one", None, Format.text)
    assert "reference_answer" in capsys.readouterr().out


def test_it_is_readable_at_80_columns_and_whole_as_json(rft: Run) -> None:
    rft("prepare", "openr1-math", "--quiet")
    shown = rft("show", "openr1-math", "train:56", COLUMNS="80")
    assert shown.returncode == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "line 56 of train.jsonl" in shown.stdout
    assert "[-" in shown.stdout  # what the repair took away
    (story,) = orjson.loads(rft("show", "openr1-math", "train:56", "--format", "json").stdout)
    assert story["repairs"] == ["translator"]
    assert story["item"]["id"] == story["id"]
    assert rft("show", "openr1-math", "nobody").returncode == 2


def test_the_story_in_the_docs_is_what_is_printed(rft: Run) -> None:
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    _, _, block = page.partition("```\n$ rft show medmcqa train:12\n")
    rft("prepare", "medmcqa", "--quiet")
    shown = rft("show", "medmcqa", "train:12", COLUMNS="80").stdout
    assert shown.rstrip() == block.partition("\n```")[0].rstrip()


TEXT = st.text("ab1 \\{}$\n", max_size=40)


@given(TEXT, TEXT)
def test_what_differs_is_marked_and_nothing_is_lost(one: str, other: str) -> None:
    left, right = marked(one, other)
    assert ("".join(text for text, _ in left), "".join(text for text, _ in right)) == (one, other)
    same = ["".join(text for text, new in side if not new) for side in (left, right)]
    assert same[0] == same[1]
    assert (one == other) == (not any(new for _, new in left + right))
    changes = _changes(left, right)
    gone = "".join(text for text, new in left if new)
    assert changes.count("[-") >= bool(gone)


@given(st.integers(0, 10**6))
def test_a_count_is_in_its_range(count: int) -> None:
    low, high = map(int, doubling(count).split("–"))
    assert low <= count <= high


@given(st.floats(0, 1))
def test_a_share_is_in_its_tenth(share: float) -> None:
    low, high = map(float, tenth(share).split("–"))
    assert low - 1e-9 <= share <= high


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        ("12", [], "integer"),
        ("$-1,200$", [], "integer"),
        ("0.5", [], "decimal"),
        ("\\frac{1}{2}", [], "fraction"),
        ("3/4", [], "fraction"),
        ("x^2+1", [], "formula"),
        ("B", ["a", "b"], "letter"),
        ("B", [], "text"),
        ("Yes", [], "yes or no"),
        ("the liver", [], "text"),
        (None, [], "none"),
        (" ", None, "none"),
    ],
)
def test_kinds_of_answers(answer: str | None, options: list[str] | None, expected: str) -> None:
    assert kind(answer, options) == expected
