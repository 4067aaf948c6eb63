"""The sizes that bound the work, and the exception for what lies beyond them or cannot be read."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

MAX_TEXT = 2_000  # characters; a longer text is compared as text
MAX_TOKENS = 1_000
MAX_DEPTH = 30  # of nesting
MAX_SIGNS = 5  # behind one factor: powers, factorials, percent
MAX_DIGITS = 1_000  # of a number as written
MAX_BITS = 32_768  # of the numerator or denominator of an exact number; 2017! has 19,272
MAX_VALUES = 100  # of a list, set or tuple
MAX_CHAIN = 20  # sides of a relation
MAX_WORK = 30_000  # operations of a comparison, of 1 to 7 µs; recorded answers take up to 9,000
MAX_CHOSEN = 1_000  # of how many of a huge number are chosen


class Unreadable(Exception):
    """Not mathematics that this grader reads, or too large."""


class Exhausted(Exception):
    """More work than a comparison may take; the answer is refused."""


class Work:
    """The operations that a comparison may still take, and the constants that it knows."""

    __slots__ = ("constants", "left")

    def __init__(self) -> None:
        self.left = MAX_WORK
        self.constants: dict[tuple[object, ...], Any] = {}


WORK: ContextVar[Work | None] = ContextVar("WORK", default=None)


def spend(operations: int) -> None:
    """Count operations. Exhausted where a comparison takes too many."""
    work = WORK.get()
    if work is not None:
        work.left -= operations
        if work.left < 0:
            raise Exhausted
