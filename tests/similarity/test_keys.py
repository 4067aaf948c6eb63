from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity import columns
from pipelines.similarity.keys import (
    answer_key,
    digest,
    fold,
    key,
    plain_text,
    split_options,
    trim,
    without_labels,
)

SAME = [
    ("What is it?", "what  is\nit"),
    ("Find x.", "Example 16 Find x"),
    ("Find x.", "14. Find x"),
    ("Find x.", "3. (6 points) Find x"),
    ("Find x.", "6、Find x."),
    ("Find x.", "II. (25 points) Find x."),
    ("Find x.", "Problem 5.8. Find x."),
    ("Q?\n\nA. one\nB. two", "Q\n\nA. Two.\nB. One"),
    ("Q?\nA) one\nB) two", "Q?\n(A) one\n(B) two"),
    ("Value (A) 1 (B) 2 (C) 3", "Value\nA. 3\nB. 2\nC. 1"),
    ("caf\u00e9", "CAFE\u0301"),
    ("Straße", "STRASSE"),
    ("doxycycline is", "doxycycline is:"),
    ("doxycycline is", "doxycycline is:-"),
    ("doxycycline is", "“doxycycline is ____”"),
    ("Hello!", "hello"),
    (r"Find $\dfrac{1}{2}$", r"find $\frac12$"),
    ("Q?\nA. $x^{2}$\nB. $y$", "Q?\nA. $y$\nB. $x^2$"),
]
OTHER = [
    ("Rh+ve", "Rh-ve"),
    ("Rh+", "Rh-"),
    ("Rh-", "Rh"),
    ("10²", "102"),
    ("x < 5", "x > 5"),
    (".5 mg", "5 mg"),
    ("5!", "5"),
    ('5"', "5'"),
    ("2.5 kg of salt", "kg of salt"),
    ("3 men dig", "4 men dig"),
    ("Q?\n\nA. one\nB. two", "Q?\n\nA. one\nB. three"),
    ("?", "!"),
    ("14.", "15."),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_key_same(one: str, other: str) -> None:
    assert key(other) == key(one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_key_other(one: str, other: str) -> None:
    assert key(other) != key(one)


@pytest.mark.parametrize(
    ("prompt", "question", "options"),
    [
        ("Q\nA. x\nB. y", "Q\n", ["x", "y"]),
        ("Q\n(A) $1$\n(B) $2$\n(C) $3$", "Q\n", ["$1$", "$2$", "$3$"]),
        ("Q (A) 1 (B) 2 (C) 3", "Q ", ["1", "2", "3"]),
        ("Q\nA. x\n  more\nB. y", "Q\n", ["x\n  more", "y"]),
        ("Segments (A) and (B) meet.", "Segments (A) and (B) meet.", []),
        ("Q\nB. x\nC. y", "Q\nB. x\nC. y", []),
        ("Q\nA. x\nC. y", "Q\nA. x\nC. y", []),
        ("Q\nA. x\nB. ", "Q\nA. x\nB. ", []),
        ("(a) Find it.\n(b) Prove it.", "(a) Find it.\n(b) Prove it.", []),
    ],
)
def test_split_options(prompt: str, question: str, options: list[str]) -> None:
    assert split_options(prompt) == (question, options)


@pytest.mark.parametrize(
    "text", ["V. cholerae causes", "(a) x", "2.5 kg", "14.", "", "1.5.", "10 men"]
)
def test_no_label(text: str) -> None:
    assert without_labels(text) == text


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        ("B", ["x", " Y. "], "y"),
        ("(B)", ["x", "Y"], "y"),
        ("C", ["x", "Y"], "c"),
        ("$x = 5$", [], "x=5"),
        (r"\dfrac{1}{2}", [], "frac1 2"),
        (r"x^{2} \, y", [], "x^2y"),
        ("1 1/2", [], "1 1/2"),
        ("", [], ""),
    ],
)
def test_answer_key(answer: str, options: list[str], expected: str) -> None:
    assert answer_key(answer, options) == expected


def test_digest_is_the_beginning_of_sha256() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_canonical_forms_are_one(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text())
def test_trim_leaves_something_and_takes_only_edges(text: str) -> None:
    folded = fold(text)
    assert trim(folded) in folded
    assert bool(trim(folded)) == bool(folded)


@given(
    st.text(),
    st.lists(st.text(st.characters(categories=["L"]), min_size=1), min_size=2, max_size=4),
)
def test_order_of_options_does_not_count(question: str, options: list[str]) -> None:
    def prompt(texts: list[str]) -> str:
        return question + "\n\n" + "\n".join(f"{'ABCD'[i]}. {t}" for i, t in enumerate(texts))

    assert key(prompt(options[::-1])) == key(prompt(options))


# What a rule that runs over joined texts could carry from one into the next.
_PIECES = ["\\", "{", "}", "{}", "^", "_", "frac", "left", ".", "\0", '"', "`", "²", "\u0301", "ß"]
_TEXTS = st.lists(st.lists(st.sampled_from([*_PIECES, "Σ", "a", "1", " ", "?"])).map("".join))


@given(st.lists(st.tuples(st.text() | _TEXTS.map("".join), _TEXTS)))
def test_keys_are_those_of_one_by_one(asked: list[tuple[str, list[str]]]) -> None:
    questions = pl.Series([one for one, _ in asked], dtype=pl.String)
    options = columns.lists([some for _, some in asked])
    assert options.to_list() == [some for _, some in asked]
    assert columns.keys(questions, options).to_list() == [key(*parts) for parts in asked]
    plain = [plain_text(*parts) for parts in asked]
    assert columns.plain_texts(questions, options).to_list() == plain
