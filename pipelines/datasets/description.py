"""A TOML file that describes a dataset, checked against `schemas/dataset.json`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.findings import BadInput, show
from pipelines.io import schema

# Other words for a key that people write; near spellings are found without a list.
_MEANT = {
    "question": "prompt",
    "reference_answer": "answer",
    "licence": "license",
    "train": "files",
    "system": "instruction",
    "repository": "hub",
    "choices": "options",
    "fields": "keep",
}


def load(path: Path) -> dict[str, Any]:
    """The keys of a description and their values; BadInput with file and key where one is wrong."""
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
        values = tomllib.loads(text)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); see its name") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        message, place = str(error), ""
        if where := re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message):
            message, place = message[: where.start()], f":{where[1] or len(text.splitlines())}"
        raise BadInput(f"{path}{place}: not TOML: {message}; texts need quotes") from None
    fault = next(iter(schema.compiled("dataset").iter_errors(values)), None)
    if fault is not None:
        raise BadInput(f"{path}: {_said(fault.instance_path, values)}")
    if not values.keys() & {"files", "hub", "kaggle"}:
        raise BadInput(f'{path}: says of no file; give files = "train.jsonl", or hub')
    _check_together(path, values)
    return values


def _said(place: list[str | int], values: Mapping[str, Any]) -> str:
    """What the schema finds wrong, as a person would say it."""
    known = schema.load("dataset")["properties"]
    if not place:
        unknown = [key for key in values if key not in known]
        if unknown:
            near = _MEANT.get(unknown[0]) or next(
                iter(get_close_matches(unknown[0], known, n=1)), None
            )
            there = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}"
            return f"{unknown[0]}: unknown key; {there}"
        return 'prompt: is missing; name the column of the question, prompt = "question"'
    key, value = str(place[0]), values[str(place[0])]
    for step in place[1:]:
        value = value[step]
    name = ".".join(map(str, place))
    about = known.get(key, {}).get("description", "")
    return f"{name} = {show(value)}: does not fit; {key} is {about}"


def _check_together(path: Path, values: Mapping[str, Any]) -> None:
    """End the run where two keys do not go together."""
    grader = values.get("grader", "letter" if "options" in values else "math")
    alone = {
        ("answer_pattern", "answer_from"): "give one of them",
    }
    for (one, other), remedy in alone.items():
        if one in values and other in values:
            raise BadInput(f"{path}: {one} and {other}: {remedy}")
    needs = {
        "answer_pattern": "answer",
        "answer_from": "answer",
        "answer_is": "options",
        "revision": "hub",
        "columns": "code",
    }
    for key, needed in needs.items():
        if key in values and needed not in values:
            raise BadInput(f"{path}: {key}: needs {needed} too")
    if pattern := values.get("answer_pattern"):
        try:
            # Groups are counted by the engine that will search: its syntax is Rust's.
            groups = pl.Series([""]).str.extract_groups(pattern).struct.fields
        except pl.exceptions.PolarsError as error:
            first = str(error).strip().splitlines()[-1]
            raise BadInput(f"{path}: answer_pattern = {pattern!r}: {first}") from None
        if not groups:
            raise BadInput(f"{path}: answer_pattern = {pattern!r}: no group; put ( ) around it")
    if not grader.endswith(".json"):
        if grader not in ("math", "letter", "text"):
            near = get_close_matches(grader, ("math", "letter", "text"), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "give math, letter, text or a .json"
            raise BadInput(f"{path}: grader = {grader!r}: there is no such grader; {hint}")
        if "answer" not in values:
            raise BadInput(
                f"{path}: answer: is missing, and the grader {grader!r} needs it; "
                'name its column, or give a grader of your own, grader = "grader.json"'
            )
