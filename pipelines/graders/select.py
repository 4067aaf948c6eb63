"""Which items to keep by their pass rates, and the files of that selection.

Items are read line by line, and twice: once for their ids, once to be written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from pipelines.findings import BadInput, show
from pipelines.graders.pass_rates import Rate
from pipelines.io.items import Items, user_text
from pipelines.io.jsonl import json_object, numbered, objects

# A row of a ledger.
Row = tuple[str | None, ...]

# Why an item is not kept.
REASONS = ("too_easy", "too_hard", "no_samples", "not_graded", "over_keep_ratio")

# Rows of a ledger held at a time.
_GROUP = 4_096


@dataclass(frozen=True, slots=True)
class Band:
    """The pass rates to keep, from `low` to `high`, both included."""

    low: Fraction
    high: Fraction

    def reason(self, passed: int, n: int) -> str | None:
        """Why what passes `passed` of `n` times goes; None where it stays. In whole numbers."""
        if passed * self.low.denominator < n * self.low.numerator:
            return "too_hard"
        return "too_easy" if passed * self.high.denominator > n * self.high.numerator else None


def band(low: float | None, high: float | None) -> Band | None:
    """The band of `--min-pass-rate` and `--max-pass-rate`: 0 and 1 where one of them is not given.

    A bound is the decimal that is written: 1 of 10 is not below 0.1. None where neither is given,
    BadInput where they bound nothing.
    """
    if low is None and high is None:
        return None
    bounds = 0.0 if low is None else low, 1.0 if high is None else high
    if not 0 <= bounds[0] <= bounds[1] <= 1:
        options = f"--min-pass-rate {bounds[0]:g} --max-pass-rate {bounds[1]:g}"
        raise BadInput(f"{options}: give shares from 0 to 1, the first not above the second")
    return Band(*(Fraction(str(bound)) for bound in bounds))


def share(keep_ratio: float | None) -> Fraction | None:
    """The share that `--keep-ratio` says, exactly; BadInput where it is none."""
    if keep_ratio is None:
        return None
    if not 0 < keep_ratio <= 1:
        raise BadInput(f"--keep-ratio {keep_ratio}: give a share above 0, and 1 at most")
    return Fraction(str(keep_ratio))


def reasons(
    rates: Sequence[Rate], wanted: Band, keep_ratio: Fraction | None = None
) -> list[str | None]:
    """Why each item goes, one of REASONS; None where it stays.

    With `keep_ratio`, that share of the items in the band stays, rounded up: those nearest to a
    pass rate of 1/2, where answers differ most; of equal ones the first id, as text, then the first
    line.
    """
    chosen = [
        wanted.reason(rate.passed, rate.n)
        if rate.n
        else ("not_graded" if rate.samples else "no_samples")
        for rate in rates
    ]
    if keep_ratio is not None:
        inside = [place for place, reason in enumerate(chosen) if reason is None]
        inside.sort(key=lambda place: _rank(rates[place]))
        for place in inside[math.ceil(keep_ratio * len(inside)) :]:
            chosen[place] = "over_keep_ratio"
    return chosen


def _rank(rate: Rate) -> tuple[float, str, int]:
    # Division rounds correctly: below 2^26 answers, equal shares give one float, others do not.
    return abs(2 * rate.passed - rate.n) / rate.n, str(rate.id), rate.line


def ids(items: Items) -> dict[int, Any]:
    """The id of every item, None where it has none, by line; BadInput where there are no items."""
    if not items.places:
        raise BadInput(f"{items.paths[0]}: it has no items; write one JSON object a line")
    return {place.line: items[n].get("id") for n, place in enumerate(items.places)}


def read_rates(path: Path, ids: Mapping[int, Any], items: Path) -> list[Rate]:
    """The rates that calibrate wrote, in the items' order. BadInput where they are of others."""
    remedy = f"give what `rft calibrate --out` wrote for {items}"
    rates: dict[int, Rate] = {}
    for number, row in objects(path):
        counts: list[Any] = [row.get(name) for name in ("line", "n", "passed")]
        counts += [row.get(name, 0) for name in ("errors", "not_run", "unfinished")]
        line, n, passed, *others = counts
        if any(type(count) is not int or count < 0 for count in counts) or passed > n:
            raise BadInput(f"{path}:{number}: no counts `line`, `n` and `passed`; {remedy}")
        if line in rates or line not in ids or row.get("id") != ids[line]:
            problem = f"line {line}, id {show(row.get('id'))}, is no item, or is here twice"
            raise BadInput(f"{path}:{number}: {problem}; {remedy}")
        rates[line] = Rate(line, ids[line], n, passed, None, *others)
    for line in ids:
        if line not in rates:
            raise BadInput(f"{path}: no rate of the item in line {line}; {remedy}")
    return [rates[line] for line in ids]


def write(
    items: Path, kept: Path, ledger: Path, rates: Sequence[Rate], reasons: Sequence[str | None]
) -> None:
    """Write the kept lines, and the ledger (parquet) of those that have a reason to go.

    Each file is whole or absent. BadInput where the items are no longer those that were rated, so
    that what is written holds every one of them once.
    """
    # Here and not above: both load polars, which takes 0.25 s.
    from pipelines.io import files
    from pipelines.io.prepared import LEDGER

    rated = {rate.line: (rate, reason) for rate, reason in zip(rates, reasons, strict=True)}
    changed = BadInput(f"{items}: it changed while it was read; run the command again")

    def lines(*, stay: bool) -> Iterator[tuple[int, bytes]]:
        seen = 0
        for number, line in numbered(items):
            if number not in rated:
                raise changed
            seen += 1
            if (rated[number][1] is None) == stay:
                yield number, line
        if seen != len(rated):
            raise changed

    def rows() -> Iterator[Row]:
        for number, line in lines(stay=False):
            rate, reason = rated[number]
            prompt = user_text(json_object(line, items, number))
            yield _name(rate.id), "select", reason, str(rate), prompt

    files.write(ledger, lambda file: _write_parquet(file, LEDGER, rows()))
    files.write(kept, lambda file: file.writelines(line for _, line in lines(stay=True)))


def _write_parquet(file: BinaryIO, columns: Sequence[str], rows: Iterator[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in columns])
    few = ["stage", "reason"]  # columns of few different texts
    with pq.ParquetWriter(file, schema, compression="lz4", use_dictionary=few) as out:
        while group := list(islice(rows, _GROUP)):
            out.write_batch(pa.record_batch(list(map(list, zip(*group, strict=True))), schema))


def _name(identity: object) -> str | None:
    """An id as the ledger has it: text as it is, anything else as JSON."""
    if identity is None or isinstance(identity, str):
        return identity
    return orjson.dumps(identity).decode()
