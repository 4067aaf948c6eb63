"""Raw rows to records: one schema for every dataset, repaired, with digests, in one order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.graders.sandbox import Refused
from pipelines.graders.select import Band, band
from pipelines.graders.self_check import OwnGrader
from pipelines.io.engine import Engine, local
from pipelines.similarity.columns import keys
from pipelines.similarity.keys import digest
from pipelines.similarity.wrappings import Wrapping, without, wrappings
from pipelines.stages import ledger
from pipelines.stages.stage import Context, Stage

# Columns of every record (schemas/record.json); the item fields of the dataset join them.
COLUMNS = (
    "id",
    "prompt",
    "question",
    "wrapping",
    "reference_answer",
    "options",
    "verified",
    "judged",
    "repairs",
    "published",
    "findings",
    "digest",
    "key",
)

# What a fifth of all prompts begin or end with is taken off where it is whole sentences: the files
# that were put together may each have another instruction.
_SHARED = 0.2

# Rows taken at a time where each becomes Python strings, to bound the memory that they take.
_SLICE = 16_384
# Reference answers that are graded at a time: some take a millisecond.
_GRADED = 2_048


def normalize(
    rows: pl.DataFrame,
    *,
    dataset: Dataset,
    max_prompt_bytes: int,
    pass_rates: Band | None = None,
    engine: Engine = local,
    advance: Callable[[int], None] = lambda rows: None,
) -> pl.DataFrame:
    """One record for every raw row, tagged with the dataset's faults.

    Records are sorted by what they say, so that neither the order of the raw rows nor their spread
    over files can reach the output; `row` is the place in that order, and `raw_row` that of the raw
    row, both from 0. Two copies of one row stay two records. A fault that drops none is counted, by
    its name in `findings`. An id that is missing, or that stands at two different prompts, is
    replaced by the prompt's digest (the second is noted as the repair `shared_id`, with the id). A
    record is `ungradeable` where its reference answer, given as the model would give it, does not
    get the full score from the dataset's own grader. With `pass_rates`, records go whose published
    generations were judged and are right more or less often (`too_easy`, `too_hard`), or were not
    judged (`no_pass_rate`). What needs no other row goes to the `engine`. `advance` is told how
    many more rows are through.
    """
    own = ["own_split"] if "own_split" in rows.columns else []
    columns = list(dict.fromkeys([*COLUMNS, *dataset.item_columns, *dataset.carried, *own]))
    columns += ledger.TAGS
    rows = rows.with_row_index("raw_row")
    slices = list(rows.iter_slices(_SLICE)) or [rows]
    del rows  # so that those that are through take no room
    parts = []
    record = partial(_records, dataset=dataset, max_prompt_bytes=max_prompt_bytes, columns=columns)
    for part in engine(record, _taken(slices)):
        parts.append(part)
        advance(part.height)
    records = pl.concat(parts)
    del parts
    records = _named(records, engine, part_of_prompt="parts" in records.columns)
    records = _one_prompt_an_id(records)
    if pass_rates is not None:
        records = _tag_pass_rate(records, pass_rates)
    records = _tag_ungradeable(records, dataset, engine).select(*columns, "raw_row")
    order = _order(records)
    # A column at a time, for both frames would not fit in the memory of one.
    names = records.columns
    ordered = pl.DataFrame([records.drop_in_place(name).gather(order) for name in names])
    return ordered.with_row_index("row")


def _taken(slices: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The slices, each of which is let go once it is taken."""
    while slices:
        yield slices.pop(0)


def _records(
    rows: pl.DataFrame, dataset: Dataset, max_prompt_bytes: int, columns: list[str]
) -> pl.DataFrame:
    """A record for each row, tagged with its faults, as far as it needs no other row."""
    own = [name for name in ("raw_row", "own_split") if name in rows.columns]
    records = dataset.record(rows.drop(own)).hstack(rows.select(own))
    if "question" not in records.columns:
        records = records.with_columns(question="prompt")
    records = ledger.untagged(records).with_columns(
        findings=pl.concat_list(
            pl.lit([], pl.List(pl.String)),
            *(
                pl.when(fault.where.fill_null(False)).then(pl.lit([fault.reason])).otherwise([])
                for fault in dataset.faults
                if not fault.drops
            ),
        )
    )
    for fault in dataset.faults:
        if fault.drops:
            records = ledger.tag(records, fault.reason, fault.where, fault.detail)
    size = pl.col("prompt").str.len_bytes()
    records = ledger.tag(
        records, "oversized_prompt", size > max_prompt_bytes, pl.format("{} bytes", size)
    )
    return records.select(name for name in (*columns, "raw_row") if name in records.columns)


def _order(records: pl.DataFrame) -> pl.Series:
    """The places of the records by digest, then by every other column and the raw row.

    So that records which tie are copies of one row; most have a digest of their own.
    """
    places = records.select("digest", at=pl.int_range(pl.len())).sort("digest")
    tied = places.with_row_index("place").filter(pl.len().over("digest") > 1)
    if tied.is_empty():
        return places["at"]
    some = records[tied["at"]].with_columns(tied["at"])
    lists = [name for name in some.columns if some.schema[name] == pl.List]
    plain = [name for name in some.columns if name not in ("digest", "at", *lists, "raw_row")]
    joined = [pl.col(name).list.join("\n") for name in lists]
    some = some.sort(["digest", *plain, *joined, "raw_row"], nulls_last=True)
    return places["at"].scatter(tied["place"], some["at"])


def _named(records: pl.DataFrame, engine: Engine, *, part_of_prompt: bool) -> pl.DataFrame:
    """The records with `digest`, `key` and `question`, null where it is the prompt itself.

    `part_of_prompt`: no part of a prompt that a description parts is a wrapping.
    """
    shared = [] if part_of_prompt else wrappings(records["question"], _SHARED)
    texts = records.select("prompt", "question", "options")
    slices = texts.iter_slices(_SLICE) if texts.height else iter([texts])
    named = pl.concat(engine(partial(_names, shared=shared), slices))
    records = records.with_columns(named.get_columns())
    return records.with_columns(
        question=pl.when(pl.col("question") != pl.col("prompt")).then("question")
    )


def _names(texts: pl.DataFrame, shared: list[Wrapping]) -> pl.DataFrame:
    """What `_named` adds, from prompt, question and options."""
    questions = texts["question"]
    around: list[str | None] = [None] * texts.height
    if shared:
        whole = questions.to_list()
        bare = [without(question, shared) for question in whole]
        around = [None if q == w else _around(w, q) for w, q in zip(whole, bare, strict=True)]
        questions = pl.Series("question", bare, pl.String)
    return pl.DataFrame(
        {
            "digest": pl.Series(
                [digest(one) for one in texts["prompt"].to_list()], dtype=pl.String
            ),
            "key": keys(questions, texts["options"]),
            "question": questions,
            "wrapping": pl.Series(around, dtype=pl.String),
        }
    )


def _around(whole: str, question: str) -> str:
    """What stands around a question, with an ellipsis in its place."""
    before, _, after = whole.partition(question)
    return f"{before.strip()} … {after.strip()}".strip()


def facts(records: pl.DataFrame) -> dict[str, Any]:
    """For the manifest: what most prompts share and is not compared, with how many have it, and how
    many of the kept records have each finding."""
    shared = records["wrapping"].drop_nulls().value_counts(name="rows").sort("rows", "wrapping")
    kept = records.filter(pl.col("dropped").is_null())
    findings = kept["findings"].explode().drop_nulls().value_counts().sort("findings")
    return {
        "wrappings": shared.reverse().head(10).to_dicts(),
        "findings": dict(findings.iter_rows()),
    }


def _tag_pass_rate(records: pl.DataFrame, wanted: Band) -> pl.DataFrame:
    if records["judged"].null_count() == records.height:
        raise BadInput(
            "--min-pass-rate, --max-pass-rate: none of these rows has judged generations; see "
            "`rft calibrate`"
        )
    reasons = [
        "no_pass_rate" if judged is None or verified is None else wanted.reason(verified, judged)
        for verified, judged in records.select("verified", "judged").iter_rows()
    ]
    rate = pl.format("{} of {} generations pass", "verified", "judged")
    for reason in sorted(set(filter(None, reasons))):
        records = ledger.tag(records, reason, pl.Series(reasons, dtype=pl.String) == reason, rate)
    return records


def _tag_ungradeable(records: pl.DataFrame, dataset: Dataset, engine: Engine) -> pl.DataFrame:
    if not dataset.grading.checks:
        return records
    try:
        own = OwnGrader(dataset.grading)
    except Refused:  # a finding of validate, RFT606: no reference is checked
        return records
    with closing(own):
        read = ["reference_answer", *(own.reads or dataset.item_columns)]
    columns = [name for name in dataset.item_columns if name in read]
    distinct = records.filter(pl.col("dropped").is_null()).select(columns).unique()
    slices = distinct.iter_slices(_GRADED) if distinct.height else iter(())
    faults = list(chain.from_iterable(engine(partial(_grades, dataset), slices)))
    distinct = distinct.with_columns(fault=pl.Series(faults, dtype=pl.String)).drop_nulls("fault")
    if distinct.is_empty():
        return records
    found = records.select(columns).join(
        distinct, on=columns, how="left", nulls_equal=True, maintain_order="left"
    )
    records = records.with_columns(found["fault"])
    fault = pl.col("fault")
    return ledger.tag(records, "ungradeable", fault.is_not_null(), fault).drop("fault")


def _grades(dataset: Dataset, items: pl.DataFrame) -> list[str | None]:
    """The grader's word on the reference answer of each item; None where it scores in full."""
    with closing(OwnGrader(dataset.grading)) as grader:
        return [grader.fault(item) for item in items.iter_rows(named=True)]


def _one_prompt_an_id(records: pl.DataFrame) -> pl.DataFrame:
    given = records["id"].str.strip_chars() != ""
    several = records.select("id", "digest").filter(pl.col("id").is_duplicated())
    prompts = several.group_by("id").agg(pl.col("digest").n_unique())
    shared = records["id"].is_in(prompts.filter(pl.col("digest") > 1)["id"].implode()) & given
    changed = {"id": pl.when(given & ~shared).then("id").otherwise("digest")}
    if shared.any():
        name = pl.format("shared_id {}", "id")
        changed |= {
            "repairs": pl.when(shared).then(pl.concat_list("repairs", name)).otherwise("repairs"),
            "published": pl.when(shared)
            .then(pl.coalesce("published", "prompt"))
            .otherwise("published"),
        }
    return records.with_columns(**changed)


def _outputs(records: pl.DataFrame, context: Context) -> Iterator[tuple[str, pl.DataFrame]]:
    """The prompts, or ids, that differ from the published ones."""
    repairs = records.filter(pl.col("repairs").list.len() > 0)
    yield (
        "repairs.parquet",
        repairs.select("id", "repairs", before="published", after="prompt"),
    )


STAGE = Stage(
    name="normalize",
    run=lambda _, context: normalize(
        context.raw_rows(),
        dataset=context.dataset,
        max_prompt_bytes=context.settings.max_prompt_bytes,
        pass_rates=band(context.settings.min_pass_rate, context.settings.max_pass_rate),
        engine=context.engine,
        advance=context.advance,
    ),
    settings=("dataset", "max_prompt_bytes", "min_pass_rate", "max_pass_rate"),
    reads=("raw",),
    facts=facts,
    outputs=_outputs,
)
