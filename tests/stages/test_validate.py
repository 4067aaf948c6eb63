"""The last stage: one pass over the two files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from conftest import settings
from known import DATASETS

from pipelines.io.engine import local
from pipelines.io.prepared import find
from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.sources.benchmarks import benchmark_rows
from pipelines.stages.stage import Context
from pipelines.stages.validate import validate

DATASET = DATASETS["openr1-math"]


def test_each_line_is_read_and_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = settings(tmp_path)
    driver.prepare(DATASET, plain, Progress())
    prepared = find(str(tmp_path / DATASET.name))
    heard: list[int] = []
    context = Context(
        dataset=DATASET,
        settings=plain,
        engine=local,
        advance=heard.append,
        raw_rows=lambda: benchmark_rows(()),
        benchmarks=lambda: benchmark_rows(()),
        previous=lambda: benchmark_rows(()),
        stored=lambda columns, rows: rows.to_frame().clear(),
        edited={},
    )
    reads: Counter[str] = Counter()
    parsed: Counter[bytes] = Counter()
    lines: list[bytes] = []
    loads = orjson.loads

    def read(split: str) -> Iterator[bytes]:
        if split == "test":  # there is none
            return
        reads[split] += 1
        for line in prepared.path(split).read_bytes().splitlines(keepends=True):
            lines.append(line)
            yield line

    def counted(data: bytes) -> object:
        parsed[data] += 1
        return loads(data)

    documents = {role: prepared.document(role) for role in ("grader", "job")}
    provenance = {"benchmarks": 1, "absent_shards": (), "chained": 1}
    provenance["suspect_references"] = []
    monkeypatch.setattr(orjson, "loads", counted)
    results, _ = validate(read, documents, provenance, context)
    assert reads == {"train": 1, "validation": 1}
    # Rules on a line's bytes parse for themselves; audit and probes parse nothing again.
    with_rules = Counter(parsed[line] for line in lines)
    assert with_rules.keys() <= {1, 3}
    assert with_rules[1] > with_rules[3]
    assert sum(heard) == len(lines)
    receipt = loads((prepared.folder / "stages" / "validate.json").read_bytes())
    assert results["probes"] == receipt["probes"]
    assert results["certificate"]["files"] == receipt["certificate"]["files"]
    assert results["findings"] == receipt["findings"] == []
