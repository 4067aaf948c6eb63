"""Write `raw/demo/`: both datasets in miniature, in the published schemas and file names.

    python scripts/demo [FOLDER]

Every problem and question is our own; every fault that the pipeline repairs or drops is planted at
least twice. Same code, same bytes. Without FOLDER, `pipelines/service/demo.toml`, by which the
rows are known elsewhere, is written too.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from digests import table
from math_rows import benchmark, math_rows
from mcq_rows import medmcqa_rows
from names import Row

_TEXT = pa.string()
_BOOLS, _TEXTS = pa.list_(pa.bool_()), pa.list_(pa.string())

OPENR1_SCHEMA = pa.schema(
    {
        "problem": _TEXT,
        "solution": _TEXT,
        "answer": _TEXT,
        "problem_type": _TEXT,
        "question_type": _TEXT,
        "source": _TEXT,
        "uuid": _TEXT,
        "is_reasoning_complete": _BOOLS,
        "generations": _TEXTS,
        "correctness_math_verify": _BOOLS,
        "correctness_llama": _BOOLS,
        "finish_reasons": _TEXTS,
        "correctness_count": pa.int64(),
        "messages": pa.list_(pa.struct({"content": _TEXT, "role": _TEXT})),
    }
)
MEDMCQA_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("id", "question", "opa", "opb", "opc", "opd"), _TEXT),
        "cop": pa.int64(),
        **dict.fromkeys(("choice_type", "exp", "subject_name", "topic_name"), _TEXT),
    }
)


def write(folder: Path) -> None:
    """Write both datasets below `folder`; OpenR1-Math in ten shards, as it is published."""
    rows = math_rows()
    rows.sort(key=lambda row: sha256(repr(row).encode()).hexdigest())
    for shard in range(10):
        name = f"openr1-math/data/train-{shard:05}-of-00010.parquet"
        _write(folder / name, rows[shard::10], OPENR1_SCHEMA)
    path = folder / "openr1-math/benchmarks/contest/test.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [{"problem": problem, "answer": answer} for problem, answer in benchmark()]
    path.write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
    for split, part in zip(("train", "validation", "test"), medmcqa_rows(), strict=True):
        part = sorted(part, key=lambda row: sha256(repr(row).encode()).hexdigest())
        _write(folder / f"medmcqa/data/{split}-00000-of-00001.parquet", part, MEDMCQA_SCHEMA)


def _write(path: Path, rows: list[Row], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, compression="zstd")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]))
    else:
        root = Path(__file__).parents[2]
        write(root / "raw" / "demo")
        digests = table(root / "raw" / "demo")
        (root / "pipelines" / "service" / "demo.toml").write_text(digests, encoding="utf-8")
