"""Whether two expressions are the same, by their values at points that both texts decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from decimal import getcontext
from fractions import Fraction
from functools import reduce

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
    order,
    precision,
    whole_power,
)
from pipelines.graders.boxed_math.bounds import (
    WORK,
    Unreadable,
    Work,
    spend,
)
from pipelines.graders.boxed_math.functions import APPLY, exponential, pi, power_of
from pipelines.graders.boxed_math.samples import CONSTANTS, Letters, points
from pipelines.graders.boxed_math.trees import Node, symbols, walk

# What is drawn for the two answers that are compared; else it is drawn for two expressions.
LETTERS: ContextVar[Letters | None] = ContextVar("LETTERS", default=None)
# Where one of these occurs, all letters stand for whole numbers.
_OF_WHOLE = frozenset(("factorial", "double factorial", "binomial", "gcd", "lcm"))


class _Point:
    """A place where an expression is evaluated: the values of its letters and indices."""

    def __init__(self, letters: Letters, point: int, whole: bool) -> None:
        self.letters, self.point, self.whole = letters, point, whole
        self.known: dict[str, Fraction] = {}

    def __call__(self, name: str) -> Fraction:
        if name not in self.known:
            self.known[name] = self.letters.number(name, self.point, self.whole)
        return self.known[name]


def _unknown(name: str, numbers: Sequence[Number], at: _Point) -> Number:
    """The value of an unknown function: a cubic in each argument and one over a sum of all."""

    def factor(place: int, degree: int) -> Fraction:
        return Fraction(1 + at.letters.drawn(f"{name} {place} {degree}", at.point) % 997)

    total: Number = factor(0, 0)
    below: Number = factor(0, 1)
    for place, number in enumerate(numbers, start=1):
        below = add(below, multiply(factor(place, 0), number))
        for degree in (1, 2, 3):
            total = add(total, multiply(factor(place, degree), whole_power(number, degree)))
    return add(total, inverse(below))


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
        case ("call", str(name), *parts):
            return _unknown(name, [_evaluate(part, at, real) for part in parts], at)
    raise Unreadable


def constant(node: Node, real: bool, digits: int) -> Number | None:
    """The value of an expression without letters; None where it has none or is too large."""
    work = WORK.get() or Work()
    key = (node, real, digits)
    if key not in work.constants:
        work.constants[key] = _value(node, _Point(Letters(node), 0, False), real, digits)
    value: Number | None = work.constants[key]
    return value


def _value(node: Node, at: _Point, real: bool, digits: int) -> Number | None:
    """The value of an expression at a point; None where it has none or is too large."""
    try:
        with precision(digits):
            return _evaluate(node, at, real)
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


def _values(a: Node, b: Node, letters: Letters) -> Iterator[tuple[Number, Number]]:
    """The points at which two expressions both have a value, and what it is."""
    parts = [part for node in (a, b) for part in walk(node)]
    names = {part[1] for part in parts if part[0] == "sym"}
    whole = any(part[0] == "fn" and part[1] in _OF_WHOLE for part in parts)
    for point in points(names, whole):
        pair = []
        for node in (a, b):
            spend(4)
            key = (node, point, whole, "i" in names)
            if key not in letters.values:
                at = _Point(letters, point, whole)
                letters.values[key] = _value(node, at, "i" not in names, 60)
            pair.append(letters.values[key])
        if pair[0] is not None and pair[1] is not None:
            yield pair[0], pair[1]


def same_expression(a: Node, b: Node) -> bool:
    """Whether two expressions are the same."""
    spend(4)
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


def rounds_to(exact: Node, decimal: Node) -> bool:
    """Whether an exact constant, as 27/59 or √3, rounds to a decimal of three digits and more.

    Of numbers with a finite decimal fraction none does: the decimal could have said it.
    """
    if decimal[0] != "num" or exact[0] == "num" or not symbols(exact) <= CONSTANTS:
        return False
    value = Fraction(decimal[1])
    places = next((n for n in range(20) if 10**n % value.denominator == 0), 0)
    if places < 2 or abs(value) * 10**places < 100 or any(map(_finite, walk(exact))):
        return False
    number = constant(exact, True, 50)
    if number is None:
        return False
    if isinstance(number, Fraction):
        return not _finite(("num", number)) and 2 * abs(number - value) <= Fraction(1, 10**places)
    return not number.im and 2 * abs(Fraction(number.re) - value) < Fraction(1, 10**places)


def _finite(node: Node) -> bool:
    """Whether a node is a decimal fraction, and no whole number."""
    if node[0] != "num" or node[1].denominator == 1:
        return False
    below: int = node[1].denominator
    return pow(10, below.bit_length(), below) == 0


def _same_function(a: Node, b: Node) -> bool:
    """Whether expressions agree at two points and wherever both have a value."""
    agreed = 0
    with precision(60):
        for x, y in _values(a, b, _drawn_for(a, b)):
            verdict = agree(x, y)
            if verdict is False:
                return False
            agreed += verdict is True
    return agreed > 1


def proportional(a: Node, b: Node, positive: bool) -> bool:
    """Whether a is a constant times b, not zero; a positive one where that is asked for."""
    if symbols(a, b) <= CONSTANTS:
        return False  # of two numbers one always is
    ratios: list[Number] = []
    try:
        with precision(60):
            for x, y in _values(a, b, _drawn_for(a, b)):
                nonzero = [agree(each, Fraction(0)) is False for each in (x, y)]
                if nonzero[0] != nonzero[1]:
                    return False
                if not nonzero[0]:
                    continue
                ratios.append(multiply(x, inverse(y)))
                if not agree(ratios[0], ratios[-1]):
                    return False
                if positive and order(ratios[0], Fraction(0)) < 0:
                    return False
    except (Unreadable, ArithmeticError):
        return False
    return len(ratios) > 2
