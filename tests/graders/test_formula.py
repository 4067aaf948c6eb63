"""The value of a multi grader's formula."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.graders.formula import evaluator, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        ("a", 2.0),
        ("0.5 * a + 0.5 * b", 2.5),
        ("a - b - 1", -2.0),
        ("b / a / 2", 0.75),
        ("a + b * 2", 8.0),
        ("(a + b) * 2", 10.0),
        ("-a ^ 2", -4.0),
        ("(-a) ^ 2", 4.0),
        ("a ^ b ^ a", 512.0),
        ("a ^ -1", 0.5),
        ("a ^ -1 * 4", 2.0),
        ("2 * -a", -4.0),
        ("- - a", 2.0),
        ("+a - -b", 5.0),
        ("min(a, b, -1)", -1.0),
        ("max(a)", 2.0),
        ("abs(-b)", 3.0),
        ("floor(b / 2) + ceil(b / 2)", 3.0),
        ("exp(0)", 1.0),
        ("sqrt(a + a)", 2.0),
        ("log(exp(a))", 2.0),
        ("log(8, a)", 3.0),
        ("min(a, max(b, 0.5)) ^ (1 + 1) / 4", 1.0),
        (".5 + 1e-1", 0.6),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert evaluator(text)({"a": 2.0, "b": 3.0}) == expected


@pytest.mark.parametrize(
    "text", ["1 / (a - a)", "sqrt(-1)", "log(0)", "exp(1000)", "(-8) ^ 0.5", "1e400", "0 ^ -1"]
)
def test_no_value(text: str) -> None:
    with pytest.raises((ArithmeticError, ValueError)):
        evaluator(text)({"a": 1.0})


def test_what_is_no_formula_has_no_evaluator() -> None:
    with pytest.raises(ValueError, match="'\\*\\*' at character 3 is not known"):
        evaluator("a ** 2")


def test_depth_and_length_do_not_harm() -> None:
    assert evaluator("(" * 100_000 + "a" + ")" * 100_000)({"a": 1.0}) == 1.0
    assert evaluator("a" + " + a" * 100_000)({"a": 1.0}) == 100_001.0
    assert evaluator("-" * 100_001 + "a")({"a": 1.0}) == -1.0


# Expressions of which Python's own reading is the same: no powers, of which it has other signs.
_LEAVES = st.sampled_from(["a", "b", "2", "0.5", "3e-1"])
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda text: f"abs({text})"),
    ),
    max_leaves=12,
)


@given(_EXPRESSIONS, st.floats(-9, 9), st.floats(-9, 9))
def test_python_reads_it_the_same_way(text: str, a: float, b: float) -> None:
    values = {"a": a, "b": b}
    try:
        expected = float(eval(text, {"min": min, "max": max, "abs": abs}, values))
    except ZeroDivisionError:
        expected = math.inf
    if not math.isfinite(expected):
        with pytest.raises((ArithmeticError, ValueError)):
            evaluator(text)(values)
    else:
        assert evaluator(text)(values) == expected


@given(st.text(alphabet="ab1.e+-*/^(),minx ") | st.text())
def test_what_parses_evaluates(text: str) -> None:
    with contextlib.suppress(ValueError, ArithmeticError):
        names = parse(text)
        assert math.isfinite(evaluator(text)(dict.fromkeys(names, 1.0)))
