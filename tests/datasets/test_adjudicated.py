"""The rules on real rows: each row of `adjudicated/` was read by a person.

`digest` names the published problem or question, `file` and `row` (from 0) tell where it stands,
`rule` is the reason, `outcome` what the rule makes of the row and `verdict` whether that is right.
RFT_REAL_DATA names a folder with openr1-math/data and medmcqa/data.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT, record
from known import DATASETS

from pipelines.similarity.keys import digest

TABLES = Path(__file__).parent / "adjudicated"
FOLDER = os.environ.get("RFT_REAL_DATA")
CASES = {"openr1-math": ("openr1_math", "problem"), "medmcqa": ("medmcqa", "question")}


def table(name: str) -> pl.DataFrame:
    path = TABLES / f"{CASES[name][0]}.tsv"
    return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)


# What a rule drops where nothing tells whether it deserves it: as many as not, and better gone.
DOUBTFUL = {"unconfirmed_answer": 0.6}


@pytest.mark.parametrize("name", CASES)
def test_of_the_rows_that_a_rule_drops_95_in_100_deserve_it(name: str) -> None:
    rows = table(name)
    assert rows.n_unique(["digest", "file", "row", "rule"]) == rows.height
    assert set(rows["rule"]) <= {fault.reason for fault in DATASETS[name].faults}
    dropped = rows.filter(pl.col("outcome") == "dropped")
    for (rule,), part in dropped.group_by("rule"):
        assert (part["verdict"] == "right").mean() >= DOUBTFUL.get(str(rule), 0.95), rule


@pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")
@pytest.mark.parametrize("name", CASES)
def test_rules_are_held_to_the_table(name: str) -> None:
    paths = sorted((ROOT / (FOLDER or "") / name / "data").resolve().glob("*.parquet"))
    raw = pl.concat([pl.read_parquet(path) for path in paths], how="diagonal_relaxed")
    raw = raw.unique(CASES[name][1], keep="first", maintain_order=True)
    names = [digest(text) for text in raw[CASES[name][1]]]
    records = record(name, raw)
    for (rule,), part in table(name).group_by("rule"):
        where = [fault.where for fault in DATASETS[name].faults if fault.reason == rule]
        found = records.select(
            pl.any_horizontal(each.fill_null(False) for each in where)
        ).to_series()
        dropped = dict(zip(names, found, strict=True))
        expected = dict(zip(part["digest"], part["outcome"] == "dropped", strict=True))
        assert {one: dropped[one] for one in expected} == expected
