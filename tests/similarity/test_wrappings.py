"""What most prompts of a file share is found by counting, and taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity.keys import digest
from pipelines.similarity.wrappings import without, wrappings

STARTS = ("How many", "Count the", "Find all the", "What are the")
ENDS = ("?", ".", " in $x$", " of them")
PROMPTS = [f"{STARTS[n % 4]} {digest(str(n))} in {n * 37} boxes{ENDS[n % 3]}" for n in range(60)]
LONG = "Solve the problem. Please reason step by step, and put the result in \\boxed{}.\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LONG, ""),
        ("", " Answer briefly with a number."),
        ("", "\nA:"),
        ("Question: ", "\n\nLet's think step by step."),
        ("You are a tutor. Problem: ", "\n\nThink first. Then answer."),
        (LONG, " (Give the answer only.)"),
    ],
)
def test_what_stands_around_every_prompt(before: str, after: str) -> None:
    found = wrappings(before + prompt + after for prompt in PROMPTS)
    assert [without(before + one + after, found).strip() for one in PROMPTS] == PROMPTS
    assert {one.prompts for one in found} == {len(PROMPTS)}


def test_nothing_is_shared() -> None:
    assert wrappings(PROMPTS) == []
    assert wrappings([]) == []
    assert wrappings([LONG + "x"] * 50) == []
    assert wrappings([LONG + one for one in PROMPTS[:9]]) == []


def test_a_share_of_the_prompts_is_enough_for_whole_sentences() -> None:
    some = [LONG + one if n % 3 == 0 else one for n, one in enumerate(PROMPTS)]
    assert wrappings(some) == []
    (found,) = wrappings(some, 0.2)
    assert (found.text, found.at_end, found.prompts) == (LONG, False, 20)
    stems = [f"Which of the following is {digest(str(n))}?" for n in range(30)] + PROMPTS
    assert wrappings(stems, 0.2) == []


@given(st.lists(st.text("ab. \n:", max_size=30), max_size=40), st.sampled_from([0.2, 0.5]))
def test_no_text_is_lost(texts: list[str], share: float) -> None:
    found = wrappings(texts, share)
    for text in texts:
        assert without(text, found) in text
        assert bool(without(text, found).strip()) == bool(text.strip())
    assert found == wrappings(texts[::-1], share)
