"""Repairs that have exactly one right answer: each is listed, what is given is never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipelines.findings import pointer
from pipelines.rules.request import REINFORCEMENT, differs

# The rules that ask for the repairs.
BOM, CARRIAGE_RETURN, BLANK_LINE, FINAL_NEWLINE = "RFT104", "RFT105", "RFT106", "RFT107"
SYSTEM_ROLE = "RFT202"
OPERATION, SCORE_MODEL_KEY, SPACE_IN_BRACES = "RFT405", "RFT401", "RFT424"
TRAINING_TYPE, HYPERPARAMETERS, FLAT_FORMAT = "RFT504", "RFT507", "RFT521"
BESIDE = "RFT526"

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_SYSTEM = re.compile(rb'("role"[ \t]*:[ \t]*)"system"')
_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_ROOT = re.compile(r"(item|sample)\b")
# Documents nest a few levels; what goes deeper is left as it is.
_DEPTH = 100
_NESTED = {dict, list}


@dataclass(frozen=True, slots=True)
class Change:
    """One repair in one place; `line` counts from 1 and is 0 in a document."""

    path: str
    line: int
    pointer: str
    code: str
    what: str


# Pointer, code and text of each change so far.
Done = list[tuple[str, str, str]]

# Lines ------------------------------------------------------------------------------------------


def fix_lines(lines: Iterable[bytes], path: str) -> Iterator[tuple[bytes, list[Change]]]:
    """Each line as it should be, with what was changed; a dropped line is empty.

    A role is replaced where it stands, so that the rest of the line keeps its bytes.
    """
    first = True
    for number, line in enumerate(lines, 1):
        done: Done = []
        body = line
        while first and body.startswith(_BOM):
            body = body.removeprefix(_BOM)
            done.append(("", BOM, "the byte-order mark was removed"))
        if not body.strip(_BLANK):
            if line:
                done.append(("", BLANK_LINE, "a blank line was dropped"))
            yield b"", [Change(path, number, *change) for change in done]
            continue
        first = False
        ended = body.endswith(b"\n")
        body = body.removesuffix(b"\n")
        if body.endswith(b"\r"):
            body = body.rstrip(b"\r")
            done.append(("", CARRIAGE_RETURN, "the line end became LF"))
        elif not ended:
            done.append(("", FINAL_NEWLINE, "a final newline was added"))
        body, places = _without_system(body)
        done += [(place, SYSTEM_ROLE, "role 'system' became 'developer'") for place in places]
        yield body + b"\n", [Change(path, number, *change) for change in done]


def _without_system(body: bytes) -> tuple[bytes, list[str]]:
    """A row without the role, and the pointers of the roles that were changed."""
    if b"system" not in body and rb"\u00" not in body:
        return body, []
    try:
        row = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body, []
    messages = row.get("messages") if isinstance(row, dict) else None
    places = []
    for index, message in enumerate(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "system":
            message["role"] = "developer"
            places.append(f"/messages/{index}/role")
    if not places:
        return body, []
    # Elsewhere in the row the same bytes may mean something else: the row read back decides.
    replaced = _SYSTEM.sub(rb'\1"developer"', body)
    try:
        if orjson.loads(replaced) == row:
            return replaced, places
        return (orjson.dumps(row), places) if _survives(body) else (body, [])
    except (RecursionError, orjson.JSONEncodeError):  # nested too deep to compare or write
        return body, []


def _survives(body: bytes) -> bool:
    """Whether JSON can be written anew without losing a key or the spelling of a number."""

    def number(kind: type[int] | type[float]) -> Callable[[str], object]:
        def check(text: str) -> object:
            if orjson.dumps(kind(text)).decode() != text:
                raise ValueError(text)
            return None

        return check

    def pairs(items: list[tuple[str, object]]) -> None:
        if len(dict(items)) != len(items):
            raise ValueError("a key twice")

    try:
        json.loads(body, object_pairs_hook=pairs, parse_int=number(int), parse_float=number(float))
    except (ValueError, TypeError, RecursionError):
        return False
    return True


# Documents --------------------------------------------------------------------------------------


def fix_document(kind: str, value: object, path: str = "") -> tuple[object, list[Change]]:
    """A grader, response format or job as it should be, with what was changed.

    A value that needs no repair comes back as it is; a repaired one shares its sound parts.
    """
    repair = {"grader": _grader, "response_format": _response_format, "job": _job}.get(kind)
    if repair is None or is_deep(value):
        return value, []
    done: Done = []
    fixed = repair(value, "", done)
    return (fixed, [Change(path, 0, *change) for change in done]) if done else (value, [])


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


def _grader(value: Any, place: str, done: Done) -> Any:
    if not isinstance(value, dict):
        return value
    grader = dict(value)
    if grader.get("type") == "string_check" and grader.get("operation") == "neq":
        grader["operation"] = "ne"
        done.append((f"{place}/operation", OPERATION, "operation 'neq' became 'ne'"))
    if grader.get("type") == "score_model":
        grader = _renamed(grader, "sampling_parameters", "sampling_params", place, done)
        params = grader.get("sampling_params")
        if isinstance(params, dict):
            below = f"{place}/sampling_params"
            grader["sampling_params"] = _renamed(
                params, "max_completion_tokens", "max_completions_tokens", below, done
            )
    for key in ("input", "reference"):
        if key in grader:
            grader[key] = _templates(grader[key], f"{place}/{key}", done)
    if grader.get("type") == "multi" and isinstance(grader.get("graders"), dict):
        grader["graders"] = {
            key: _grader(child, place + pointer(["graders", key]), done)
            for key, child in grader["graders"].items()
        }
    return grader


def _renamed(value: dict[str, Any], old: str, new: str, place: str, done: Done) -> dict[str, Any]:
    """The object with a key renamed in its place, unless another value has the new name."""
    if old not in value or (new in value and not _same(value[old], value[new])):
        return value
    done.append((f"{place}/{old}", SCORE_MODEL_KEY, f"{old!r} became {new!r}"))
    if new in value:
        return {key: part for key, part in value.items() if key != old}
    return {new if key == old else key: part for key, part in value.items()}


def _same(one: object, other: object) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _templates(value: Any, place: str, done: Done) -> Any:
    """Text, or messages of text, without spaces inside template braces."""
    if isinstance(value, list):
        return [_templates(part, f"{place}/{index}", done) for index, part in enumerate(value)]
    if isinstance(value, dict):
        return {key: _templates(part, place + pointer([key]), done) for key, part in value.items()}
    if not isinstance(value, str):
        return value
    text = _BRACES.sub(_tight, value)
    if text != value:
        done.append((place, SPACE_IN_BRACES, "spaces inside template braces were removed"))
    return text


def _tight(match: re.Match[str]) -> str:
    name = match[1].strip()
    return f"{{{{{name}}}}}" if _ROOT.match(name) else match[0]


def _response_format(value: Any, place: str, done: Done) -> Any:
    """Nested where it is flat. With a key that belongs to neither form there is no one answer."""
    inner = {"name", "schema", "strict", "description"}
    if not isinstance(value, dict) or value.get("type") != "json_schema":
        return value
    below = {key: part for key, part in value.items() if key != "type"}
    if not below or not inner >= below.keys():
        return value
    done.append((place, FLAT_FORMAT, f"{', '.join(below)} moved under 'json_schema'"))
    return {"type": "json_schema", "json_schema": below}


def _job(value: Any, _: str, done: Done) -> Any:
    if not isinstance(value, dict):
        return value
    job = dict(value)
    kind = job.get("trainingType")
    if isinstance(kind, str) and kind.lower() == "developer":
        job["trainingType"] = "developerTier"
        done.append(("/trainingType", TRAINING_TYPE, f"{kind!r} became 'developerTier'"))
    method = job.get("method")
    inner = method.get("reinforcement") if isinstance(method, dict) else None
    if not isinstance(method, dict) or not isinstance(inner, dict):
        return job
    inner = dict(inner)
    given = job.get("hyperparameters")
    if isinstance(given, dict) and (
        "hyperparameters" not in inner or _same(inner["hyperparameters"], given)
    ):
        inner["hyperparameters"] = job.pop("hyperparameters")
        what = "moved to /method/reinforcement/hyperparameters"
        done.append(("/hyperparameters", HYPERPARAMETERS, what))
    for key, repair in (("grader", _grader), ("response_format", _response_format)):
        if key in inner:
            inner[key] = repair(inner[key], f"/method/reinforcement/{key}", done)
    job["method"] = {**method, "reinforcement": inner}
    return job


def rebuild_job(
    value: object, beside: Mapping[str, object], path: str = ""
) -> tuple[object, list[Change]]:
    """A job with the grader and the response format that are files beside it; the rest stays."""
    method = value.get("method") if isinstance(value, dict) else None
    inner = method.get("reinforcement") if isinstance(method, dict) else None
    if not isinstance(value, dict) or not isinstance(method, dict) or not isinstance(inner, dict):
        return value, []
    changed = {role: part for role, part in beside.items() if differs(inner.get(role), part)}
    what = "became that of the file beside the job"
    changes = [Change(path, 0, f"{REINFORCEMENT}/{role}", BESIDE, what) for role in changed]
    return value | {"method": method | {"reinforcement": inner | changed}}, changes
