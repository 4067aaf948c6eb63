"""No question of a benchmark goes into training or validation."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.findings import BadInput
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.similarity.ngrams import WORDS, quotes
from pipelines.stages import ledger
from pipelines.stages.stage import Stage


def decontaminate(
    records: pl.DataFrame, benchmarks: pl.DataFrame, *, threshold: float
) -> pl.DataFrame:
    """Tag as `contaminated` the records that are a benchmark's question, nearly, or quote one.

    `benchmarks` has one row for each benchmark question: `key`, as records have it, and `name`,
    which names file and row to a person. A record is hit by an equal key, by a near-duplicate
    (exact Jaccard of the keys' shingles at least `threshold`), or by a run of 13 words that only
    this question's stem has; the detail names the question, the kind and the degree. A question of
    fewer words is only compared as a whole.
    """
    questions = (
        benchmarks.filter(pl.col("key") != "")
        .group_by("key")
        .agg(pl.col("name").min())
        .sort("key")
        .with_row_index("question")
    )
    records = ledger.untagged(records)
    keys = records["key"]
    hits = [
        records.with_row_index("text")
        .join(questions, on="key")
        .select("text", "question", order=pl.lit(0), degree=pl.lit(1.0), what=_SAME),
        _near(keys, questions["key"], threshold),
        quotes(keys, records["cluster"], questions["key"]).select(
            "text",
            "question",
            order=pl.lit(2),
            degree=pl.col("windows").cast(pl.Float64),
            what=pl.format("runs of {} words, {} of them, as in", pl.lit(WORDS), "windows"),
        ),
    ]
    named = (
        pl.concat([hit.cast(_HIT) for hit in hits])
        .join(questions.select("question", "name").cast({"question": pl.Int64}), on="question")
        .sort(["text", "order", "degree", "name"], descending=[False, False, True, False])
        .group_by("text", maintain_order=True)
        .first()
        .select("text", hit=pl.format("{} {}", "what", "name"))
    )
    records = (
        records.with_row_index("text")
        .cast({"text": pl.Int64})
        .join(named, on="text", how="left", maintain_order="left")
        .drop("text")
    )
    found = pl.col("hit").is_not_null()
    return ledger.tag(records, "contaminated", found, pl.col("hit")).drop("hit")


_SAME = pl.lit("same question as")
_HIT = pl.Schema(
    {
        "text": pl.Int64,
        "question": pl.Int64,
        "order": pl.Int32,
        "degree": pl.Float64,
        "what": pl.String,
    }
)


def _near(keys: pl.Series, questions: pl.Series, threshold: float) -> pl.DataFrame:
    try:
        found = near_pairs(keys.to_list(), threshold, against=questions.to_list()).pairs
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {threshold}: {error}, so prompts and benchmark share most of their text; "
            "give another benchmark, or raise the threshold"
        ) from error
    return found.select(
        text="left",
        question="right",
        order=pl.lit(1),
        degree="similarity",
        what=pl.format("similarity {} to", pl.col("similarity").round(3)),
    )


def facts(records: pl.DataFrame) -> dict[str, Any]:
    """How many records each kind of hit dropped, for the manifest."""
    details = records.filter(pl.col("dropped") == "contaminated")["detail"]
    same = int(details.str.starts_with("same question").sum())
    long = int(details.str.starts_with("runs of").sum())
    return {"same_question": same, "near_duplicate": details.len() - same - long, "quoted": long}


STAGE = Stage(
    name="decontaminate",
    run=lambda records, context: decontaminate(
        records, context.benchmarks(), threshold=context.threshold
    ),
    settings=("threshold",),
    reads=("benchmarks",),
    facts=facts,
)
