"""Runs on real rows: RFT_REAL_DATA names a folder with openr1-math/data and medmcqa/data."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import orjson
import polars as pl
import pytest
from conftest import ROOT, settings
from known import DATASETS

from pipelines.datasets.openr1_math.repair import repair
from pipelines.io.prepared import find
from pipelines.io.progress import Progress
from pipelines.rules.check import check, given
from pipelines.run import driver
from pipelines.service import demo
from pipelines.similarity.keys import key
from pipelines.similarity.latex import balanced

FOLDER = os.environ.get("RFT_REAL_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")
SOURCE = (ROOT / (FOLDER or "")).resolve()


@pytest.mark.parametrize("name", DATASETS)
def test_prepare(tmp_path: Path, name: str) -> None:
    dataset = DATASETS[name]
    result = driver.prepare(dataset, settings(tmp_path, SOURCE), Progress())
    assert result.raw == sum(result.splits.values()) + sum(result.dropped.values())
    assert result.sound
    assert list(check(tmp_path / name)) == []
    assert demo.rows(find(str(tmp_path / name))) is None
    sides = {}
    for side in ("train", "validation"):
        for line in (tmp_path / name / f"{side}.jsonl").read_bytes().splitlines():
            item = orjson.loads(line)
            prompt = item["messages"][-1]["content"]
            assert key(prompt) not in sides
            sides[key(prompt)] = side
            assert "\r" not in prompt
            assert balanced(item["reference_answer"])
    assert Counter(sides.values()) == result.splits


def test_real_answers_that_were_cut_are_dropped(tmp_path: Path) -> None:
    dataset = DATASETS["openr1-math"]
    result = driver.prepare(dataset, settings(tmp_path, SOURCE), Progress())
    assert 0.23 < result.dropped["unbalanced_answer"] / result.raw < 0.26


def test_a_real_conflict_is_found(tmp_path: Path) -> None:
    driver.prepare(DATASETS["medmcqa"], settings(tmp_path, SOURCE), Progress())
    ledger = pl.read_parquet(tmp_path / "medmcqa/dropped.parquet")
    hits = ledger.filter(pl.col("prompt").str.starts_with("Subantimicrobial dose of doxycycline"))
    assert hits["reason"].to_list() == ["conflicting_answers"] * 2


@pytest.mark.parametrize("row", [176, 240, 513])
def test_real_translators_are_sent_away(row: int) -> None:
    rows = pl.read_parquet(SOURCE / "openr1-math/data/train-00000-of-00002.parquet")
    text, _, repairs = repair(rows["problem"][row])
    assert repairs == ["translator"]
    assert "ranslat" not in text
    assert text.strip() == text


def vendor(**named: str) -> list:
    return list(given({role: SOURCE / "rft" / path for role, path in named.items()}))


def test_a_vendors_sound_pair_gives_no_error() -> None:
    found = vendor(
        train="countdown/countdown_train_100.jsonl",
        validation="countdown/countdown_valid_50.jsonl",
        grader="countdown/grader_config_aoai.json",
        response_format="countdown/response_schema.json",
    )
    assert {f.code for f in found if f.severity == "error"} == set()


@pytest.mark.parametrize("grader", ["model_grader", "multi_grader"])
def test_a_vendors_graders_want_a_response_format_that_is_nested(grader: str) -> None:
    """Rows and graders are sound; the schema beside them is in the flat form of 2025.

    The published rows are one file, which is given as both.
    """
    rows = "clausematching/clause_matching_validation.jsonl"
    files = {"train": rows, "validation": rows, "grader": f"clausematching/{grader}.json"}
    # The tests' small vocabulary takes four times the tokens of o200k, which finds no row too long.
    long = {"RFT218"}
    found = vendor(**files)
    assert {f.code for f in found if f.severity == "error"} - long == {"RFT702"}
    found = vendor(**files, response_format="clausematching/schema.json")
    assert {f.code for f in found if f.severity == "error"} - long == {"RFT521", "RFT702"}


def test_a_vendors_rows_without_a_reference_are_found() -> None:
    """The published MedMCQ validation file: 6,150 rows of which none has the field that is read."""
    rows = "medmcq/medmcq_validation.jsonl"
    found = vendor(train=rows, validation=rows, grader="medmcq/stringcheck_grader.json")
    lines = [f.line for f in found if f.code == "RFT301" and f.path.endswith(rows)]
    assert sorted(set(lines)) == list(range(1, 6151))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("countdown/countdown_train_raw.jsonl", "RFT201"),
        ("countdown/countdown_eval_100.jsonl", "RFT121"),
    ],
)
def test_a_vendors_other_files_are_no_rft_files(file: str, code: str) -> None:
    found = list(given({"train": SOURCE / "rft" / file}, whole=False))
    assert {f.code for f in found if f.severity == "error"} == {code}
