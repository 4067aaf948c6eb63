"""The parts of a grader that rules ask about, and the dated table `graders.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from pipelines.findings import pointer, show
from pipelines.io import schema

TYPES = ("string_check", "text_similarity", "python", "score_model", "multi")
# Known to the service, but not to every user.
PREVIEW_TYPES = ("endpoint", "label_model")

# A multi grader's message part lies 8 levels deep. What is deeper than this is no grader, and repr
# and the schema engine would give up on it.
MOST_LEVELS = 32

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@cache
def table() -> dict[str, Any]:
    """`graders.toml`: the grader models and the sandbox of a python grader."""
    return tomllib.loads(Path(__file__).with_name("graders.toml").read_text(encoding="utf-8"))


@cache
def fields_of(kind: str) -> jsonschema_rs.Draft202012Validator:
    """The schema of one type of grader, without the others of `schemas/grader.json`."""
    parts = schema.load("grader")["$defs"]
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": parts})


def entries(grader: object) -> Iterator[tuple[str, object]]:
    """The grader and, of a multi grader, its children: JSON Pointer and whatever is there."""
    if unreadable(grader):
        return  # RFT401 says so
    yield "", grader
    if isinstance(grader, dict) and grader.get("type") == "multi":
        children = grader.get("graders")
        if isinstance(children, dict):
            for key, child in children.items():
                yield pointer(["graders", key]), child


def graders(grader: object, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries that are objects of a known type, or of one of `types`.

    A multi grader inside a multi grader is not among them: all that is to say of it is RFT440.
    """
    for place, entry in entries(grader):
        if isinstance(entry, dict) and isinstance(kind := entry.get("type"), str):
            if kind == ("multi" if place else "label_model"):
                continue
            if kind in (types or TYPES + PREVIEW_TYPES):
                yield place, entry


def unreadable(value: object) -> str | None:
    """Why a JSON value cannot be read at all: nested too deeply, or a string that has no UTF-8."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        inner: list[object] = []
        for part in level:
            if isinstance(part, dict):
                inner.extend(part)
                inner.extend(part.values())
            elif isinstance(part, list):
                inner.extend(part)
            elif isinstance(part, str) and not _has_utf8(part):
                return f"{show(part)} holds half a character (a lone surrogate)"
        if not inner:
            return None
        level = inner
    return f"nested more than {MOST_LEVELS} levels deep"


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
