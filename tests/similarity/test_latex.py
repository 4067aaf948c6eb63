from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.similarity.latex import balanced, respelled

SAME = [
    (r"\dfrac{1}{2}", r"\frac{1}{2}"),
    (r"\tbinom nk", r"\binom nk"),
    (r"$\left( x \right)$", "$(x)$"),
    (r"$\left\{1, 2\right\}$", r"$\{1,2\}$"),
    (r"$\left. x \right|_0$", "$x|_0$"),
    (r"$\bigl(x\bigr)$", "$(x)$"),
    (r"\[x + 1\]", "$x+1$"),
    (r"\(x\)", "$x$"),
    ("$$x$$", "$x$"),
    (r"$a \le b$", r"$a\leq b$"),
    (r"$x \to 0$", r"$x\rightarrow 0$"),
    (r"$x\,y\;z\!w\quad v$", "$xyzwv$"),
    ("$x^{2}+a_{1}$", "$x^2+a_1$"),
    (r"$\frac{1}{2}$", r"$\frac12$"),
    (r"$\sqrt{3}$", r"$\sqrt 3$"),
    (r"$\lvert x\rvert$", "$|x|$"),
    (r"$\displaystyle\sum\limits_{n}$", r"$\sum_n$"),
    ("$x~y$", "$xy$"),
]
OTHER = [
    (r"$\leftarrow$", r"$\arrow$"),
    (r"$\leftarrow$", "$arrow$"),
    (r"$\leq$", r"$\le q$"),
    (r"$\sin x$", r"$\sinx$"),
    (r"$\sin{x}$", r"$\sinx$"),
    ("$1 1/2$", "$11/2$"),
    ("$x^{12}$", "$x^12$"),
    (r"$\{5\}$", "$5$"),
    (r"$a\\left$", r"$a\\$"),
    (r"$\begin{matrix}1\\[2pt]2\end{matrix}$", r"$\begin{matrix}12\end{matrix}$"),
    (r"costs \$5 and \$6", "costs 5 and 6"),
    ("a b", "ab"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: str, other: str) -> None:
    assert " ".join(respelled(one).split()) == " ".join(respelled(other).split())


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other(one: str, other: str) -> None:
    assert respelled(one) != respelled(other)


def test_text_outside_of_formulas_keeps_its_spaces() -> None:
    assert respelled(r"Let $x = 5$ be \$5 ~ or so") == r"Let $x=5$ be \$5   or so"


@given(st.text(r"\{}$^_ []()a1dfraclet", max_size=40))
def test_whatever_comes_in_is_respelled(text: str) -> None:
    assert isinstance(respelled(text), str)


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
