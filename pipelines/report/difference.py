"""What differs between two texts, marked: two lists of pieces, each a text and whether it differs.

Cut into words, numbers, LaTeX commands and signs, so that a digit is seen and a word stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

Piece = tuple[str, bool]

_PIECES = re.compile(r"\\?[^\W\d_]+|\d+|\s+|.", re.DOTALL)


def marked(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that differ are not in the other one, in that place."""
    left, right = _PIECES.findall(one), _PIECES.findall(other)
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return (
        list(_joined(((left[a:b], step != "equal") for step, a, b, _, _ in steps))),
        list(_joined(((right[a:b], step != "equal") for step, _, _, a, b in steps))),
    )


def _joined(parts: Iterator[tuple[list[str], bool]]) -> Iterator[Piece]:
    for pieces, differs in parts:
        if pieces:
            yield "".join(pieces), differs
