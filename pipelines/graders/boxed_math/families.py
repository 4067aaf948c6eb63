"""Families of solutions that an integer numbers: x = π/4 + kπ is x = −3π/4 + nπ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from pipelines.graders.boxed_math.arithmetic import (
    Number,
    add,
    as_real,
    inverse,
    multiply,
    negated,
    precision,
)
from pipelines.graders.boxed_math.bounds import MAX_MEMBERS, Unreadable
from pipelines.graders.boxed_math.declarations import INTEGER, NATURAL
from pipelines.graders.boxed_math.points import agree, constant
from pipelines.graders.boxed_math.samples import CONSTANTS, WHOLE
from pipelines.graders.boxed_math.trees import MINUS_ONE, Node, renamed, steps_of, symbols, walk

_K: Node = ("sym", INTEGER)
_NIL: Node = ("num", Fraction(0))
_RADIAN: Node = ("mul", ("sym", "π"), ("num", Fraction(1, 180)))
_PARAMETERS = WHOLE | frozenset("lpt")  # that may stand for any integer, where nothing is said
_MAX_DENOMINATOR = 360  # of the ratio of two periods


class _Family(NamedTuple):
    """The points, or the ends of the intervals, `first + k · step` for every integer k."""

    shape: tuple[str, ...]  # brackets and unit
    first: list[Number]
    step: list[Number]


def declared(values: Sequence[Node]) -> str:
    """INTEGER or NATURAL where a letter of some values is said to be one, or empty."""
    letters = symbols(*values)
    return next((each for each in (INTEGER, NATURAL) if each in letters), "")


def parameter(values: Sequence[Node], names: Sequence[Node]) -> str:
    """The one letter of values, apart from names, where it can stand for an integer; or empty."""
    letters = symbols(*values) - symbols(*names) - CONSTANTS
    return letters.pop() if len(letters) == 1 and letters <= _PARAMETERS else ""


def same_families(these: Sequence[Node], those: Sequence[Node]) -> bool | None:
    """Whether two unions of families are the same set; None where that cannot be computed.

    Both are listed over a common period: every member of one side must be, but for whole periods,
    a member of the other.
    """
    try:
        with precision(60):
            sides = [[one for value in each for one in _families(value)] for each in (these, those)]
            step, period = _common(sides[0] + sides[1])
            left, right = (
                [m for one in side for m in _members(one, step, period)] for side in sides
            )
            if max(len(left), len(right)) > MAX_MEMBERS:
                return None
            whole = [multiply(period, number) for number in step]
            return all(
                any(_congruent(this, that, whole) for that in others)
                for members, others in ((left, right), (right, left))
                for this in members
            )
    except (Unreadable, ArithmeticError):
        return None


def _families(value: Node) -> Iterator[_Family]:
    """The families of a value; Unreadable where it has none."""
    match value:
        case ("cup" | "set" | "list", *parts):
            for part in parts:
                yield from _families(part)
        case ("class", residue, modulus):
            yield _Family(("",), [_constant(residue)], [_constant(modulus)])
        case ("rel", ("=",), (_, right)):
            yield from _families(right)
        case ("rel", (_, _), _):
            steps = steps_of(value)
            if steps[0][2] != steps[1][1]:  # 2 > x > 1
                steps.reverse()
            (first, low, name), (last, same, high) = steps
            if name != same or name[0] != "qty" or name[1][0] != "sym":
                raise Unreadable
            if not {first, last} <= {"<", "<="}:
                raise Unreadable
            ends = "(" if first == "<" else "[", ")" if last == "<" else "]"
            yield from _families(("tuple", *ends, low, high))
        case ("tuple", opening, close, *ends):
            yield from _together((opening, close), ends)
        case ("qty", *_):
            yield from _together((), [value])
        case _:
            raise Unreadable


def _together(shape: tuple[str, ...], values: Sequence[Node]) -> Iterator[_Family]:
    """The family of some quantities together; two, of even and of odd k, where (−1)^k occurs."""
    if any(value[0] != "qty" for value in values):
        raise Unreadable
    trees = [("mul", value[1], _RADIAN) if value[2] == "°" else value[1] for value in values]
    shape += tuple(value[2].replace("°", "") for value in values)
    alternating = any(
        part[:2] == ("pow", MINUS_ONE) and INTEGER in symbols(part)
        for tree in trees
        for part in walk(tree)
    )
    for parity in (0, 1) if alternating else (-1,):
        if parity >= 0:
            number = ("add", ("mul", ("num", Fraction(2)), _K), ("num", Fraction(parity)))
            linear = [_linear(renamed(tree, {_K: number})) for tree in trees]
        else:
            linear = [_linear(tree) for tree in trees]
        first, step = ([_constant(pair[place]) for pair in linear] for place in (0, 1))
        yield _Family(shape, first, step)


def _linear(tree: Node) -> tuple[Node, Node]:
    """A tree as first + k · step; Unreadable where it is not."""
    if INTEGER not in symbols(tree):
        return tree, _NIL
    match tree:
        case ("sym", _):
            return _NIL, ("num", Fraction(1))
        case ("add", *terms):
            firsts, steps = zip(*map(_linear, terms), strict=True)
            return ("add", *firsts), ("add", *steps)
        case ("mul", *factors):
            moving = [factor for factor in factors if INTEGER in symbols(factor)]
            if len(moving) == 1:
                still = [factor for factor in factors if factor is not moving[0]]
                first, step = _linear(moving[0])
                return ("mul", *still, first), ("mul", *still, step)
        case ("pow", ("num", base), exponent) if base == -1:
            power, change = map(_constant, _linear(exponent))
            if not isinstance(power, Fraction) or not isinstance(change, Fraction):
                raise Unreadable
            if power % 1 == change % 2 == 0:
                return ("num", Fraction(-1 if power % 2 else 1)), _NIL
    raise Unreadable


def _constant(tree: Node) -> Number:
    value = constant(tree, True, 60) if symbols(tree) <= CONSTANTS else None
    if value is None:
        raise Unreadable
    return value


def _equal(a: Number, b: Number) -> bool:
    return agree(a, b) is True


def _common(families: Sequence[_Family]) -> tuple[list[Number], Fraction]:
    """A step, and how many of it are a whole number of every family's steps."""
    step = families[0].step
    ratios = [_ratio(family.step, step) for family in families]
    tops = [abs(ratio.numerator) for ratio in ratios]
    return step, Fraction(math.lcm(*tops), math.gcd(*(ratio.denominator for ratio in ratios)))


def _ratio(these: list[Number], those: list[Number]) -> Fraction:
    """The fraction, not zero, by which steps differ; Unreadable where there is none."""
    if len(these) != len(those):
        raise Unreadable
    pair = next(
        (pair for pair in zip(these, those, strict=True) if not _equal(pair[1], Fraction(0))), None
    )
    if pair is None:
        raise Unreadable
    ratio = multiply(pair[0], inverse(pair[1]))
    if not isinstance(ratio, Fraction):
        ratio = Fraction(as_real(ratio).re).limit_denominator(_MAX_DENOMINATOR)
    if not ratio or not all(
        _equal(a, multiply(ratio, b)) for a, b in zip(these, those, strict=True)
    ):
        raise Unreadable
    return ratio


def _members(family: _Family, step: list[Number], period: Fraction) -> Iterator[_Family]:
    """The members of a family within a period."""
    count = period / abs(_ratio(family.step, step))
    if count > MAX_MEMBERS:
        raise Unreadable
    for k in range(int(count)):
        ahead = [multiply(Fraction(k), number) for number in family.step]
        yield family._replace(first=[add(*pair) for pair in zip(family.first, ahead, strict=True)])


def _congruent(this: _Family, that: _Family, whole: list[Number]) -> bool:
    """Whether two members differ by a number of periods."""
    if this.shape != that.shape:
        return False
    place = next(place for place, number in enumerate(whole) if not _equal(number, Fraction(0)))
    apart = add(this.first[place], negated(that.first[place]))
    turns = as_real(multiply(apart, inverse(whole[place]))).re
    if turns.adjusted() > 20:
        raise Unreadable
    number = Fraction(turns.to_integral_value())
    moved = [add(a, multiply(number, b)) for a, b in zip(that.first, whole, strict=True)]
    return all(map(_equal, this.first, moved))
