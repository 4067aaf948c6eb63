from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity.ngrams import quotes

texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "été", "x_1", "—", "d-e"]), max_size=9).map(" ".join),
    max_size=8,
)


def plain(some: list[str], questions: list[str], words: int, most: int) -> list[tuple[int, int]]:
    """The same the slow way, with sets of tuples."""

    def runs(text: str) -> list[tuple[str, ...]]:
        found = re.findall(r"\w+", text)
        return [tuple(found[i : i + words]) for i in range(len(found) - words + 1)]

    places = [(run, question) for question, text in enumerate(questions) for run in runs(text)]
    counts = [run for run, _ in places]
    owner = {run: question for run, question in places if counts.count(run) == 1}
    hits: set[tuple[int, int]] = set()
    for text, content in enumerate(some):
        for run in runs(content):
            having = {other for other in some if run in runs(other)}
            if run in owner and len(having) <= most:
                hits.add((text, owner[run]))
    return sorted(hits)


@given(texts, texts)
def test_it_is_what_the_slow_way_finds(some: list[str], questions: list[str]) -> None:
    found = quotes(some, questions, words=3, most_texts=2)
    assert found == plain(some, questions, 3, 2)
