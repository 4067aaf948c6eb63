"""Benchmark questions as keys, from published splits and from files that a user names."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.io.jsonl import objects
from pipelines.similarity.keys import key
from pipelines.similarity.options import split_options
from pipelines.sources import tables

# Where a benchmark file keeps its question, in the order in which they are looked for.
_FIELDS = ("problem", "question", "prompt")

# A question and its options.
Asked = tuple[str, list[str]]

SCHEMA: dict[str, pl.DataType] = dict.fromkeys(("key", "question", "name"), pl.String())


def benchmark_rows(
    dataset: Dataset, published: tuple[Path, ...], against: tuple[str, ...]
) -> pl.DataFrame:
    """One row for each benchmark question: `key`, as records have it, `question` and `name`.

    `published` are the dataset's own benchmark files, in its schema; `against` are JSONL or parquet
    files with the question in `problem`, `question` or `prompt`, or in the field that is named
    after the path and a colon. `name` is file name and row, counted from 1.
    """
    own = [(path.name, _asked(dataset.record(tables.read(dataset, (path,))))) for path in published]
    return pl.concat([_rows(own), question_rows(against)])


def question_rows(against: tuple[str, ...]) -> pl.DataFrame:
    """The rows of `benchmark_rows` for files that are named `PATH` or `PATH:FIELD`."""
    return _rows(
        [
            (path.name, list(map(split_options, questions(path, field))))
            for path, field in map(path_and_field, against)
        ]
    )


def _asked(records: pl.DataFrame) -> list[Asked]:
    name = "question" if "question" in records.columns else "prompt"
    return list(records.select(name, "options").iter_rows())


def _rows(found: list[tuple[str, list[Asked]]]) -> pl.DataFrame:
    rows = [
        {"key": key(question, options), "question": question, "name": f"{name}:{i}"}
        for name, asked in found
        for i, (question, options) in enumerate(asked, 1)
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
        raise BadInput(f"{named}: {hint}; give --benchmark a JSONL or parquet file")
    return named, field_or_none


def questions(path: Path, field: str | None) -> list[str]:
    """The questions of a benchmark file, in order; null is empty."""
    wanted = (field,) if field else _FIELDS
    try:
        columns, texts = (
            _parquet(path, wanted) if path.suffix == ".parquet" else _lines(path, wanted)
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(f"{path}: not readable as parquet ({first}); see --benchmark") from error
    for name in wanted:
        if name in texts:
            return columns[name]
    raise BadInput(
        f"{path}: no text field {' or '.join(map(repr, wanted))}; "
        f"name one of {', '.join(texts) or 'its fields'} as PATH:FIELD"
    )


# The texts of the wanted fields that are there, null as empty, and the names of all text fields.
_Columns = tuple[dict[str, list[str]], list[str]]


def _parquet(path: Path, wanted: tuple[str, ...]) -> _Columns:
    frame = pl.read_parquet(path, glob=False)
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return {name: frame[name].fill_null("").to_list() for name in wanted if name in texts}, texts


def _lines(path: Path, wanted: tuple[str, ...]) -> _Columns:
    """Only the wanted fields are kept: a frame's types take 15 s for one row 1,000 levels deep."""
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    kinds: dict[str, set[type]] = {}
    for _, row in objects(path):
        for name, value in row.items():
            kinds.setdefault(name, set()).add(type(value))
        for name in wanted:
            columns[name].append(row.get(name) or "")
    return columns, [name for name in kinds if kinds[name] - {type(None)} == {str}]
