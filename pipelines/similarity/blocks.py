"""The near pairs of many texts, a pair of blocks at a time, for an engine with several workers.

Texts are put into blocks by how many shingles they have, since near ones have nearly as many. Every
two blocks that may hold a near pair are joined by `near_pairs`, which is exact: so are all of them
together, however the blocks are cut and wherever they are joined.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from pipelines.io.engine import Engine, local
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.similarity.prefix_filter import Bound
from pipelines.similarity.shingles import sizes

# Blocks at most: more of them are more work at once, and more work, for each is read once for every
# other near it. 700,000 questions took one process 8.4 CPU seconds, 2 blocks 16 and 4 blocks 24.
_BLOCKS = 8
# Bytes of text that a block has at least, about a minute of work. Two blocks pay from 3 workers on.
_SMALLEST = 1 << 28
# Distinct texts that `near_pairs` takes at most.
_MOST = 1 << 24
# Texts whose shingles are counted at a time.
_SLICE = 65_536


def near_pairs_by_blocks(
    texts: pl.Series, threshold: float, engine: Engine, most: int = 2_000_000
) -> pl.DataFrame:
    """The pairs of `near_pairs`; by itself where one process is enough, or all there is.

    TooManyPairs is raised for more than `most` pairs, as there; its bounds on steps and on distinct
    texts hold for two blocks.
    """
    blocks_of = (
        1 if engine is local else min(_BLOCKS, int(texts.str.len_bytes().sum()) // _SMALLEST)
    )
    if len(texts) > _MOST:
        blocks_of = max(blocks_of, 5 * len(texts) // _MOST + 1)
    if blocks_of < 2:
        return near_pairs(texts, threshold, most=most).pairs
    slices = [texts[begin : begin + _SLICE] for begin in range(0, len(texts), _SLICE)]
    size = np.concatenate([np.empty(0, np.int64), *engine(sizes, slices)])
    order = np.argsort(size, kind="stable")
    # By shingles and by texts: so no two blocks of n have more than 4/n of the texts.
    total = np.cumsum(size[order] + size.mean())
    cuts = np.searchsorted(total, [total[-1] * n / blocks_of for n in range(1, blocks_of)])
    blocks = [block for block in np.split(order, cuts) if len(block)]
    bound = Bound.of(threshold)
    near_by = [
        (a, b)
        for b, larger in enumerate(blocks)
        for a, smaller in enumerate(blocks[: b + 1])
        if size[smaller[-1]] >= bound.smallest(size[larger[0]])
    ]
    held = [texts.gather(block) for block in blocks]
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
    threshold: float, most: int, blocks: tuple[pl.Series, pl.Series | None]
) -> pl.DataFrame:
    one, other = blocks
    return near_pairs(one, threshold, against=other, most=most).pairs
