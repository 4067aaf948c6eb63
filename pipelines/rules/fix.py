"""Repairs that have exactly one right answer: each is listed, what is given is never changed."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipelines.findings import pointer
from pipelines.graders.templates import strings
from pipelines.io import schema
from pipelines.io.jsonl import BOM
from pipelines.rules.files import is_not_wrapped
from pipelines.rules.request import REINFORCEMENT, differs
from pipelines.rules.shapes import inside, is_deep
from pipelines.rules.tables import meant

_BLANK = b" \t\r\n"
_SYSTEM = re.compile(rb'("role"[ \t]*:[ \t]*)"system"')
_BRACES = re.compile(r"\{\{\s*((?:item|sample)\b[^{}]*?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Change:
    """One repair in one place; `line` counts from 1 and is 0 in a document."""

    path: str
    line: int
    pointer: str
    code: str
    what: str


# Pointer, code of the rule that asks for it, and text of each change so far.
Done = list[tuple[str, str, str]]

# Lines ------------------------------------------------------------------------------------------


def fix_lines(
    lines: Iterable[bytes], path: str, graded: Collection[str] = ()
) -> Iterator[tuple[bytes, list[Change]]]:
    """Each line as it should be, with what was changed; a dropped line is empty.

    `graded` are the fields that a grader reads.
    """
    first = True
    for number, line in enumerate(lines, 1):
        done: Done = []
        body = line
        while first and body.startswith(BOM):
            body = body.removeprefix(BOM)
            done.append(("", "RFT104", "the byte-order mark was removed"))
        if body.strip(_BLANK):
            first = False
            body = _row(_ended(body, done), tuple(graded), done) + b"\n"
        else:
            body = b""
            if line:
                done.append(("", "RFT106", "a blank line was dropped"))
        yield body, [Change(path, number, *change) for change in done]


def _ended(body: bytes, done: Done) -> bytes:
    """A line without its line end."""
    ended = body.endswith(b"\n")
    body = body.removesuffix(b"\n")
    if body.endswith(b"\r"):
        done.append(("", "RFT105", "the line end became LF"))
    elif not ended:
        done.append(("", "RFT107", "a final newline was added"))
    return body.rstrip(b"\r")


def _row(body: bytes, graded: tuple[str, ...], done: Done) -> bytes:
    """A row without the role `system`, and without an `item` around it.

    A role is replaced where it stands, so that the rest of the line keeps its bytes.
    """
    if not any(part in body for part in (b"system", b'"item"', rb"\u00")):
        return body
    try:
        row = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    changes: Done = []
    inner = inside(row, "item")
    if next(is_not_wrapped(inside(row), graded), None) and inner.keys().isdisjoint(row):
        row = inner | {key: part for key, part in row.items() if key != "item"}
        changes.append(("/item", "RFT121", "its fields moved to the top level"))
    messages = inside(row).get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else []):
        if inside(message).get("role") == "system":
            message["role"] = "developer"
            place = f"/messages/{index}/role"
            changes.append((place, "RFT202", "role 'system' became 'developer'"))
    if not changes:
        return body
    # Elsewhere in the row the same bytes may mean something else: the row read back decides.
    replaced = _SYSTEM.sub(rb'\1"developer"', body)
    try:
        if orjson.loads(replaced) != row:
            replaced = orjson.dumps(row) if _survives(body) else body
    except (RecursionError, orjson.JSONEncodeError):  # nested too deep to compare or write
        return body
    done += changes if replaced != body else []
    return replaced


def _survives(body: bytes) -> bool:
    """Whether JSON can be written anew without losing a key or the spelling of a number."""

    def spelled(text: bytes) -> object:
        return json.loads(text, object_pairs_hook=tuple, parse_int=str, parse_float=str)

    try:
        return bool(spelled(body) == spelled(orjson.dumps(orjson.loads(body))))
    except (ValueError, TypeError, RecursionError):
        return False


# Documents --------------------------------------------------------------------------------------


def fix_document(kind: str, value: object, path: str = "") -> tuple[object, list[Change]]:
    """A grader, response format or job as it should be, with what was changed.

    A value that needs no repair comes back as it is.
    """
    if is_deep(value):
        return value, []
    done: Done = []
    fixed = copy.deepcopy(value)
    {"grader": _grader, "response_format": _response_format, "job": _job}[kind](fixed, "", done)
    return (fixed, [Change(path, 0, *change) for change in done]) if done else (value, [])


def _grader(grader: Any, place: str, done: Done) -> None:
    fields = schema.load("grader")["$defs"].get(str(inside(grader).get("type")), {})
    known = inside(fields, "properties")
    if "operation" in known and (better := meant("operations", grader.get("operation"))):
        what = f"operation {grader['operation']!r} became {better!r}"
        done.append((f"{place}/operation", "RFT405", what))
        grader["operation"] = better
    _rename(inside(grader), known, place, done)
    below = inside(known, "sampling_params", "properties")
    _rename(inside(grader, "sampling_params"), below, f"{place}/sampling_params", done)
    texts = {key: part for key, part in inside(grader).items() if key in ("input", "reference")}
    for path, text in list(strings(texts)):
        tight = _BRACES.sub(r"{{\1}}", text)
        if tight != text:
            part = grader
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = tight
            what = "spaces inside template braces were removed"
            done.append((place + pointer(list(path)), "RFT424", what))
    if "graders" in known:
        for key, child in inside(grader, "graders").items():
            _grader(child, place + pointer(["graders", key]), done)


def _rename(value: dict[str, Any], known: Mapping[str, Any], place: str, done: Done) -> None:
    """Give keys the names that are meant, where no other value has the name."""
    for old in [key for key in value if key not in known]:
        new = meant("fields", old)
        if new and new in known and (new not in value or _same(value[old], value[new])):
            done.append((f"{place}/{old}", "RFT401", f"{old!r} became {new!r}"))
            items = [(new if key == old else key, part) for key, part in value.items()]
            value.clear()
            value.update(items)


def _same(one: object, other: object) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _response_format(value: Any, place: str, done: Done) -> None:
    """Nested where it is flat. With a key that belongs to neither form there is no one answer."""
    below = [key for key in inside(value) if key != "type"]
    flat = {"name", "schema", "strict", "description"}.issuperset(below)
    if below and flat and value.get("type") == "json_schema":
        value["json_schema"] = {key: value.pop(key) for key in below}
        done.append((place, "RFT521", f"{', '.join(below)} moved under 'json_schema'"))


def _job(job: Any, _: str, done: Done) -> None:
    kind = inside(job).get("trainingType")
    if isinstance(kind, str) and kind.lower() == "developer":
        job["trainingType"] = "developerTier"
        done.append(("/trainingType", "RFT504", f"{kind!r} became 'developerTier'"))
    own = inside(job, "method").get("reinforcement")
    if not isinstance(own, dict):
        return
    for place, outer in (("", job), ("/method", job["method"])):
        given = outer.get("hyperparameters")
        if isinstance(given, dict) and _same(own.get("hyperparameters", given), given):
            own["hyperparameters"] = outer.pop("hyperparameters")
            what = f"moved to {REINFORCEMENT}/hyperparameters"
            done.append((f"{place}/hyperparameters", "RFT507", what))
    _grader(own.get("grader"), f"{REINFORCEMENT}/grader", done)
    _response_format(own.get("response_format"), f"{REINFORCEMENT}/response_format", done)


def rebuild_job(
    value: object, beside: Mapping[str, object], path: str = ""
) -> tuple[object, list[Change]]:
    """A job with the grader and the response format that are files beside it; the rest stays."""
    method = inside(value, "method")
    own = method.get("reinforcement")
    if not isinstance(value, dict) or not isinstance(own, dict):
        return value, []
    changed = {role: part for role, part in beside.items() if differs(own.get(role), part)}
    what = "became that of the file beside the job"
    changes = [Change(path, 0, f"{REINFORCEMENT}/{role}", "RFT526", what) for role in changed]
    return value | {"method": method | {"reinforcement": own | changed}}, changes
