"""Families 3 and 7: the fields of a row, what the grader reads of them, rows against each other."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from pipelines.findings import pointer, show
from pipelines.graders.templates import item_fields
from pipelines.io import schema
from pipelines.rules.files import is_not_wrapped
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import by_schema, inside
from pipelines.rules.summary import FileSummary
from pipelines.rules.tables import limit
from pipelines.similarity.latex import balanced

_LEARN = "Learn, reinforcement fine-tuning"
_RESERVED = {"messages", "tools"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def compared_fields(grader: object) -> set[str]:
    """The item fields that a grader, or a child of a multi, compares as text."""
    parts = [grader, *inside(grader, "graders").values()]
    return {
        name
        for part in map(inside, parts)
        if part.get("type") in ("string_check", "text_similarity")
        for name in item_fields([part.get("input"), part.get("reference")])
    }


def answer_fields(grader: object) -> set[str]:
    """The item fields that an answer is held against: those that more than a model grader reads."""
    parts = [grader, *inside(grader, "graders").values()]
    judges = ("score_model", "label_model", "endpoint", "multi")
    own = [part for part in parts if inside(part).get("type") not in judges]
    return {name for part in own for name in item_fields(part)}


@rule("RFT301", "error", source=_LEARN, read="2026-10-07")
def has_graded_fields(item: Mapping[str, Any], graded: tuple[str, ...]) -> Iterator[Fault]:
    """Every row has every field that the grader reads, and none is null.

    A missing field is no error at upload: its reward is lost at run time, or a python grader gives
    0.0 without a word. Two official samples have this fault.
    """
    if next(is_not_wrapped(item, graded), None):
        return  # RFT121 says so
    for field in graded:
        if item.get(field) is None:
            what = "null" if field in item else "absent"
            message = f"the grader reads item.{field}, which is {what}"
            wrapped = field in inside(item, "item")
            remedy = "move it out of 'item', to the top level" if wrapped else "fill the field"
            yield pointer([field]), message, remedy


@rule("RFT302", "error", source="schemas/item.<dataset>.json")
def fits_dataset(item: Mapping[str, Any], dataset: str | None) -> Iterator[Fault]:
    """A row of a prepared dataset has that dataset's fields, with their types."""
    for fault in (
        by_schema(f"item.{dataset}", item) if dataset and schema.exists(f"item.{dataset}") else ()
    ):
        if not fault[0].startswith("/messages"):
            yield fault


@rule("RFT306", "warning", source="undocumented")
def has_no_null(item: Mapping[str, Any], graded: tuple[str, ...]) -> Iterator[Fault]:
    """No field is null."""
    for name, value in item.items():
        if value is None and name not in graded and name not in _RESERVED:
            yield pointer([name]), "the field is null", 'write "" for an unknown value'


@rule("RFT307", "warning", source="undocumented; templates read names of letters, digits and _")
def has_plain_names(item: Mapping[str, Any]) -> Iterator[Fault]:
    """Names of fields are letters, digits and underscores."""
    for name in item:
        if not _NAME.fullmatch(name):
            yield pointer([name]), f"{show(name)} cannot be read by a template", "rename the field"


@rule("RFT310", "warning", source="undocumented: how a template renders numbers and lists")
def has_text_for_templates(item: Mapping[str, Any], compared: tuple[str, ...]) -> Iterator[Fault]:
    """What a grader compares as text is text."""
    for name in compared:
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            yield pointer([name]), f"expected a string, got {show(value)}", "write it as a string"


@rule("RFT311", "warning", source="measured: a quarter of one published set's answers were cut")
def has_whole_references(
    item: Mapping[str, Any], graded: tuple[str, ...], grader: Any
) -> Iterator[Fault]:
    """Braces of what the grader reads pair up: an answer cut at a brace can never be matched.

    Without a grader every text of up to 500 characters is looked at, for any may be a reference.
    """
    longest = limit("reference_length")
    for name in item if grader is None else graded:
        value = item.get(name)
        if not isinstance(value, str) or (grader is None and len(value) > longest):
            continue
        if _is_cut(value):
            message = f"braces do not pair up in {show(value)}"
            yield pointer([name]), message, "take the whole answer"


def _is_cut(text: str) -> bool:
    return ("{" in text or "}" in text or text.endswith("\\")) and not balanced(text)


@rule("RFT303", "warning", source="Microsoft's local check")
def has_fields(file: FileSummary, grader: Any) -> Iterator[Fault]:
    """Rows have a field beside `messages`, for most graders read one."""
    if file.rows and not file.types and grader is None:
        yield "", "no row has a field for a grader to read", "add one, such as reference_answer"


@rule("RFT304", "warning", source="undocumented")
def has_one_type_a_field(file: FileSummary) -> Iterator[Fault]:
    """A field has the same type in every row."""
    for name, kinds in file.types.items():
        known = {kind: seen for kind, seen in kinds.items() if kind != "null"}
        if len(known) > 1:
            rare = min(known, key=lambda kind: known[kind][0])
            counts = ", ".join(f"{kind} {count}" for kind, (count, _) in sorted(known.items()))
            message = f"{show(name)} has several types ({counts}; {rare} first in line"
            yield pointer([name]), f"{message} {known[rare][1]})", "make them one"


@rule("RFT305", "warning", source="Microsoft's local check")
def has_the_same_fields(file: FileSummary, graded: tuple[str, ...]) -> Iterator[Fault]:
    """A field is in every row or in none."""
    rows = sum(count for count, _ in file.shapes.values())
    for name, kinds in file.types.items():
        count = sum(seen for seen, _ in kinds.values())
        if count < rows and name not in graded:
            yield pointer([name]), f"only {count:,} of {rows:,} rows have it", "add or drop it"


@rule("RFT308", "warning", source="Microsoft's local check")
def has_several_references(file: FileSummary, answers: tuple[str, ...]) -> Iterator[Fault]:
    """Not all rows have the same reference, which would teach one answer."""
    same = all(reference == file.references[0] for reference in file.references)
    if file.reference_count > 1 and same:
        fields = ", ".join(answers)
        yield "", f"all rows have the same {fields}", "vary the questions"


@rule("RFT309", "warning", source="Microsoft's local check")
def has_short_references(file: FileSummary) -> Iterator[Fault]:
    """References are at most 500 characters long on average; longer ones want a model grader."""
    if file.reference_count:
        mean = file.reference_length / file.reference_count
        if mean > limit("reference_length"):
            yield "", f"references have {mean:,.0f} characters on average", "use a model grader"


# 7 rows against each other ----------------------------------------------------------------------


@rule("RFT701", "warning", source="no rule of the service; copies skew training")
def has_no_prompt_twice(file: FileSummary, grader: Any) -> Iterator[Fault]:
    """No prompt stands twice in a file.

    Where a model grader alone reads a field, rows that differ in it are not the same: one prompt
    may be judged by several rubrics.
    """
    if again := list(_again(file)):
        count = sum(len(rows) - 1 for rows in again)
        remedy = "keep one of each" + (", or give their grader" if grader is None else "")
        yield "", f"{count:,} rows repeat a prompt ({_first(file, again)})", remedy


@rule("RFT703", "warning", source="no rule of the service; one of the answers is wrong")
def has_one_reference_a_prompt(file: FileSummary, answers: tuple[str, ...]) -> Iterator[Fault]:
    """No prompt has two references."""
    again = _again(file) if answers else ()
    if conflicts := [rows for rows in again if len({file.references[row] for row in rows}) > 1]:
        message = f"{len(conflicts):,} prompts have several answers ({_first(file, conflicts)})"
        yield "", message, "drop them"


def _first(file: FileSummary, groups: list[list[int]]) -> str:
    return f"first: lines {', '.join(str(file.lines[row]) for row in min(groups)[:5])}"


# The prompts of files, each with the file that has it, and the file that is compared with them.
Pair = tuple[Mapping[int, FileSummary], FileSummary]


@rule("RFT702", "error", source="OpenAPI schema: the same data should not be in both files")
def is_apart(pair: Pair) -> Iterator[Fault]:
    """No prompt is both in training and in a file that is held out.

    Documented as advice and not enforced; but a validation score over trained prompts says nothing,
    and `rft audit` fails for it too.
    """
    for what in _shared(pair):
        yield "", f"{what}, which is trained on", "take them out of one of the two"


@rule("RFT704", "warning", source="no rule of the service; which file holds out is not known")
def is_in_one_file(same_side: Pair) -> Iterator[Fault]:
    """No prompt is in two files that are named together."""
    for what in _shared(same_side):
        yield "", what, "keep one of each; if one file is held out, give it with --validation"


@rule("RFT705", "warning", source="Microsoft's local check, which looks at one file alone")
def has_the_fields_of_training(pair: Pair, graded: tuple[str, ...]) -> Iterator[Fault]:
    """A file that is held out has the fields of the training file, and no others."""
    others, file = pair
    trained = {name for other in set(others.values()) for name in other.types} - {*graded}
    held_out = set(file.types) - {*graded}
    for names, where in ((trained - held_out, "training"), (held_out - trained, "held-out")):
        if names and trained | held_out and others:
            fields = show(", ".join(sorted(names)))
            yield "", f"only {where} rows have {fields}", "give both files the same fields"


def _shared(pair: Pair) -> Iterator[str]:
    """How many prompts of a file are in another one, and how many of them with another answer."""
    others, file = pair
    both = array("q", (row for row, prompt in enumerate(file.prompts) if prompt in others))
    if both:
        prompts = {file.prompts[row]: file.references[row] for row in both}
        named = {others[prompt] for prompt in prompts}
        answers = (pair for one in named for pair in zip(one.prompts, one.references, strict=True))
        conflicts = {prompt for prompt, answer in answers if prompts.get(prompt, answer) != answer}
        other = others[file.prompts[both[0]]]
        row = other.prompts.index(file.prompts[both[0]])
        first = f"line {file.lines[both[0]]} is line {other.lines[row]} of {other.name or 'it'}"
        told = f", {len(conflicts):,} of them with another answer" if conflicts else ""
        yield f"{len(both):,} prompts are in another file too{told} (first: {first})"


def _again(file: FileSummary) -> Iterator[list[int]]:
    """The rows, counted from 0, of each prompt that stands in several; in no order of prompts.

    By sorting, which takes 80 MB at a million rows where a table of them takes 200.
    """
    prompt = file.prompts.__getitem__
    if len(set(file.prompts)) < len(file.prompts):
        for _, same in groupby(sorted(range(len(file.prompts)), key=prompt), key=prompt):
            rows = list(same)
            if len(rows) > 1:
                yield rows
