"""No question of a benchmark goes into training or validation."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.similarity.contained import benchmark_hits
from pipelines.stages import ledger
from pipelines.stages.stage import Stage


def decontaminate(
    records: pl.DataFrame, benchmarks: pl.DataFrame, *, threshold: float
) -> pl.DataFrame:
    """Tag as `contaminated` the records that are a benchmark's question, nearly, or hold one.

    `benchmarks` has one row for each benchmark question: `key`, as records have it, `question`, its
    text, and `name`, which names file and row to a person. A record is hit where the Jaccard index
    of the shingles of both keys is at least `threshold`, or where it holds most of the question
    (`similarity.contained`); the detail names the nearest question, the kind and the degree.
    """
    records = ledger.untagged(records)
    hits = benchmark_hits(records["key"], benchmarks, threshold)
    similarity = pl.col("similarity")
    kind = (
        pl.when(similarity == 1)
        .then(pl.lit("same question as"))
        .when(similarity >= threshold)
        .then(pl.format("similarity {} to", similarity.round(3)))
        .otherwise(pl.format("shares {} with", pl.col("share").round(3)))
    )
    named = hits.select(
        row=records["row"].gather(hits["text"]), hit=pl.format("{} {}", kind, "name")
    )
    records = records.join(named, on="row", how="left", maintain_order="left")
    return ledger.tag(records, "contaminated", pl.col("hit").is_not_null(), pl.col("hit")).drop(
        "hit"
    )


def facts(records: pl.DataFrame) -> dict[str, Any]:
    """How many records each kind of hit dropped, for the manifest."""
    details = records.filter(pl.col("dropped") == "contaminated")["detail"]
    same = int(details.str.starts_with("same question").sum())
    shared = int(details.str.starts_with("shares").sum())
    return {
        "same_question": same,
        "near_duplicate": details.len() - same - shared,
        "shared": shared,
    }


STAGE = Stage(
    name="decontaminate",
    run=lambda records, context: decontaminate(
        records, context.benchmarks(), threshold=context.threshold
    ),
    settings=("threshold",),
    columns=("key",),
    reads=("benchmarks",),
    facts=facts,
)
