"""The files of a dataset as frames: only what is read of them.

Published parquet that code reads is checked against `schemas/raw.*`; all other files go by cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, show
from pipelines.io import bounds, schema
from pipelines.io.engine import Engine, local
from pipelines.sources import rows


def fits(dataset: Dataset, path: Path, columns: Collection[str]) -> bool:
    """Whether a file with these columns holds rows of the dataset."""
    if dataset.cells is None:
        return path.suffix == ".parquet" and set(
            schema.load(f"raw.{dataset.name}")["required"]
        ) <= set(columns)
    return all(cell.column(columns) or cell.optional for cell in dataset.cells.values())


def read_splits(
    dataset: Dataset, splits: Mapping[str, tuple[Path, ...]], engine: Engine = local
) -> pl.DataFrame:
    """The rows of all splits, in order, with `own_split` where a user has splits of their own.

    It is null where a row is to be split, for there are no validation rows.
    """
    frames = [
        read(dataset, paths, engine).with_columns(own_split=pl.lit(split))
        for split, paths in splits.items()
        if paths
    ]
    rows = pl.concat(frames, how="diagonal_relaxed")
    if len(frames) == 1:
        return rows.drop("own_split")
    if not splits["validation"]:
        held_out = pl.col("own_split") != "train"
        rows = rows.with_columns(own_split=pl.when(held_out).then("own_split"))
    return rows


def read(dataset: Dataset, paths: tuple[Path, ...], engine: Engine = local) -> pl.DataFrame:
    """The rows of the files, in order. A column that some copy lacks is null there.

    What a dataset does not need of a long text (`Dataset.shortened`) goes file by file.

    Footers are read with pyarrow, which names Arrow's types; columns with polars, which takes
    100 MB for 180,000 rows where pyarrow takes 180.
    """
    parts = list(chain.from_iterable(engine(partial(_parts, dataset), paths)))
    if not sum(part.height for part in parts):
        raise BadInput(f"{paths[0]}: holds no rows; give files that do")
    return pl.concat(parts, how="diagonal_relaxed")


def _parts(dataset: Dataset, path: Path) -> list[pl.DataFrame]:
    """The rows of a file, in order."""
    if dataset.cells is None:
        return [_published(dataset, path)]
    shorter = [kept.alias(name) for name, kept in dataset.shortened.items()]
    return [part.with_columns(shorter) for part in rows.frames(path, dataset.cells)]


def _published(dataset: Dataset, path: Path) -> pl.DataFrame:
    opened, stored = rows.opened(path), path.stat().st_size
    columns = _checked(dataset, path, opened.schema_arrow)
    bounds.parquet(path, stored, opened, columns)
    try:
        frame = pl.read_parquet(path, columns=columns, glob=False)
        bounds.decoded(path, int(frame.estimated_size()), stored)
        frame = frame.with_columns(
            shorter.alias(name) for name, shorter in dataset.shortened.items() if name in columns
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise rows.broken(path, error) from error
    for name in columns:
        _check_bounds(dataset, path, frame[name])
    return frame


def _checked(dataset: Dataset, path: Path, columns: pa.Schema) -> list[str]:
    """The columns to read; a required one that is missing or of the wrong type ends the run."""
    known = schema.load(f"raw.{dataset.name}")
    missing = [name for name in known["required"] if name not in columns.names]
    if missing:
        raise BadInput(
            f"{path}: no column {', '.join(map(repr, missing))}; "
            f"{dataset.name} needs {', '.join(known['required'])}"
        )
    names = [name for name in dataset.columns if name in columns.names]
    for name in names:
        if columns.names.count(name) > 1:
            raise BadInput(f"{path}: has two columns {name!r}; leave one of them")
        wrong = mismatch(known["properties"][name], columns.field(name).type)
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
