"""The JSON Schemas of `schemas/` (2020-12): where they are, loaded and compiled."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from pipelines.findings import BadInput
from pipelines.io import bounds

Schema = dict[str, Any]


def folder() -> Path:
    """`schemas/` inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "schemas" if (package / "schemas").is_dir() else package.parent / "schemas"


@cache
def exists(name: str) -> bool:
    """Whether there is a schema of that name."""
    return (folder() / f"{name}.json").is_file()


@cache
def load(name: str) -> Schema:
    """The schema `schemas/<name>.json`."""
    schema: Schema = orjson.loads((folder() / f"{name}.json").read_bytes())
    return schema


@cache
def compiled(name: str) -> jsonschema_rs.Draft202012Validator:
    """The schema, ready to check many documents; references go to other files of the folder."""
    return jsonschema_rs.Draft202012Validator(load(name), retriever=_retrieve)


def document(path: Path, name: str) -> Any:
    """A JSON document that is as the schema says; None where there is none, or one of another kind.

    For what we wrote ourselves and find again: after it, no type is to be checked.
    """
    try:
        bounds.regular(path)
        value = orjson.loads(path.read_bytes())
    except (OSError, BadInput, orjson.JSONDecodeError):
        return None
    return value if compiled(name).is_valid(value) else None


def _retrieve(uri: str) -> Schema:
    return load(uri.rpartition("/")[2].removesuffix(".json"))
