"""Functions that are told piece by piece: `x` where x ≥ 0, `−x` where x < 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from pipelines.graders.boxed_math.arithmetic import precision
from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.real_sets import (
    ALL,
    Cut,
    intersection,
    real_set,
    same_set,
    without,
)
from pipelines.graders.boxed_math.trees import MINUS_ONE, Node, paired, renamed

Same = Callable[[Node, Node], bool]

_OTHERWISE: Node = ("otherwise",)
_SQUARE: Node = ("pow", ("sym", "u"), ("num", Fraction(2)))


def same_cases(reference: Node, answer: Node, same: Same) -> bool:
    """Whether two functions are the same, of which one at least is told by cases.

    Where all conditions are sets of real numbers: whether the values are the same wherever a piece
    of one meets a piece of the other, and all pieces together cover the same numbers; a function
    without cases is one piece, everywhere. Else the cases must pair off.
    """
    try:
        with precision(60):
            variable = _common_variable(reference, answer)
            return _same_pieces(_pieces(reference), _pieces(answer), variable, same)
    except (Unreadable, ArithmeticError):
        pass
    return reference[0] == answer[0] and paired(
        reference[1:], answer[1:], lambda a, b: same(a[1], b[1]) and _same_condition(a, b, same)
    )


def _same_condition(this: Node, that: Node, same: Same) -> bool:
    """Whether two cases hold under the same conditions."""
    if _OTHERWISE in (this[2], that[2]):
        return bool(this[2] == that[2])
    sets = _holding(this), _holding(that)
    if sets[0] and sets[1]:
        return same_set(sets[0], sets[1])
    these, those = this[2][1:], that[2][1:]
    return len(these) == len(those) and all(any(same(a, b) for b in those) for a in these)


def _holding(case: Node) -> tuple[str, list[Cut]] | None:
    return real_set(("", (), case[2][1:]))


def _common_variable(*functions: Node) -> str:
    """The one variable of all conditions; Unreadable where there is none or another."""
    cases = [case for node in functions if node[0] == "cases" for case in node[1:]]
    sets = [_holding(case) for case in cases if case[2] != _OTHERWISE]
    names = {each[0] for each in sets if each}
    if None in sets or len(names) != 1:
        raise Unreadable
    return names.pop()


def _pieces(function: Node) -> list[tuple[Node, list[Cut]]]:
    """The values of a function, each with the set on which it has it."""
    if function[0] != "cases":
        return [(function, ALL)]
    rest = ALL
    pieces = []
    for case in function[1:]:
        described = _holding(case) if case[2] != _OTHERWISE else ("", rest)
        if described is None:
            raise Unreadable
        pieces.append((case[1], described[1]))
        rest = intersection(rest, without(described[1]))
    return pieces


def _same_pieces(
    these: Sequence[tuple[Node, list[Cut]]],
    those: Sequence[tuple[Node, list[Cut]]],
    variable: str,
    same: Same,
) -> bool:
    for one, other in ((these, those), (those, these)):
        covered = without([])
        for _, cuts in other:
            covered = intersection(covered, without(cuts))
        if any(intersection(cuts, covered) for _, cuts in one):
            return False
    return all(
        same(renamed(value, {("sym", variable): place}), renamed(other, {("sym", variable): place}))
        for value, cuts in these
        for other, others in those
        for place in _places(intersection(cuts, others))
    )


def _places(cuts: list[Cut]) -> Iterator[Node]:
    """Each interval of a set as an expression that runs through it as u does; a point as itself."""
    for (rank, low, _), (end, high, _) in zip(cuts[::2], cuts[1::2], strict=True):
        if not (isinstance(low, Fraction) and isinstance(high, Fraction)):
            raise Unreadable
        if rank and end:
            yield ("sym", "u")
        elif end:
            yield ("add", ("num", low), _SQUARE)
        elif rank:
            yield ("add", ("num", high), ("mul", MINUS_ONE, _SQUARE))
        elif low == high:
            yield ("num", low)
        else:
            part: Node = ("pow", ("add", ("num", Fraction(1)), _SQUARE), MINUS_ONE)
            yield ("add", ("num", low), ("mul", ("num", high - low), part))
