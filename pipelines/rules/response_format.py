"""Family 5, the response format; the rules of the job apply these to the one inside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from pipelines.findings import pointer, show
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import by_schema, inside, seen
from pipelines.rules.tables import limit

_FLAT = ("name", "schema", "strict", "description")


def _is_flat(value: object) -> bool:
    return isinstance(value, dict) and "json_schema" not in value and bool({*_FLAT} & {*value})


@rule("RFT520", "error", source="OpenAPI schemas of the job, 2026; Learn", read="2026-10-07")
def is_format(response_format: Any) -> Iterator[Fault]:
    """A response format is of type json_schema, with a name and a schema."""
    if _is_flat(response_format):
        return  # RFT521 says so
    for place, message, remedy in by_schema("response_format", response_format):
        if place != "/json_schema/name":
            yield place, message, remedy


@rule("RFT521", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def is_nested(response_format: Any) -> Iterator[Fault]:
    """Name, schema and strict stand under json_schema.

    The pages of 2025-05 to 2026-03 show them beside `type`; the newest page, the API's schema and
    the samples that ran have them nested, and decide.
    """
    if _is_flat(response_format):
        keys = ", ".join(key for key in _FLAT if key in response_format)
        yield "", f"{keys} beside type: the flat form", "move them under json_schema"


@rule("RFT522", "error", source="OpenAI's API schema, 2026-08-21")
def has_format_name(response_format: Any) -> Iterator[Fault]:
    """A format's name has 1 to 64 letters, digits, hyphens and underscores."""
    for place, message, _ in by_schema("response_format", response_format):
        if place == "/json_schema/name":
            most = limit("format_name_length")
            yield place, message, f"use 1 to {most} of A-Z, a-z, 0-9, - and _"


def _strict_objects(response_format: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every level of a strict schema that describes an object, with its pointer."""
    form = inside(response_format, "json_schema")
    levels: list[tuple[str, Any]] = [("/json_schema/schema", form.get("schema"))]
    for place, level in levels if form.get("strict") is True else []:
        if not isinstance(level, dict):
            continue
        kind = level.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if "object" in kinds or isinstance(level.get("properties"), dict):
            yield place, level
        for key in ("properties", "$defs", "definitions"):
            parts = level.get(key)
            for name, part in parts.items() if isinstance(parts, dict) else []:
                levels.append((place + pointer([key, name]), part))
        for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
            parts = level.get(key)
            for index, part in enumerate(parts) if isinstance(parts, list) else []:
                levels.append((place + pointer([key, index]), part))
        levels.extend((f"{place}/{key}", level.get(key)) for key in ("items", "not"))


@rule("RFT523", "error", source="Learn, reinforcement fine-tuning and structured outputs")
def requires_all(response_format: Any) -> Iterator[Fault]:
    """In a strict schema each object requires all its properties.

    The rule of structured outputs. One blog's example of 2026-04 breaks it; Learn's keeps it.
    """
    for place, level in _strict_objects(response_format):
        required, properties = level.get("required", []), level.get("properties")
        if not isinstance(required, list) or not isinstance(properties, dict):
            continue
        known = {name for name in required if isinstance(name, str)}
        for name in properties:
            if name not in known:
                yield f"{place}/required", f"{show(name)} is not required", "add it to required"


@rule("RFT524", "error", source="Learn, reinforcement fine-tuning and structured outputs")
def closes_objects(response_format: Any) -> Iterator[Fault]:
    """In a strict schema each object has additionalProperties false."""
    for place, level in _strict_objects(response_format):
        more = level.get("additionalProperties")
        if "additionalProperties" not in level:
            yield place, "additionalProperties is missing", "add additionalProperties: false"
        elif more is True or isinstance(more, dict):
            message = f"expected false, got {seen(more)}"
            yield f"{place}/additionalProperties", message, "write false"


@rule("RFT525", "error", source="JSON Schema 2020-12, the meta-schema")
def holds_schema(response_format: Any) -> Iterator[Fault]:
    """The schema of a response format is a JSON Schema."""
    value = inside(response_format, "json_schema").get("schema")
    if not isinstance(value, dict):
        return
    try:
        errors = list(_meta_schema().iter_errors(value))
    except ValueError:  # nothing that can be sent as JSON; RFT520 says so
        return
    # The meta-schema has several ways to one place; the first that fails is told.
    places = {pointer(error.instance_path): error for error in reversed(errors)}
    for place, error in places.items():
        message = f"{seen(error.instance)} breaks {error.kind.name} of the meta-schema"
        yield f"/json_schema/schema{place}", message, "write it as JSON Schema 2020-12 has it"


@cache
def _meta_schema() -> jsonschema_rs.Draft202012Validator:
    # By reference, not by the checked schema's own "$schema", which would be fetched.
    return jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    )
