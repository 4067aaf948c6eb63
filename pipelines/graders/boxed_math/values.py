"""The tokens of one value as a tree: a relation, a set, a tuple, a matrix, a ratio, a quantity."""

from __future__ import annotations

import re

from pipelines.graders.boxed_math.bounds import MAX_CHAIN, MAX_DEPTH, MAX_VALUES, Unreadable
from pipelines.graders.boxed_math.brackets import closing, joined, split
from pipelines.graders.boxed_math.expressions import Parser
from pipelines.graders.boxed_math.tokens import OPENING, Token
from pipelines.graders.boxed_math.trees import Node, either
from pipelines.graders.boxed_math.words import words_of

_TIME = re.compile(r"(\d{1,2})(?::([0-5]\d))?([ap])\.?m\.?")
_RELATIONS = frozenset(("=", "<", ">", "<=", ">=", "!=", "in"))


def read_item(part: list[Token], depth: int) -> Node:
    """One of the values of an answer: a relation, a value, or text."""
    about, signs = split(part, ("approx",))
    if signs:  # what is rounded is not the answer, unless only its name stands before it
        exact, rounded = about[0], about[1]
        named = exact and not split(exact, _RELATIONS)[1] and is_name(read_entry(exact, depth))
        part = [*exact, ("sign", "="), *rounded] if named else exact or rounded
    sides, signs = split(part, _RELATIONS)
    if not signs:
        return read_entry(part, depth)
    if len(sides) > MAX_CHAIN:
        raise Unreadable
    values = []
    for side in sides:
        try:
            values.append(read_entry(side, depth))
        except Unreadable:
            if not side or {*signs} != {"="} or values:
                raise
            values.append(words_of(side))  # "Area = 5"
    return ("rel", tuple(signs), tuple(values))


def read_entry(part: list[Token], depth: int) -> Node:
    """One value: a set, a union, a tuple, a matrix, a ratio, a numeral or a quantity."""
    if depth > MAX_DEPTH or not part:
        raise Unreadable
    if part[0][0] == "number" and len(part) > 1 and (node := _time(part)):
        return node
    parts, signs = split(part, ("cup", "cap", "minus", ":"))
    if signs:
        return _joined(part, parts, signs, depth)
    texts = [text for _, text in part]
    if texts in (["∞"], ["+", "∞"], ["-", "∞"]):
        return ("inf", -1 if texts[0] == "-" else 1)
    if texts == ["ℝ"]:
        return ("reals",)
    if texts in (["∅"], ["\\{", "\\}"]):
        return ("empty",)
    if texts == ["…"]:
        return ("qty", ("sym", "…"), "")
    kind, text = part[0]
    if kind == "begin" and closing(part, 0) == len(part) - 1:
        return _matrix(part[1:-1], text, depth)
    if kind == "sign" and text in ("(", "[", "⟨", "\\{") and closing(part, 0) == len(part) - 1:
        inner, close = part[1:-1], part[-1][1]
        if text == "\\{":
            return _set(inner, close, depth)
        items = split(inner, ",;")[0]
        if len(items) > MAX_VALUES:
            raise Unreadable
        if len(items) > 1:
            return ("tuple", text, close, *(read_item(each, depth + 1) for each in items))
        if close == OPENING[text]:
            return read_item(inner, depth + 1)
    return Parser(part, depth).quantity()


def _joined(part: list[Token], parts: list[list[Token]], signs: list[str], depth: int) -> Node:
    """A union and its like, or a ratio."""
    if len(set(signs)) > 1 or (signs[0] == "minus" and len(parts) > 2):
        raise Unreadable
    if signs[0] == ":":
        clock = len(part) == 3 and len(part[2][1]) == 2 and part[2][1] < "60"
        return ("ratio", clock, *(Parser(each, depth).whole() for each in parts))
    return (signs[0], *(read_entry(each, depth + 1) for each in parts))


def _set(inner: list[Token], close: str, depth: int) -> Node:
    """The values of a set in braces, or the conditions of one as {x | x > 2}."""
    if close != "\\}":
        raise Unreadable
    given, signs = split(inner, "|:")
    if len(signs) == 1 and given[0] and given[0][0][0] == "symbol":
        if given[0][1:] not in ([], [("sign", "in"), ("sign", "ℝ")]):
            raise Unreadable
        inner = given[1]
        return ("list", *(read_item(each, depth + 1) for each in split(inner, (",", "and"))[0]))
    items = split(inner, ",;")[0]
    if len(items) > MAX_VALUES:
        raise Unreadable
    return ("set", *(node for each in items for node in either(read_item(each, depth + 1))))


def _time(part: list[Token]) -> Node | None:
    """A time of day with a.m. or p.m., in minutes."""
    said = _TIME.fullmatch(joined(part).casefold()) if len(part) < 10 else None
    if said is None or not 1 <= int(said[1]) <= 12:
        return None
    return ("time", int(said[1]) % 12 * 60 + int(said[2] or 0) + 720 * (said[3] == "p"))


def _matrix(inner: list[Token], name: str, depth: int) -> Node:
    if name not in ("matrix", "pmatrix", "bmatrix", "array"):
        raise Unreadable
    if name == "array" and inner and inner[0] == ("sign", "{"):
        inner = inner[closing(inner, 0) + 1 :]
    rows = [split(row, "&")[0] for row in split(inner, (";;",))[0] if row]
    if len({len(row) for row in rows}) != 1:
        raise Unreadable
    return ("matrix", *(tuple(read_entry(cell, depth + 1) for cell in row) for row in rows))


def is_name(node: Node) -> bool:
    """Whether a value can be what is sought: x, |AB|, f(x), (x, y), "Area"."""
    match node:
        case ("qty", ("sym", name) | ("fn", "abs", ("sym", name)), ""):
            return name not in ("π", "…")
        case ("qty", ("call", _, *given), ""):
            return all(each[0] == "sym" for each in given)
        case ("tuple", _, _, *entries):
            return all(map(is_name, entries))
        case ("ratio", _, *sides):
            return all(side[0] == "sym" for side in sides)
    return bool(node[0] == "text")
