from __future__ import annotations

import runpy
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DEMO, ROOT, contents, settings
from known import DATASETS

from pipelines.graders.self_check import OwnGrader
from pipelines.io import schema
from pipelines.io.prepared import find
from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.service import demo
from pipelines.sources.tables import mismatch

GOLDEN = Path(__file__).parent / "golden"


def test_the_generator_writes_what_is_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "scripts" / "demo"), str(tmp_path)], check=True)
    assert contents(tmp_path) == contents(DEMO)


def test_most_rows_that_are_prepared_are_known_by_their_words(tmp_path: Path) -> None:
    """`make demo` writes the table; submit refuses what is in it. The others are short."""
    digests = runpy.run_path(str(ROOT / "scripts" / "demo" / "digests.py"))
    table = (ROOT / "pipelines" / "service" / "demo.toml").read_text(encoding="utf-8")
    assert digests["table"](DEMO) == table
    for name in DATASETS:
        result = driver.prepare(DATASETS[name], settings(tmp_path), Progress())
        _, count = demo.rows(find(str(tmp_path / name))) or ("", 0)
        assert count > 0.7 * sum(result.splits.values())


MEDMCQA = pa.schema(
    [(name, pa.string()) for name in ("id", "question", "opa", "opb", "opc", "opd")]
    + [("cop", pa.int64())]
    + [(name, pa.string()) for name in ("choice_type", "exp", "subject_name", "topic_name")]
)
PATHS = sorted(DEMO.rglob("*.parquet"))
assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_demo_has_the_published_columns(path: Path) -> None:
    found = pq.read_schema(path)
    if path.parents[1].name == "medmcqa":
        assert found.remove_metadata() == MEDMCQA
        return
    columns = schema.load(f"raw.{path.parents[1].name}")["properties"]
    assert found.names == list(columns)
    for name in found.names:
        assert mismatch(columns[name], found.field(name).type) is None


@pytest.mark.parametrize("name", DATASETS)
def test_golden_rows(tmp_path: Path, name: str) -> None:
    """Ten items, byte for byte: what they look like does not change unnoticed."""
    driver.prepare(DATASETS[name], settings(tmp_path, rows=10), Progress())
    assert (tmp_path / name / "train.jsonl").read_bytes() == (GOLDEN / f"{name}.jsonl").read_bytes()


@pytest.mark.parametrize("name", DATASETS)
def test_golden_references_score_with_their_own_grader(name: str) -> None:
    lines = (GOLDEN / f"{name}.jsonl").read_bytes().splitlines()
    items = [orjson.loads(line) for line in lines]
    for grading in DATASETS[name].gradings:
        with closing(OwnGrader(grading)) as grader:
            for item, other in zip(items, items[1:] + items[:1], strict=True):
                assert grader.fault(item) is None
                assert grader.score(grading.wrap("no answer"), item) < 1.0
                assert grader.score(f"{other['reference_answer']} or so", item) < 1.0
