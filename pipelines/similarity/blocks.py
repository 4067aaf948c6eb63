"""The near pairs of many texts, a pair of blocks at a time, for an engine with several workers.

Texts are put into blocks by how many shingles they have, since near ones have nearly as many. Every
two blocks that may hold a near pair are joined by `near_pairs`, which is exact: so are all of them
together, however the blocks are cut and wherever they are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import polars as pl

from pipelines.io.engine import Engine, local
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.similarity.prefix_filter import Bound
from pipelines.similarity.shingles import sizes

# Blocks at most: more of them are more work at once, and more work, for each is read once for every
# other near it. 4 of 180,000 questions took 4.7 CPU seconds, 2 took 3.2 and one 1.6.
_BLOCKS = 8
# Bytes of text that a block has at least, about 5 seconds of work.
_SMALLEST = 1 << 25
# Texts whose shingles are counted at a time.
_SLICE = 65_536


def near_pairs_by_blocks(
    texts: Sequence[str], threshold: float, engine: Engine, most: int = 2_000_000
) -> pl.DataFrame:
    """The pairs of `near_pairs`; by itself where one process is enough, or all there is.

    TooManyPairs is raised for more than `most` pairs, as there; its bound on steps holds for two
    blocks, so that a cluster may end a search that is too long for one process.
    """
    blocks_of = min(_BLOCKS, sum(map(len, texts)) // _SMALLEST)
    if engine is local or blocks_of < 2:
        return near_pairs(texts, threshold, most=most).pairs
    slices = [texts[begin : begin + _SLICE] for begin in range(0, len(texts), _SLICE)]
    size = np.concatenate([np.empty(0, np.int64), *engine(sizes, slices)])
    order = np.argsort(size, kind="stable")
    total = np.cumsum(size[order])
    cuts = np.searchsorted(total, [total[-1] * n // blocks_of for n in range(1, blocks_of)])
    blocks = [block for block in np.split(order, cuts) if len(block)]
    bound = Bound.of(threshold)
    near_by = [
        (a, b)
        for b, larger in enumerate(blocks)
        for a, smaller in enumerate(blocks[: b + 1])
        if size[smaller[-1]] >= bound.smallest(size[larger[0]])
    ]
    held = [[texts[place] for place in block] for block in blocks]
    tasks = ((held[a], None if a == b else held[b]) for a, b in near_by)
    parts = [near_pairs([], threshold).pairs]
    for (a, b), pairs in zip(
        near_by, engine(partial(_joined, threshold, most), tasks), strict=True
    ):
        one, other = blocks[a][pairs["left"]], blocks[b][pairs["right"]]
        left, right = np.minimum(one, other), np.maximum(one, other)
        ends = {"left": left.astype(np.uint32), "right": right.astype(np.uint32)}
        parts.append(pairs.with_columns(**{k: pl.Series(v) for k, v in ends.items()}))
    near = pl.concat(parts)
    if near.height > most:
        raise TooManyPairs(f"more than {most:,} pairs of texts are near")
    return near.sort("left", "right")


def _joined(
    threshold: float, most: int, blocks: tuple[Sequence[str], Sequence[str] | None]
) -> pl.DataFrame:
    one, other = blocks
    return near_pairs(one, threshold, against=other, most=most).pairs
