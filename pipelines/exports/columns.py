"""The columns that items of any dataset have in parquet: one type each, found before writing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import orjson
import pyarrow as pa

from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared

# Arrow's type of each kind of field; `json` is whatever has no type of its own, as JSON text.
TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
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
    for _, item in chain.from_iterable(objects(prepared.path(split)) for split in prepared.splits):
        for name, value in item.items():
            if name != "messages":
                seen.setdefault(name, set()).add(_kind(value))
    return {name: _one(each - {"null"}) for name, each in seen.items()}


def chat_kind(prepared: Prepared) -> str:
    """The kind of `messages`: `chat` where each is a role and a text, else `json`."""
    plain = all(
        set(message) == {"role", "content"} and isinstance(message["content"], str)
        for split in prepared.splits
        for _, item in objects(prepared.path(split))
        for message in item["messages"]
    )
    return "chat" if plain else "json"


def cells(kinds: Mapping[str, str], item: Mapping[str, Any]) -> dict[str, Any]:
    """The item's fields as their columns hold them."""
    return {name: _cell(kind, item.get(name)) for name, kind in kinds.items()}


def _cell(kind: str, value: object) -> object:
    return orjson.dumps(value).decode() if kind == "json" and value is not None else value


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "texts" if all(isinstance(part, str) for part in value) else "json"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return "json"
    kinds = {type(None): "null", str: "text", bool: "boolean", int: "integer", float: "number"}
    return kinds.get(type(value), "json")


def _one(kinds: set[str]) -> str:
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "json" if kinds else "text"
