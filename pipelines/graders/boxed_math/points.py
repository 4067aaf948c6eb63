"""Whether two expressions are the same, by their values at fixed points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import getcontext
from fractions import Fraction
from functools import lru_cache, reduce
from hashlib import sha256

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
from pipelines.graders.boxed_math.bounds import MAX_STEPS, Unreadable
from pipelines.graders.boxed_math.declarations import INTEGER, NATURAL
from pipelines.graders.boxed_math.functions import APPLY, exponential, pi, power_of
from pipelines.graders.boxed_math.trees import Node, symbols, walk

POINTS = 11
WHOLE = frozenset("kmnKMN")  # letters that stand for whole numbers
CONSTANTS = frozenset("πei")
# Where one of these occurs, all letters stand for whole numbers.
_OF_WHOLE = frozenset(("factorial", "double factorial", "binomial", "gcd", "lcm"))


def _digest(name: str) -> int:
    return int.from_bytes(sha256(name.encode(errors="replace")).digest()[:8], "big")


class _Point:
    """A place where an expression is evaluated: the values of its variables and indices."""

    def __init__(self, point: int, whole: bool) -> None:
        self.point, self.whole = point, whole
        self.indices: dict[int, int] = {}
        self.steps = MAX_STEPS  # still to be spent

    def __call__(self, name: str) -> Fraction:
        return _sample(name, self.point, self.whole)


def _sample(name: str, point: int, whole: bool) -> Fraction:
    """The value of a variable at a point: from its name, so that it is the same on both sides.

    Whole numbers are 3 to 13, each at one point. Others are at most 3 in size, or 9, 1 or 3,000 in
    turn, and positive at the first four points.
    """
    seed = _digest(name)
    if whole or name.partition("_")[0] in WHOLE or name in (INTEGER, NATURAL):
        return Fraction(3 + (seed + 2 * point) % POINTS)
    seed = _digest(f"{name} {point}")
    size = Fraction(1 + seed % 290, 97) * (1, 3, Fraction(1, 3), 1000)[point % 4]
    return -size if point > 3 and seed >> 40 & 1 else size


def _unknown(name: str, numbers: Sequence[Number], at: _Point) -> Number:
    """The value of an unknown function: a cubic, another one at each point."""
    total: Number = at(f"{name}()")
    for place, number in enumerate(numbers):
        for degree in (1, 2, 3):
            factor = at(f"{name}({place})^{degree}")
            total = add(total, multiply(factor, whole_power(number, degree)))
    return total


def _total(node: Node, at: _Point, real: bool) -> Number:
    """The value of a sum or product from its first to its last index."""
    _, kind, level, low, high, term = node
    first, last = (_evaluate(bound, at, real) for bound in (low, high))
    if not (isinstance(first, Fraction) and isinstance(last, Fraction)):
        raise Unreadable
    if first.denominator > 1 or last.denominator > 1 or last < first - 1:
        raise Unreadable
    size = sum(1 for _ in walk(term))
    total: Number = Fraction(0 if kind == "sum" else 1)
    for index in range(int(first), int(last) + 1):
        at.indices[level] = index
        value = _evaluate(term, at, real)
        at.steps -= size if isinstance(value, Fraction) else 10 * size
        if at.steps < 0:
            raise Unreadable
        total = add(total, value) if kind == "sum" else multiply(total, value)
    return total


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
        case ("big", *_):
            return _total(node, at, real)
        case ("call", str(name), *parts):
            return _unknown(name, [_evaluate(part, at, real) for part in parts], at)
    raise Unreadable


@lru_cache(maxsize=1024)
def value_at(node: Node, point: int, whole: bool, real: bool, digits: int) -> Number | None:
    """The value of an expression at a point; None where it has none or a number grows too large."""
    try:
        with precision(digits):
            return _evaluate(node, _Point(point, whole), real)
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


def _points(a: Node, b: Node) -> Iterator[tuple[Number, Number]]:
    """The values of two expressions at the points where both have one."""
    functions = {part[1] for node in (a, b) for part in walk(node) if part[0] == "fn"}
    whole = not functions.isdisjoint(_OF_WHOLE)
    real = "i" not in symbols(a, b)
    for point in range(POINTS):
        x, y = (value_at(node, point, whole, real, 60) for node in (a, b))
        if x is not None and y is not None:
            yield x, y


def same_expression(a: Node, b: Node) -> bool:
    """Whether two expressions are the same."""
    if a == b:
        return True
    if a[0] == b[0] == "num":
        return False
    if not symbols(a, b) <= CONSTANTS:
        with precision(60):
            verdicts = [agree(x, y) for x, y in _points(a, b)]
        return verdicts.count(True) > 1 and False not in verdicts
    verdict: bool | None = None
    for digits in (50, 200):
        x, y = (value_at(node, 0, False, False, digits) for node in (a, b))
        if x is None or y is None:
            return False
        with precision(digits):
            verdict = agree(x, y)
        if verdict is False:
            return False
    return verdict is True


def proportional(a: Node, b: Node, positive: bool) -> bool:
    """Whether a is a constant times b, not zero; a positive one where that is asked for."""
    if symbols(a, b) <= CONSTANTS:
        return False  # of two numbers one always is
    ratios: list[Number] = []
    try:
        with precision(60):
            for x, y in _points(a, b):
                nonzero = [agree(each, Fraction(0)) is False for each in (x, y)]
                if nonzero == [True, True]:
                    ratios.append(multiply(x, inverse(y)))
                    if not agree(ratios[0], ratios[-1]):
                        return False
                elif any(nonzero):
                    return False
            return len(ratios) > 2 and not (positive and order(ratios[0], Fraction(0)) < 0)
    except (Unreadable, ArithmeticError):
        return False
