"""Rows of parquet, JSONL, JSON, CSV and TSV files, also packed with gzip or zstd, as frames.

Only the cells that a dataset names are kept, a column each; of parquet only their columns are read,
a part at a time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.datasets.cells import BadCell, Cell
from pipelines.findings import BadInput, show
from pipelines.io import bounds
from pipelines.io.jsonl import BOM, MOST_LINE_BYTES, unreadable

PACKED = {".gz": "gzip", ".zst": "zstd"}
SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")

# Rows that become a frame at a time.
_SLICE = 16_384

# A column of this name holds the keys of a JSON file that is one object of rows.
KEY = "key"

Row = Mapping[str, Any]


def suffix(path: Path) -> str:
    """What a file is by its name, `.parquet` to `.tsv`, without the ending of its packing."""
    name = path.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return Path(name).suffix


def frames(path: Path, cells: Mapping[str, Cell]) -> Iterator[pl.DataFrame]:
    """The rows of a file, a part at a time, with the columns that `cells` names.

    Raises BadInput, with file and row, for what cannot be read, and where a column is absent.
    """
    if suffix(path) == ".parquet":
        yield from _parquet(path, cells)
        return
    rows = loose(path)
    columns: dict[str, None] = {}
    while part := list(islice(rows, _SLICE)):
        for _, row in part:
            columns |= dict.fromkeys(row)
        yield _frame(path, cells, part, columns)


def sample(path: Path, most: int = 300) -> list[Row]:
    """The first rows of a file, as plain values."""
    if suffix(path) != ".parquet":
        return [row for _, row in islice(loose(path), most)]
    try:
        first = next(opened(path).iter_batches(most), None)
    except pa.ArrowException as error:
        raise broken(path, error) from error
    rows: list[Row] = [] if first is None else first.to_pylist()
    return rows


def count(path: Path) -> int:
    """The rows of a file."""
    if suffix(path) == ".parquet":
        return int(opened(path).metadata.num_rows)
    return sum(1 for _ in loose(path))


def loose(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a file that is no parquet, each with its line, or with its number in JSON."""
    kind = suffix(path)
    if kind not in SUFFIXES:
        raise BadInput(f"{path}: not a kind of file that is read; give {', '.join(SUFFIXES)}")
    with _unpacked(path) as file:
        if kind in (".csv", ".tsv"):
            yield from _csv(path, file, "\t" if kind == ".tsv" else None)
        elif kind == ".json":
            yield from _json(path, file)
        else:
            yield from _jsonl(path, file)


class _Measured(io.RawIOBase):
    """What a decompressor gives, as long as it is in proportion to the file's own bytes."""

    def __init__(self, path: Path, stored: int, stream: pa.NativeFile) -> None:
        self._path, self._stored, self._stream, self._size = path, stored, stream, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(self._stream.readinto(buffer))
        self._size += count
        bounds.decoded(self._path, self._size, self._stored)
        return count


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, as they were before they were packed."""
    packing = PACKED.get(path.suffix.lower())
    try:
        stored = bounds.regular(path)
        with path.open("rb") as file:
            if packing is None:
                yield file
            else:
                with pa.CompressedInputStream(pa.PythonFile(file), packing) as stream:
                    yield io.BufferedReader(_Measured(path, stored, stream), 1 << 20)
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from error
        raise BadInput(f"{path}: not a whole {packing} file; copy it again") from error


def _jsonl(path: Path, file: BinaryIO) -> Iterator[tuple[int, Row]]:
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES:
            raise BadInput(f"{path}:{number}: the line has more than {MOST_LINE_BYTES:,} bytes")
        if number == 1:
            line = line.removeprefix(BOM)
        if line.strip():
            yield number, _object(path, number, _parsed(f"{path}:{number}", line))


def _json(path: Path, file: BinaryIO) -> Iterator[tuple[int, Row]]:
    """The rows of a JSON file: a list of objects, an object of objects, or a list within one."""
    value = _parsed(str(path), file.read().removeprefix(BOM))
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
        if len(lists) == 1:
            value = lists[0]
        elif value and all(isinstance(one, dict) for one in value.values()):
            value = [{KEY: key, **one} for key, one in value.items()]
    if not isinstance(value, list):
        raise BadInput(f"{path}: expected a list of objects; give one row a line as .jsonl")
    for number, row in enumerate(value, 1):
        yield number, _object(path, number, row)


def _parsed(place: str, data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{place}: not JSON ({error}); mend it, or remove it") from None


def _object(path: Path, number: int, row: Any) -> Row:
    if not isinstance(row, dict):
        raise BadInput(f"{path}:{number}: expected an object with a row's columns, got {show(row)}")
    return row


def _csv(path: Path, file: BinaryIO, separator: str | None) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file, all cells texts; the header says whether `,` or `;` parts them."""
    csv.field_size_limit(MOST_LINE_BYTES)
    try:
        with io.TextIOWrapper(file, "utf-8-sig", newline="") as lines:
            first = lines.readline()
            if separator is None:
                separator = "," if "," in first else max(";\t", key=first.count)
            rows = csv.reader(chain([first], lines), delimiter=separator, strict=True)
            header = next(rows, [])
            for name in header:
                if header.count(name) > 1:
                    raise BadInput(f"{path}:1: two columns are called {name!r}; rename one of them")
            for row in rows:
                if row and len(row) != len(header):
                    counts = f"{len(row)} cells where the header has {len(header)}"
                    remedy = 'put a text that holds the separator in quotes ("…")'
                    raise BadInput(f"{path}:{rows.line_num}: {counts}; {remedy}")
                if row:
                    yield rows.line_num, dict(zip(header, row, strict=True))
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 ({error.reason}); save it as CSV UTF-8") from None
    except csv.Error as error:
        raise BadInput(f"{path}: not CSV ({error}); see its quotation marks") from None


def _frame(
    path: Path,
    cells: Mapping[str, Cell],
    part: Sequence[tuple[int, Row]],
    columns: Mapping[str, Any],
) -> pl.DataFrame:
    """Rows as a frame with a column a cell."""
    made = {}
    for name, cell in cells.items():
        column, steps = _column(path, cell, columns)
        values = []
        for number, row in part:
            try:
                values.append(cell.value(row.get(column), steps))
            except BadCell as error:
                raise BadInput(f"{path}:{number}: {cell.path}: {error}") from None
        made[name] = pl.Series(values, dtype=cell.dtype, strict=cell.dtype is not None)
    return pl.DataFrame(made)


def _column(path: Path, cell: Cell, columns: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    found = cell.column(columns)
    if found is None and cell.optional:
        return "", ()
    if found is None:
        near = get_close_matches(cell.path, columns, n=1)
        there = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(columns)}"
        raise BadInput(f"{path}: no column {cell.path!r}; {there}")
    return found


def _parquet(path: Path, cells: Mapping[str, Cell]) -> Iterator[pl.DataFrame]:
    file = opened(path)
    names = dict.fromkeys(file.schema_arrow.names)
    columns = {_column(path, cell, names)[0] for cell in cells.values()}
    wanted = sorted(columns - {""})
    for name in wanted:
        if file.schema_arrow.names.count(name) > 1:
            raise BadInput(f"{path}: has two columns {name!r}; leave one of them")
    stored, before, size = path.stat().st_size, 0, 0
    bounds.parquet(path, stored, file, wanted)
    try:
        # Polars takes a third of the time and of the memory that pyarrow takes.
        scan = pl.scan_parquet(path, glob=False).select(cs.by_name(wanted))
        for rows in scan.collect_batches(chunk_size=_SLICE, maintain_order=True):
            size += int(rows.estimated_size())
            bounds.decoded(path, size, stored)
            yield from_frame(path, rows, cells, before)
            before += rows.height
    except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise broken(path, error) from error


def from_frame(
    path: Path, rows: pl.DataFrame, cells: Mapping[str, Cell], before: int = 0
) -> pl.DataFrame:
    """Rows with a file's columns as a frame with a column a cell, as `frames` gives it.

    path, before: the file, and how many of its rows come before these, for messages.
    """
    made = {}
    for name, cell in cells.items():
        column, steps = _column(path, cell, dict.fromkeys(rows.columns))
        values = rows[column] if column else pl.Series([None] * rows.height, dtype=pl.String)
        made[name] = _series(path, before, values, cell, steps)
    return pl.DataFrame(made)


def _series(
    path: Path, before: int, column: pl.Series, cell: Cell, steps: tuple[str, ...]
) -> pl.Series:
    """A column of parquet as a cell's; texts and what is native without a Python value a row."""
    if not steps and (cell.kind == "native" or (cell.kind == "text" and column.dtype == pl.String)):
        return column
    if not steps and cell.kind == "text" and column.dtype.is_integer():
        return column.cast(pl.String)
    if column.dtype == pl.String:  # what is kept of a row, such as a subject, has few values
        distinct = column.unique()
        if 4 * distinct.len() < column.len():
            known = {value: cell.value(value, steps) for value in distinct}
            return pl.Series(map(known.get, column), dtype=cell.dtype)
    values = []
    for number, value in enumerate(column.to_list(), before + 1):
        try:
            values.append(cell.value(value, steps))
        except BadCell as error:
            raise BadInput(f"{path}:{number}: {cell.path}: {error}") from None
    return pl.Series(values, dtype=cell.dtype, strict=cell.dtype is not None)


def opened(path: Path) -> pq.ParquetFile:
    """A parquet file, its footer read; BadInput where it is none."""
    try:
        bounds.regular(path)
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise broken(path, error) from error


def broken(path: Path, error: Exception) -> BadInput:
    """The one line for a parquet file that cannot be read."""
    first = str(error).partition("\n")[0].rstrip(".")
    return BadInput(f"{path}: not a whole parquet file ({first}); download it again")
