from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity import ngrams
from pipelines.similarity.ngrams import shared_windows

texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "été", "x_1", "—", "d-e"]), max_size=9).map(" ".join),
    max_size=8,
)


def plain(
    some: list[str], clusters: list[str], questions: list[str], words: int, most: int
) -> list[tuple[int, int, int]]:
    """The same the slow way, with sets of tuples."""

    def runs(text: str) -> list[tuple[str, ...]]:
        found = re.findall(r"\w+", text)
        return [tuple(found[i : i + words]) for i in range(len(found) - words + 1)]

    places = [(run, question) for question, text in enumerate(questions) for run in runs(text)]
    counts = [run for run, _ in places]
    owner = {run: question for run, question in places if counts.count(run) == 1}
    hits: dict[tuple[int, int], set[tuple[str, ...]]] = {}
    for text, content in enumerate(some):
        for run in runs(content):
            having = {clusters[i] for i, other in enumerate(some) if run in runs(other)}
            if run in owner and len(having) <= most:
                hits.setdefault((text, owner[run]), set()).add(run)
    return sorted((text, question, len(found)) for (text, question), found in hits.items())


@pytest.mark.parametrize("step", [2, 16_384])
@given(texts, texts)
def test_it_is_what_the_slow_way_finds(step: int, some: list[str], questions: list[str]) -> None:
    clusters = [text[:1] for text in some]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "_SLICE", step)
        found = shared_windows(
            pl.Series(some, dtype=pl.String),
            pl.Series(clusters, dtype=pl.String),
            pl.Series(questions, dtype=pl.String),
            words=3,
            most_clusters=2,
        )
    assert found.rows() == plain(some, clusters, questions, 3, 2)
