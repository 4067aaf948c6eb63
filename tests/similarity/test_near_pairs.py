from __future__ import annotations

import os
import random
from collections import defaultdict
from fractions import Fraction
from itertools import product

import numpy as np
import polars as pl
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.similarity.keys import key
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs

Row = tuple[int, int, int, int, float]

FOLDER = os.environ.get("RFT_REAL_DATA")
SOURCE = (ROOT / (FOLDER or "")).resolve()
LETTERS = "".join(map(chr, range(0x20, 0x7F)))


def shingles(text: str) -> frozenset[bytes]:
    data = text.encode()
    return frozenset(data[i : i + 5] for i in range(max(len(data) - 4, 1)))


def brute_force(texts: list[str], threshold: float, against: list[str] | None = None) -> list[Row]:
    """Every pair, shingle set by shingle set."""
    sets = [shingles(text) for text in texts]
    others = sets if against is None else [shingles(text) for text in against]
    rows = []
    for i, one in enumerate(sets):
        for j in range(i + 1 if against is None else 0, len(others)):
            shared, union = len(one & others[j]), len(one | others[j])
            if Fraction(shared, union) >= Fraction(str(threshold)):
                rows.append((i, j, shared, union, shared / union))
    return rows


def counted(texts: list[str], threshold: float) -> list[Row]:
    """The same for thousands of texts: shared shingles counted over lists of who has them."""
    exact = Fraction(str(threshold))
    having = defaultdict(list)
    sets = [shingles(text) for text in texts]
    for i, own in enumerate(sets):
        for shingle in own:
            having[shingle].append(i)
    sizes = np.array([len(own) for own in sets])
    arrays = {shingle: np.array(where) for shingle, where in having.items() if len(where) > 1}
    rows = []
    for i, own in enumerate(sets):
        found = [arrays[shingle] for shingle in own if shingle in arrays]
        shared = np.bincount(np.concatenate([[i], *found]), minlength=len(sets))
        union = sizes[i] + sizes - shared
        near = np.flatnonzero(shared * exact.denominator >= union * exact.numerator)
        rows += [
            (i, int(j), int(shared[j]), int(union[j]), int(shared[j]) / int(union[j]))
            for j in near
            if j > i
        ]
    return rows


def rows(texts: list[str], threshold: float, **more: object) -> list[Row]:
    return near_pairs(texts, threshold, **more).pairs.rows()


@st.composite
def near_texts(draw: st.DrawFn) -> list[str]:
    """Texts of few letters, many of them copies of others with small edits."""
    alphabet = draw(st.sampled_from(["a", "ab", "abcd", "aé😀", LETTERS]))
    texts = draw(st.lists(st.text(alphabet, max_size=40), max_size=8))
    for _ in range(draw(st.integers(0, 8)) if texts else 0):
        text = draw(st.sampled_from(texts))
        begin, end = (draw(st.integers(0, len(text))) for _ in range(2))
        texts.append(text[:begin] + draw(st.text(alphabet, max_size=4)) + text[end:])
    return texts


THRESHOLDS = st.sampled_from([0.1, 0.333333, 0.5, 0.7, 0.75, 0.8, 0.9, 1.0, 1])
STEPS = st.sampled_from([1, 2, 5, 64, 1 << 18])


@settings(max_examples=400, deadline=None)
@given(near_texts(), THRESHOLDS, STEPS)
def test_within_a_list(texts: list[str], threshold: float, step: int) -> None:
    assert rows(texts, threshold, step=step) == brute_force(texts, threshold)


@settings(max_examples=400, deadline=None)
@given(near_texts(), near_texts(), THRESHOLDS, STEPS)
def test_between_lists(texts: list[str], against: list[str], threshold: float, step: int) -> None:
    against = against + texts[::2]
    expected = brute_force(texts, threshold, against)
    assert rows(texts, threshold, against=against, step=step) == expected


@settings(max_examples=50, deadline=None)
@given(near_texts(), near_texts(), THRESHOLDS)
def test_between_lists_is_within_both_put_together(
    texts: list[str], against: list[str], threshold: float
) -> None:
    border = len(texts)
    expected = [
        (left, right - border, *rest)
        for left, right, *rest in rows(texts + against, threshold)
        if left < border <= right
    ]
    assert rows(texts, threshold, against=against) == expected


@pytest.mark.parametrize(
    ("shared", "union", "threshold"),
    [
        (4, 5, 0.8),
        (8, 10, 0.8),
        (72, 90, 0.8),
        (7, 10, 0.7),
        (63, 90, 0.7),
        (11, 20, 0.55),  # 0.55 * 20 is more than 11 in floats
        (29, 50, 0.58),
        (1, 3, 0.333333),
        (1, 90, 0.011111),
        (89, 90, 0.988888),
    ],
)
def test_the_border_belongs_to_the_pairs(shared: int, union: int, threshold: float) -> None:
    """Letters stand once each, so a text of n letters has n - 4 shingles."""
    short, long, longer = (LETTERS[: n + 4] for n in (shared, union, union + 1))
    assert rows([short, long], threshold) == [(0, 1, shared, union, shared / union)]
    assert rows([long, short], threshold) == [(0, 1, shared, union, shared / union)]
    above = float(Fraction(shared, union) + Fraction(2, 10**6))
    assert rows([short, long], round(above, 6)) == []
    assert (rows([short, longer], threshold) == []) == (
        Fraction(shared, union + 1) < Fraction(str(threshold))
    )


@pytest.mark.parametrize(
    ("one", "other", "shared", "union"),
    [
        ("", "", 1, 1),
        ("x", "x", 1, 1),
        ("abcd", "abcd", 1, 1),
        ("aaaaaa", "aaaaaaaaa", 1, 1),
        ("abcdeabcd", "bcdeabcde", 5, 5),
        ("abcdef", "abcdeg", 1, 3),
        ("שלום", "שלום!", 4, 5),
        ("ééé", "éééa", 2, 3),
        ("e\u0301e\u0301", "\u0301e\u0301", 1, 2),
        ("👩‍🚀", "👨‍🚀", 3, 11),  # they differ in the fourth of 11 bytes
    ],
)
def test_a_shingle_is_five_bytes(one: str, other: str, shared: int, union: int) -> None:
    assert rows([one, other], 0.1) == [(0, 1, shared, union, shared / union)]
    assert rows([one], 0.1, against=[other]) == [(0, 0, shared, union, shared / union)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "x"),
        ("abcd", "abc"),
        ("abcd", "abcde"),
        ("abcde", "fghij"),
        ("abcdefgh", "efghijkl"),
        ("abcdefg", "cdefabcd"),
        ("\x00\x00\x00\x00", "\x00\x00\x00\x00\x00"),
    ],
)
def test_nothing_shared(one: str, other: str) -> None:
    assert rows([one, other], 0.000001) == []


ODD_TEXTS = [
    "",
    "x",
    "éé",
    "\x00" * 5,
    "\x00" * 9,
    *("a" * n for n in range(30)),
    *("ab" * n for n in range(30)),
    "מה משקלו של כדור שרדיוסו 3",
    "מה משקלו של כדור שרדיוסו 4",
    "😀😃😄" * 20,
    "😀😃😄" * 20 + "🙂",
    "é" * 5 + "e\u0301" * 9,
    "e\u0301" * 9,
    r"$\frac{1}{2}$",
    r"$\frac{1}{2}+\sqrt{3}$",
    r"$\frac{1}{2}+\sqrt{5}$",
    "\n\n\n\n\n\n",
    "same" * 5,
    "same" * 5,
    "same" * 5,
]


@pytest.mark.parametrize("threshold", [0.3, 0.8, 1.0])
def test_odd_texts(threshold: float) -> None:
    assert rows(ODD_TEXTS, threshold) == brute_force(ODD_TEXTS, threshold)
    some = ODD_TEXTS[::3]
    assert rows(some, threshold, against=ODD_TEXTS) == brute_force(some, threshold, ODD_TEXTS)


def test_long_texts() -> None:
    long = "".join(random.Random(0).choices(LETTERS, k=100_000))
    texts = [long, f"{long[:50_000]}?{long[50_000:]}", long[:80_100], long[:79_900], "a" * 100_000]
    expected = brute_force(texts, 0.8)
    assert [row[:2] for row in expected] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert rows(texts, 0.8) == expected


def corpus(seed: int, count: int, words: int, lengths: tuple[float, float]) -> list[str]:
    """Distinct texts over a vocabulary; two of three are earlier ones with up to a fifth edited.

    10 to the power of `lengths` is how many words they have.
    """
    draw = random.Random(seed)
    vocabulary = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(words)]
    weights = [1 / n for n in range(1, words + 1)]
    texts: list[list[str]] = []
    for n in range(count):
        text = draw.choices(vocabulary, weights, k=int(10 ** draw.uniform(*lengths)))
        if n % 3:
            text = list(draw.choice(texts))
            for _ in range(draw.randint(1, 1 + len(text) // 5)):
                text[draw.randrange(len(text))] = draw.choice(vocabulary)
        texts.append(text)
    return list(dict.fromkeys(" ".join(text) for text in texts))


CORPORA = {
    "words": corpus(0, 1200, 5000, (0.3, 1.8)),
    "long": corpus(1, 300, 5000, (1.5, 3)),
    "few words": corpus(2, 1200, 30, (0.3, 1.5)),
    "template": [
        f"Using each of the numbers {a}, {b} and {c} once, and + - * / as often as you need, write "
        f"an expression whose value is 24."
        for a, b, c in product(range(11, 17), range(21, 27), range(31, 37))
    ],
}


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9])
@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus(name: str, threshold: float) -> None:
    expected = counted(CORPORA[name], threshold)
    assert len(expected) > 10
    assert rows(CORPORA[name], threshold) == expected


def test_neither_order_nor_step_counts() -> None:
    texts = corpus(3, 400, 300, (0.3, 1.5))
    join = near_pairs(texts, 0.7)
    order = random.Random(0).sample(range(len(texts)), len(texts))
    for step in (1, 100, 10_000):
        moved = near_pairs([texts[i] for i in order], 0.7, step=step)
        back = [(*sorted((order[i], order[j])), *rest) for i, j, *rest in moved.pairs.rows()]
        assert sorted(back) == join.pairs.rows()
        assert moved.candidates == join.candidates


@pytest.mark.parametrize("name", CORPORA)
def test_few_pairs_are_counted(name: str) -> None:
    """The filters leave hardly more pairs than are near, of up to 720,000."""
    join = near_pairs(CORPORA[name], 0.8)
    assert join.candidates < 1.2 * join.pairs.height


@pytest.mark.parametrize("against", [None, [], ["x"]])
def test_no_texts(against: list[str] | None) -> None:
    join = near_pairs([], 0.8, against=against)
    assert join.candidates == 0
    assert join.pairs.rows() == []
    assert join.pairs.schema == {
        "left": pl.UInt32,
        "right": pl.UInt32,
        "shared": pl.UInt32,
        "union": pl.UInt32,
        "similarity": pl.Float64,
    }


@pytest.mark.parametrize("threshold", [0, -0.5, 1.000001, float("nan"), float("inf"), 1e-7])
def test_thresholds_that_are_none(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"threshold|Fraction"):
        near_pairs(["x"], threshold)


def test_as_many_pairs_as_are_allowed() -> None:
    texts = ["the same text"] * 10 + ["the same text!"] * 10
    assert len(rows(texts, 0.8, most=190)) == 190
    with pytest.raises(TooManyPairs, match="190 pairs of texts are near, more than 189"):
        near_pairs(texts, 0.8, most=189)
    assert len(rows(texts, 0.8, against=texts, most=400)) == 400
    with pytest.raises(TooManyPairs, match="400 pairs of texts are near, more than 399"):
        near_pairs(texts, 0.8, against=texts, most=399)
    many = len(rows(CORPORA["template"], 0.8))
    assert len(rows(CORPORA["template"], 0.8, most=many)) == many
    with pytest.raises(TooManyPairs, match="pairs of texts are near"):
        near_pairs(CORPORA["template"], 0.8, most=many - 1)


def test_too_many_pairs_are_told_at_once() -> None:
    told = "1,249,975,000 pairs of texts are near, more than 2,000,000"
    with pytest.raises(TooManyPairs, match=told):
        near_pairs(["the same text"] * 50_000, 0.8)


def test_too_many_pairs_are_told_on_the_way() -> None:
    texts = [f"{'One template for all of them. ' * 3}{n}" for n in range(1000)]
    with pytest.raises(TooManyPairs, match="more than 1,000 pairs of texts are near"):
        near_pairs(texts, 0.8, most=1000, step=1000)


@pytest.mark.parametrize("work", [100, 100_000])
def test_a_search_that_takes_too_long_is_given_up(work: int) -> None:
    """Before it begins, or when too many pairs were counted: 2,800 here, at 100 steps each."""
    texts = CORPORA["template"]
    with pytest.raises(TooManyPairs, match=f"near pairs takes more than {work:,} steps"):
        near_pairs(texts, 0.8, work=work, step=1000)
    assert rows(texts, 0.8, work=10_000_000) == rows(texts, 0.8)


@pytest.mark.skipif(FOLDER is None, reason="RFT_REAL_DATA is not set")
@pytest.mark.parametrize("threshold", [0.7, 0.8])
@pytest.mark.parametrize(
    ("path", "columns", "count"),
    [
        ("openr1-math/data", ["problem"], 3280),
        ("medmcqa/data", ["question", "opa", "opb", "opc", "opd"], 10_333),
    ],
)
def test_real_rows(path: str, columns: list[str], count: int, threshold: float) -> None:
    frame = pl.read_parquet(SOURCE / path / "*.parquet", columns=columns)
    texts = [
        key("\n".join(f"{letter} {text}" for letter, text in zip(" ABCD", row, strict=False)))
        for row in frame.fill_null("").iter_rows()
    ]
    assert len(texts) == count
    assert rows(texts, threshold) == counted(texts, threshold)
