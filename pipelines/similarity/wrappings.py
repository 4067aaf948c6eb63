"""What most prompts of a file share before or after the question: an instruction, a label.

It tells nothing about any of them, and where two files are put together it hides that they ask the
same. It is found by counting, never by wording.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

# Fewer prompts than this share what they share by chance.
_FEWEST = 10
_SHORTEST = 12  # characters, where it is no line of its own and no label with a colon
# Characters of one that less than half of the prompts share: more is a text that is asked about.
_LONGEST = 300
_LAST = chr(0x10FFFF)
# Where a question may begin after an instruction, and where an instruction may begin after it.
_BEFORE = re.compile(r".*(?:[.!?:)\]]\s+|\n\s*)", re.DOTALL)
_AFTER = re.compile(r"\s*\n\s*\S|\s+[A-Z(\[]")


class Wrapping(NamedTuple):
    """A text that prompts begin or end with, and how many of them do."""

    text: str
    at_end: bool
    prompts: int


def wrappings(texts: Iterable[str], share: float = 0.5) -> list[Wrapping]:
    """What more than `share` of the different texts begin or end with, in the order of taking off.

    Below one half, and where it does not end with a space, it has to be whole sentences or lines.
    """
    left = sorted(set(texts))
    found: list[Wrapping] = []
    tried: set[bool] = set()  # ends at which these texts share nothing
    for at_end in (False, True) * 4:
        if at_end in tried:
            break  # the other one was tried after it
        if at_end:
            turned = sorted(text[::-1] for text in left)
            best = _shared(turned, share, lambda shared: shared[::-1], _cut_after)
        else:
            best = _shared(left, share, str, _cut_before)
        tried = set() if best else tried | {at_end}
        if best:
            found.append(Wrapping(best[0], at_end, best[1]))
            left = sorted({without(text, found[-1:]) for text in left})
    return found


def without(text: str, found: Sequence[Wrapping]) -> str:
    """A text without the wrappings that it has; never empty."""
    body = text
    for wrapping, at_end, _ in found:
        body = body.removesuffix(wrapping) if at_end else body.removeprefix(wrapping)
    return body if body.strip() else text


def _shared(
    ordered: list[str],
    share: float,
    turn: Callable[[str], str],
    cut: Callable[[str, bool], str],
) -> tuple[str, int] | None:
    """The longest piece that enough of the texts begin with, cut where a question may begin."""
    need = max(int(share * len(ordered)) + 1, _FEWEST)
    best: tuple[str, int] | None = None
    for place in range(need - 1, len(ordered), need):  # what so many share stands at one of these
        text = ordered[place]
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if _count(ordered, text[:middle]) >= need:
                low = middle
            else:
                high = middle - 1
        shared = turn(text[:low])
        most = 2 * _count(ordered, text[:low]) > len(ordered)
        piece = cut(shared, most)
        if len(piece) > _LONGEST and not most:
            continue
        if piece.strip() and (best is None or len(piece) > len(best[0])):
            best = piece, _count(ordered, turn(piece))
    return best


def _count(ordered: list[str], start: str) -> int:
    return bisect_right(ordered, start + _LAST) - bisect_left(ordered, start)


def _cut_before(shared: str, most: bool) -> str:
    """Whole sentences, lines or a label with a colon; else, where most share them, whole words."""
    end = _BEFORE.match(shared)
    piece = end[0] if end else ""
    if _long(piece) or piece.rstrip()[-1:] == ":":
        return piece
    words = shared if shared[-1:].isspace() else shared.rpartition(" ")[0] + " "
    return words if most and _long(words) else ""


def _cut_after(shared: str, most: bool) -> str:
    start = _AFTER.search(shared)
    piece = shared[start.start() :] if start else ""
    if _long(piece) or "\n" in piece[: len(piece) - len(piece.lstrip())]:
        return piece
    space = re.search(r"\s", shared)
    words = shared[space.start() :] if space else ""
    return words if most and _long(words) else ""


def _long(piece: str) -> bool:
    return len("".join(piece.split())) >= _SHORTEST
