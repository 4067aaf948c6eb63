from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity.latex import balanced, skeleton, structure

SAME = [
    (r"\dfrac{1}{2}", r"\frac{1}{2}"),
    (r"$\frac{1}{2}$", r"$\frac12$"),
    (r"\tbinom nk", r"\binom nk"),
    (r"$\left( x \right)$", "$(x)$"),
    (r"$\left. x \right|_0$", "$x|_0$"),
    (r"$\bigl(x\bigr)$", "$(x)$"),
    (r"\[x + 1\]", "$x+1$"),
    (r"\(x\)", "x"),
    ("Let $1$ be .", "let 1 be."),
    (r"$a \leqslant b$", "a ≤ b"),
    (r"$a \geq b$", "a >= b"),
    (r"$x\,y\;z\!w\quad v$", "$xyzwv$"),
    ("$x^{2}+a_{1}$", "x²+a₁"),
    ("10^{12}", "10¹²"),
    (r"$1, \ldots, n$", "1, …, n"),
    ("“A” – b’s", '"A" - b\'s'),
    (r"\alpha + \Pi", "α + Π"),
    (r"$60^\circ$", "60°"),
    (r"x \equal{} 1 \plus{} 2", "x = 1 + 2"),
    ("caf\u00e9", "CAFE\u0301"),
]
# One skeleton, and not the same beyond doubt.
OTHER = [
    ("$x^{10}2$", "$x^{102}$"),
    (r"\sqrt{x+1}", r"\sqrt{x}+1"),
    ("$1 1/2$", "$11/2$"),
    (r"\frac{12}{5}", r"\frac{1}{25}"),
    (r"\frac{ab}{c}", r"\frac{a}{bc}"),
    ("(a+b)c", "a+(bc)"),
    ("a/b", "ab"),
    ("1_2", "12"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert structure(one) == structure(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_one_skeleton_and_another_structure(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert structure(one) != structure(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rh+ve", "Rh-ve"), ("10²", "102"), ("x < 5", "x > 5"), ("2.5", "25"), ("5!", "5")],
)
def test_signs_stay(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("1,000", "1000"), ("1{,}000", "1000")])
def test_a_comma_between_thousands_is_no_other_number(one: str, other: str) -> None:
    assert structure(one) == structure(other)


def shingles(text: str) -> set[bytes]:
    data = text.encode()
    return {data[i : i + 5] for i in range(max(len(data) - 4, 1))}


# What formulas are made of, so that edits part commands, pair and unpair signs.
PIECES = st.sampled_from(
    [*"\\{}$()^_ .,:1 2ab-–…²₁α≤é\u0301\n", "left", "right", "frac", "dfrac", "text", r"\le", r"\["]
)


@given(
    st.lists(PIECES, max_size=60).map("".join), st.lists(PIECES, max_size=3).map("".join), st.data()
)
def test_a_small_edit_is_a_small_change(text: str, inserted: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 3))
    edited = text[:begin] + inserted + text[begin + removed :]
    apart = shingles(skeleton(text)) ^ shingles(skeleton(edited))
    # An edited character may end one command and begin another, of at most 16 bytes each.
    assert len(apart) <= 2 * 40 * (len(inserted) + removed + 1)


def test_a_lost_sign_does_not_turn_the_rest_inside_out() -> None:
    text = " ".join(f"Let $x_{{{n}}}$ be the {n}th root of $p_{{{n}}}(x)={n}$." for n in range(60))
    for lost in ("$", "{", "}", " "):
        edited = text.replace(lost, "", 1)
        assert skeleton(text) == skeleton(edited)


@given(st.text())
def test_whatever_comes_in_has_a_skeleton(text: str) -> None:
    assert not any(sign.isspace() for sign in skeleton(text))
    assert isinstance(structure(text), str)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{1}{2}", True),
        (r"\frac{1", False),
        (r"1}{", False),
        (r"\{1, 2\}", True),
        ("\\{1, 2\\", False),
        (r"\\{a}", True),
        ("", True),
    ],
)
def test_balanced(latex: str, expected: bool) -> None:
    assert balanced(latex) is expected
