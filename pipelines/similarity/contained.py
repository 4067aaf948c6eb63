"""Which texts hold a question of a benchmark, whatever stands around it and however it is set.

A text that quotes a question and goes on is not similar to it as a whole. So two measures are taken
of a text and a question, both exactly, on the 5-byte shingles of their keys: the Jaccard index, and
the share of the question's weight that the text contains. A shingle weighs the more the fewer texts
and questions have it, so that stock phrases weigh little.

Most texts are never compared. Of each question only the rarest shingles are looked up, and only a
text with so many of them that the rest might take it to a threshold is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.similarity.latex import spelled
from pipelines.similarity.near_pairs import Texts, column
from pipelines.similarity.shingles import (
    I64,
    SPAN,
    U64,
    Flags,
    all_windows,
    distinct,
    spans,
    windows,
    windows_of,
)

# The share of a question's weight from which a text holds it. Of 500 questions set otherwise, put
# into a page or reworded it finds 97 in 100; of 11,562 problems of other collections it takes 17.
CONTAINED = 0.55
# The share of a text's shingles from which it is a piece of a question, and how many it has then.
_PIECE, _FEWEST = 0.85, 60

# How much more of a question is looked up than would be enough to find each near text once.
_MORE = 0.15

_STEP = 1 << 18  # windows that are worked on at a time
_SCHEMA = {"text": pl.Int64, "question": pl.UInt32, "similarity": pl.Float64, "share": pl.Float64}


def benchmark_hits(keys: Texts, benchmarks: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """The texts that are a benchmark's question, nearly, or hold one; a row a text, in order.

    `text` is a place in `keys`; `name` the question of `benchmarks` (`key`, `question`, `name`)
    that is nearest; `similarity` and `share` are at least `threshold` and `CONTAINED`, one of them.
    A text that only holds a question has more than half of its numbers, too.
    """
    questions = benchmarks.filter(pl.col("key") != "").sort("key", "name")
    questions = questions.unique("key", keep="first", maintain_order=True)
    keys = column(keys)
    measured = contained(keys, questions["key"], threshold)
    numbers = [set(re.findall(r"\d+", spelled(text))) for text in questions["question"]]
    kept = [
        similarity >= threshold
        or not numbers[question]
        or 2 * sum(number in keys[text] for number in numbers[question]) > len(numbers[question])
        for text, question, similarity, _ in measured.iter_rows()
    ]
    return (
        measured.filter(pl.Series(kept, dtype=pl.Boolean))
        .join(questions.select("name").with_row_index("question"), on="question")
        .sort("text", "similarity", "share", "name", descending=[False, True, True, False])
        .unique("text", keep="first", maintain_order=True)
        .select("text", "name", "similarity", "share")
    )


def contained(texts: Texts, questions: Texts, threshold: float) -> pl.DataFrame:
    """`text`, `question` (places), `similarity` and `share` where either is large enough.

    Questions are distinct. One of fewer than 5 bytes has no shingle and is only held by its equal.
    """
    texts, questions = column(texts).alias("key"), column(questions).alias("key")
    index = _Index.of(texts, questions, threshold)
    short = (
        questions.to_frame().with_row_index("question").filter(pl.col("key").str.len_bytes() < SPAN)
    )
    equal = texts.to_frame().with_row_index("text").join(short, on="key")
    rows = [(*pair, 1.0, 1.0) for pair in equal.select("text", "question").iter_rows()]
    rows += index.measured(texts, threshold)
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("text", "question")


@dataclass(frozen=True)
class _Index:
    """The shingles of some questions, each question's heaviest first."""

    table: _Table  # every shingle of the questions, ascending
    weight: NDArray[np.float64]  # of each known shingle
    code: I64  # question by question, the places of its shingles in `known`
    start: I64  # where those of a question begin
    size: I64  # and how many they are
    total: NDArray[np.float64]  # and what they weigh
    rare: Flags  # of `code`: one of those that are looked up

    @classmethod
    def of(cls, texts: pl.Series, questions: pl.Series, threshold: float) -> _Index:
        owners, shingles = all_windows(questions, _STEP)
        order = np.lexsort((shingles, owners))
        owners, shingles = owners[order], shingles[order]
        new = np.ones(len(owners), np.bool_)
        new[1:] = (owners[1:] != owners[:-1]) | (shingles[1:] != shingles[:-1])
        owners = owners[new]
        known, code = np.unique(shingles[new], return_inverse=True)
        table = _Table.of(known)
        seen = np.bincount(code, minlength=len(known))
        for _, at in table.hits(texts):
            np.add.at(seen, at, 1)
        weight = np.log1p((len(texts) + len(questions)) / seen)
        order = np.lexsort((code, -weight[code], owners))
        code = code[order]
        size = np.bincount(owners, minlength=len(questions))
        start = np.cumsum(size) - size
        total = np.bincount(owners, weight[code], len(questions)).astype(np.float64)
        before = np.concatenate([[0.0], np.cumsum(weight[code])])
        lighter = before[:-1] - before[start][owners]
        nth = np.arange(len(owners)) - start[owners]
        rare = (lighter <= (1 - CONTAINED + _MORE) * total[owners]) | (
            nth <= (1 - threshold + _MORE) * size[owners]
        )
        return cls(table, weight, code, start, size, total, rare)

    def measured(
        self, texts: pl.Series, threshold: float
    ) -> Iterator[tuple[int, int, float, float]]:
        """(text, question, similarity, share) where either is large enough."""
        own = np.zeros(len(self.weight), np.bool_)
        for text, questions in self._candidates(texts, threshold):
            shingles = distinct(windows(texts[text].encode()))
            at = self.table.places(shingles)[1]
            own[at] = True
            for question in questions:
                start, size = self.start[question], self.size[question]
                theirs = self.code[start : start + size]
                both = theirs[own[theirs]]
                similarity = len(both) / (len(shingles) + int(size) - len(both))
                share = min(float(self.weight[both].sum() / self.total[question]), 1.0)
                if len(shingles) >= _FEWEST and len(both) >= _PIECE * len(shingles):
                    share = max(share, len(both) / len(shingles))
                if similarity >= threshold or share >= CONTAINED:
                    yield text, question, similarity, share
            own[at] = False

    def _candidates(self, texts: pl.Series, threshold: float) -> Iterator[tuple[int, list[int]]]:
        """Each text that may be at a threshold of some questions, and those questions."""
        owners = np.repeat(np.arange(len(self.size)), self.size)[self.rare]
        rare = self.code[self.rare]
        having = owners[np.argsort(rare, kind="stable")]
        codes, count = np.unique(rare, return_counts=True)
        start = np.cumsum(count) - count
        weights = self.weight[codes]
        # What a question's other shingles add at most, in weight and in number.
        others = self.total - np.bincount(owners, self.weight[rare], len(self.size))
        fewer = self.size - np.bincount(owners, minlength=len(self.size))
        for text, at in _Table.of(self.table.known[codes]).hits(texts):
            hits = distinct((text << 32) | at)
            text, at = hits >> 32, hits & _LOW
            pairs = np.repeat(text << 32, count[at]) | having[spans(start[at], count[at])]
            order = np.argsort(pairs)
            pairs = pairs[order]
            first = np.flatnonzero(np.diff(pairs, prepend=-1))
            if not len(first):
                continue
            weight = np.add.reduceat(np.repeat(weights[at], count[at])[order], first)
            shared = np.diff(first, append=len(pairs))
            pairs = pairs[first]
            question = pairs & _LOW
            # A little less than needed, for sums of floats are not exact; what is measured is.
            near = weight + others[question] >= CONTAINED * self.total[question] * (1 - 1e-9)
            near |= shared + fewer[question] >= threshold * self.size[question] - 1e-9
            for text_number, group in groupby(pairs[near].tolist(), lambda pair: pair >> 32):
                yield text_number, [pair & _LOW for pair in group]


_LOW = 2**32 - 1
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, which spreads products evenly


@dataclass(frozen=True)
class _Table:
    """Where each of some shingles stands in their list, by its hash; -1 where none does.

    A shingle whose place another has taken is looked up in the sorted list.
    """

    known: U64
    place: NDArray[np.int32]
    shift: np.uint64

    @classmethod
    def of(cls, known: U64) -> _Table:
        bits = max(len(known) * 8, 1 << 16).bit_length()
        place = np.full(1 << bits, -1, np.int32)
        shift = np.uint64(64 - bits)
        place[(known * _ODD) >> shift] = np.arange(len(known))
        return cls(known, place, shift)

    def places(self, shingles: U64) -> tuple[I64, I64]:
        """Which of the shingles are known, and their places."""
        slots = (shingles * _ODD) >> self.shift
        place = self.place.take(slots.view(np.int64), mode="clip")  # without a check of bounds
        some = np.flatnonzero(place >= 0)
        at, shingles = place[some].astype(np.int64), shingles[some]
        other = np.flatnonzero(self.known[at] != shingles)
        if len(other):
            at[other] = np.searchsorted(self.known, shingles[other])
            at[other[at[other] == len(self.known)]] = 0
            same = np.flatnonzero(self.known[at] == shingles)
            some, at = some[same], at[same]
        return some, at

    def hits(self, texts: pl.Series) -> Iterator[tuple[I64, I64]]:
        """The text and the known shingle of each window of a text that is one."""
        for text, shingles in windows_of(texts, _STEP):
            some, at = self.places(shingles)
            yield text[some], at
