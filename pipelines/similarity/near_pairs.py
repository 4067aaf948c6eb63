"""Near-duplicate texts, exactly: every pair at or above a threshold, and no other.

The similarity of two texts is the Jaccard index of their shingle sets: how many shingles both have
by how many either has. It is compared with the threshold in integers, so 7 of 10 is 0.7.

Shingle sets come from `shingles`, the pairs worth counting from `candidates`. Time grows with the
bytes of text and with the matches that the filters have to look at: at 0.8, 4.7 million for 180,000
multiple-choice questions in a vocabulary like real text's, 80 million where they are made of 170
words, in 5 and 6 CPU seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.similarity.prefix_filter import Bound, Search
from pipelines.similarity.shingles import I64, ShingleSets, cuts, exact_sets, shingle_sets, spans

Texts = Sequence[str] | pl.Series

# What counting the shared shingles of a pair costs, in matches looked at: 1.3 µs, and 13 ns.
_COUNTING = 100

# A group of more texts is joined; in a smaller one all pairs are counted.
_MANY = 400


@dataclass(frozen=True)
class Join:
    """The near pairs within a list of texts, or between two."""

    pairs: pl.DataFrame  # left, right, shared, union: UInt32; similarity: Float64
    candidates: int  # pairs of distinct sets whose shared shingles were counted


def column(texts: Texts) -> pl.Series:
    """Texts as a column; ValueError for one that UTF-8 cannot hold."""
    return texts if isinstance(texts, pl.Series) else pl.Series(texts, dtype=pl.String)


class TooManyPairs(ValueError):
    """More pairs are near, or would have to be looked at, than the caller allows."""


def near_pairs(
    texts: Texts,
    threshold: float,
    *,
    against: Texts | None = None,
    most: int = 2_000_000,
    work: int = 2 * 10**10,
    step: int = 1 << 18,
) -> Join:
    """Every pair of texts whose similarity is at least `threshold`, 0 < threshold <= 1.

    Pairs are places in `texts`, `left` before `right`, or with `against` a place in each list.
    They are sorted and depend on the texts alone, not on `step`, how much is worked on at a time
    (about 100 bytes each). Texts are compared as they are; equal ones are pairs too, which cost
    nothing until they are listed.

    Texts that share most of their wording may make pairs without end, or pairs that are all just
    not near. So TooManyPairs is raised where there are more than `most` pairs, and where the search
    takes more than `work` steps, of which a second has 30 to 100 million. ValueError is raised for
    another threshold, one with more than 6 decimals, more than 2^24 distinct texts, and a text that
    UTF-8 cannot hold.
    """
    bound = Bound.of(threshold)
    border = None if against is None else len(texts)
    both = pl.concat([column(texts), column([] if against is None else against)])
    sets = shingle_sets(both, border, step)
    searches = [Search(sets, bound, sets.left, sets.right)]
    if against is not None:
        searches.append(Search(sets, bound, sets.right, sets.left))
    rows = [np.empty((3, 0), np.int64)]
    candidates = total = 0
    for turn, search in enumerate(searches):
        for x, y in search.candidates(step):
            if turn:  # what is on both sides was found in the first turn
                fresh = ~(sets.left[x] & sets.right[y])
                x, y = x[fresh], y[fresh]
            candidates += len(x)
            matches = sum(one.matches for one in searches)
            if matches + _COUNTING * candidates > work:
                raise TooManyPairs(f"the search for near pairs takes more than {work:,} steps")
            shared = _shared(sets, x, y, step)
            near = shared >= bound.shared(sets.sizes[x] + sets.sizes[y])
            rows.append(np.stack([x, y, shared])[:, near])
            total += int(near.sum())
            if total > most:
                raise TooManyPairs(f"more than {most:,} pairs of texts are near")
    x, y, shared = np.concatenate(rows, axis=1)
    return Join(_pairs(sets, border, x, y, shared, most), candidates)


def similarities(
    texts: pl.Series, groups: Sequence[Sequence[int]], threshold: float, step: int = 1 << 18
) -> pl.DataFrame:
    """The near pairs of `near_pairs`, of texts within one of the groups alone.

    Groups are ascending places in `texts`, which are distinct; a pair is in one group at most.
    """
    members = sorted({place for group in groups for place in group})
    number = {place: n for n, place in enumerate(members)}
    sets = shingle_sets(texts.gather(members), None, step)
    bound = Bound.of(threshold)
    rows = [np.empty((4, 0), np.int64)]
    for group in groups:
        if len(group) > _MANY:
            near = near_pairs(texts.gather(list(group)), threshold, step=step).pairs
            places = np.array(group, np.int64)
            left, right, shared, union = near.select(near.columns[:4]).to_numpy().T.astype(np.int64)
            rows.append(np.stack([places[left], places[right], shared, union]))
            continue
        own = np.array([number[place] for place in group], np.int64)
        one, other = (own[side] for side in np.triu_indices(len(own), 1))
        order = np.argsort(sets.of[one], kind="stable")
        one, other = one[order], other[order]
        x, y = sets.of[one], sets.of[other]
        shared = np.where(x == y, sets.sizes[x], 0)
        some = np.flatnonzero((x != y) & (sets.ranked[x] > 0) & (sets.ranked[y] > 0))
        shared[some] = _shared(sets, x[some], y[some], step)
        total = sets.sizes[x] + sets.sizes[y]
        near_by = shared >= bound.shared(total)
        places = np.array(members, np.int64)
        rows.append(np.stack([places[one], places[other], shared, total - shared])[:, near_by])
    return _frame(*np.concatenate(rows, axis=1))


def _shared(sets: ShingleSets, x: I64, y: I64, step: int) -> I64:
    """For each pair, ascending by x, the number of shingles that both sets have."""
    shared = np.empty(len(x), np.int64)
    for begin, end in cuts(sets.sizes[x] + sets.sizes[y], 16 * step):
        some, place = np.unique([x[begin:end], y[begin:end]], return_inverse=True)
        shingles, starts = exact_sets(sets.texts.gather(some), step)
        one, other = place.reshape(2, -1)
        marked = np.zeros(int(shingles.max(initial=0)) + 1, np.bool_)
        firsts = np.flatnonzero(np.diff(one, prepend=-1))
        for first, last in zip(firsts, np.append(firsts, len(one))[1:], strict=True):
            own = shingles[starts[one[first]] : starts[one[first] + 1]]
            marked[own] = True
            others = other[first:last]
            count = starts[others + 1] - starts[others]
            both = marked[shingles[spans(starts[others], count)]]
            shared[begin + first : begin + last] = np.add.reduceat(
                both, np.cumsum(count) - count, dtype=np.int64
            )
            marked[own] = False
    return shared


def _pairs(
    sets: ShingleSets, border: int | None, x: I64, y: I64, shared: I64, most: int
) -> pl.DataFrame:
    """Near pairs of distinct sets, and every set with itself, as pairs of texts."""
    each = np.arange(len(sets.sizes))
    if border is None:
        lefts = rights = _Texts.of(sets.of, len(each))
    else:
        lefts, rights = (_Texts.of(of, len(each)) for of in (sets.of[:border], sets.of[border:]))
        x, y, shared = np.append(x, y), np.append(y, x), np.append(shared, shared)
    x, y, shared = np.append(x, each), np.append(y, each), np.append(shared, sets.sizes)
    count = lefts.count[x] * rights.count[y]
    listed = count
    if border is None:  # of a set with itself, only the pairs whose left comes before their right
        listed = np.where(x == y, (count - lefts.count[x]) // 2, count)
    if (total := int(listed.sum())) > most:
        raise TooManyPairs(f"{total:,} pairs of texts are near, more than {most:,}")
    some = np.flatnonzero(listed)
    x, y, shared, count = x[some], y[some], shared[some], count[some]
    row = np.repeat(np.arange(len(some)), count)
    nth = spans(np.zeros_like(count), count)
    left = lefts.places[lefts.start[x[row]] + nth // rights.count[y[row]]]
    right = rights.places[rights.start[y[row]] + nth % rights.count[y[row]]]
    if border is None:
        kept = (x != y)[row] | (left < right)
        row, left, right = row[kept], left[kept], right[kept]
        left, right = np.minimum(left, right), np.maximum(left, right)
    union = (sets.sizes[x] + sets.sizes[y] - shared)[row]
    return _frame(left, right, shared[row], union)


def _frame(left: I64, right: I64, shared: I64, union: I64) -> pl.DataFrame:
    columns = {"left": left, "right": right, "shared": shared, "union": union}
    return (
        pl.DataFrame({name: column.astype(np.uint32) for name, column in columns.items()})
        .with_columns(similarity=pl.col("shared") / pl.col("union"))
        .sort("left", "right")
    )


@dataclass(frozen=True)
class _Texts:
    """The texts of a list, set by set."""

    places: I64
    start: I64  # where in `places` those of a set begin
    count: I64  # and how many they are

    @classmethod
    def of(cls, of: I64, sets: int) -> _Texts:
        count = np.bincount(of, minlength=sets)
        return cls(np.argsort(of, kind="stable"), np.cumsum(count) - count, count)
