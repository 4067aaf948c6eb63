"""Benchmark questions as keys, from published splits and from files that a user names."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines import raw
from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.text import key

# Where a benchmark file keeps its question, in the order in which they are looked for.
_FIELDS = ("problem", "question", "prompt")

SCHEMA: dict[str, pl.DataType] = {"key": pl.String(), "name": pl.String()}


def benchmark_rows(
    dataset: Dataset, published: tuple[Path, ...], against: tuple[str, ...]
) -> pl.DataFrame:
    """One row for each benchmark question: `key`, as records have it, and `name`.

    `published` are the dataset's own benchmark files, in its schema; `against` are JSONL or parquet
    files with the question in `problem`, `question` or `prompt`, or in the field that is named
    after the path and a colon. `name` is file name and row, counted from 1.
    """
    found = [
        (path.name, dataset.record(raw.read(dataset, (path,)))["prompt"].to_list())
        for path in published
    ]
    return pl.concat([_rows(found), question_rows(against)])


def question_rows(against: tuple[str, ...]) -> pl.DataFrame:
    """The rows of `benchmark_rows` for files that are named `PATH` or `PATH:FIELD`."""
    return _rows(
        [(path.name, questions(path, field)) for path, field in map(path_and_field, against)]
    )


def _rows(found: list[tuple[str, list[str]]]) -> pl.DataFrame:
    rows = [
        {"key": key(prompt), "name": f"{name}:{i}"}
        for name, prompts in found
        for i, prompt in enumerate(prompts, 1)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def path_and_field(word: str) -> tuple[Path, str | None]:
    """`PATH` or `PATH:FIELD` as the path and the field; a path that exists is never cut.

    BadInput where there is no such file.
    """
    path, colon, field = word.rpartition(":")
    named, field_or_none = (Path(path), field) if colon else (Path(word), None)
    if Path(word).exists():
        named, field_or_none = Path(word), None
    if not named.is_file():
        hint = "is a folder" if named.is_dir() else "there is no such file"
        raise BadInput(f"{named}: {hint}; give --against a JSONL or parquet file")
    return named, field_or_none


def questions(path: Path, field: str | None) -> list[str]:
    """The questions of a benchmark file, in order; null is empty."""
    try:
        frame = (
            pl.read_parquet(path, glob=False)
            if path.suffix == ".parquet"
            else pl.read_ndjson(path, infer_schema_length=None)
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(
            f"{path}: not readable as JSONL or parquet ({first}); see --against"
        ) from error
    for name in [field] if field else _FIELDS:
        if frame.schema.get(name) == pl.String:
            return frame[name].fill_null("").to_list()
    wanted = repr(field) if field else " or ".join(map(repr, _FIELDS))
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    raise BadInput(
        f"{path}: no text field {wanted}; name one of {', '.join(texts) or 'its fields'} "
        "as PATH:FIELD"
    )
