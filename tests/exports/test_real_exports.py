"""Exports of real rows: RFT_REAL_DATA names a folder with openr1-math/data and medmcqa/data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import ROOT, settings
from known import DATASETS

from pipelines.exports import TARGETS
from pipelines.io.prepared import SPLITS, find
from pipelines.io.progress import Progress
from pipelines.run import driver

FOLDER = os.environ.get("RFT_REAL_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_row_goes_to_every_target(dataset: str, tmp_path: Path) -> None:
    source = (ROOT / (FOLDER or "")).resolve()
    driver.prepare(DATASETS[dataset], settings(tmp_path, source), Progress())
    prepared = find(str(tmp_path / dataset))
    rows = sum(1 for split in SPLITS for _ in prepared.items(split))
    for name, target in TARGETS.items():
        if name == "sft":
            continue
        told = target.write(prepared, tmp_path / "out" / name, report=Progress())
        assert (name, sum(told.rows.values()), told.left_out) == (name, rows, {})
