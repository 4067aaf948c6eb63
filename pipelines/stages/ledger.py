"""Tag, then drop: how a stage says which records go no further, and why.

A stage never deletes rows. It fills two columns: `dropped`, the reason (null: kept), and `detail`,
what a person needs to judge it. The first reason stands. The driver parts the kept from the
dropped, so that every record is in exactly one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.similarity.linking import Stored

TAGS: dict[str, pl.DataType] = {"dropped": pl.String(), "detail": pl.String()}


def untagged(records: pl.DataFrame) -> pl.DataFrame:
    """The records with both tags empty, whatever they held."""
    return records.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in TAGS.items())


def tag(
    records: pl.DataFrame, reason: str, where: pl.Expr | pl.Series, detail: pl.Expr | None = None
) -> pl.DataFrame:
    """Tag the records for which `where` is true and that carry no reason yet."""
    fresh = pl.col("dropped").is_null() & where.fill_null(False)
    text = pl.lit("") if detail is None else detail.cast(pl.String).fill_null("")
    return records.with_columns(
        dropped=pl.when(fresh).then(pl.lit(reason)).otherwise("dropped"),
        detail=pl.when(fresh).then(text).otherwise("detail"),
    )


def kept(records: pl.DataFrame) -> pl.DataFrame:
    """The records that go on, without tags."""
    return records.filter(pl.col("dropped").is_null()).drop(*TAGS)


def rows(dropped: Mapping[str, pl.DataFrame], stored: Stored) -> pl.DataFrame:
    """The ledger's rows of what each stage dropped (`row` and TAGS, by stage).

    In the order of the stages, and within one in an order that no row order can change.
    """
    tags = pl.concat(
        tags.drop_nulls("dropped").select(
            "row", "detail", place=pl.lit(place), stage=pl.lit(stage), reason="dropped"
        )
        for place, (stage, tags) in enumerate(dropped.items())
    )
    tags = tags.hstack(stored(["raw_row", "id", "prompt"], tags["row"]))
    return tags.sort(["place", "reason", "detail", "id", "prompt"])


def trace(chosen: pl.DataFrame, dropped: pl.DataFrame, files: list[dict[str, Any]]) -> pl.DataFrame:
    """Where each raw row was, by file and row from 1, and where it went.

    A chosen row has `split` and `line`, its place in that file from 1; a dropped one has the
    `stage`, `reason` and `detail` of its row in the ledger. `files` has path and rows of each raw
    file, in the order in which they were read.
    """
    rows = chosen.filter(pl.col("line").is_not_null())
    rows = rows.select("raw_row", "id", "split", line=pl.int_range(1, pl.len() + 1).over("split"))
    gone = dropped.select("raw_row", "id", "stage", "reason", "detail")
    rows = pl.concat([rows, gone], how="diagonal").sort("raw_row")
    places = pl.concat(
        pl.int_range(1, file["rows"] + 1, eager=True)
        .to_frame("row")
        .select(pl.lit(file["path"]).alias("file"), "row")
        for file in files
    )
    return places.hstack(rows.drop("raw_row"))


def counts(records: pl.DataFrame) -> dict[str, int]:
    """Rows dropped by reason, in the order of the reasons' names."""
    tally = records.drop_nulls("dropped").group_by("dropped").len().sort("dropped")
    return dict(zip(tally["dropped"].to_list(), tally["len"].to_list(), strict=True))
