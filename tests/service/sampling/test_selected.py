"""A folder of selected rows: whole, valid, and with its origin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import ROOT

from pipelines.cli import main
from pipelines.io.prepared import find


def rft(*words: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rft", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.main()
    return int(left.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that `rft prepare` made of the example, and answers to its training rows."""
    monkeypatch.chdir(tmp_path)
    Path("questions.csv").write_bytes((ROOT / "docs/example/questions.csv").read_bytes())
    assert rft("init", "questions.csv") == 0
    assert rft("prepare", "questions.toml", "-q") == 0
    lines = Path("processed/questions/train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    answers: list[dict[str, Any]] = [
        {
            "id": row["id"],
            "model": "base",
            "settings": "0" * 16,
            "output_text": f"\\boxed{{{row['reference_answer'] if k < n % 5 else 'x'}}}",
            "finish": "stop",
            "date": "2026-11-21",
            "asked": {"api": "chat", "temperature": 0.7},
        }
        for n, row in enumerate(rows)
        for k in range(4)
    ]
    Path("s.jsonl").write_text("".join(json.dumps(each) + "\n" for each in answers))
    return tmp_path


BAND = ("--min-pass-rate", "0.1", "--max-pass-rate", "0.9")


def test_the_folder_is_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("select", "questions", "--samples", "s.jsonl", *BAND, "--out", "processed/chosen")
    assert rft(*words) == 0
    old, new = find("questions"), find("chosen")
    made, before = new.manifest(), old.manifest()
    assert made is not None
    assert before is not None
    kept = [n % 5 in (1, 2, 3) for n in range(before["rows"]["train"])]
    lines = old.path("train").read_bytes().splitlines(keepends=True)
    chosen = [line for line, stays in zip(lines, kept, strict=True) if stays]
    assert new.path("train").read_bytes() == b"".join(chosen)
    for role in ("validation", "grader", "job"):
        assert new.path(role).read_bytes() == old.path(role).read_bytes()
    # Every raw row is in one of the files, as before.
    assert 2 * made["rows"]["raw"] == sum(made["rows"].values())
    assert pl.read_parquet("processed/chosen/dropped.parquet").height == made["rows"]["dropped"]
    assert sum(made["dropped"].values()) == made["rows"]["dropped"]
    samples = made["selected"]["samples"]
    assert (samples["model"], samples["n"], samples["temperature"]) == ("base", 4, 0.7)
    assert samples["dates"] == ["2026-11-21", "2026-11-21"]
    assert made["certificate"]["files"]["train"]["sha256"] == made["selected"]["from"]["sha256"]
    capsys.readouterr()
    assert rft("validate", "chosen") == 0
    assert rft("export", "chosen", "--to", "hf") == 0
    card = next(Path("exports").rglob("README.md")).read_text()
    assert "selected by how often the answers of `base` pass: 4 an item, temperature 0.7" in card
    # Each command says the same of it again.
    assert rft(*words) == 2
    assert "is there already" in capsys.readouterr().err
    assert not list(Path("processed").glob(".*"))


def test_a_changed_row_is_seen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rft("select", "questions", "--samples", "s.jsonl", *BAND, "--out", "chosen") == 0
    path = Path("chosen/train.jsonl")
    path.write_bytes(path.read_bytes().replace(b"boxed", b"boxes", 1))
    assert rft("validate", "chosen") == 1
    assert "RFT607" in capsys.readouterr().out


def test_what_is_left_of_a_kill_is_overwritten(folder: Path) -> None:
    Path(".chosen.part").mkdir()
    Path(".chosen.part/train.jsonl").write_text("half")
    assert rft("select", "questions", "--samples", "s.jsonl", *BAND, "--out", "chosen") == 0
    first = {path.name: path.read_bytes() for path in Path("chosen").iterdir()}
    assert rft("select", "questions", "--samples", "s.jsonl", *BAND, "--out", "again") == 0
    assert {path.name: path.read_bytes() for path in Path("again").iterdir()} == first
    assert not Path(".chosen.part").exists()
