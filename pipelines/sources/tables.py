"""Published parquet to frames: only the columns that are read, checked against `schemas/raw.*`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, show
from pipelines.io import schema


def count(path: Path) -> int:
    """The rows of a file, from its footer."""
    return int(_opened(path).metadata.num_rows)


def read(dataset: Dataset, paths: tuple[Path, ...]) -> pl.DataFrame:
    """The rows of the files, in order. A column that some copy lacks is null there.

    What a dataset does not need of a long text (`Dataset.shortened`) goes file by file.

    Footers are read with pyarrow, which names Arrow's types; columns with polars, which takes
    100 MB for 180,000 rows where pyarrow takes 180.
    """
    parts = []
    for path in paths:
        columns = _checked(dataset, path, _opened(path).schema_arrow)
        try:
            rows = pl.read_parquet(path, columns=columns, glob=False)
            rows = rows.with_columns(
                shorter.alias(name)
                for name, shorter in dataset.shortened.items()
                if name in columns
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _broken(path, error) from error
        for name in columns:
            _check_bounds(dataset, path, rows[name])
        parts.append(rows)
    if not sum(part.height for part in parts):
        raise BadInput(f"{paths[0]}: holds no rows; give files that do")
    return pl.concat(parts, how="diagonal_relaxed")


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> BadInput:
    first = str(error).partition("\n")[0].rstrip(".")
    return BadInput(f"{path}: not a whole parquet file ({first}); download it again")


def _checked(dataset: Dataset, path: Path, columns: pa.Schema) -> list[str]:
    """The columns to read; a required one that is missing or of the wrong type ends the run."""
    rows = schema.load(f"raw.{dataset.name}")
    missing = [name for name in rows["required"] if name not in columns.names]
    if missing:
        raise BadInput(
            f"{path}: no column {', '.join(map(repr, missing))}; "
            f"{dataset.name} needs {', '.join(rows['required'])}"
        )
    names = [name for name in dataset.columns if name in columns.names]
    for name in names:
        if columns.names.count(name) > 1:
            raise BadInput(f"{path}: has two columns {name!r}; leave one of them")
        wrong = mismatch(rows["properties"][name], columns.field(name).type)
        if wrong:
            raise BadInput(
                f"{path}: column {name!r}: {wrong}; convert it, or give the published file"
            )
    return names


def _check_bounds(dataset: Dataset, path: Path, column: pl.Series) -> None:
    """End the run where a number is outside what its column may hold: all labels may be shifted."""
    allowed = schema.load(f"raw.{dataset.name}")["properties"][column.name]
    if "minimum" not in allowed:
        return
    # As floats, for a column may be of unsigned numbers, or of nulls alone.
    outside = ~column.cast(pl.Float64).is_between(allowed["minimum"], allowed["maximum"])
    row = outside.fill_null(False).arg_max() if outside.any() else None
    if row is not None:
        raise BadInput(
            f"{path}: row {row + 1}: column {column.name!r} holds {show(column[row])}; "
            f"expected {allowed['description']}"
        )


def mismatch(allowed: schema.Schema, kind: pa.DataType) -> str | None:
    """What an Arrow column of type `kind` holds that `allowed` does not; None where it fits.

    An all-null column fits where null is allowed; the types of list elements are compared too.
    """
    kinds = allowed.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _json_type(kind) not in kinds:
        return f"expected {' or '.join(kinds)}, got {kind}"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return mismatch(allowed["items"], kind.value_type)
    return None


def _json_type(kind: pa.DataType) -> str:
    tests = {
        "null": pa.types.is_null,
        "string": lambda k: (
            pa.types.is_string(k) or pa.types.is_large_string(k) or pa.types.is_string_view(k)
        ),
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_integer,
        "number": pa.types.is_floating,
        "array": lambda k: (
            pa.types.is_list(k) or pa.types.is_large_list(k) or pa.types.is_fixed_size_list(k)
        ),
        "object": pa.types.is_struct,
    }
    return next((name for name, test in tests.items() if test(kind)), str(kind))
