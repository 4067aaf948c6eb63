"""What rules that make answers from references have in common: the registry, and how they read.

A rule is a function from a reference to answers, empty where it does not apply. The rules know
nothing of the grader: they work on the text, and sympy expands and factors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

Rule = Callable[[str], Iterator[str]]
EQUAL: dict[str, Rule] = {}
DIFFERENT: dict[str, Rule] = {}

NUMBER = re.compile(r"(?<![\d.\\])-?\d+(?:\.\d+)?(?![\d.])")
INTEGER = re.compile(r"-?(0|[1-9]\d*)")
DECIMAL = re.compile(r"-?\d*\.\d+")
FRACTION = re.compile(r"(-?)\\d?frac\s*(?:\{(\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d))")
POLYNOMIAL = re.compile(r"[-+()\s\da-hj-zA-Z^]*[a-hj-zA-Z][-+()\s\da-hj-zA-Z^]*")
ROOT = re.compile(r"(\d*)\s*\\sqrt\s*(?:\{(\d+)\}|(\d))")
TUPLE = re.compile(r"(?:\\left)?\((.*,.*?)(?:\\right)?\)")
INTERVAL = re.compile(r"([(\[])\s*(-?\\?\w+)\s*,\s*([+-]?\\?\w+)\s*([)\]])")
WORD = re.compile(r"(?:\\text\{)?([A-Za-z]{3,})\}?")


def equal(rule: Rule) -> Rule:
    """A rule whose answers mean what the reference means."""
    EQUAL[rule.__name__] = rule
    return rule


def different(rule: Rule) -> Rule:
    """A rule whose answers are wrong."""
    DIFFERENT[rule.__name__] = rule
    return rule


def fraction_of(reference: str) -> Fraction | None:
    """The value of a LaTeX fraction of whole numbers; None where it is another text."""
    found = FRACTION.fullmatch(reference)
    if not found:
        return None
    value = Fraction(int(found[2] or found[3]), int(found[4] or found[5]))
    return -value if found[1] else value


def parts_of(reference: str) -> list[str]:
    """The entries of a list or the inside of a tuple: split at commas outside brackets."""
    parts, depth = [""], 0
    for sign in reference:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def is_list(reference: str) -> bool:
    """Whether a reference is several values, and not a number with thousands' commas."""
    thousands = re.search(r"\d,(\\!)?\s*\d{3}(?!\d)", reference) and ", " not in reference
    return len(parts_of(reference)) > 1 and not thousands


def plain(reference: str) -> bool:
    """Whether a reference is one expression: no relation, list, unit, word or single letter."""
    names = r"text|mbox|begin|cup|in\b|[lg]eq|pm|circ|[$%]|infty|.?dots"
    letters = re.sub(r"\\[a-zA-Z]+", "", reference)
    return not (
        re.search(rf"[=<>,;:%$_]|\\(?:{names})", reference)
        or re.search(r"[^\W\d_]{3}|No", letters)
        or re.fullmatch(r"\W*[^\W\d_]\W*", reference)
    )
