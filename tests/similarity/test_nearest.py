"""The nearest training row of each row held out, against comparing all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity import nearest as module
from pipelines.similarity.audit import audit_joined, jaccard
from pipelines.similarity.near_pairs import TooManyPairs
from pipelines.similarity.nearest import LOWEST, joined, nearest
from pipelines.similarity.prompts import Prompts

TEXTS = st.lists(
    st.lists(st.sampled_from(["ab", "Cd.", "ef", "7", "ab"]), min_size=1, max_size=9).map(" ".join),
    min_size=1,
    max_size=7,
)


def prompts(name: str, texts: list[str]) -> Prompts:
    """A file whose rows are two lines apart."""
    made = Prompts(name)
    for n, text in enumerate(texts):
        made.add(2 * n + 1, {"messages": [{"role": "user", "content": text}]})
    return made


def by_all(train: Prompts, split: str, held: Prompts, lowest: float) -> list[tuple]:
    rows = []
    for line, key, plain in zip(held.lines, held.keys, held.plain, strict=True):
        near = [
            (max(jaccard(key, train.keys[n]), jaccard(plain, train.plain[n])), -train.lines[n])
            for n in range(train.own)
        ]
        similarity, train_line = max(near)
        if similarity >= lowest:
            rows.append((split, line, -train_line, similarity))
    return rows


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([0.5, 0.7, 1.0]))
def test_it_is_what_comparing_all_finds(
    train: list[str], validation: list[str], test: list[str], threshold: float
) -> None:
    sides = [
        prompts(name, some) for name, some in zip("tvs", (train, validation, test), strict=True)
    ]
    both = sides[0].with_rows_of(sides[1])
    joins = {
        "validation": audit_joined(sides[0], sides[1], threshold=threshold, lowest=LOWEST)[1],
        "test": audit_joined(both, sides[2], threshold=threshold, lowest=LOWEST)[1],
    }
    found = nearest(joins)
    assert found.lowest == 0.4
    expected = by_all(sides[0], "validation", sides[1], 0.4) + by_all(both, "test", sides[2], 0.4)
    assert found.rows.rows() == sorted(expected, key=lambda row: (-row[3], row[0], row[1]))


def test_where_most_rows_are_near_it_starts_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = "Which one of these answers is the right one for the question that follows here? "
    texts = [f"{stock}{n * 7919} {n * 104729}" for n in range(300)]
    train, held = prompts("t", texts[:200]), prompts("v", texts[200:])
    for side in (train, held):
        side.compare([])
    monkeypatch.setattr(module, "_WORK", 1_000_000)
    with pytest.raises(TooManyPairs):
        joined(train, held, (0.4, 0.5))
    last = joined(train, held, (0.4, 0.5), 0.9)
    assert last.lowest == 0.9
    found = nearest({"validation": last})
    assert found.lowest == 0.9
    assert found.rows.rows() == sorted(
        by_all(train, "validation", held, 0.9), key=lambda row: (-row[3], row[1])
    )
