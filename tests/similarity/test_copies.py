"""When one of two linked records may go, and the verdicts of a person on real pairs."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT

from pipelines.similarity.audit import jaccard
from pipelines.similarity.copies import REWORDED, Said, numbers
from pipelines.similarity.keys import digest, key
from pipelines.similarity.options import LETTERS, split_options

FOLDER = os.environ.get("RFT_REAL_DATA")
TABLE = Path(__file__).parent / "adjudicated" / "pairs.tsv"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # reworded, with the same numbers and signs
        ("Find 3 + 4 apples.", "What is the sum 3 + 4 of apples?", True),
        (r"Let $x^{2} = 16$. Find $|x|$.", "Let x² = 16, find |x|", True),
        # another number, sign, quantity or negation
        ("Find 3 + 4 apples.", "Find 3 + 5 apples.", False),
        ("Solve x² - 5x + 6 = 0.", "Solve x² + 5x + 6 = 0.", False),
        ("The largest of 3 and 14", "The smallest of 3 and 14", False),
        ("Is 7 of 14 the half?", "Is 7 of 14 not the half?", False),
        ("How many of 12 in 30 days are odd?", "How many of 12 in 30 days are even?", False),
        # with fewer than two numbers letters count, in their order
        ("Find the value of x", "Find the value of y", False),
        ("Find the value of x", "Find a value of x", False),
        ("Find the value of x", "Find the Value of x!", False),
    ],
)
def test_free_answers(one: str, other: str, expected: bool) -> None:
    first, second = Said.of(one, [], "7"), Said.of(other, [], "7")
    assert first.is_copy(second, REWORDED) is expected
    assert not first.is_copy(second, REWORDED - 0.01)
    assert not first.is_copy(Said.of(other, [], "8"), 1.0)


OPTIONS = ["beriberi", "Rickets", "scurvy", "night blindness"]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("Deficiency of thiamine causes:", True),
        ("Deficiencies of the thiamine is the cause of which", True),
        ("Which of these is caused by the deficiency of thiamine?", False),
        ("Which of the following does a thiamine deficiency cause", False),
        ("The deficiency of thiamine caused which of the following?", True),
        ("Deficiencey of thiamine causes", True),
        ("Deficiency of niacin causes", False),
        ("Deficiency of thiamine causes all, except", False),
    ],
)
def test_stems_of_multiple_choice(stem: str, expected: bool) -> None:
    one = Said.of("Deficiency of thiamine causes", OPTIONS, "A")
    assert one.is_copy(Said.of(stem, OPTIONS[::-1], "D"), 0.0) is expected
    assert not one.is_copy(Said.of(stem, OPTIONS, "B"), 1.0)
    assert not one.is_copy(Said.of(stem, [*OPTIONS[:3], "gout"], "A"), 1.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("afferent", "efferent"),
        ("abduction", "adduction"),
        ("hypotension", "hypertension"),
        ("systolic", "diastolic"),
        ("weakest", "most important"),
        ("mean", "proportion"),
    ],
)
def test_opposites_are_no_misprints(one: str, other: str) -> None:
    said = [Said.of(f"The {word} of the limb is", OPTIONS, "A") for word in (one, other)]
    assert not said[0].is_copy(said[1], 1.0)


def test_a_letter_is_the_option_that_it_names() -> None:
    assert Said.of("Q", ["w", "x"], "A").is_copy(Said.of("Q", ["x", "w"], "B"), 1.0)


def test_numbers_are_read_before_folding() -> None:
    assert numbers("$x^{10}2$ and 2.5") == ("10", "2", "2.5")
    assert numbers("Problem 5. $x^{102}$") == ("102",)


def questions(dataset: str) -> dict[str, tuple[str, list[str], str]]:
    """Question, options and answer of the real rows, by the digest that the table names."""
    found = {}
    if dataset == "medmcqa":
        columns = ("opa", "opb", "opc", "opd")
        for path in sorted((ROOT / (FOLDER or "") / "medmcqa/data").resolve().glob("*.parquet")):
            frame = pl.read_parquet(path).with_columns(pl.col("question", *columns).fill_null(""))
            for question, *options, cop in frame.select("question", *columns, "cop").rows():
                lines = [f"{letter}. {o}" for letter, o in zip(LETTERS, options, strict=False)]
                prompt = "\n".join([question, "", *lines])
                found.setdefault(digest(prompt), (question, options, LETTERS[max(cop, 0)]))
    else:
        for name in ("openr1-math", "other-math"):
            for path in sorted((ROOT / (FOLDER or "") / name / "data").resolve().glob("*.parquet")):
                for problem, answer in pl.read_parquet(path).select("problem", "answer").rows():
                    found.setdefault(digest(problem), (*split_options(problem), answer or ""))
    return found


@pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")
@pytest.mark.parametrize("dataset", ["math", "medmcqa"])
@pytest.mark.parametrize("half", ["working", "report"])
def test_what_goes_is_the_same_to_a_person(dataset: str, half: str) -> None:
    """Each pair of `adjudicated/pairs.tsv` was read; 98 in 100 of the copies are the same."""
    table = pl.read_csv(TABLE, separator="\t")
    rows = table.filter((pl.col("dataset") == dataset) & (pl.col("half") == half))
    known = questions(dataset)
    copies = []
    for one, other, verdict in rows.select("one", "other", "verdict").rows():
        first, second = known[one], known[other]
        similarity = jaccard(key(*first[:2]), key(*second[:2]))
        if Said.of(*first).is_copy(Said.of(*second), similarity):
            copies.append(verdict == "same")
    assert sum(copies) >= 0.98 * len(copies) > 0
