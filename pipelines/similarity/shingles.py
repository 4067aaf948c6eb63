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
F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPAN = 5

# A window and the number of its text share one 64-bit integer, so that a plain sort brings
# together the texts of a window: 40 bits for the window, 24 for the text.
_TEXT_BITS = np.uint64(24)
_TEXT = np.uint64(2**24 - 1)
# What two 32-bit numbers in one integer are taken apart with.
HALF = np.uint64(32)
LOW = np.uint64(2**32 - 1)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, which spreads products evenly


@dataclass(frozen=True)
class ShingleSets:
    """The distinct shingle sets of some texts, in ascending order of size.

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
    Takes 12 bytes of memory for each byte of distinct text. Raises ValueError past 2^24 distinct
    texts, whose numbers would not fit.
    """
    numbers: dict[str, int] = {}
    of = np.fromiter((numbers.setdefault(t, len(numbers)) for t in texts), np.int64, len(texts))
    distinct = list(numbers)
    del numbers
    if len(distinct) > _TEXT + 1:
        raise ValueError(f"{len(distinct):,} distinct texts; join at most {2**24:,} at a time")
    left = np.zeros(len(distinct), np.bool_)
    right = left.copy()
    left[of[:border]] = True
    right[of[border:]] = True

    packed = _distinct(_packed_windows(distinct, step), step)
    sizes, sums = _sizes_and_sums(packed, len(distinct), step)
    first = _first_with_set(distinct, sizes, sums)
    sizes = np.maximum(sizes, 1)
    sets = np.flatnonzero(first == np.arange(len(distinct)))
    sets = sets[np.argsort(sizes[sets], kind="stable")]
    place = np.full(len(distinct), -1)
    place[sets] = np.arange(len(sets))
    packed = _ranked(packed, place, None if border is None else (left, right), step)

    place = place[first]
    sides = np.zeros((2, len(sets)), np.bool_)
    sides[0, place[left]] = True
    sides[1, place[right]] = True
    starts = np.searchsorted(packed, np.arange(len(sets) + 1, dtype=np.uint64) << HALF)
    ranked = np.diff(starts)
    sizes = sizes[sets]
    return ShingleSets(
        of=place[of],
        left=sides[0],
        right=sides[1],
        sizes=sizes,
        from_size=np.searchsorted(sizes, np.arange(sizes.max(initial=0) + 2)),
        starts=starts,
        ranks=packed.astype(np.uint32),
        ranked=ranked,
        unranked=sizes - ranked,
    )


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
    encoded = [text.encode() for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int64, len(texts))
    for begin, end in cuts(lengths, step):
        data = b"".join(encoded[begin:end])
        if len(data) < SPAN:
            continue
        ends = np.cumsum(lengths[begin:end])
        inside = np.ones(len(data), np.bool_)
        for back in range(1, SPAN):  # what begins in the last 4 bytes of a text leaves the text
            inside[ends[lengths[begin:end] >= back] - back] = False
        counts = np.maximum(lengths[begin:end] - SPAN + 1, 0)
        yield np.repeat(np.arange(begin, end), counts), windows(data)[inside[: 1 - SPAN]]


def all_windows(texts: Sequence[str], step: int) -> tuple[I64, U64]:
    """The parts of `windows_of` put together."""
    parts = [(np.empty(0, np.int64), np.empty(0, np.uint64)), *windows_of(texts, step)]
    numbers, codes = zip(*parts, strict=True)
    return np.concatenate(numbers), np.concatenate(codes)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, ascending; the array is sorted where it stands."""
    values.sort()
    new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]


def windows(data: bytes) -> U64:
    """Every window of the bytes as an integer, in order."""
    one = np.frombuffer(data, np.uint8).astype(np.uint64)
    two = (one[:-1] << np.uint64(8)) | one[1:]
    four = (two[:-2] << np.uint64(16)) | two[2:]
    return (four[:-1] << np.uint64(8)) | one[4:]


def _packed_windows(texts: Sequence[str], step: int) -> U64:
    """(window, text) of every window that lies in one text, sorted."""
    packed = np.empty(sum(max(len(t.encode()) - SPAN + 1, 0) for t in texts), np.uint64)
    at = 0
    for numbers, codes in windows_of(texts, step):
        packed[at : at + len(codes)] = (codes << _TEXT_BITS) | numbers.astype(np.uint64)
        at += len(codes)
    packed.sort()
    return packed


def _distinct(packed: U64, step: int) -> U64:
    """A sorted array without its repetitions, in the same memory."""
    kept = 0
    last = None
    for begin in range(0, len(packed), step):
        part = packed[begin : begin + step]
        new = np.ones(len(part), np.bool_)
        np.not_equal(part[1:], part[:-1], out=new[1:])
        new[0] = part[0] != last
        last = part[-1]
        part = part[new]
        packed[kept : kept + len(part)] = part
        kept += len(part)
    return packed[:kept]


def _whole_windows(packed: U64, step: int) -> Iterator[tuple[int, int]]:
    """Parts of about `step`, as (begin, end), that do not part the texts of a window."""
    begin = 0
    while begin < len(packed):
        last = packed[min(begin + step, len(packed)) - 1] >> _TEXT_BITS
        end = int(np.searchsorted(packed, (last + np.uint64(1)) << _TEXT_BITS))
        yield begin, end
        begin = end


def _sizes_and_sums(packed: U64, texts: int, step: int) -> tuple[I64, F64]:
    """For each text the number of its shingles and a sum that texts with equal sets have in common.

    Terms are added in the order of the windows and in the same parts, so equal sets round alike.
    """
    sizes = np.zeros(texts, np.int64)
    sums = np.zeros(texts)
    for begin, end in _whole_windows(packed, max(step, texts)):  # each costs a pass over all texts
        part = packed[begin:end]
        text = (part & _TEXT).astype(np.int64)
        sizes += np.bincount(text, minlength=texts)
        terms = (part >> _TEXT_BITS) * _ODD
        terms ^= terms >> HALF  # a product alone adds up alike where digits change places
        terms *= _ODD
        sums += np.bincount(text, terms.astype(np.float64), minlength=texts)
    return sizes, sums


def _first_with_set(texts: Sequence[str], sizes: I64, sums: F64) -> I64:
    """For each text the first text with the same set: itself, in most cases.

    Equal sizes and sums only raise the suspicion; the sets themselves decide. A text without a
    window stays itself, for it is its own only shingle.
    """
    first = np.arange(len(texts))
    order = np.lexsort((first, sums, sizes))
    order = order[sizes[order] > 0]
    alike = (np.diff(sums[order]) == 0) & (np.diff(sizes[order]) == 0)
    for one, other in zip(order[:-1][alike], order[1:][alike], strict=True):
        expected, actual = (np.unique(windows(texts[i].encode())) for i in (first[one], other))
        if np.array_equal(actual, expected):
            first[other] = first[one]
    return first


def _ranked(packed: U64, place: I64, sides: tuple[Flags, Flags] | None, step: int) -> U64:
    """(set, rank) of every shingle that a pair can share, sorted, in the memory of `packed`.

    `place` is the set of each text, or -1 where another text stands for it. A shingle of one text
    is in no pair, nor with `sides` one that is not on both.
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
        wanted = np.repeat(shared, counts) & (place[text] >= 0)
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
