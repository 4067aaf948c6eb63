"""The columns that items of any dataset have in parquet: one type each, found before writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pyarrow as pa

from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared

# Kinds of fields of which a value's type tells.
_KINDS = {type(None): "null", str: "text", bool: "boolean", float: "number"}

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


def read(prepared: Prepared) -> tuple[dict[str, int], dict[str, str]]:
    """The items of each split, counted, and the kind of each field in order, `messages` first.

    A kind is a key of TYPES; that of `messages` is `chat` where each is a role and a text. A field
    that is now of one kind, now of another, is `json`; null goes with every kind, an empty list
    with `texts`. One pass over the files.
    """
    counts = dict.fromkeys(prepared.splits, 0)
    seen: dict[str, set[str]] = {"messages": set()}
    for split in counts:
        for _, item in objects(prepared.path(split)):
            counts[split] += 1
            for name, value in item.items():
                kind = _chat(value) if name == "messages" else _kind(value)
                seen.setdefault(name, set()).add(kind)
    kinds = {name: _one(each - {"null"}) for name, each in seen.items()}
    return counts, kinds


def cells(kinds: Mapping[str, str], item: Mapping[str, Any]) -> dict[str, Any]:
    """The item's fields as their columns hold them."""
    return {name: _cell(kind, item.get(name)) for name, kind in kinds.items()}


def _cell(kind: str, value: object) -> object:
    return orjson.dumps(value).decode() if kind == "json" and value is not None else value


def _kind(value: object) -> str:
    if kind := _KINDS.get(type(value)):
        return kind
    if isinstance(value, list):
        return "texts" if all(isinstance(part, str) for part in value) else "json"
    return "integer" if isinstance(value, int) and abs(value) < 1 << 63 else "json"


def _chat(messages: object) -> str:
    plain = isinstance(messages, list) and all(
        isinstance(one, dict) and one.keys() == {"role", "content"} and type(one["content"]) is str
        for one in messages
    )
    return "chat" if plain else "json"


def _one(kinds: set[str]) -> str:
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "json" if kinds else "text"
