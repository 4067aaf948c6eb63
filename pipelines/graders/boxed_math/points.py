"""Whether two expressions are the same, by their values at points that both texts decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from decimal import getcontext
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

from pipelines.graders.boxed_math.arithmetic import (
    ONE,
    UP,
    ZERO,
    Ball,
    Number,
    add,
    as_ball,
    as_real,
    inverse,
    multiply,
    negated,
    order,
    precision,
    whole_power,
)
from pipelines.graders.boxed_math.bounds import MAX_CHOSEN, MAX_EXPONENT, MAX_STEPS, Unreadable
from pipelines.graders.boxed_math.functions import APPLY, exponential, pi, power_of
from pipelines.graders.boxed_math.samples import CONSTANTS, HUGE, Letters, points
from pipelines.graders.boxed_math.trees import Node, symbols, walk

# What is drawn for the two answers that are compared; else it is drawn for two expressions.
LETTERS: ContextVar[Letters | None] = ContextVar("LETTERS", default=None)
# Where one of these occurs, all letters stand for whole numbers.
_OF_WHOLE = frozenset(("factorial", "double factorial", "binomial", "gcd", "lcm"))
# Functions whose values at huge whole numbers can be known exactly.
_EXACT = frozenset(("gcd", "lcm", "abs", "floor", "ceiling", "min", "max"))


class _Point:
    """A place where an expression is evaluated: the values of its letters and indices."""

    def __init__(self, letters: Letters, point: int, whole: bool) -> None:
        self.letters, self.point, self.whole = letters, point, whole
        self.known: dict[str, Fraction] = {}
        self.indices: dict[int, int] = {}
        self.steps = MAX_STEPS  # still to be spent

    def spend(self, steps: int, most: int = MAX_STEPS) -> None:
        """Count steps; Unreadable where they, or all so far, are too many."""
        self.steps -= steps
        if steps > most or self.steps < 0:
            raise Unreadable

    def __call__(self, name: str) -> Fraction:
        if name not in self.known:
            self.known[name] = self.letters.number(name, self.point, self.whole)
        return self.known[name]


def _unknown(name: str, numbers: Sequence[Number], at: _Point) -> Number:
    """The value of an unknown function: a cubic in each argument and one over a sum of all."""

    if at.point < 0:
        raise Unreadable  # a remainder stands for it there

    def factor(place: int, degree: int) -> Fraction:
        return Fraction(1 + at.letters.drawn(f"{name} {place} {degree}", at.point) % 997)

    total: Number = factor(0, 0)
    below: Number = factor(0, 1)
    for place, number in enumerate(numbers, start=1):
        below = add(below, multiply(factor(place, 0), number))
        for degree in (1, 2, 3):
            total = add(total, multiply(factor(place, degree), whole_power(number, degree)))
    return add(total, inverse(below))


def _terms(node: Node, at: _Point, value: Callable[[Node], Any]) -> Iterator[Any]:
    """The values of the terms of a sum or product, from its first to its last index."""
    _, _, level, low, high, term = node
    first, last = (_whole(bound, at) for bound in (low, high))
    size = sum(1 for _ in walk(term))
    if last < first - 1 or (last - first) * size > at.steps:
        raise Unreadable
    for index in range(first, last + 1):
        at.indices[level] = index
        number = value(term)
        at.spend(10 * size if isinstance(number, Ball) else size)
        yield number


def _whole(node: Node, at: _Point) -> int:
    number = _evaluate(node, at, True)
    if not isinstance(number, Fraction) or number.denominator > 1:
        raise Unreadable
    return number.numerator


def _evaluate(node: Node, at: _Point, real: bool) -> Number:
    match node:
        case ("num", Fraction() as number):
            return number
        case ("sym", "π"):
            return pi()
        case ("sym", "e"):
            return exponential(Ball(ONE, ZERO, ZERO))
        case ("sym", "i"):
            return Ball(ZERO, ONE, ZERO)
        case ("sym", str(name)) if name != "…":
            return at(name)
        case ("add" | "mul", *parts):
            join = add if node[0] == "add" else multiply
            return reduce(join, (_evaluate(part, at, real) for part in parts))
        case ("pow", ("sym", "e"), exponent):
            return exponential(as_ball(_evaluate(exponent, at, real)))
        case ("pow", base, exponent):
            power = power_of(_evaluate(base, at, real), _evaluate(exponent, at, real))
            return as_real(power) if real and isinstance(power, Ball) else power
        case ("fn", str(name), *parts):
            return APPLY[name](*(_evaluate(part, at, real) for part in parts))
        case ("index", int(level)):
            return Fraction(at.indices[level])
        case ("big", kind, *_):
            total: Number = Fraction(kind != "sum")
            terms = _terms(node, at, lambda term: _evaluate(term, at, real))
            return reduce(add if kind == "sum" else multiply, terms, total)
        case ("call", str(name), *parts):
            return _unknown(name, [_evaluate(part, at, real) for part in parts], at)
    raise Unreadable


def _remainder(node: Node, at: _Point) -> int:
    """The value at huge whole numbers, modulo a number; π and e are letters like others."""
    modulus = at.letters.modulus
    match node:
        case ("sym", str(name)) if name not in ("i", "…"):
            return at.letters.huge(name, at.point)
        case ("add", *parts):
            return sum(_remainder(part, at) for part in parts) % modulus
        case ("mul", *parts):
            return reduce(lambda a, b: a * b % modulus, (_remainder(part, at) for part in parts))
        case ("pow", base, exponent):
            power = _whole(exponent, at)
            at.spend(power.bit_length(), MAX_EXPONENT)
            return _power(_remainder(base, at), power, modulus)
        case ("fn", "binomial", *pair):
            top, bottom = (_whole(part, at) for part in pair)
            bottom = min(bottom, top - bottom)
            if bottom < 0:
                raise Unreadable
            at.spend(bottom, MAX_CHOSEN)
            return math.comb(top, bottom) % modulus
        case ("call", str(name), *parts):
            return at.letters.drawn(f"{name} {[_remainder(part, at) for part in parts]}")
        case ("big", kind, *_):
            terms = _terms(node, at, lambda term: _remainder(term, at))
            if kind == "sum":
                return int(sum(terms) % modulus)
            return int(reduce(lambda a, b: a * b % modulus, terms, 1))
        case ("num", _) | ("index", _) | ("fn", _, *_) if node[0] != "fn" or node[1] in _EXACT:
            number = _evaluate(node, at, True)
            if isinstance(number, Fraction):
                below = _power(number.denominator, -1, modulus)
                return number.numerator * below % modulus
    raise Unreadable


def _power(base: int, exponent: int, modulus: int) -> int:
    if exponent < 0 and math.gcd(base, modulus) > 1:
        raise ZeroDivisionError
    return pow(base, exponent, modulus)


def _is_rational(node: Node) -> bool:
    """Whether a tree is a rational function of its letters, if it has remainders."""
    return not any(
        part[0] in ("fn", "call")
        or (part[0] == "pow" and symbols(part[2]))
        or (part[0] == "big" and symbols(*part[3:5]))
        for part in walk(node)
    )


@lru_cache(maxsize=1024)
def constant(node: Node, real: bool, digits: int) -> Number | None:
    """The value of an expression without letters; None where it has none or is too large."""
    return _value(node, _Point(Letters(node), 0, False), real, digits)


def _value(node: Node, at: _Point, real: bool, digits: int) -> Number | None:
    """The value or remainder of an expression; None where it has none or is too large."""
    try:
        with precision(digits):
            return Fraction(_remainder(node, at)) if at.point < 0 else _evaluate(node, at, real)
    except (Unreadable, ArithmeticError):
        return None


def agree(a: Number, b: Number) -> bool | None:
    """Whether two values are the same; None where their errors are too large to tell."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    a, b = as_ball(a), as_ball(b)
    error = UP.add(a.error, b.error)
    if abs(a.re - b.re) > error or abs(a.im - b.im) > error:
        return False
    most = max(a.most, b.most)
    scale = most if most > 4 * error else ONE  # zero has no scale of its own
    return True if error < UP.scaleb(scale, -(getcontext().prec // 2)) else None


def _drawn_for(a: Node, b: Node) -> Letters:
    return LETTERS.get() or Letters(a, b)


def _values(a: Node, b: Node, letters: Letters) -> Iterator[tuple[int, Number, Number]]:
    """The points at which two expressions both have a value or remainder, and what it is."""
    parts = [part for node in (a, b) for part in walk(node)]
    names = {part[1] for part in parts if part[0] == "sym"}
    whole = any(part[0] == "fn" and part[1] in _OF_WHOLE for part in parts)
    for point in (*HUGE, *points(names, whole)):
        pair = []
        for node in (a, b):
            key = (node, point, whole, "i" in names)
            if key not in letters.values:
                at = _Point(letters, point, whole)
                letters.values[key] = _value(node, at, "i" not in names, 60)
            pair.append(letters.values[key])
        if pair[0] is not None and pair[1] is not None:
            yield point, pair[0], pair[1]


def same_expression(a: Node, b: Node) -> bool:
    """Whether two expressions are the same."""
    if a == b:
        return True
    if a[0] == b[0] == "num":
        return False
    if not symbols(a, b) <= CONSTANTS:
        return _same_function(a, b)
    verdict: bool | None = None
    for digits in (50, 200):
        x, y = (constant(node, False, digits) for node in (a, b))
        if x is None or y is None:
            return False
        with precision(digits):
            verdict = agree(x, y)
        if verdict is False:
            return False
    return verdict is True


def _same_function(a: Node, b: Node) -> bool:
    """Whether expressions agree at two points and wherever both have a value.

    Rational functions that agree in two remainders are the same.
    """
    rational = _is_rational(a) and _is_rational(b)
    agreed = 0
    with precision(60):
        for point, x, y in _values(a, b, _drawn_for(a, b)):
            if point == 0 and rational and agreed > 1:
                return True
            verdict = agree(x, y)
            if verdict is False:
                return False
            agreed += verdict is True
    return agreed > 1


def proportional(a: Node, b: Node, positive: bool) -> bool:
    """Whether a is a constant times b, not zero; a positive one where that is asked for."""
    if symbols(a, b) <= CONSTANTS:
        return False  # of two numbers one always is
    rational = _is_rational(a) and _is_rational(b)
    letters = _drawn_for(a, b)
    remainders: list[tuple[Number, Number]] = []
    ratios: list[Number] = []
    try:
        with precision(60):
            for point, x, y in _values(a, b, letters):
                if rational and len(remainders) > 1 and len(ratios) >= positive:
                    return True
                nonzero = [agree(each, Fraction(0)) is False for each in (x, y)]
                if nonzero[0] != nonzero[1]:
                    return False
                if not nonzero[0]:
                    continue
                if point < 0:
                    remainders.append((x, y))
                    cross = multiply(x, remainders[0][1]), multiply(y, remainders[0][0])
                    apart = add(cross[0], negated(cross[1]))
                    if not isinstance(apart, Fraction) or apart % letters.modulus:
                        return False
                    continue
                ratios.append(multiply(x, inverse(y)))
                if not agree(ratios[0], ratios[-1]):
                    return False
                if positive and order(ratios[0], Fraction(0)) < 0:
                    return False
    except (Unreadable, ArithmeticError):
        return False
    return len(remainders) + len(ratios) > 2 and len(ratios) >= positive
