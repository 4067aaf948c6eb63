"""Exact numbers, and decimal numbers that carry a bound of their error."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
    getcontext,
    localcontext,
)
from fractions import Fraction

from pipelines.graders.boxed_math.bounds import MAX_BITS, Unreadable, spend


class Ball:
    """A complex number and a bound of the error of either part."""

    __slots__ = ("error", "im", "re")

    def __init__(self, re: Decimal, im: Decimal, error: Decimal) -> None:
        self.re, self.im, self.error = re, im, error

    @property
    def most(self) -> Decimal:
        """An upper bound of the absolute value, but for the error."""
        return UP.add(abs(self.re), abs(self.im))

    @property
    def least(self) -> Decimal:
        """A lower bound of the absolute value; not positive where it may be zero."""
        return max(abs(self.re), abs(self.im)) - self.error


Number = Fraction | Ball
UP = Context(prec=6, rounding=ROUND_UP, Emax=9_999_999, Emin=-9_999_999)  # for bounds
ZERO, ONE = Decimal(0), Decimal(1)


def precision(digits: int) -> AbstractContextManager[Context]:
    """The arithmetic of a block: as many digits, and an error where a number grows too large."""
    traps = [DivisionByZero, InvalidOperation, Overflow, Underflow]
    return localcontext(Context(prec=digits, Emax=1_000_000, Emin=-1_000_000, traps=traps))


def rounded(re: Decimal, im: Decimal, error: Decimal) -> Ball:
    """A ball for parts that were rounded a few times in their last places, on top of an error."""
    spend(2)
    most = UP.add(abs(re), abs(im))
    return Ball(re, im, UP.add(error, UP.scaleb(most, 2 - getcontext().prec)))


def as_ball(number: Number) -> Ball:
    """A number as a ball; a fraction is rounded."""
    if isinstance(number, Ball):
        return number
    return rounded(Decimal(number.numerator) / Decimal(number.denominator), ZERO, ZERO)


def as_real(number: Number) -> Ball:
    """A real number as a ball. Unreadable where it is not real."""
    ball = as_ball(number)
    if abs(ball.im) > ball.error:
        raise Unreadable
    return ball


def small(number: Fraction) -> Fraction:
    """The fraction. Unreadable where it has more than MAX_BITS bits."""
    bits = max(number.numerator.bit_length(), number.denominator.bit_length())
    spend(1 + (bits >> 10) ** 2 // 4)
    if bits > MAX_BITS:
        raise Unreadable
    return number


def add(a: Number, b: Number) -> Number:
    """The sum."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return small(a + b)
    a, b = as_ball(a), as_ball(b)
    return rounded(a.re + b.re, a.im + b.im, UP.add(a.error, b.error))


def multiply(a: Number, b: Number) -> Number:
    """The product."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return small(a * b)
    a, b = as_ball(a), as_ball(b)
    error = UP.fma(a.most, b.error, UP.fma(b.most, a.error, UP.multiply(a.error, b.error)))
    if not a.im and not b.im:
        return rounded(a.re * b.re, ZERO, error)
    error = UP.fma(a.most, UP.scaleb(b.most, 2 - getcontext().prec), error)
    return rounded(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, error)


def inverse(a: Number) -> Number:
    """One over a number. ZeroDivisionError where it may be zero."""
    if isinstance(a, Fraction):
        return 1 / a
    if a.least <= 0:
        raise ZeroDivisionError
    square = a.re * a.re + a.im * a.im
    error = UP.divide(UP.divide(a.error, a.least), a.least)
    return rounded(a.re / square, -a.im / square, error)


def negated(a: Number) -> Number:
    """The number with the other sign."""
    return -a if isinstance(a, Fraction) else Ball(-a.re, -a.im, a.error)


def whole_power(base: Number, exponent: int) -> Number:
    """A power with a whole exponent, by repeated squaring."""
    if exponent < 0:
        return inverse(whole_power(base, -exponent))
    if isinstance(base, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(base) not in (0, 1) and exponent * bits > 2 * MAX_BITS:
            raise Unreadable
        return small(base**exponent)
    if exponent > MAX_BITS:
        raise Unreadable
    result: Number = Fraction(1)
    for bit in bin(exponent)[2:]:
        result = multiply(result, result)
        if bit == "1":
            result = multiply(result, base)
    return result


def exact_root(base: Fraction, degree: int) -> Fraction | None:
    """The root of a fraction where it is a fraction: 2 for √4, −2 for the cube root of −8."""
    if degree > 64 or (base < 0 and degree % 2 == 0):
        return None
    roots = [_root(abs(base.numerator), degree), _root(base.denominator, degree)]
    root = Fraction(roots[0] if base >= 0 else -roots[0], roots[1])
    return root if root**degree == base else None


def _root(number: int, degree: int) -> int:
    """The whole part of a root, by Newton's method from above."""
    if number < 2:
        return number
    root, closer = 0, 1 << -(-number.bit_length() // degree)
    while root == 0 or closer < root:
        root = closer
        closer = ((degree - 1) * root + number // int(root ** (degree - 1))) // degree
    return root


def square_root(a: Ball) -> Ball:
    """The square root of a real number; zero with an error where the sign is unknown."""
    if a.least <= 0:
        return Ball(ZERO, ZERO, UP.sqrt(UP.add(a.most, a.error)))
    root = abs(a.re).sqrt()
    error = UP.divide(a.error, root)
    return rounded(root, ZERO, error) if a.re > 0 else rounded(ZERO, root, error)


def absolute(a: Number) -> Number:
    """The absolute value."""
    if isinstance(a, Fraction):
        return abs(a)
    if not a.im:
        return Ball(abs(a.re), ZERO, a.error)
    return square_root(as_real(multiply(a, Ball(a.re, -a.im, a.error))))


def order(a: Number, b: Number) -> int:
    """−1, 0 or 1, of two real numbers; 0 where their difference is within its error."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    difference = as_real(add(a, negated(b)))
    if difference.least <= 0:
        return 0
    return 1 if difference.re > 0 else -1
