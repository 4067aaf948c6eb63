"""How near validation and test come to training: for each of their rows the nearest training row.

The measure is that of `rft audit`: the larger of two exact Jaccard indexes of 5-byte shingles. A
run leaves what its audit saw; of any other folder it is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import polars as pl

from pipelines.io.files import sha256
from pipelines.io.items import user_text
from pipelines.io.jsonl import objects
from pipelines.io.prepared import NEAREST, Prepared
from pipelines.similarity.near_pairs import TooManyPairs
from pipelines.similarity.nearest import LOWEST, SCHEMA, Nearest, joined, nearest
from pipelines.similarity.prompts import Prompts
from pipelines.similarity.wrappings import wrappings


def nearness(prepared: Prepared, made: Mapping[str, Any]) -> Nearest:
    """For each row of validation and test the nearest training row; `made`: how the files were."""
    for stage in made.get("stages") or []:
        path = prepared.folder / NEAREST
        digests = [one["sha256"] for one in stage["outputs"] if one["path"] == NEAREST]
        if digests and path.is_file() and sha256(path) in digests:
            return Nearest(pl.read_parquet(path, glob=False), stage["facts"]["nearest_from"])
    return _computed(prepared)


def _computed(prepared: Prepared) -> Nearest:
    sides = {split: Prompts(split) for split in prepared.splits}
    for split, side in sides.items():
        for line, item in objects(prepared.path(split)):
            if user_text(item).strip():
                side.add(line, item)
    texts = [side.texts for side in sides.values()]
    shared = dict.fromkeys(chain.from_iterable(map(wrappings, (*texts, list(chain(*texts))))))
    for side in sides.values():
        side.compare(list(shared))
    held = {split: side for split, side in sides.items() if split != "train"}
    try:
        return nearest(
            {split: joined(sides["train"], side, LOWEST) for split, side in held.items()}
        )
    except TooManyPairs:
        return Nearest(pl.DataFrame(schema=SCHEMA), None)
