"""The files of `processed/<dataset>/` that are for the user, by the stage that writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines import files
from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.foundry import job

Written = Iterator[tuple[Path, int | None]]


def after_normalize(folder: Path, frame: pl.DataFrame) -> Written:
    """`repairs.parquet`: the prompts, or ids, that differ from the published ones."""
    repairs = frame.filter(pl.col("repairs").list.len() > 0).select(
        "id", "repairs", before="published", after="prompt"
    )
    yield _parquet(folder / "repairs.parquet", repairs)


def after_dedupe(folder: Path, frame: pl.DataFrame) -> Written:
    """`clusters.parquet`: the records that are not alone, by cluster, and what ties each to it."""
    ids = frame.select(tied_to="row", tied_to_id="id")
    together = (
        frame.filter(pl.len().over("cluster") > 1)
        .join(ids, on="tied_to", how="left", maintain_order="left")
        .select(
            "cluster",
            "id",
            pl.col("tied_to_id").alias("tied_to"),
            "tie",
            "similarity",
            "dropped",
            "reference_answer",
            "prompt",
            "row",
        )
    )
    yield _parquet(folder / "clusters.parquet", together.sort("cluster", "row").drop("row"))


def after_split(folder: Path, frame: pl.DataFrame) -> Written:
    """`splits.parquet`: the side of every record that was split, chosen later or not."""
    yield _parquet(folder / "splits.parquet", frame.select("id", "digest", "cluster", "split"))


def read_document(path: Path) -> Any:
    """A document of a prepared folder; BadInput where it is no JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path}: not JSON: {error}; mend it, or give --replace-edits") from None


# What the job needs beside the two files.
DOCUMENTS = ("grader.json", "response_format.json", "job.json")


def after_convert(
    folder: Path,
    frame: pl.DataFrame,
    *,
    ledger: pl.DataFrame,
    kept: frozenset[str],
    dataset: Dataset,
    model: str,
) -> Written:
    """The two JSONL files, what the job needs beside them, and `dropped.parquet`.

    Documents in `kept` stay as a person left them; the others are made to go with those.
    """
    for side in ("train", "validation"):
        path = folder / f"{side}.jsonl"
        lines = frame.filter(pl.col("split") == side)["line"].drop_nulls()
        files.write(path, lambda file, lines=lines: file.writelines(lines))  # type: ignore[misc]
        yield path, lines.len()
    made: dict[str, Any] = {
        "grader.json": dataset.grading.grader,
        "response_format.json": dataset.grading.response_format,
    }
    made |= {name: read_document(folder / name) for name in made if name in kept}
    made["job.json"] = job.request(model, *made.values())
    for name, document in made.items():
        if document is None:  # another grader's
            (folder / name).unlink(missing_ok=True)
            continue
        if name not in kept:
            files.write_json(folder / name, document)
        yield folder / name, None
    yield _parquet(folder / "dropped.parquet", ledger)


def _parquet(path: Path, frame: pl.DataFrame) -> tuple[Path, int]:
    files.write_parquet(path, frame)
    return path, frame.height


# A writer's keyword-only parameters are settings of its stage, but for the ledger.
AFTER: dict[str, Callable[..., Written]] = {
    "normalize": after_normalize,
    "dedupe": after_dedupe,
    "split": after_split,
    "convert": after_convert,
}
