"""How near validation and test come to training: for each of their rows the nearest training row.

The measure is that of `rft audit`: the larger of two exact Jaccard indexes of 5-byte shingles.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from pipelines.io.items import user_text
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared
from pipelines.similarity.audit import Prompts
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.similarity.wrappings import wrappings

# The lowest similarity that is looked for; where most rows are so near, the next one.
_LOWEST = (0.4, 0.6, 0.8)

# Steps of a search, of which a CPU second has 30 to 100 million.
_WORK = 200_000_000


@dataclass(frozen=True, slots=True)
class Near:
    """A row of validation or test and the training row that is nearest to it."""

    similarity: float
    split: str
    line: int
    train_line: int


@dataclass(frozen=True, slots=True)
class Nearness:
    """The nearest training rows, the nearest first; `lowest` is the similarity from which they
    were looked for, None where that would take too long."""

    pairs: tuple[Near, ...]
    lowest: float | None


def nearness(prepared: Prepared) -> Nearness:
    """For each row of validation and test the nearest training row, the first of equal ones."""
    sides = {split: Prompts(split) for split in prepared.splits}
    for split, side in sides.items():
        for line, item in objects(prepared.path(split)):
            if user_text(item).strip():
                side.add(line, item)
    texts = [side.texts for side in sides.values()]
    shared = list(
        dict.fromkeys(
            chain.from_iterable(wrappings(some) for some in (*texts, list(chain(*texts))))
        )
    )
    for side in sides.values():
        side.compare(shared)
    for lowest in _LOWEST:
        try:
            pairs = [
                near
                for split in prepared.splits
                if split != "train"
                for near in _nearest(split, sides[split], sides["train"], lowest)
            ]
        except TooManyPairs:
            continue
        ordered = sorted(pairs, key=lambda near: (-near.similarity, near.split, near.line))
        return Nearness(tuple(ordered), lowest)
    return Nearness((), None)


def _nearest(split: str, held: Prompts, train: Prompts, lowest: float) -> list[Near]:
    best: dict[int, tuple[float, int]] = {}
    if not held.texts or not train.texts:
        return []
    for name in ("keys", "plain"):
        pairs = near_pairs(
            getattr(train, name), lowest, against=getattr(held, name), work=_WORK
        ).pairs
        for one, other, similarity in pairs.select("left", "right", "similarity").iter_rows():
            near = similarity, -train.lines[one]
            best[other] = max(near, best.get(other, near))
    return [
        Near(similarity, split, held.lines[other], -line)
        for other, (similarity, line) in best.items()
    ]
