"""The tokens of one value as a tree: a relation, a set, a tuple, a matrix, a ratio, a quantity."""

from __future__ import annotations

import re
from fractions import Fraction

from pipelines.graders.boxed_math.bounds import MAX_CHAIN, MAX_DEPTH, MAX_VALUES, Unreadable
from pipelines.graders.boxed_math.brackets import closing, joined, split
from pipelines.graders.boxed_math.declarations import INTEGER, without_declaration
from pipelines.graders.boxed_math.expressions import Parser
from pipelines.graders.boxed_math.spelling import spaced
from pipelines.graders.boxed_math.tokens import OPENING, Token
from pipelines.graders.boxed_math.trees import MINUS_ONE, Node, either
from pipelines.graders.boxed_math.units import is_unit, unit_name
from pipelines.graders.boxed_math.words import words_of

_IF = [("word", word) for word in ("if", "for", "when", "where", "If", "For", "When")]
_TIME = re.compile(r"(\d{1,2})(?::([0-5]\d))?([ap])\.?m\.?")
_RELATIONS = frozenset(("=", "<", ">", "<=", ">=", "!=", "in"))
_BASES = {
    name: str(base)
    for base, name in enumerate(spaced("two three four five six seven eight nine ten"), start=2)
}


def read_item(part: list[Token], depth: int) -> Node:
    """One of the values of an answer: a relation, a value, or text."""
    about, signs = split(part, ("approx",))
    if signs:  # what is rounded is not the answer, unless only its name stands before it
        exact, rounded = about[0], about[1]
        named = exact and not split(exact, _RELATIONS)[1] and is_name(read_entry(exact, depth))
        part = [*exact, ("sign", "="), *rounded] if named else exact or rounded
    sides, signs = split(part, _RELATIONS)
    if not signs:
        if _is_point(part):
            name = ("qty", ("sym", part[0][1]), "")
            return ("rel", ("=",), (name, read_entry(part[1:], depth)))
        return read_entry(part, depth)
    if len(sides) > MAX_CHAIN:
        raise Unreadable
    values = []
    for side in sides:
        try:
            values.append(read_entry(side, depth))
        except Unreadable:
            if not side or signs != ["="] or values:
                raise
            values.append(words_of(side))  # "Area = 5"
    return ("rel", tuple(signs), tuple(values))


def _is_point(part: list[Token]) -> bool:
    """Whether tokens are F(1, 0)."""
    if len(part) < 6 or not part[0][1].isupper() or part[1] != ("sign", "("):
        return False
    return closing(part, 1) == len(part) - 1 and len(split(part[2:-1], ",;")[0]) > 1


def read_entry(part: list[Token], depth: int) -> Node:
    """One value: a set, a union, a tuple, a matrix, a ratio, a numeral or a quantity."""
    if depth > MAX_DEPTH or not part:
        raise Unreadable
    if part[0][0] == "number" and len(part) > 1 and (node := _time(part) or _compound(part)):
        return node
    parts, signs = split(part, ("cup", "cap", "minus", ":", "mod"))
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
        inner = part[1:-1]
        return _cases(inner, depth) if text == "cases" else _matrix(inner, text, depth)
    if part[-1][0] == "end" and (at := _begins(part)):
        return _scaled(part[:at], read_entry(part[at:], depth + 1), depth)
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
    if kind == "number" and len(part) > 2 and part[1][1] == "_":
        base = [text for kind, text in part[2:] if kind in ("number", "word")]
        if len(base) == 1 and len(part) in (3, 5):
            return ("numeral", text, _BASES.get(base[0], base[0]))
    return Parser(part, depth).quantity()


def _joined(part: list[Token], parts: list[list[Token]], signs: list[str], depth: int) -> Node:
    """A union and its like, a ratio, or a residue class: 9 (mod 11)."""
    if len(set(signs)) > 1 or (signs[0] in ("minus", "mod") and len(parts) > 2):
        raise Unreadable
    if signs[0] == "mod":
        return ("class", *(Parser(each, depth).whole() for each in parts))
    if signs[0] == ":":
        clock = len(part) == 3 and len(part[2][1]) == 2 and part[2][1] < "60"
        return ("ratio", clock, *(Parser(each, depth).whole() for each in parts))
    return (signs[0], *(read_entry(each, depth + 1) for each in parts))


def _set(inner: list[Token], close: str, depth: int) -> Node:
    """The values of a set in braces, or the conditions of one as {x | x > 2}."""
    if close != "\\}":
        raise Unreadable
    given, signs = split(inner, "|:")
    if len(signs) == 1:  # {π/4 + kπ | k ∈ Z}, {x | x = π/4 + kπ, k ∈ Z}
        told = without_declaration([*given[0], ("sign", ","), *given[1]])
        if ("symbol", INTEGER) in told:
            parts = split(told, ",")[0]
            named = len(parts) > 1 and len(parts[0]) == 1
            return ("list", *(read_item(each, depth + 1) for each in parts[named:]))
    if len(signs) == 1 and given[0] and given[0][0][0] == "symbol":
        if given[0][1:] not in ([], [("sign", "in"), ("sign", "ℝ")]):
            raise Unreadable
        inner = given[1]
        return ("list", *(read_item(each, depth + 1) for each in split(inner, (",", "and"))[0]))
    items = split(inner, ",;")[0]
    if len(items) > MAX_VALUES:
        raise Unreadable
    return ("set", *(node for each in items for node in either(read_item(each, depth + 1))))


def _cases(inner: list[Token], depth: int) -> Node:
    """A function by cases, or the equations of a system that stand in columns."""
    rows = [split(row, "&")[0] for row in split(inner, (";;",))[0] if row]
    if any(len(row) > 1 and row[1][:1] and row[1][0][1] in _RELATIONS for row in rows):
        rows = [[[token for cell in row for token in cell]] for row in rows]
    cells = [[_stripped(cell) for cell in row if _stripped(cell)] for row in rows]
    if all(len(row) == 1 for row in cells):
        return ("list", *(read_item(row[0], depth + 1) for row in cells))
    if any(len(row) != 2 for row in cells) or len(cells) > MAX_CHAIN:
        raise Unreadable
    return (
        "cases",
        *(("case", read_entry(row[0], depth + 1), _condition(row[1], depth)) for row in cells),
    )


def _stripped(cell: list[Token]) -> list[Token]:
    """A cell without the comma behind it and without a first "if"."""
    while cell and cell[-1][1] in (",", ".", ";"):
        cell = cell[:-1]
    while cell and cell[0] in _IF:
        cell = cell[1:]
    return cell


def _condition(part: list[Token], depth: int) -> Node:
    if len(part) == 1 and part[0][1].casefold() in ("otherwise", "else", "elsewhere"):
        return ("otherwise",)
    try:
        items = split(part, (",", "and", "or"))[0]
        return ("list", *(read_item(item, depth + 1) for item in items))
    except Unreadable:
        return ("list", words_of(part))


def _begins(part: list[Token]) -> int:
    """Where the matrix begins that ends a text; 0 where there is none, or more than one."""
    places = [place for place, (kind, _) in enumerate(part) if kind == "begin"]
    return places[0] if len(places) == 1 else 0


def _scaled(factor: list[Token], matrix: Node, depth: int) -> Node:
    """A matrix times a number that stands before it."""
    if matrix[0] != "matrix":
        raise Unreadable
    if factor[-1] == ("sign", "*"):
        factor = factor[:-1]
    scale: Node = MINUS_ONE if factor == [("sign", "-")] else Parser(factor, depth + 1).whole()
    rows = matrix[1:]
    if any(cell[0] != "qty" for row in rows for cell in row):
        raise Unreadable
    return ("matrix", *(tuple(("qty", ("mul", scale, c[1]), c[2]) for c in row) for row in rows))


def _time(part: list[Token]) -> Node | None:
    """A time of day with a.m. or p.m., in minutes."""
    said = _TIME.fullmatch(joined(part).casefold()) if len(part) < 10 else None
    if said is None or not 1 <= int(said[1]) <= 12:
        return None
    return ("time", int(said[1]) % 12 * 60 + int(said[2] or 0) + 720 * (said[3] == "p"))


def _compound(part: list[Token]) -> Node | None:
    """1 hour 30 minutes, as its parts."""
    numbers, units = part[::2], part[1::2]
    if len(part) < 4 or len(part) % 2 or any(kind != "number" for kind, _ in numbers):
        return None
    if any(kind == "sign" or not is_unit(text) for kind, text in units):
        return None
    parts = zip(numbers, units, strict=True)
    return (
        "list",
        *(("qty", ("num", Fraction(n)), unit_name(unit)) for (_, n), (_, unit) in parts),
    )


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
            return name not in ("π", "i", "…")
        case ("qty", ("call", _, *given), ""):
            return all(each[0] == "sym" for each in given)
        case ("tuple", _, _, *entries):
            return all(map(is_name, entries))
    return bool(node[0] == "text")
