"""Records to JSONL lines: as many rows as the caps allow, chosen evenly over the strata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import orjson
import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.io.engine import Engine, local
from pipelines.io.prepared import ALL_SPLITS
from pipelines.rules import job_settings, request
from pipelines.stages import ledger
from pipelines.stages.stage import Content, Context, Stage

# Rows whose lines are made at a time.
_SLICE = 16_384


def convert(
    records: pl.DataFrame,
    *,
    dataset: Dataset,
    instruction: str | None,
    rows: int,
    validation_rows: int,
    max_bytes: int,
    engine: Engine = local,
    advance: Callable[[int], None] = lambda rows: None,
) -> pl.DataFrame:
    """Add `line`, the bytes of the item with its line end, to the records that are chosen.

    The frame comes back in the order of the files: each split evenly over the dataset's stratum, so
    that the first n lines are an even sample and a smaller choice is the beginning of a larger one.
    Choosing stops at the first row that does not fit; that row and all after it are
    `row_limit` (more than `rows` or `validation_rows`) or `size_limit` (`max_bytes` a
    file). Caps never move a row to the other split. `advance` is told how many more rows are
    through.
    """
    ordered = ledger.untagged(evenly(records, dataset.stratum))
    sides = []
    limits = {"train": rows, "validation": validation_rows, "test": rows}
    for side, limit in limits.items():
        chosen = ordered.filter(pl.col("split") == side)
        lines = _lines(chosen.head(limit), dataset, instruction, max_bytes, engine)
        advance(chosen.height)
        chosen = chosen.with_columns(
            pl.Series("line", lines + [None] * (chosen.height - len(lines)), pl.Binary)
        ).with_row_index("place")
        unfit = pl.col("line").is_null()
        chosen = ledger.tag(
            chosen,
            "size_limit",
            unfit & (pl.col("place") < limit),
            pl.lit(f"{side}: at most {max_bytes} bytes"),
        )
        chosen = ledger.tag(chosen, "row_limit", unfit, pl.lit(f"{side}: at most {limit} rows"))
        sides.append(chosen.drop("place"))
    return pl.concat(sides)


def evenly(records: pl.DataFrame, stratum: str | None) -> pl.DataFrame:
    """The records in an order whose every beginning is spread over the strata in proportion.

    Ordered by (rank within split and stratum + 1/2) / size of the stratum in both splits, so that
    each file is chosen in the proportions of the whole; the rank is that of the digest, which is
    as good as random and the same everywhere.
    """
    value = pl.lit("") if stratum is None else pl.col(stratum)
    within = ["split", "stratum"]
    order = (
        records.select("split", "digest", "row", stratum=value, at=pl.int_range(pl.len()))
        .sort(["digest", "row"])
        .with_columns(place=(pl.int_range(pl.len()).over(within) + 0.5) / pl.len().over("stratum"))
        .sort(["split", "place", "stratum", "digest", "row"])
    )
    return records[order["at"]]


def _encoded(dataset: Dataset, instruction: str | None, records: pl.DataFrame) -> list[bytes]:
    # The sum is a copy of the right size: orjson's own bytes keep the room they were built in,
    # 190 MB for 50,000 lines of 26 MB.
    items = (dataset.item(record, instruction) for record in records.iter_rows(named=True))
    return [orjson.dumps(item) + b"\n" for item in items]


def _lines(
    records: pl.DataFrame,
    dataset: Dataset,
    instruction: str | None,
    max_bytes: int,
    engine: Engine,
) -> list[bytes]:
    lines = []
    room = max_bytes
    needed = records.select(dataset.item_columns)
    slices = needed.iter_slices(_SLICE) if needed.height else iter(())
    for line in chain.from_iterable(engine(partial(_encoded, dataset, instruction), slices)):
        room -= len(line)
        if room < 0:
            break
        lines.append(line)
    return lines


def documents(
    dataset: Dataset, settings: Mapping[str, Any], edited: Mapping[str, Any]
) -> dict[str, Any]:
    """What the job needs beside the two files, by name; None where the grading has none.

    `settings` are the job's. Those in `edited` stay as a person left them, and the others are made
    to go with them.
    """

    def where(name: str) -> str:
        own = settings.get(name) == dataset.job.get(name)
        return f"{dataset.path}: job.{name}" if own else f"--job {name}={settings.get(name)}"

    grader = dataset.grading.grader
    if "grader.json" not in edited:
        grader = job_settings.with_grader_model(grader, settings, where(job_settings.GRADER_MODEL))
    parts: dict[str, Any] = {
        "grader.json": grader,
        "response_format.json": dataset.grading.response_format,
    }
    parts |= {name: edited[name] for name in parts if name in edited}
    own = {name: value for name, value in settings.items() if name != job_settings.GRADER_MODEL}
    job = job_settings.applied(request.request(request.DEFAULT_MODEL, *parts.values()), own, where)
    return {**parts, "job.json": job, **edited}


def _outputs(records: pl.DataFrame, context: Context) -> Iterator[tuple[str, Content]]:
    for side in ALL_SPLITS:
        lines = records.filter(pl.col("split") == side)["line"].drop_nulls()
        yield f"{side}.jsonl", lines if lines.len() or side != "test" else None
    yield from documents(context.dataset, context.settings.job, context.edited).items()


STAGE = Stage(
    name="convert",
    run=lambda records, context: convert(
        records,
        dataset=context.dataset,
        instruction=context.settings.instruction,
        rows=context.settings.rows,
        validation_rows=context.settings.validation_rows,
        max_bytes=context.settings.max_bytes,
        engine=context.engine,
        advance=context.advance,
    ),
    settings=("dataset", "instruction", "job", "max_bytes", "rows", "validation_rows"),
    outputs=_outputs,
)
