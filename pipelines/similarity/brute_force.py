"""Near pairs by counting every shingle of every text, with nothing of the join that it checks.

No ranks, prefixes or bitmaps. A text is passed over where even all of its shingles that any of the
others have would be too few, were they in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

# A shingle is five bytes; a key has the number of its text above it.
_SPAN = 5
_BITS = np.uint64(8 * _SPAN)
_SHINGLE = (np.uint64(1) << _BITS) - np.uint64(1)
# Characters that are worked on at a time, in about 60 bytes of memory each; or one text, if longer.
_STEP = 1 << 20
# A shingle's slot among 2^20, of which those that the others have are marked.
_SLOTS, _ODD = 20, np.uint64(0x9E3779B97F4A7C15)


def near_by_counting(
    texts: Sequence[str], others: Sequence[str], threshold: Fraction
) -> Iterator[tuple[int, int]]:
    """(text, other), as places, wherever the Jaccard index of their shingles is large enough."""
    owners, shingles = _shingles(others)
    having = owners[np.argsort(shingles, kind="stable")]  # shingle by shingle, those that have it
    known, count = np.unique(shingles, return_counts=True)
    start = np.cumsum(count) - count
    sizes = np.bincount(owners, minlength=len(others))
    marked = np.zeros(1 << _SLOTS, np.bool_)
    marked[_slots(known)] = True
    p, q = threshold.numerator, threshold.denominator
    ends = np.cumsum([len(text) for text in texts])
    for _, part in groupby(range(len(texts)), key=lambda text: ends[text] // _STEP):
        numbers = list(part)
        owners, shingles = _shingles([texts[text] for text in numbers])
        size = np.bincount(owners)
        both = marked[_slots(shingles)]
        likely = np.bincount(owners[both], minlength=len(size)) * q >= size * p
        both &= likely[owners]
        owners, shingles = owners[both], shingles[both]
        at = np.searchsorted(known, shingles)
        same = known[np.minimum(at, len(known) - 1)] == shingles
        owners, at = owners[same], at[same]
        starts = np.searchsorted(owners, np.arange(len(size) + 1))
        for text in np.flatnonzero(likely):
            own = at[starts[text] : starts[text + 1]]
            before = np.cumsum(count[own]) - count[own]
            places = np.repeat(start[own] - before, count[own])
            owned = having[places + np.arange(len(places))]
            shared = np.bincount(owned, minlength=len(others))
            for other in np.flatnonzero(shared * (p + q) >= (size[text] + sizes) * p):
                yield numbers[text], int(other)


def _slots(shingles: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (shingles * _ODD) >> np.uint64(64 - _SLOTS)


def _shingles(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Each different shingle of each text: the text's place, ascending, and five bytes as a number.

    A text of fewer bytes is its only shingle, filled up with a byte that is in no UTF-8.
    """
    data = [text.encode().ljust(_SPAN, b"\xff") for text in texts]
    count = np.array([len(one) - _SPAN + 1 for one in data], np.int64)
    owners = np.repeat(np.arange(len(data), dtype=np.int64), count)
    stream = np.frombuffer(b"".join(data), np.uint8).astype(np.uint64)
    windows = np.zeros(max(len(stream) - _SPAN + 1, 0), np.uint64)
    for place in range(_SPAN):
        windows = windows << np.uint64(8) | stream[place : len(windows) + place]
    # Between two texts are windows of both, which are left out.
    windows = windows[np.arange(len(owners)) + (_SPAN - 1) * owners]
    keys = owners.view(np.uint64) << _BITS | windows
    keys.sort()
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    return (keys >> _BITS).view(np.int64), keys & _SHINGLE
