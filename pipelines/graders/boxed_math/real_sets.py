"""Sets of real numbers.

A set is the sorted list of the cuts at which one enters and leaves it in turn. A cut is
(rank, number, side): rank −1 and 1 are the infinities, side 0 lies before the number, 1 after.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cmp_to_key

from pipelines.graders.boxed_math.answers import Answer
from pipelines.graders.boxed_math.arithmetic import Number, as_real, order, precision
from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.points import constant
from pipelines.graders.boxed_math.samples import CONSTANTS, INTEGER
from pipelines.graders.boxed_math.trees import Node, negative, steps_of, symbols

Cut = tuple[int, Number, int]
ALL: list[Cut] = [(-1, Fraction(0), 0), (1, Fraction(0), 0)]


def _cut_order(a: Cut, b: Cut) -> int:
    if a[0] or b[0]:
        return a[0] - b[0]
    return order(a[1], b[1]) or a[2] - b[2]


def _merge(a: list[Cut], b: list[Cut], both: bool) -> list[Cut]:
    """The intersection of two sets, or their union."""
    cuts: list[Cut] = []
    inside = [False, False]
    places = [0, 0]
    sets = (a, b)
    while places[0] < len(a) or places[1] < len(b):
        ahead = [each[place] for each, place in zip(sets, places, strict=True) if place < len(each)]
        cut = min(ahead, key=cmp_to_key(_cut_order))
        before = all(inside) if both else any(inside)
        for index, each in enumerate(sets):
            if places[index] < len(each) and _cut_order(each[places[index]], cut) == 0:
                inside[index] = not inside[index]
                places[index] += 1
        if (all(inside) if both else any(inside)) != before:
            cuts.append(cut)
    return cuts


def without(cuts: list[Cut]) -> list[Cut]:
    """The complement: one enters where one left."""
    start, end = ALL
    inner = [cut for cut in cuts if not cut[0]]
    left = [] if cuts and cuts[0][0] < 0 else [start]
    return left + inner + ([] if cuts and cuts[-1][0] > 0 else [end])


def _bound(node: Node, side: int) -> Cut:
    if node[0] == "inf":
        return (node[1], Fraction(0), 0)
    if node[0] != "qty":
        raise Unreadable
    value = constant(node[1], True, 60) if symbols(node) <= CONSTANTS else None
    if value is None:
        raise Unreadable
    return (0, value if isinstance(value, Fraction) else as_real(value), side)


def _between(low: Cut, high: Cut) -> list[Cut]:
    return [low, high] if _cut_order(low, high) < 0 else []


def _cuts(node: Node) -> tuple[str, list[Cut]]:
    """A value as a set of real numbers, with the variable that it is said of."""
    kind = node[0]
    if kind == "reals":
        return "", ALL
    if kind == "empty":
        return "", []
    if kind == "tuple" and len(node) == 5:
        interval = _between(_bound(node[3], node[1] == "("), _bound(node[4], node[2] == "]"))
        if not interval:
            raise Unreadable  # (4, 3) is a point
        return "", interval
    if kind == "set":
        points: list[Cut] = []
        for each in node[1:]:
            points = _merge(points, [_bound(each, 0), _bound(each, 1)], both=False)
        return "", points
    if kind in ("cup", "cap", "minus"):
        first, *others = (
            _cuts(("set", each) if each[0] == "qty" else each)[1] for each in node[1:]
        )
        for cuts in others:
            first = _merge(first, without(cuts) if kind == "minus" else cuts, kind != "cup")
        return "", first
    if kind != "rel":
        raise Unreadable
    return _solved(node)


def _solved(node: Node) -> tuple[str, list[Cut]]:
    """The set that a relation describes where one side of each step is x or |x|."""
    total = ALL
    names = set()
    for sign, left, right in steps_of(node):
        if sign == "in":
            names.add(_variable(left))
            total = _merge(total, _cuts(right)[1], both=True)
            continue
        turned = left[0] == "inf" or symbols(left) <= CONSTANTS
        unknown, known = (right, left) if turned else (left, right)
        strict = sign in ("<", "!=")
        if unknown[0] == "qty" and unknown[1][:2] == ("fn", "abs"):
            unknown = ("qty", unknown[1][2], unknown[2])
            if sign not in ("<", "<=") or known[0] != "qty":
                raise Unreadable
            inner = strict is not turned  # |x| < 2 and 2 <= |x| are told by (−2, 2)
            opposite = ("qty", negative(known[1]), known[2])
            cuts = _between(_bound(opposite, inner), _bound(known, not inner))
            cuts = without(cuts) if turned else cuts
        elif sign in ("=", "!="):
            cuts = [_bound(known, 0), _bound(known, 1)]
            cuts = without(cuts) if strict else cuts
        elif turned:
            cuts = _between(_bound(known, strict), ALL[1])
        else:
            cuts = _between(ALL[0], _bound(known, not strict))
        names.add(_variable(unknown))
        total = _merge(total, cuts, both=True)
    if len(names) != 1:
        raise Unreadable
    return names.pop(), total


def _variable(node: Node) -> str:
    """The variable that a set is said of; one that takes only whole numbers is none."""
    if node[0] != "qty" or node[1][0] != "sym" or symbols(node) <= CONSTANTS | {INTEGER}:
        raise Unreadable
    return str(node[1][1])


def real_set(answer: Answer) -> tuple[str, list[Cut]] | None:
    """An answer as one set of real numbers. Conditions hold together if they can, else in turn."""
    kind, names, values = answer
    try:
        with precision(60):
            described = [_cuts(value) for value in values]
            if kind:
                described = [(_variable(names[0]), cuts) for _, cuts in described]
            variables = {variable for variable, _ in described}
            if kind == "each" or len(variables) != 1:
                return None
            together = ALL
            in_turn: list[Cut] = []
            for _, cuts in described:
                together = _merge(together, cuts, both=True)
                in_turn = _merge(in_turn, cuts, both=False)
            if together and all(value[0] == "rel" for value in values):
                return variables.pop(), together
            if len(in_turn) < sum(len(cuts) for _, cuts in described):
                return None  # "(2, 9), (3, 4)" is more than one set
            return variables.pop(), in_turn
    except (Unreadable, ArithmeticError):
        return None


def same_set(a: tuple[str, list[Cut]], b: tuple[str, list[Cut]]) -> bool:
    """Whether two sets are the same and said of the same variable, where both name one."""
    if (a[0] and b[0] and a[0] != b[0]) or len(a[1]) != len(b[1]):
        return False
    with precision(60):
        return not any(map(_cut_order, a[1], b[1]))


def is_set(answer: Answer) -> bool:
    """Whether an answer can only be a set: a union, an inequality, an infinite interval."""
    return any(
        value[0] in ("cup", "cap", "minus", "reals", "empty", "rel")
        or (
            value[0] == "tuple"
            and len(value) == 5
            and (value[1] + value[2] in ("(]", "[)") or "inf" in (value[3][0], value[4][0]))
        )
        for value in answer[2]
    )
