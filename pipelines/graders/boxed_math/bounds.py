"""The sizes that bound the work, and the exception for what lies beyond them or cannot be read."""

from __future__ import annotations

MAX_TEXT = 2_000  # characters; a longer text is compared as text
MAX_TOKENS = 1_000
MAX_DEPTH = 30  # of nesting
MAX_SIGNS = 5  # behind one factor: powers, factorials, percent
MAX_DIGITS = 1_000  # of a number as written
MAX_BITS = 32_768  # of the numerator or denominator of an exact number; 2017! has 19,272
MAX_VALUES = 100  # of a list, set or tuple
MAX_CHAIN = 20  # sides of a relation
MAX_STEPS = 20_000  # nodes of the terms of sums at a point; those of no fraction count as ten
MAX_CHOSEN = 1_000  # of how many of a huge number are chosen
MAX_EXPONENT = 512  # bits of an exponent at a huge number
MAX_MEMBERS = 48  # of one period of a family of solutions


class Unreadable(Exception):
    """Not mathematics that this grader reads, or too large."""
