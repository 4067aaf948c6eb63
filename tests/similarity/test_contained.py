"""Texts that hold a question: the index against every pair, and disguises."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity.contained import CONTAINED, benchmark_hits, contained
from pipelines.similarity.keys import key
from pipelines.similarity.shingles import windows

words = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "7", "12", "é", ""]), max_size=9
)
texts = st.lists(words.map(" ".join), max_size=8)


def plain(some: list[str], questions: list[str], threshold: float) -> set[tuple[int, int]]:
    """Every text with every question, window by window."""
    sets = [set(windows(text.encode()).tolist()) for text in some]
    asked = [set(windows(question.encode()).tolist()) for question in questions]
    seen: dict[int, int] = {}
    for question in asked:
        for code in question:
            seen[code] = seen.get(code, 0) + 1
    for text in some:
        for code in windows(text.encode()).tolist():
            if code in seen:
                seen[code] += 1
    weight = {code: math.log1p((len(some) + len(asked)) / count) for code, count in seen.items()}
    hits = set()
    for t, (text, own) in enumerate(zip(some, sets, strict=True)):
        for q, (question, theirs) in enumerate(zip(questions, asked, strict=True)):
            if not theirs:
                hits |= {(t, q)} if text == question else set()
                continue
            both = own & theirs
            share = sum(weight[c] for c in both) / sum(weight[c] for c in theirs)
            if len(both) / len(own | theirs) >= threshold or share >= CONTAINED + 1e-9:
                hits.add((t, q))
    return hits


@given(texts, texts, st.sampled_from([0.5, 0.8, 1.0]))
def test_no_text_is_missed(some: list[str], asked: list[str], threshold: float) -> None:
    questions = list(dict.fromkeys(asked))
    found = contained(some, questions, threshold)
    assert plain(some, questions, threshold) <= set(found.select("text", "question").rows())
    assert found.filter(pl.col("share") > 1).is_empty()


QUESTION = (
    r"A rectangle has sides $\frac{3}{4}$ and $x^2 \le 81$, and its diagonal is $\sqrt{1517}$. "
    "Find the largest possible area of the rectangle when $x$ is an integer."
)
OTHERS = [
    f"A question of its own about {n * n} things, numbered {n}, with no answer." for n in range(40)
]


@pytest.mark.parametrize(
    "disguise",
    [
        QUESTION,
        QUESTION.replace("$", ""),
        QUESTION.replace(r"\frac{3}{4}", "3/4").replace("x^2", "x²").replace(r"\le", "≤"),
        f"Solve this and think step by step.\n\n{QUESTION}\n\nPut the result in a box.",
        f"Last week we had a lesson. {QUESTION} I drew a picture, and then I was stuck. Any hints?",
        QUESTION.replace("Find", "Determine").replace("largest", "greatest"),
    ],
)
def test_disguises(disguise: str) -> None:
    names = [f"b:{n}" for n in range(len(OTHERS) + 1)]
    asked = [QUESTION, *OTHERS]
    table = pl.DataFrame({"key": list(map(key, asked)), "question": asked, "name": names})
    hits = benchmark_hits([key("Nothing of the kind."), key(disguise)], table, 0.8)
    assert hits.select("text", "name").rows() == [(1, "b:0")]


def test_no_questions_and_no_texts() -> None:
    assert contained([], ["a question"], 0.8).is_empty()
    assert contained(["a text"], [], 0.8).is_empty()
