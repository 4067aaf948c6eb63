"""The near pairs of many texts, a pair of blocks at a time, for an engine with several workers.

Every block is joined with itself and with every other by `near_pairs`, which is exact: so are all
of them together, however the blocks are cut and wherever they are joined.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations_with_replacement

import polars as pl

from pipelines.io.engine import Engine, local
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs

# Blocks at most, each of which is read as often: more of them are more work at once, and more work.
_BLOCKS = 8
# Bytes of text that a block has at least, about a minute of work.
_SMALLEST = 1 << 28
# Distinct texts that `near_pairs` takes at most.
_MOST = 1 << 24


def near_pairs_by_blocks(
    texts: pl.Series, threshold: float, engine: Engine, most: int = 2_000_000
) -> pl.DataFrame:
    """The pairs of `near_pairs`; by itself where one process is enough, or all there is.

    TooManyPairs is raised for more than `most` pairs, as there; its bounds on steps and on distinct
    texts hold for two blocks.
    """
    size = int(texts.str.len_bytes().sum())
    number = 1 if engine is local else min(_BLOCKS, size // _SMALLEST)
    if len(texts) > _MOST:
        number = max(number, -(-2 * len(texts) // _MOST))
    if number < 2:
        return near_pairs(texts, threshold, most=most).pairs
    height = -(-len(texts) // number)
    blocks = [(begin, texts[begin : begin + height]) for begin in range(0, len(texts), height)]
    both = list(combinations_with_replacement(blocks, 2))
    tasks = ((one, None if a == b else other) for (a, one), (b, other) in both)
    parts = [
        pairs.with_columns(pl.col("left") + a, pl.col("right") + b)
        for ((a, _), (b, _)), pairs in zip(
            both, engine(partial(_joined, threshold, most), tasks), strict=True
        )
    ]
    near = pl.concat(parts)
    if near.height > most:
        raise TooManyPairs(f"more than {most:,} pairs of texts are near")
    return near.sort("left", "right")


def _joined(threshold: float, most: int, texts: tuple[pl.Series, pl.Series | None]) -> pl.DataFrame:
    one, other = texts
    return near_pairs(one, threshold, against=other, most=most).pairs
