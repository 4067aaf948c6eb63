"""Which pairs of shingle sets may be near: the filters of an exact join, none of which loses one.

They are those of AllPairs, AdaptJoin and PPJoin. For a threshold t and sets x and y, |y| <= |x|,
each with its rarest shingles first:

1. Size: |y| >= t|x|.
2. Prefix: x and y share ceil(t|x|) shingles at least, so the first k of those are among the first
   |x| - ceil(t|x|) + k of x and among the first |y| - ceil(2t/(1+t) |y|) + k of y. Those of y are
   indexed, those of x are looked up, and pairs that are matched k times are left.
3. Bitmap: a set is also a row of bits, of which each shingle flips one. Two rows differ in no more
   bits than there are shingles that only one set has.

A match is a pair and a shingle that both have in their prefix. Nine of ten pairs have one alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.similarity.shingles import (
    HALF,
    I64,
    LOW,
    U64,
    Flags,
    ShingleSets,
    cuts,
    distinct,
    spans,
)

# The k of the prefixes, where sets have to share as many. With 2, 2.2 of 23 million matched pairs
# of 700,000 questions are left, with 3, 0.8 million; from 4 on, longer prefixes cost more.
COMMON = 3

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


@dataclass
class Search:
    """The pairs of sets of one side and those of the other that come before them, filtered."""

    sets: ShingleSets
    bound: Bound
    probing: Flags  # the sets whose prefixes are looked up
    indexed: Flags  # and those in whose prefixes they are
    matches: int = 0  # that were looked at so far, or are next

    def candidates(self, step: int) -> Iterator[tuple[I64, I64]]:
        """(x, y) of each pair that the filters leave, once, ascending; about `step` at a time.

        Before many matches are looked at, none come, and the caller may read how many they are.
        """
        waiting = [np.empty(0, np.uint64)]
        count = 0
        for x, y in self._near(step):
            waiting.append((x.view(np.uint64) << HALF) | y.view(np.uint64))
            count += len(x)
            if count > step or not len(x):
                yield _unpacked(np.concatenate(waiting))
                waiting, count = [np.empty(0, np.uint64)], 0
        yield _unpacked(np.concatenate(waiting))

    def _near(self, step: int) -> Iterator[tuple[I64, I64]]:
        """(x, y) of each pair that the filters leave, once, ascending."""
        sizes, ranked, unranked = self.sets.sizes, self.sets.ranked, self.sets.unranked
        probes = sizes - self.bound.smallest(sizes) + COMMON - unranked
        probes = np.clip(probes, 0, ranked) * self.probing
        entries = sizes - self.bound.shared(2 * sizes) + COMMON - unranked
        index = _prefixes(self.sets, np.clip(entries, 0, ranked) * self.indexed, 0, step)
        begin = 0
        while begin < len(sizes):
            size = sizes[begin]
            low = int(self.sets.from_size[self.bound.smallest(size)])
            high = int(np.searchsorted(sizes, 1 << int(size).bit_length()))  # under twice the size
            rows = _Bitmaps.of(self.sets, self.bound, low, high)
            common = min(COMMON, int(self.bound.smallest(size)))
            for i, j in cuts(probes[begin:high], 4 * step):
                own = slice(begin + i, begin + j)
                x, start, count = self._looked_up(index, probes[own], begin + i, step)
                self.matches += int(count.sum())
                yield x[:0], x[:0]
                firsts = np.flatnonzero(np.diff(x, prepend=-1))  # a set's matches stay together
                ends = np.append(firsts, len(x))
                for first, last in cuts(np.add.reduceat(count, firsts) if len(x) else count, step):
                    own = slice(ends[first], ends[last])
                    pairs = np.repeat(x[own].view(np.uint64) << HALF, count[own])
                    pairs |= index[spans(start[own], count[own])] & LOW
                    pairs.sort()
                    again = pairs[common - 1 :]
                    pairs = again[again == pairs[: len(again)]]
                    yield rows.near(*_unpacked(distinct(pairs)), step)
            begin = high

    def _looked_up(self, index: U64, probes: I64, begin: int, step: int) -> tuple[I64, I64, I64]:
        """The sets from `begin` on, ascending, with where their matches begin and how many."""
        wanted = _prefixes(self.sets, probes, begin, step)
        sizes = self.sets.sizes[begin : begin + len(probes)]
        least = self.sets.from_size[self.bound.smallest(sizes)].view(np.uint64)
        keys, values = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        filled = 0
        for some in range(0, len(wanted), step):  # in order, so that the index is read once
            part = wanted[some : some + step]
            rank, x = part & ~LOW, part & LOW
            first, last = np.searchsorted(index, [rank[0], part[-1]])
            own = index[first:last]
            if not len(own):
                continue
            lowest = rank | least[x.view(np.int64) - begin]
            start = np.searchsorted(own, lowest)
            nearest = own.take(start, mode="clip")
            hit = np.flatnonzero((nearest >= lowest) & (nearest < part))
            start = start[hit]
            count = np.searchsorted(own, part[hit]) - start
            keys.append((x[hit] << HALF) | np.arange(filled, filled + len(hit), dtype=np.uint64))
            values.append(((first + start).view(np.uint64) << HALF) | count.view(np.uint64))
            filled += len(hit)
        del wanted
        order = np.concatenate(keys)
        order.sort()
        sets, place = _unpacked(order)
        starts, counts = _unpacked(np.concatenate(values)[place])
        return sets, starts, counts


def _prefixes(sets: ShingleSets, counts: I64, begin: int, step: int) -> U64:
    """(rank, set) of the first `counts` ranks of each set from `begin` on, sorted."""
    keys = np.empty(counts.sum(), np.uint64)
    filled = 0
    for i, j in cuts(counts, step):
        some = counts[i:j]
        starts = sets.starts[begin + i : begin + j]
        part = sets.ranks[spans(starts, some)].astype(np.uint64) << HALF
        part |= np.repeat(np.arange(begin + i, begin + j, dtype=np.uint64), some)
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
    narrow: U64  # the same rows, or folded to a half or a quarter
    allowed: I64  # in how many bits a row may differ from any row before it
    made: Flags  # the rows that were needed so far; the others are empty

    @classmethod
    def of(cls, sets: ShingleSets, bound: Bound, low: int, high: int) -> _Bitmaps:
        """Bitmaps of the sets from `low` to `high`, none of them made."""
        bits = max(512, 2 << int(sets.sizes[high - 1]).bit_length())
        # Unrelated sets of s shingles differ in about n/2 (1 - exp(-4s/n)) of n bits, which must be
        # well above what the threshold allows, 2s (1-t)/(1+t). Below 0.8, a quarter is not enough.
        fold = 4 if 5 * bound.p >= 4 * bound.q else 2 if 3 * bound.p >= 2 * bound.q else 1
        wide, narrow = (np.zeros((high - low, bits // 64 // n), np.uint64) for n in (1, fold))
        allowed = (bound.apart(2 * sets.sizes) - sets.unranked)[low:high]
        return cls(sets, bound, low, wide, narrow, allowed, np.zeros(high - low, np.bool_))

    def _make(self, some: I64, step: int) -> None:
        """Make those of the rows that are not made yet."""
        needed = np.zeros(len(self.made), np.bool_)
        needed[some - self.low] = True
        some = self.low + np.flatnonzero(needed & ~self.made)
        self.made[some - self.low] = True
        bits = 64 * self.wide.shape[1]
        shift = np.uint32(33 - bits.bit_length())
        for begin, end in cuts(np.maximum(self.sets.ranked[some], bits), 4 * step):
            part = some[begin:end]
            count = self.sets.ranked[part]
            bit = (self.sets.ranks[spans(self.sets.starts[part], count)] * _ODD) >> shift
            row = np.repeat(np.arange(end - begin), count)
            flips = np.zeros((end - begin) * bits, np.uint8)
            np.add.at(flips, row * bits + bit, np.uint8(1))
            wide = np.packbits(flips & np.uint8(1)).view(np.uint64).reshape(end - begin, -1)
            self.wide[part - self.low] = wide
            folded = wide.reshape(end - begin, -1, self.narrow.shape[1])
            self.narrow[part - self.low] = np.bitwise_xor.reduce(folded, axis=1)

    def near(self, x: I64, y: I64, step: int) -> tuple[I64, I64]:
        """Those of the pairs (x, y) whose bits do not differ in too many places."""
        self._make(np.concatenate([x, y]), step)
        sizes, unranked = self.sets.sizes, self.sets.unranked
        apart = np.bitwise_count(self.narrow[x - self.low] ^ self.narrow[y - self.low])
        some = np.flatnonzero(apart.sum(axis=1, dtype=np.int64) <= self.allowed[x - self.low])
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
