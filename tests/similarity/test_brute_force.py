"""The vectorized count against sets of shingles, text by text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity import brute_force
from pipelines.similarity.audit import jaccard
from pipelines.similarity.brute_force import near_by_counting

TEXTS = st.lists(
    st.one_of(st.text("ab é", max_size=14), st.text(max_size=9), st.just("abcdefgh" * 3)),
    max_size=8,
)
THRESHOLDS = st.fractions(0, 1, max_denominator=1000).filter(bool)


@given(TEXTS, TEXTS, THRESHOLDS, st.sampled_from([1, 20, 1 << 20]), st.sampled_from([0, 3, 20]))
def test_it_counts_as_sets_do(
    texts: list[str], others: list[str], threshold: Fraction, step: int, slots: int
) -> None:
    def share(one: str, other: str) -> Fraction:
        return Fraction(jaccard(one, other)).limit_denominator(10_000)

    expected = [
        (n, m)
        for n, one in enumerate(texts)
        for m, other in enumerate(others)
        if share(one, other) >= threshold
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brute_force, "_STEP", step)
        patch.setattr(brute_force, "_SLOTS", max(slots, 1))
        assert list(near_by_counting(texts, others, threshold)) == expected


def test_long_texts_that_share_most() -> None:
    stock = "How many of the apples that are in the first box are in the second box? " * 40
    texts = [f"{stock}{n * 7919}" for n in range(60)]
    expected = [
        (n, m)
        for n, one in enumerate(texts)
        for m, other in enumerate(texts[:9])
        if jaccard(one, other) >= 0.93
    ]
    assert 9 < len(expected) < 540
    assert list(near_by_counting(texts, texts[:9], Fraction("0.93"))) == expected
