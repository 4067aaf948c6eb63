"""The numbers that stand for letters where expressions are compared.

They are drawn by a hash from both texts together, so that no answer can be written around them,
and a letter's place among all letters tells it from the others. Each letter has

- at 0 to 10, if it stands for whole numbers, each of 3 to 13 once, in one of 110 orders, another
  one than the other letters; else one of 28,227 fractions up to three times the point's scale;
- at 11 to 16, which only count where a letter stands for whole numbers, one of 14 to 343; at 17
  one of 61 bits, for polynomials, and at 18 one of 1,030 to 1,429, for binomial coefficients.

Fractions are positive at the points 0 to 3 and 8, negative at 4, 7 and 9, and elsewhere negative
for some letters. Of several letters each in turn is larger than the others together from 11 on,
and larger than the others where fractions are large, for roots and factorials of differences.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from hashlib import sha256

from pipelines.graders.boxed_math.arithmetic import Number
from pipelines.graders.boxed_math.trees import Node, symbols

INTEGER = "ℤ"  # the symbol that a letter becomes of which it is said that it is any integer
WHOLE = frozenset("kmnKMN")  # letters that stand for whole numbers
CONSTANTS = frozenset("πei")
_COVERING, _WIDE, _POINTS = 11, 17, 19
_SCALES = (1, 3, Fraction(1, 3), 1000, 1, 30, Fraction(1, 3), 1000, 100, 3, Fraction(1, 3))
_STEPS = 97**2  # of one; an odd number, so that powers of negative numbers are real


def is_whole(name: str) -> bool:
    """Whether a letter stands for whole numbers wherever it occurs."""
    return name.partition("_")[0] in WHOLE or name == INTEGER


def points(names: set[str], whole: bool) -> range:
    """The points at which expressions with such letters are compared."""
    return range(_POINTS if whole or any(map(is_whole, names)) else _COVERING)


class Letters:
    """The numbers that are drawn for two texts, the same ones in either order."""

    def __init__(self, *nodes: Node) -> None:
        self._nodes = nodes
        # Of a tree at a point, with all letters whole or not, and with i or not.
        self.values: dict[tuple[Node, int, bool, bool], Number | None] = {}

    @cached_property
    def _places(self) -> dict[str, int]:
        names = sorted(symbols(*self._nodes) - CONSTANTS)
        return {name: place for place, name in enumerate(names)}

    @cached_property
    def _seed(self) -> bytes:
        return sha256("\n".join(sorted(map(ascii, self._nodes))).encode()).digest()

    def drawn(self, name: str, point: int = 0) -> int:
        """A number of 256 bits."""
        return int.from_bytes(sha256(self._seed + ascii((name, point)).encode()).digest(), "big")

    def number(self, name: str, point: int, whole: bool) -> Fraction:
        """What stands for a letter at a point."""
        place = self._places.setdefault(name, len(self._places))
        drawn = self.drawn(name, point)
        whole = whole or is_whole(name)
        if whole and point >= _WIDE:
            return Fraction(1030 + drawn % 400 if point > _WIDE else 2**60 + drawn % 2**60)
        largest = point % len(self._places) == place and len(self._places) > 1
        if whole:
            if point >= _COVERING:
                return Fraction(14 + drawn % 330 + 330 * len(self._places) * largest)
            step, start = divmod((self.drawn("order") + 37 * place) % 110, 11)
            return Fraction(3 + (start + (1 + step) * point) % 11)
        scale = _SCALES[point % _COVERING]
        size = scale * Fraction(1 + drawn % (3 * _STEPS), _STEPS)
        if largest and scale >= 1:
            size += 3 * scale
        negative = {5: place, 6: place // 2, 10: place + 1}.get(point, point in (4, 7, 9)) % 2
        return -size if negative else size
