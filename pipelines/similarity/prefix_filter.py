"""Which pairs of shingle sets may be near: the filters of an exact join, none of which loses one.

They are those of AllPairs and PPJoin. For a threshold t and sets x and y, |y| <= |x|, each with its
rarest shingles first:

1. Size: |y| >= t|x|.
2. Prefix: some shingle is among the first |x| - ceil(t|x|) + 1 of x and among the first
   |y| - ceil(2t/(1+t) |y|) + 1 of y. Those of y are indexed, those of x are looked up.
3. Position: if the first that both have is the i-th of x (from 0), they share |x| - i at most,
   which bounds |y| from above, and in the same way its place in y bounds |x|.
4. Bitmap: a set is also a row of bits, of which each shingle flips one. Two rows differ in no more
   bits than there are shingles that only one set has.

What 1 to 3 leave is called a match here: a pair and a shingle that both have in their prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.similarity.shingles import HALF, I64, LOW, U32, U64, Flags, ShingleSets, cuts, distinct, spans

# How many shingles of their prefixes a near pair shares, where it shares as many.
COMMON = 2

_ODD = np.uint32(0x9E3779B1)  # 2^32 over the golden ratio, which spreads products evenly


@dataclass(frozen=True)
class Bound:
    """What a threshold of p/q asks of the sizes of two sets, in integers."""

    p: int
    q: int

    @classmethod
    def of(cls, threshold: float) -> Bound:
        """The threshold as it is spelt: 0.7 is 7/10, which no binary fraction is."""
        exact = Fraction(str(threshold))
        if not 0 < exact <= 1 or exact.denominator > 10**6:  # so that products fit 64 bits
            raise ValueError(f"threshold {threshold}: give one in (0, 1], 6 decimals at most")
        return cls(exact.numerator, exact.denominator)

    def shared(self, total: I64) -> I64:
        """The fewest shared shingles of a near pair whose sizes add up to `total`."""
        return -(-self.p * total // (self.p + self.q))

    def smallest(self, size: I64) -> I64:
        """The smallest set that can be near one of `size`."""
        return -(-self.p * size // self.q)

    def apart(self, total: I64) -> I64:
        """The most shingles that only one of a near pair has, sizes up to `total` together."""
        return total * (self.q - self.p) // (self.p + self.q)


@dataclass(frozen=True)
class Search:
    """The matches between the sets of one side and those of the other that come before them."""

    sets: ShingleSets
    bound: Bound
    members: U32  # the index: the sets that have a shingle in their prefix, shingle after shingle
    x: U32  # the set of each lookup that finds something, ascending
    start: U32  # where in the index its matches begin
    count: U32  # and how many they are

    @classmethod
    def of(
        cls, sets: ShingleSets, bound: Bound, probing: Flags, indexed: Flags, step: int
    ) -> Search:
        """Look up the prefixes of the sets `probing` in those of the sets `indexed`."""
        sizes, ranked, unranked = sets.sizes, sets.ranked, sets.unranked
        probes = np.clip(sizes - bound.smallest(sizes) + COMMON - unranked, 0, ranked) * probing
        entries = np.clip(sizes - bound.shared(2 * sizes) + COMMON - unranked, 0, ranked) * indexed
        index, wanted = (_prefixes(sets, some, step) for some in (entries, probes))
        least = sets.from_size[bound.smallest(sizes)].astype(np.uint64)
        found = [np.empty((3, 0), np.uint32)]
        for begin in range(0, len(wanted), step):  # in order, so that the index is read once
            part = wanted[begin : begin + step]
            x = (part & LOW).astype(np.int64)
            near = index[slice(*np.searchsorted(index, [part[0] & ~LOW, part[-1]]))]
            first = int(np.searchsorted(index, part[0] & ~LOW))
            start = np.searchsorted(near, (part & ~LOW) | least[x])
            count = np.searchsorted(near, part) - start
            some = np.flatnonzero(count > 0)
            found.append(np.stack([x[some], first + start[some], count[some]]).astype(np.uint32))
        members = (index & LOW).astype(np.uint32)
        del index, wanted
        x, start, count = np.concatenate(found, axis=1)
        order = (x.astype(np.uint64) << HALF) | np.arange(len(x), dtype=np.uint64)
        order.sort()
        some = (order & LOW).view(np.int64)
        return cls(sets, bound, members, x[some], start[some], count[some])

    @property
    def matches(self) -> int:
        """How many there are."""
        return int(self.count.sum(dtype=np.int64))

    def candidates(self, step: int) -> Iterator[tuple[I64, I64]]:
        """(x, y) of each pair that the bitmaps leave, once, ascending; about `step` at a time."""
        waiting = np.empty(0, np.uint64)
        for x, y in self._near(step):
            waiting = np.concatenate([waiting, (x.astype(np.uint64) << HALF) | y.astype(np.uint64)])
            if len(waiting) > step:
                waiting = np.unique(waiting)
                whole = np.searchsorted(waiting, waiting[-1] & ~LOW)  # the last x may go on
                yield _unpacked(waiting[:whole])
                waiting = waiting[whole:]
        yield _unpacked(np.unique(waiting))

    def _near(self, step: int) -> Iterator[tuple[I64, I64]]:
        """(x, y) of each match that the bitmaps leave, ascending by x."""
        sizes = self.sets.sizes
        used = np.zeros(len(sizes), np.bool_)
        used[self.x] = used[self.members] = True
        begin = 0
        while begin < len(self.x):
            size = sizes[self.x[begin]]
            low = int(self.sets.from_size[self.bound.smallest(size)])
            high = int(np.searchsorted(sizes, 1 << int(size).bit_length()))  # under twice the size
            end = int(np.searchsorted(self.x, high))
            rows = _Bitmaps.of(self.sets, self.bound, low, high, used, step)
            x, start, count = (
                column[begin:end].astype(np.int64) for column in (self.x, self.start, self.count)
            )
            common = min(COMMON, int(self.bound.smallest(size)))
            firsts = np.flatnonzero(np.diff(x, prepend=-1))  # all matches of a set are together
            ends = np.append(firsts, len(x))
            for i, j in cuts(np.add.reduceat(count, firsts), step):
                own = slice(ends[i], ends[j])
                pairs = np.repeat(x[own].view(np.uint64) << HALF, count[own])
                pairs |= self.members[spans(start[own], count[own])]
                pairs.sort()
                pairs = pairs[common - 1 :][pairs[common - 1 :] == pairs[: len(pairs) - common + 1]]
                yield rows.near(*_unpacked(distinct(pairs)), step)
            begin = end


def _prefixes(sets: ShingleSets, counts: I64, step: int) -> U64:
    """(rank, set) of the first `counts` ranks of each set, sorted."""
    keys = np.empty(counts.sum(), np.uint64)
    filled = 0
    for begin, end in cuts(counts, step):
        some = counts[begin:end]
        part = sets.ranks[spans(sets.starts[begin:end], some)].astype(np.uint64) << HALF
        part |= np.repeat(np.arange(begin, end, dtype=np.uint64), some)
        keys[filled : filled + len(part)] = part
        filled += len(part)
    keys.sort()
    return keys


@dataclass(frozen=True)
class _Bitmaps:
    """Rows of bits for the sets from `low` on, of which each ranked shingle flips one."""

    sets: ShingleSets
    bound: Bound
    low: int
    wide: U64  # rows of 512 bits, or of 2 to 4 for each shingle of the largest set
    narrow: U64  # columns of the same rows, or of rows folded to a half or a quarter
    allowed: I64  # in how many bits a row may differ from any row before it

    @classmethod
    def of(
        cls, sets: ShingleSets, bound: Bound, low: int, high: int, used: Flags, step: int
    ) -> _Bitmaps:
        """Bitmaps of the sets from `low` to `high` that are `used`; the other rows stay empty."""
        bits = max(512, 2 << int(sets.sizes[high - 1]).bit_length())
        shift = np.uint32(33 - bits.bit_length())
        wide = np.zeros((high - low, bits // 64), np.uint64)
        some = low + np.flatnonzero(used[low:high])
        for begin, end in cuts(np.maximum(sets.ranked[some], bits), 4 * step):
            part = some[begin:end]
            count = sets.ranked[part]
            bit = (sets.ranks[spans(sets.starts[part], count)] * _ODD) >> shift
            row = np.repeat(np.arange(end - begin), count)
            flips = np.zeros((end - begin) * bits, np.uint8)
            np.add.at(flips, row * bits + bit, np.uint8(1))
            odd = np.packbits(flips & np.uint8(1))
            wide[part - low] = odd.view(np.uint64).reshape(end - begin, -1)
        # Unrelated sets of s shingles differ in about n/2 (1 - exp(-4s/n)) of n bits, which must be
        # well above what the threshold allows, 2s (1-t)/(1+t). Below 0.8, a quarter is not enough.
        fold = 4 if 5 * bound.p >= 4 * bound.q else 2 if 3 * bound.p >= 2 * bound.q else 1
        narrow = np.bitwise_xor.reduce(wide.reshape(high - low, fold, -1), axis=1)
        allowed = (bound.apart(2 * sets.sizes) - sets.unranked)[low:high]
        return cls(sets, bound, low, wide, np.ascontiguousarray(narrow.T), allowed)

    def near(self, x: I64, y: I64, step: int) -> tuple[I64, I64]:
        """Those of the pairs (x, y) whose bits do not differ in too many places."""
        sizes, unranked = self.sets.sizes, self.sets.unranked
        apart = np.zeros(len(y), np.uint32)
        for column in self.narrow:
            apart += np.bitwise_count(column[x - self.low] ^ column[y - self.low])
        some = np.flatnonzero(apart <= self.allowed[x - self.low])
        x, y = x[some], y[some]
        kept = [np.empty(0, np.int64)]
        part = max(step // self.wide.shape[1], 1)
        for begin in range(0, len(x), part):
            one, other = x[begin : begin + part], y[begin : begin + part]
            flips = np.bitwise_count(self.wide[one - self.low] ^ self.wide[other - self.low])
            least = flips.sum(axis=1, dtype=np.int64) + unranked[one] + unranked[other]
            allowed = self.bound.apart(sizes[one] + sizes[other])
            kept.append(begin + np.flatnonzero(least <= allowed))
        some = np.concatenate(kept)
        return x[some], y[some]


def _unpacked(pairs: U64) -> tuple[I64, I64]:
    return (pairs >> HALF).astype(np.int64), (pairs & LOW).astype(np.int64)
