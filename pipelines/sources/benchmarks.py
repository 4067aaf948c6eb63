"""Benchmark questions as keys, from published splits and from files that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.datasets.cells import Cell
from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.similarity.keys import key
from pipelines.similarity.options import split_options
from pipelines.sources import rows, tables

# Where a benchmark file keeps its question, in the order in which they are looked for.
_FIELDS = ("problem", "question", "prompt")

# A question and its options.
Asked = tuple[str, list[str]]

SCHEMA: dict[str, pl.DataType] = dict.fromkeys(("key", "question", "name"), pl.String())


def benchmark_rows(
    files: Iterable[tuple[Path, str | None]], dataset: Dataset | None = None
) -> pl.DataFrame:
    """One row for each benchmark question: `key`, as records have it, `question` and `name`.

    files: each with the column of its question; without one it is read as the dataset's own rows
    where it has their columns, else the question is in `problem`, `question` or `prompt`. `name` is
    file name and row, counted from 1.
    """
    found = [
        {"key": key(question, options), "question": question, "name": f"{path.name}:{number}"}
        for path, field in files
        for number, (question, options) in enumerate(questions(path, field, dataset), 1)
    ]
    return pl.DataFrame(found, schema=SCHEMA)


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
        raise BadInput(f"{named}: {hint}; give --benchmark a file with questions")
    return named, field_or_none


def questions(path: Path, field: str | None, dataset: Dataset | None = None) -> list[Asked]:
    """The questions of a benchmark file with their options, in order; null is empty."""
    sample = rows.sample(path)
    columns = dict.fromkeys(name for row in sample for name in row)
    if field is None and dataset is not None and tables.fits(dataset, path, columns):
        records = dataset.record(tables.read(dataset, (path,)))
        name = "question" if "question" in records.columns else "prompt"
        return list(records.select(name, "options").iter_rows())
    texts = [name for name in columns if all(_is_text(row.get(name)) for row in sample)]
    named = [field] if field else [name for name in _FIELDS if name in texts]
    if not named and sample:
        raise BadInput(
            f"{path}: no text field {' or '.join(map(repr, _FIELDS))}; "
            f"name one of {', '.join(texts) or 'its fields'} as PATH:FIELD"
        )
    found: list[Asked] = []
    for frame in rows.frames(path, {"question": Cell(named[0], "text")}) if named else ():
        found += map(split_options, frame["question"].fill_null(""))
    return found


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)
