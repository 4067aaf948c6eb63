"""Texts as sets of shingles, in the form in which sets are joined: ranks, rarest first.

A rank is 32 bits: how many texts have the shingle, in steps of a fifth, above 26 bits of its hash.
Shingles are counted by fewer bits still. So two may have one rank, and then a set has it twice. To
the join, that is more pairs to look at; none is lost, for what two sets have in common has one rank
in both.

A shingle is a window of 5 bytes of a text's UTF-8. A text of fewer bytes has itself as its only
shingle, which no longer text has: so two empty texts are equal, and a short text is near no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SPAN = 5

# A text's number and a window share one 64-bit integer, so that a plain sort brings together the
# windows of a text: 24 bits for the text, 40 for the window.
_WINDOW_BITS = np.uint64(40)
_MOST_TEXTS = 2**24
# A window's hash: the top bits of its product with 2^64 over the golden ratio.
_ODD = np.uint64(0x9E3779B97F4A7C15)
_HASH_BITS = 26
# What two 32-bit numbers in one integer are taken apart with.
HALF = np.uint64(32)
LOW = np.uint64(2**32 - 1)


@dataclass(frozen=True)
class ShingleSets:
    """The shingle sets of some distinct texts, in ascending order of size.

    A shingle that no pair can share counts in its set's size but has no rank.
    """

    texts: pl.Series  # the text of each set
    of: I64  # for each text of the lists, its set
    left: Flags  # for each set, whether a text of the first list has it
    right: Flags  # and whether one of the second list has it
    sizes: I64  # distinct shingles of each set, at least 1
    from_size: I64  # for 0, 1, … to one past the largest size: the first set of that size or more
    starts: I64  # where each set's ranks begin
    ranks: U32  # each set's shingles, ascending; the smaller the rank, the fewer texts have it
    ranked: I64  # how many of each set's shingles have a rank
    unranked: I64  # and how many have none: the rarest


def shingle_sets(texts: pl.Series, border: int | None, step: int) -> ShingleSets:
    """The shingle sets of `texts`, with scratch memory for about `step` windows at a time.

    Without a `border` any two texts may pair, with one only a text before it and one from it on.
    Takes 4 bytes of memory for each byte of distinct text, and 40 MB at most. Raises ValueError
    past 2^24 distinct texts, whose numbers would not fit.
    """
    known = texts.unique(maintain_order=True)
    of = np.arange(len(texts))
    if len(known) < len(texts):
        numbers = known.alias("text").to_frame().with_row_index("number")
        every = texts.alias("text").to_frame().join(numbers, on="text", maintain_order="left")
        of = every["number"].cast(pl.Int64).to_numpy()
    if len(known) > _MOST_TEXTS:
        raise ValueError(f"{len(known):,} distinct texts; join at most {_MOST_TEXTS:,} at a time")
    left = np.zeros(len(known), np.bool_)
    right = left.copy()
    left[of[:border]] = True
    right[of[border:]] = True

    ranks = np.empty(int(np.maximum(_lengths(known) - SPAN + 1, 0).sum()), np.uint32)
    sizes = np.zeros(len(known), np.int64)
    bits = min(max(len(ranks).bit_length(), 8), 23)
    filled = 0
    for owners, codes in windows_of(known, step):
        owners, codes = _each_once(owners, codes)
        sizes[owners[0] : owners[-1] + 1] = np.bincount(owners - owners[0])
        codes *= _ODD
        codes >>= np.uint64(64 - _HASH_BITS)
        ranks[filled : filled + len(codes)] = codes
        filled += len(codes)
    # Texts of the first list come first, so that only those of both are put together.
    first = len(ranks) if border is None else int(sizes[: int(left.sum())].sum())
    parts = [[ranks[:filled]]] if border is None else [[ranks[:first]], [ranks[first:filled]]]
    if border is not None:
        both = np.flatnonzero(left & right)
        starts = np.cumsum(sizes) - sizes
        parts[1].append(ranks[spans(starts[both], sizes[both])])
    tables = [_counted(part, bits) for part in parts]
    ranked = _ranked(ranks, sizes, _classes(tables), step)
    starts = np.cumsum(ranked) - ranked
    ranks.resize(ranked.sum(), refcheck=False)
    sizes = np.maximum(sizes, 1)
    order = np.argsort(sizes, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    sizes, ranked = sizes[order], ranked[order]
    return ShingleSets(
        texts=known.gather(order),
        of=place[of],
        left=left[order],
        right=right[order],
        sizes=sizes,
        from_size=np.searchsorted(sizes, np.arange(sizes.max(initial=0) + 2)),
        starts=starts[order],
        ranks=ranks,
        ranked=ranked,
        unranked=sizes - ranked,
    )


def exact_sets(texts: pl.Series, step: int) -> tuple[I64, I64]:
    """The shingles of texts, as numbers that only equal ones share, and where each text's begin."""
    owners, codes = _each_once(*all_windows(texts, step))
    starts = np.searchsorted(owners, np.arange(len(texts) + 1))
    return np.unique(codes, return_inverse=True)[1], starts


def _each_once(owners: I64, codes: U64) -> tuple[I64, U64]:
    """The different windows of each text."""
    keys = distinct((owners.view(np.uint64) << _WINDOW_BITS) | codes)
    return (keys >> _WINDOW_BITS).view(np.int64), keys & ((np.uint64(1) << _WINDOW_BITS) - 1)


def _counted(parts: list[U32], bits: int, step: int = 1 << 21) -> NDArray[np.uint16]:
    """How often the first `bits` of a hash stand in all parts, up to 65,535."""
    table = np.zeros(1 << bits, np.uint16)
    for part in parts:
        for begin in range(0, len(part), step):
            slots = part[begin : begin + step] >> np.uint32(_HASH_BITS - bits)
            slots.sort()
            new = np.ones(len(slots), np.bool_)
            np.not_equal(slots[1:], slots[:-1], out=new[1:])
            starts = np.flatnonzero(new)
            counts = np.diff(starts, append=len(slots))
            slots = slots[starts]
            table[slots] = np.minimum(table[slots] + counts, 2**16 - 1)
    return table


def _classes(tables: list[NDArray[np.uint16]]) -> NDArray[np.uint8]:
    """For each slot, 1 to 61 for 2 to 65,535 texts, or 0 where no pair can share its shingles."""
    class_of = np.zeros(2**16, np.uint8)
    class_of[2:] = 1 + 4 * np.log2(np.arange(2, 2**16) / 2)
    if len(tables) == 1:
        return class_of[tables[0]]
    one, other = tables
    both: NDArray[np.uint8] = class_of[np.minimum(one, 2**15 - 1) + np.minimum(other, 2**15 - 1)]
    both[(one == 0) | (other == 0)] = 0
    return both


def _ranked(ranks: U32, sizes: I64, classes: NDArray[np.uint8], step: int) -> I64:
    """Hashes, text by text, become ranks in their own memory; how many each text has of them."""
    shift = np.uint32(_HASH_BITS + 1 - len(classes).bit_length())
    ranked = np.zeros_like(sizes)
    begun = kept = 0
    for begin, end in cuts(sizes, step):
        hashes = ranks[begun : begun + int(sizes[begin:end].sum())]
        begun += len(hashes)
        above = classes.take(hashes >> shift, mode="clip")  # half the time of an index
        owners = np.repeat(np.arange(end - begin), sizes[begin:end])
        keys = (owners.view(np.uint64) << HALF) | (above.astype(np.uint32) << _HASH_BITS) | hashes
        keys = keys[above > 0]
        keys.sort()
        ranked[begin:end] = np.bincount((keys >> HALF).view(np.int64), minlength=end - begin)
        ranks[kept : kept + len(keys)] = keys & LOW
        kept += len(keys)
    return ranked


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


def windows_of(texts: pl.Series, step: int) -> Iterator[tuple[I64, U64]]:
    """Every window that lies in one text, as (texts, windows) in order, about `step` at a time."""
    lengths = _lengths(texts)
    for begin, end in cuts(lengths, step):
        data = texts[begin:end].str.join("").item().encode()
        if len(data) < SPAN:
            continue
        ends = np.cumsum(lengths[begin:end])
        inside = np.ones(len(data), np.bool_)
        for back in range(1, SPAN):  # what begins in the last 4 bytes of a text leaves the text
            inside[ends[lengths[begin:end] >= back] - back] = False
        counts = np.maximum(lengths[begin:end] - SPAN + 1, 0)
        if counts.any():
            yield np.repeat(np.arange(begin, end), counts), windows(data)[inside[: 1 - SPAN]]


def _lengths(texts: pl.Series) -> I64:
    return texts.str.len_bytes().cast(pl.Int64).to_numpy()


def all_windows(texts: pl.Series, step: int) -> tuple[I64, U64]:
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
    # Eight bytes from each byte on, of which the last three go: 20 times as fast as five shifts.
    count = max(len(data) - SPAN + 1, 0)
    eights: U64 = np.ndarray(count, ">u8", data + bytes(8 - SPAN), strides=(1,))
    return eights.astype(np.uint64) >> np.uint64(8 * (8 - SPAN))
