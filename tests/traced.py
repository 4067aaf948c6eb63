"""Raw rows of OpenR1-Math with traces, and what is prepared of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from conftest import math, problem, settings
from known import DATASETS

from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress
from pipelines.run import driver

MATH = DATASETS["openr1-math"]
_BOOLS, _TEXTS = pa.list_(pa.bool_()), pa.list_(pa.string())
SCHEMA = pa.schema(
    {
        **dict.fromkeys(
            ("problem", "answer", "problem_type", "question_type", "source", "uuid"), pa.string()
        ),
        "is_reasoning_complete": _BOOLS,
        "generations": _TEXTS,
        "correctness_math_verify": _BOOLS,
        "correctness_llama": _BOOLS,
        "finish_reasons": _TEXTS,
    }
)


def thought(body: str, answer: object = 5) -> str:
    """A trace as R1 writes it."""
    return f"<think>\n{body}\n</think>\n\nThe answer is \\boxed{{{answer}}}."


def row(name: str, generations: list[str | None] | None, **more: Any) -> dict[str, Any]:
    """A raw row with the answer 5, all of whose traces are judged right and complete."""
    right = [True] * len(generations or [])
    columns = {
        "uuid": name,
        "generations": generations,
        "correctness_math_verify": right,
        "is_reasoning_complete": right,
        "finish_reasons": None,
    }
    return math(problem(int.from_bytes(name.encode())), "5", **(columns | more))


def write_raw(folder: Path, rows: list[dict[str, Any]], *, group: int | None = None) -> Path:
    """A shard of OpenR1-Math below `folder`."""
    path = folder / "openr1-math" / "data" / "train-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, row_group_size=group)
    return path


def prepared(out: Path, raw: Path, **changes: Any) -> Prepared:
    """The rows of a raw folder, prepared."""
    driver.prepare(MATH, settings(out, raw, **changes), Progress())
    return find(str(out / "openr1-math"))
