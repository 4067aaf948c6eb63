"""Two files joined once by both measures: what is near across, and what is nearest to each row.

The measures are exact Jaccard indexes of 5-byte shingles, of skeletons (`keys.key`) and of plain
words; the larger counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.similarity.prompts import Prompts
from pipelines.similarity.shingles import I64

# The lowest similarity that is looked for; where most rows are so near, the next one.
LOWEST = (0.4, 0.6, 0.8)

# Steps of such a search, of which a CPU second has 30 to 100 million.
_WORK = 200_000_000


SCHEMA = {"split": pl.String, "line": pl.Int64, "train_line": pl.Int64, "similarity": pl.Float64}


@dataclass(frozen=True, slots=True)
class Measure:
    """The near pairs of two files' different texts by one measure, as `near_pairs` gives them.

    left, right: for each row of either file the number of its text.
    """

    left: I64
    right: I64
    pairs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Joined:
    """All pairs of training rows and rows held out whose similarity is `lowest` or more."""

    train: Prompts
    held: Prompts
    lowest: float
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """Rows outside training with the nearest training row, of equally near ones the first.

    rows: the columns of SCHEMA, the nearest first. lowest: the similarity
    from which they were looked for, None where that would take too long.
    """

    rows: pl.DataFrame
    lowest: float | None


def joined(
    train: Prompts, held: Prompts, bounded: Sequence[float], last: float | None = None
) -> Joined:
    """Two files, whose keys are made, joined from the first of `bounded` that takes little work.

    Where all take too much they are joined from `last`, which may take what it takes. Raises
    TooManyPairs where that is too much, too, or not given.
    """
    for lowest in bounded:
        with suppress(TooManyPairs):
            return _joined(train, held, lowest, work=_WORK)
    if last is None:
        raise TooManyPairs(f"the search for near pairs takes more than {_WORK:,} steps")
    return _joined(train, held, last)


def _joined(train: Prompts, held: Prompts, lowest: float, **bounds: int) -> Joined:
    measures = []
    for name in ("keys", "plain"):
        (left, ones), (right, others) = (_numbered(getattr(side, name)) for side in (train, held))
        pairs = near_pairs(ones, lowest, against=others, **bounds).pairs
        measures.append(Measure(left, right, pairs))
    return Joined(train, held, lowest, tuple(measures))


def _numbered(texts: list[str]) -> tuple[I64, list[str]]:
    """For each text its number among the different ones, and those."""
    numbers: dict[str, int] = {}
    of = np.fromiter((numbers.setdefault(t, len(numbers)) for t in texts), np.int64, len(texts))
    return of, list(numbers)


def nearest(joins: Mapping[str, Joined]) -> Nearest:
    """The nearest training rows of some splits, as far down as all of them were joined."""
    lowest = max((join.lowest for join in joins.values()), default=LOWEST[0])
    none = pl.DataFrame(schema=SCHEMA)
    rows = pl.concat([none, *(_nearest(split, join) for split, join in joins.items())])
    rows = rows.filter(pl.col("similarity") >= lowest)
    return Nearest(
        rows.sort("similarity", "split", "line", descending=[True, False, False]), lowest
    )


def _nearest(split: str, join: Joined) -> pl.DataFrame:
    own = join.train.own
    nearest = []
    for measure in join.measures:
        # The first training row that has a text; -1 where only other splits have it.
        first = np.full(measure.left.max(initial=0) + 1, -1, np.int64)
        first[measure.left[:own][::-1]] = np.arange(own)[::-1]
        pairs = measure.pairs.select(
            "similarity",
            text=pl.col("right").cast(pl.Int64),
            train=first[measure.pairs["left"].to_numpy()],
        )
        rows = pl.DataFrame({"text": measure.right}).with_row_index("held")
        nearest.append(rows.join(_first(pairs.filter(pl.col("train") >= 0), "text"), on="text"))
    rows = _first(pl.concat(nearest), "held")
    return rows.select(
        split=pl.lit(split),
        line=np.array(join.held.lines, np.int64)[rows["held"].to_numpy()],
        train_line=np.array(join.train.lines, np.int64)[rows["train"].to_numpy()],
        similarity="similarity",
    )


def _first(rows: pl.DataFrame, of: str) -> pl.DataFrame:
    """For each value of a column the row with the highest similarity and the first training row."""
    rows = rows.sort(of, "similarity", "train", descending=[False, True, False])
    return rows.unique(of, keep="first", maintain_order=True)
