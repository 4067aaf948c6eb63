"""Powers and functions of exact and bounded numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from functools import cmp_to_key, lru_cache

from pipelines.graders.boxed_math.arithmetic import (
    ONE,
    UP,
    ZERO,
    Ball,
    Number,
    absolute,
    add,
    as_ball,
    as_real,
    exact_root,
    inverse,
    multiply,
    negated,
    order,
    rounded,
    small,
    square_root,
    whole_power,
)
from pipelines.graders.boxed_math.bounds import MAX_BITS, MAX_CHOSEN, MAX_DIGITS, Unreadable, spend


def exponential(a: Ball) -> Ball:
    """e to the power of a number."""
    spend(getcontext().prec // 2)
    if a.error > Decimal("0.1"):
        raise Unreadable
    scale = a.re.exp()
    turned = _turn(Ball(a.im, ZERO, a.error)) if a.im else Ball(ONE, ZERO, a.error)
    return as_ball(multiply(rounded(scale, ZERO, UP.multiply(scale, 2 * a.error)), turned))


def _log(a: Number) -> Number:
    """The natural logarithm of a positive number."""
    spend(getcontext().prec // 2)
    if a == 1:
        return Fraction(0)
    ball = as_real(a)
    if ball.re <= ball.error:
        raise Unreadable
    error = UP.divide(UP.multiply(ball.error, 2), ball.least)
    return rounded(ball.re.ln(), ZERO, error)


def power_of(base: Number, exponent: Number) -> Number:
    """A power with a real exponent, or of e; an odd root of a negative number is negative."""
    if isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return whole_power(base, exponent.numerator)
        if (
            isinstance(base, Fraction)
            and (root := exact_root(base, exponent.denominator)) is not None
        ):
            return whole_power(root, exponent.numerator)
        if exponent == Fraction(1, 2):
            return square_root(as_real(base))
        if exponent.denominator % 2 and as_real(base).re < 0:
            power = power_of(negated(base), exponent)
            return negated(power) if exponent.numerator % 2 else power
    return exponential(as_ball(multiply(exponent, _log(base))))


@lru_cache(maxsize=8)
def _machin(digits: int) -> Decimal:
    """π = 16 arctan(1/5) − 4 arctan(1/239), in whole numbers."""
    scale = int(10 ** (digits + 10))

    def arctan_of_inverse(n: int) -> int:
        term = total = scale // n
        for k in range(3, 2 * scale.bit_length(), 2):
            term = -term // (n * n)
            total += term // k
        return total

    return Decimal(16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)).scaleb(-digits - 10)


def pi() -> Ball:
    """π."""
    return rounded(+_machin(getcontext().prec), ZERO, ZERO)


def _turn(angle: Number) -> Ball:
    """Cosine and sine of a real angle as one number: its series for a 256th, squared 8 times."""
    spend(getcontext().prec // 2)
    ball = as_real(angle)
    if ball.re.adjusted() > 20:
        raise Unreadable
    with localcontext() as wide:
        wide.prec += 30
        turn = 2 * _machin(wide.prec)
        small = (ball.re - (ball.re / turn).to_integral_value() * turn) / 256
        cosine, sine, term, k = ONE, ZERO, ONE, 0
        while term and term.adjusted() > -wide.prec:
            k += 1
            term = term * small / k
            if k % 2:
                sine += -term if k % 4 == 3 else term
            else:
                cosine += -term if k % 4 == 2 else term
        for _ in range(8):
            cosine, sine = cosine * cosine - sine * sine, 2 * cosine * sine
    return Ball(+cosine, +sine, UP.add(ball.error, UP.scaleb(ONE, 2 - getcontext().prec)))


def _cosine(a: Number) -> Number:
    turned = _turn(a)
    return Ball(turned.re, ZERO, turned.error)


def _sine(a: Number) -> Number:
    turned = _turn(a)
    return Ball(turned.im, ZERO, turned.error)


def _arctangent(a: Number) -> Number:
    """The series for the tangent of a 64th of the angle."""
    spend(getcontext().prec // 2)
    ball = as_real(a)
    with localcontext() as wide:
        wide.prec += 10
        tangent = ball.re
        for _ in range(6):
            tangent = tangent / (1 + (1 + tangent * tangent).sqrt())
        total, term, k = tangent, tangent, 1
        while term and term.adjusted() > total.adjusted() - wide.prec:
            k += 2
            term = -term * tangent * tangent
            total += term / k
        total *= 64
    return rounded(+total, ZERO, ball.error)


def _arcsine(a: Number) -> Number:
    """arctan(a / √(1 − a²)); near ±1 a quarter turn, within the error of that root."""
    root = power_of(add(Fraction(1), negated(multiply(a, a))), Fraction(1, 2))
    if root != 0 and (ball := as_real(root)).least > 0:
        return _arctangent(multiply(a, inverse(ball)))
    quarter = multiply(pi(), Fraction(1 if as_real(a).re > 0 else -1, 2))
    error = UP.multiply(2, as_ball(root).error)
    return add(quarter, Ball(ZERO, ZERO, error))


def _floor(a: Number) -> Number:
    """The floor; within the error below a whole number, that number."""
    if isinstance(a, Fraction):
        return Fraction(math.floor(a))
    ball = as_real(a)
    if ball.re.adjusted() > 30 or ball.error > Decimal("1e-10"):
        raise Unreadable
    return Fraction(math.floor(ball.re + ball.error))


def _least(*numbers: Number) -> Number:
    return min(numbers, key=cmp_to_key(order))


def _counting(function: Callable[..., int], most: int) -> Callable[..., Number]:
    """A function of whole numbers from 0 up, bounded so that its value is."""

    def apply(*numbers: Number) -> Number:
        whole = [n.numerator for n in numbers if isinstance(n, Fraction) and n.denominator == 1]
        if len(whole) < len(numbers) or not all(0 <= n <= most for n in whole):
            raise Unreadable
        return small(Fraction(function(*whole)))

    return apply


def _choose(n: int, k: int) -> int:
    """A binomial coefficient; Unreadable where it is zero but large numbers have none."""
    if k > max(n, MAX_CHOSEN):
        raise Unreadable
    return math.comb(n, k)


APPLY: dict[str, Callable[..., Number]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda a: multiply(_sine(a), inverse(_cosine(a))),
    "cot": lambda a: multiply(_cosine(a), inverse(_sine(a))),
    "sec": lambda a: inverse(_cosine(a)),
    "csc": lambda a: inverse(_sine(a)),
    "arcsin": _arcsine,
    "arccos": lambda a: add(multiply(pi(), Fraction(1, 2)), negated(_arcsine(a))),
    "arctan": _arctangent,
    "arccot": lambda a: add(multiply(pi(), Fraction(1, 2)), negated(_arctangent(a))),
    "exp": lambda a: exponential(as_ball(a)),
    "sinh": lambda a: multiply(
        Fraction(1, 2), add(exponential(as_ball(a)), negated(exponential(as_ball(negated(a)))))
    ),
    "cosh": lambda a: multiply(
        Fraction(1, 2), add(exponential(as_ball(a)), exponential(as_ball(negated(a))))
    ),
    "tanh": lambda a: multiply(APPLY["sinh"](a), inverse(APPLY["cosh"](a))),
    "ln": _log,
    "lg": lambda a: multiply(_log(a), inverse(_log(Fraction(10)))),
    "abs": absolute,
    "floor": _floor,
    "ceiling": lambda a: negated(_floor(negated(a))),
    "min": _least,
    "max": lambda *numbers: negated(_least(*map(negated, numbers))),
    "gcd": _counting(math.gcd, 10**MAX_DIGITS),
    "lcm": _counting(math.lcm, 10**MAX_DIGITS),
    "factorial": _counting(math.factorial, MAX_BITS // 8),
    "double factorial": _counting(lambda n: math.prod(range(n, 0, -2)), MAX_BITS // 8),
    "binomial": _counting(_choose, MAX_BITS),
}
