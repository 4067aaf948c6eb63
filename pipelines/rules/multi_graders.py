"""Family 4, continued: a multi grader's children and its formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.findings import pointer, show
from pipelines.graders import formula
from pipelines.graders.documented import IDENTIFIER, entries, graders
from pipelines.rules.rule import Fault, rule

PLACE = "/calculate_output"


@rule("RFT440", "error", source="OpenAI, graders guide, 2026")
def has_no_multi_inside(grader: Any) -> Iterator[Fault]:
    """A multi grader holds no other multi grader."""
    for place, part in entries(grader):
        if place and isinstance(part, dict) and part.get("type") == "multi":
            remedy = "move its graders up, and its formula into the outer one"
            yield f"{place}/type", "a multi grader inside a multi grader", remedy


@rule("RFT441", "error", source="this pipeline: a hyphen reads as minus")
def has_usable_keys(grader: Any) -> Iterator[Fault]:
    """The keys of a multi grader's `graders` are names that a formula can use."""
    for _, part in graders(grader, "multi"):
        for key in _keys(part):
            if not IDENTIFIER.fullmatch(key):
                message = f"the key {show(key)} is not a plain name"
                yield pointer(["graders", key]), message, "use letters, digits and underscores"


@rule("RFT442", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_formula(grader: Any) -> Iterator[Fault]:
    """`calculate_output` is a formula of names, numbers, + - * / ^ ( ) and eight functions."""
    for _, part in graders(grader, "multi"):
        text = part.get("calculate_output")
        if isinstance(text, str) and text:
            try:
                formula.parse(text)
            except ValueError as error:
                known = ", ".join(formula.FUNCTIONS)
                yield PLACE, f"not a formula: {error}", f"use + - * / ^ ( ) and {known}"


@rule("RFT443", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def names_its_graders(grader: Any) -> Iterator[Fault]:
    """A name in `calculate_output` is a key of `graders`."""
    for part, used in _used(grader):
        children = part["graders"]
        names = {
            child["name"]: key
            for key, child in reversed(children.items())
            if isinstance(child, dict) and isinstance(child.get("name"), str)
        }
        known = show(", ".join(children))[1:-1]
        for name in sorted(used - set(children)):
            if name in names:
                message = f"{show(name)} is the name of the grader {show(names[name])}, not its key"
                yield PLACE, message, f"write {names[name]}"
            else:
                yield PLACE, f"{show(name)} is not a key of graders", f"the keys are {known}"


@rule("RFT444", "warning", source="this pipeline")
def uses_its_graders(grader: Any) -> Iterator[Fault]:
    """Every grader inside a multi grader has a part in `calculate_output`."""
    for part, used in _used(grader):
        if used <= set(part["graders"]):  # else a name is misspelt, and RFT443 says so
            for key in part["graders"]:
                if key not in used:
                    message = "the formula does not use this grader"
                    yield pointer(["graders", key]), message, "add it to the formula, or remove it"


def _keys(part: Mapping[str, Any]) -> list[str]:
    children = part.get("graders")
    return list(children) if isinstance(children, dict) else []


def _used(grader: Any) -> Iterator[tuple[Mapping[str, Any], set[str]]]:
    """A multi grader whose keys and formula are sound, and the names that its formula uses."""
    for _, part in graders(grader, "multi"):
        used = used_names(part)
        if used is not None:
            yield part, used


def used_names(part: Mapping[str, Any]) -> set[str] | None:
    """The names that a multi grader's formula uses; None where keys or formula are not sound."""
    text = part.get("calculate_output")
    keys = _keys(part)
    if not isinstance(text, str) or not keys or not all(map(IDENTIFIER.fullmatch, keys)):
        return None
    try:
        return formula.parse(text)
    except ValueError:
        return None
