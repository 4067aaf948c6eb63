"""The way down into rows and documents, and what a schema has against a value, as faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from pipelines.findings import VALUE_WIDTH, pointer, show
from pipelines.io import schema
from pipelines.rules.rule import Fault


def inside(value: Any, *keys: str) -> dict[str, Any]:
    """The object below those keys, or the value itself; an empty one where it is no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def messages_of(item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages of a row that are objects, each with its JSON Pointer."""
    messages = item.get("messages")
    for i, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict):
            yield f"/messages/{i}", message


def parts_of(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parts of all messages whose content is a list, each with its JSON Pointer."""
    for place, message in messages_of(item):
        content = message.get("content")
        for k, part in enumerate(content if isinstance(content, list) else ()):
            yield f"{place}/content/{k}", part


def texts_of(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a chat: strings, and parts with a text, each with its JSON Pointer."""
    for place, message in messages_of(item):
        if isinstance(message.get("content"), str):
            yield f"{place}/content", message["content"]
    for place, part in parts_of(item):
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield f"{place}/text", part["text"]


def is_whole(value: object) -> bool:
    """Whether a JSON value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def seen(value: object) -> str:
    """A value in a message, as JSON spells it; of an object or list, maybe deep, the kind."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return show(value)


# Rows and documents nest a few levels.
_DEPTH = 100
_NESTED = {dict, list}


def is_deep(value: object) -> bool:
    """Whether a JSON value is nested more than 100 levels deep."""
    level = [value] if type(value) in _NESTED else []
    for _ in range(_DEPTH):
        if not level:
            return False
        level = [
            part
            for parts in level
            for part in (parts.values() if type(parts) is dict else parts)  # type: ignore[attr-defined]
            if type(part) in _NESTED
        ]
    return bool(level)


@cache
def _part(name: str, *keys: str) -> jsonschema_rs.Draft202012Validator:
    """A part of a schema, by the keys that lead to it; the whole one without."""
    part = schema.load(name)
    for key in keys:
        part = part[key]
    return jsonschema_rs.Draft202012Validator(part) if keys else schema.compiled(name)


def by_schema(name: str, value: object, field: str = "", remedy: str = "") -> Iterator[Fault]:
    """What a schema says against a value, or against one field of it that may be absent."""
    if not field:
        if not _part(name).is_valid(value):  # which takes a tenth of the time
            yield from explained(_part(name), value, f"see schemas/{name}.json", f"a {name}")
    elif field in inside(value):
        validator = _part(name, "properties", field)
        for place, message, _ in explained(validator, inside(value)[field], remedy, f"a {field}"):
            yield pointer([field]) + place, message, remedy


def explained(
    validator: jsonschema_rs.Draft202012Validator, value: object, see: str, what: str
) -> Iterator[Fault]:
    """Every error of a schema as a fault; one for each unknown key. `what` is what `value` is."""
    try:
        errors = list(validator.iter_errors(value))
    except ValueError as reason:  # half a surrogate pair, or nested beyond what can be checked
        yield "", f"cannot be checked: {str(reason)[:VALUE_WIDTH]}", see
        return
    for error in errors:
        place = pointer(error.instance_path)
        kind: Any = error.kind  # its attributes depend on its name
        match kind.name:
            case "required":
                yield place, f"{show(kind.property)} is missing", f"add it; {see}"
            case "additionalProperties":
                for key in kind.unexpected:
                    owner = error.instance_path[-1] if place else what
                    message = f"{show(key)} is not a field of {owner}"
                    yield place + pointer([key]), message, f"take it out; {see}"
            case "type":
                yield place, f"expected {' or '.join(kind.types)}, got {seen(error.instance)}", see
            case "const":
                message = f"expected {show(kind.expected_value)}, got {seen(error.instance)}"
                yield place, message, see
            case "enum":
                known = ", ".join(option for option in kind.options if isinstance(option, str))
                yield place, f"{seen(error.instance)} is not known", f"write one of {known}"
            case "propertyNames":
                key = kind.error.instance
                yield place + pointer([key]), f"the key breaks {kind.error.kind.name}", see
            case _:
                short = error.message if len(error.message) <= VALUE_WIDTH else ""
                yield place, short or f"{seen(error.instance)} breaks {kind.name}", see
