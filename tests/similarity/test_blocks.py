"""Blocks of texts against one join of all."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.io.engine import local
from pipelines.similarity import blocks, shingles
from pipelines.similarity.near_pairs import TooManyPairs, column, near_pairs

# Texts of many lengths from few words, so that many are near; some are equal, short or empty.
TEXTS = st.lists(
    st.lists(st.sampled_from(["heart", "kidney", "lung", "liver", "é", "x"]), max_size=12).map(
        " ".join
    ),
    max_size=60,
)


def elsewhere(function: Callable[[Any], Any], parts: Iterable[Any], /) -> Iterator[Any]:
    """Each part as another process would have it."""
    for part in parts:
        there, given = pickle.loads(pickle.dumps((function, part)))
        yield pickle.loads(pickle.dumps(there(given)))


@given(TEXTS, st.sampled_from([0.5, 0.7, 0.8, 1.0]), st.integers(1, 7))
def test_blocks_find_the_same_pairs(texts: list[str], threshold: float, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_SMALLEST", 1)
        patch.setattr(blocks, "_BLOCKS", count)
        pairs = blocks.near_pairs_by_blocks(column(texts), threshold, elsewhere)
    assert pairs.equals(near_pairs(texts, threshold).pairs)


@given(TEXTS, st.sampled_from([0.5, 0.8]))
def test_more_texts_than_one_join_takes_are_joined_by_blocks(
    texts: list[str], threshold: float
) -> None:
    pairs = near_pairs(texts, threshold).pairs
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((blocks, "_MOST"), (shingles, "_MOST_TEXTS")):
            patch.setattr(module, name, 16)
        assert blocks.near_pairs_by_blocks(column(texts), threshold, local).equals(pairs)


def test_blocks_stop_at_too_many_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_SMALLEST", 1)
    texts = ["the very same text"] * 10 + ["another text of another length"] * 10
    assert blocks.near_pairs_by_blocks(column(texts), 0.8, elsewhere, most=90).height == 90
    with pytest.raises(TooManyPairs, match="89"):
        blocks.near_pairs_by_blocks(column(texts), 0.8, elsewhere, most=89)
