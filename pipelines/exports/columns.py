"""The columns that items of any dataset have in parquet: one type each, found before writing."""

from __future__ import annotations

from itertools import chain

import orjson
import pyarrow as pa

from pipelines.exports.rows import numbered
from pipelines.io.prepared import SPLITS, Prepared

# Arrow's type of each kind of field; `json` is whatever has no type of its own, as JSON text.
TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "truth": pa.bool_(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "texts": pa.list_(pa.string()),
    "json": pa.string(),
}
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def kinds(prepared: Prepared) -> dict[str, str]:
    """The kind of each field of the items, a key of TYPES, in order; one pass over both files.

    A field that is now of one kind, now of another, is `json`; null goes with every kind, an empty
    list with `texts`.
    """
    seen: dict[str, set[str]] = {}
    for _, item in chain.from_iterable(numbered(prepared.path(split)) for split in SPLITS):
        for name, value in item.items():
            if name != "messages":
                seen.setdefault(name, set()).add(_kind(value))
    return {name: _one(found - {"null"}) for name, found in seen.items()}


def cell(kind: str, value: object) -> object:
    """A field's value as its column holds it."""
    return orjson.dumps(value).decode() if kind == "json" and value is not None else value


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "texts" if all(isinstance(part, str) for part in value) else "json"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return "json"
    kinds = {type(None): "null", str: "text", bool: "truth", int: "whole", float: "number"}
    return kinds.get(type(value), "json")


def _one(found: set[str]) -> str:
    if found == {"whole", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "json" if found else "text"
