"""The files of a selection: the items as they are written, their rates, what is kept and what not.

Items are read line by line, and twice: once for their ids, once to be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from pipelines.findings import BadInput, show
from pipelines.graders.pass_rates import Rate
from pipelines.io.jsonl import json_object

# A row of a ledger.
Row = tuple[str | None, ...]

# Rows of a ledger held at a time.
_GROUP = 4_096


def _lines(items: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are items, as they are written, with their numbers from 1."""
    with items.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def ids(items: Path) -> dict[int, Any]:
    """The id of every item, None where it has none, by line; BadInput where there are no items."""
    found = {number: json_object(line, items, number).get("id") for number, line in _lines(items)}
    if not found:
        raise BadInput(f"{items}: it has no items; write one JSON object a line")
    return found


def read_rates(path: Path, ids: Mapping[int, Any], items: Path) -> list[Rate]:
    """The rates that calibrate wrote, in the items' order. BadInput where they are of others."""
    remedy = f"give what `rft calibrate --out` wrote for {items}"
    rates: dict[int, Rate] = {}
    for number, line in _lines(path):
        row = json_object(line, path, number)
        counts: list[Any] = [row.get(name) for name in ("line", "n", "passed")]
        counts += [row.get(name, 0) for name in ("errors", "not_run")]
        at, n, passed, errors, not_run = counts
        if any(type(count) is not int or count < 0 for count in counts) or passed > n:
            raise BadInput(f"{path}:{number}: no counts `line`, `n` and `passed`; {remedy}")
        if at in rates or at not in ids or row.get("id") != ids[at]:
            problem = f"line {at}, id {show(row.get('id'))}, is no item, or is here twice"
            raise BadInput(f"{path}:{number}: {problem}; {remedy}")
        rates[at] = Rate(at, ids[at], n, passed, None, errors, not_run)
    for line_of_item in ids:
        if line_of_item not in rates:
            raise BadInput(f"{path}: no rate of the item in line {line_of_item}; {remedy}")
    return [rates[line_of_item] for line_of_item in ids]


def write(
    items: Path, kept: Path, ledger: Path, rates: Sequence[Rate], reasons: Sequence[str | None]
) -> None:
    """Write the kept lines, and the ledger (parquet or JSONL) of those that have a reason to go.

    Each file is whole or absent. BadInput where the items are no longer those that were rated, so
    that what is written holds every one of them once.
    """
    # Here and not above: both load polars, which takes 0.25 s.
    from pipelines.io import files
    from pipelines.io.prepared import LEDGER

    found = {rate.line: (rate, reason) for rate, reason in zip(rates, reasons, strict=True)}
    changed = BadInput(f"{items}: it changed while it was read; run the command again")

    def lines(*, stay: bool) -> Iterator[tuple[int, bytes]]:
        seen = 0
        for number, line in _lines(items):
            if number not in found:
                raise changed
            seen += 1
            if (found[number][1] is None) == stay:
                yield number, line
        if seen != len(found):
            raise changed

    def rows() -> Iterator[Row]:
        for number, line in lines(stay=False):
            rate, reason = found[number]
            prompt = _prompt(json_object(line, items, number))
            yield _name(rate.id), "select", reason, str(rate), prompt

    def fill(file: BinaryIO) -> None:
        if ledger.suffix == ".parquet":
            _write_parquet(file, LEDGER, rows())
        else:
            file.writelines(
                orjson.dumps(dict(zip(LEDGER, row, strict=True))) + b"\n" for row in rows()
            )

    files.write(ledger, fill)
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


def _prompt(item: Mapping[str, Any]) -> str:
    """The texts of an item's user messages, joined by line ends; empty where it has none."""
    messages = item.get("messages")
    texts: list[str] = []
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"text": content}]
            found = [part.get("text") for part in parts if isinstance(part, dict)]
            texts += [text for text in found if isinstance(text, str)]
    return "\n".join(texts)
