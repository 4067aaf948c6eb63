"""The rules on real rows: each row of `adjudicated/` was read by a person.

`digest` names the published problem or question, `collection` whose it is, `rule` is the reason,
`outcome` what the rule makes of the row (a finding is only counted) and `verdict` whether that is
right. Digests that begin
with 0 to 7 are the working half, on which rules are made; the others are the report half, which is
opened when the rules stand, and on which they are measured. RFT_REAL_DATA names a folder with
openr1-math/data, other-math/data and medmcqa/data.
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
FOLDERS = {"openr1-math": ("openr1-math", "other-math"), "medmcqa": ("medmcqa",)}
CASES = {"openr1-math": ("openr1_math", "problem"), "medmcqa": ("medmcqa", "question")}


def table(name: str) -> pl.DataFrame:
    path = TABLES / f"{CASES[name][0]}.tsv"
    return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)


@pytest.mark.parametrize("name", CASES)
def test_of_the_rows_that_a_rule_drops_95_in_100_deserve_it(name: str) -> None:
    rows = table(name)
    assert rows.unique(["digest", "collection", "rule", "why"]).height == rows.height
    drops = {fault.reason: fault.drops for fault in DATASETS[name].faults}
    report = ~pl.col("digest").str.contains("^[0-7]")
    for (rule, outcome), part in rows.group_by("rule", "outcome"):
        assert outcome in ("kept", "repaired", "dropped" if drops[str(rule)] else "counted")
        if outcome == "dropped" and not (part := part.filter(report)).is_empty():
            assert (part["verdict"] == "right").mean() >= 0.95, rule


@pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")
@pytest.mark.parametrize("name", CASES)
def test_rules_are_held_to_the_table(name: str) -> None:
    folders = FOLDERS[name]
    paths = [
        path
        for folder in folders
        for path in sorted((ROOT / (FOLDER or "") / folder / "data").resolve().glob("*.parquet"))
    ]
    raw = pl.concat([pl.read_parquet(path) for path in paths], how="diagonal_relaxed")
    raw = raw.unique(CASES[name][1], keep="first", maintain_order=True)
    names = [digest(text) for text in raw[CASES[name][1]]]
    records = record(name, raw)
    for (rule,), part in table(name).unique("digest").group_by("rule"):
        where = [fault.where for fault in DATASETS[name].faults if fault.reason == rule]
        found = records.select(
            pl.any_horizontal(each.fill_null(False) for each in where)
        ).to_series()
        fired = dict(zip(names, found, strict=True))
        met = part["outcome"].is_in(["dropped", "counted"])
        expected = dict(zip(part["digest"], met, strict=True))
        assert {one: fired[one] for one in expected} == expected
