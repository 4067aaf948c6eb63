"""Texts as sets of shingles, in the form in which sets are joined: ranks, rarest first.

A shingle is a window of 5 bytes of a text's UTF-8. A text of fewer bytes has itself as its only
shingle, which no longer text has: so two empty texts are equal, and a short text is near no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SPAN = 5

# A window and the number of its text share one 64-bit integer, so that a plain sort brings
# together the texts of a window: 40 bits for the window, 24 for the text.
_TEXT_BITS = np.uint64(24)
_TEXT = np.uint64(2**24 - 1)
# What two 32-bit numbers in one integer are taken apart with.
HALF = np.uint64(32)
LOW = np.uint64(2**32 - 1)


@dataclass(frozen=True)
class ShingleSets:
    """The shingle sets of some distinct texts, in ascending order of size.

    A shingle that no pair can share counts in its set's size but has no rank.
    """

    of: I64  # for each text, its set
    left: Flags  # for each set, whether a text of the first list has it
    right: Flags  # and whether one of the second list has it
    sizes: I64  # distinct shingles of each set, at least 1
    from_size: I64  # for 0, 1, … to one past the largest size: the first set of that size or more
    starts: I64  # where each set's ranks begin, and where the last one's end
    ranks: U32  # each set's shingles, ascending; the smaller the rank, the fewer texts have it
    ranked: I64  # how many of each set's shingles have a rank
    unranked: I64  # and how many have none: the rarest


def shingle_sets(texts: Sequence[str], border: int | None, step: int) -> ShingleSets:
    """The shingle sets of `texts`, with scratch memory for about `step` windows at a time.

    Without a `border` any two texts may pair, with one only a text before it and one from it on.
    Takes 8 bytes of memory for each byte of distinct text, and holds 4. Raises ValueError past 2^24
    distinct texts, whose numbers would not fit.
    """
    numbers: dict[str, int] = {}
    of = np.fromiter((numbers.setdefault(t, len(numbers)) for t in texts), np.int64, len(texts))
    known = list(numbers)
    del numbers
    if len(known) > _TEXT + 1:
        raise ValueError(f"{len(known):,} distinct texts; join at most {2**24:,} at a time")
    left = np.zeros(len(known), np.bool_)
    right = left.copy()
    left[of[:border]] = True
    right[of[border:]] = True

    own = _packed_windows(known, step)
    packed = distinct(own)
    sizes = _sizes(packed, len(known), step)
    order = np.argsort(sizes, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    packed = _ranked(packed, place, None if border is None else (left, right), step)
    starts = np.searchsorted(packed, np.arange(len(order) + 1, dtype=np.uint64) << HALF)
    ranked = np.diff(starts)
    sizes = sizes[order]
    # In the lower half of their own memory, of which the upper half is then given back.
    ranks = own.view(np.uint32)
    for begin in range(0, len(packed), step):
        ranks[begin : begin + step][: len(packed) - begin] = packed[begin : begin + step] & LOW
    count = len(packed)
    del packed, ranks
    own.resize((count + 1) // 2, refcheck=False)
    return ShingleSets(
        of=place[of],
        left=left[order],
        right=right[order],
        sizes=sizes,
        from_size=np.searchsorted(sizes, np.arange(sizes.max(initial=0) + 2)),
        starts=starts,
        ranks=own.view(np.uint32)[:count],
        ranked=ranked,
        unranked=sizes - ranked,
    )


def sizes(texts: Sequence[str], step: int = 1 << 18) -> I64:
    """How many distinct shingles each text has; at most 2^24 texts."""
    return _sizes(distinct(_packed_windows(texts, step)), len(texts), step)


def _sizes(packed: U64, texts: int, step: int) -> I64:
    counts = np.zeros(texts, np.int64)
    for begin in range(0, len(packed), step):
        owners = (packed[begin : begin + step] & _TEXT).astype(np.int64)
        np.add.at(counts, owners, 1)
    return np.maximum(counts, 1)


def cuts(counts: I64, step: int) -> Iterator[tuple[int, int]]:
    """Runs of `counts` whose sum is at most `step`, or of one count, as (begin, end)."""
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, before + step, "right")), begin + 1)
        yield begin, end
        begin = end


def spans(starts: I64, counts: I64) -> I64:
    """`counts[0]` numbers from `starts[0]` on, then `counts[1]` from `starts[1]` on, and so on."""
    places = np.repeat(starts - np.cumsum(counts) + counts, counts)
    places += np.arange(len(places))
    return places


def windows_of(texts: Sequence[str], step: int) -> Iterator[tuple[I64, U64]]:
    """Every window that lies in one text, as (texts, windows) in order, about `step` at a time."""
    # Encoded together: a text alone takes ten times as long. Most are ASCII, a byte a character.
    lengths = np.fromiter(map(_bytes, texts), np.int64, len(texts))
    for begin, end in cuts(lengths, step):
        data = "".join(texts[begin:end]).encode()
        if len(data) < SPAN:
            continue
        ends = np.cumsum(lengths[begin:end])
        inside = np.ones(len(data), np.bool_)
        for back in range(1, SPAN):  # what begins in the last 4 bytes of a text leaves the text
            inside[ends[lengths[begin:end] >= back] - back] = False
        counts = np.maximum(lengths[begin:end] - SPAN + 1, 0)
        yield np.repeat(np.arange(begin, end), counts), windows(data)[inside[: 1 - SPAN]]


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def all_windows(texts: Sequence[str], step: int) -> tuple[I64, U64]:
    """The parts of `windows_of` put together."""
    parts = [(np.empty(0, np.int64), np.empty(0, np.uint64)), *windows_of(texts, step)]
    numbers, codes = zip(*parts, strict=True)
    return np.concatenate(numbers), np.concatenate(codes)


def distinct(values: NDArray[Any], step: int = 1 << 18) -> NDArray[Any]:
    """The different values, ascending, in the memory of the array."""
    values.sort()
    kept = 0
    for begin in range(0, len(values), step):
        part = values[begin : begin + step]
        new = np.ones(len(part), np.bool_)
        np.not_equal(part[1:], part[:-1], out=new[1:])
        new[0] = not kept or part[0] != values[kept - 1]
        part = part[new]
        values[kept : kept + len(part)] = part
        kept += len(part)
    return values[:kept]


def windows(data: bytes) -> U64:
    """Every window of the bytes as an integer, in order."""
    one = np.frombuffer(data, np.uint8).astype(np.uint64)
    two = (one[:-1] << np.uint64(8)) | one[1:]
    four = (two[:-2] << np.uint64(16)) | two[2:]
    return (four[:-1] << np.uint64(8)) | one[4:]


def _packed_windows(texts: Sequence[str], step: int) -> U64:
    """(window, text) of every window that lies in one text."""
    packed = np.empty(sum(max(_bytes(text) - SPAN + 1, 0) for text in texts), np.uint64)
    at = 0
    for numbers, codes in windows_of(texts, step):
        codes <<= _TEXT_BITS
        codes |= numbers.view(np.uint64)
        packed[at : at + len(codes)] = codes
        at += len(codes)
    return packed


def _whole_windows(packed: U64, step: int) -> Iterator[tuple[int, int]]:
    """Parts of about `step`, as (begin, end), that do not part the texts of a window."""
    begin = 0
    while begin < len(packed):
        last = packed[min(begin + step, len(packed)) - 1] >> _TEXT_BITS
        end = int(np.searchsorted(packed, (last + np.uint64(1)) << _TEXT_BITS))
        yield begin, end
        begin = end


def _ranked(packed: U64, place: I64, sides: tuple[Flags, Flags] | None, step: int) -> U64:
    """(set, rank) of every shingle that a pair can share, sorted, in the memory of `packed`.

    `place` is the set of each text. A shingle of one text is in no pair, nor with `sides` one that
    is not on both.
    """
    kept = shingles = 0
    frequencies = [np.empty(0, np.int64)]
    for begin, end in _whole_windows(packed, step):
        text = (packed[begin:end] & _TEXT).astype(np.int64)
        windows = packed[begin:end] >> _TEXT_BITS
        starts = np.flatnonzero(np.concatenate([[True], windows[1:] != windows[:-1]]))
        counts = np.diff(starts, append=len(windows))
        shared = counts > 1
        for side in sides or ():
            shared &= np.logical_or.reduceat(side[text], starts)
        numbers = np.repeat(shingles + np.cumsum(shared) - 1, counts)
        wanted = np.repeat(shared, counts)
        part = (place[text[wanted]] << 32) | numbers[wanted]
        packed[kept : kept + len(part)] = part.astype(np.uint64)
        kept += len(part)
        shingles += int(shared.sum())
        frequencies.append(counts[shared])
    packed = packed[:kept]
    rank = np.empty(shingles, np.uint64)
    rank[np.argsort(np.concatenate(frequencies), kind="stable")] = np.arange(shingles)
    for begin in range(0, kept, step):
        numbered = packed[begin : begin + step]
        numbered[:] = (numbered & ~LOW) | rank[(numbered & LOW).astype(np.int64)]
    packed.sort()
    return packed
