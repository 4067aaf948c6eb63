from __future__ import annotations

import ast
import csv
import os
import re
import subprocess
import sys
from collections import UserDict
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest
from conftest import ROOT
from graders.boxed_math_pairs import DIFFERENT, EQUAL
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.graders import python_grader, run
from pipelines.graders.boxed_math import bounds, boxes, correct, grade, same
from pipelines.rules.python_graders import (
    has_grade,
    imports_what_is_there,
    needs_no_network,
    source_is_small,
    source_parses,
)
from pipelines.similarity.latex import balanced

HERE = Path(__file__).parent
with (HERE / "disagreements.tsv").open(encoding="utf-8", newline="") as table:
    DISAGREEMENTS = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
SAME = list(chain.from_iterable(EQUAL.values()))
WRONG = list(chain.from_iterable(DIFFERENT.values()))


def score(answer: str, reference: object, options: object = ()) -> float:
    item = {"reference_answer": reference, "options": list(options)}  # type: ignore[call-overload]
    return grade({"output_text": rf"so it is \boxed{{{answer}}}."}, item)


@pytest.mark.parametrize(("reference", "answer"), SAME)
def test_equal(reference: str, answer: str) -> None:
    assert score(answer, reference) == 1.0


@pytest.mark.parametrize(("reference", "answer"), WRONG)
def test_different(reference: str, answer: str) -> None:
    assert score(answer, reference) == 0.0


@pytest.mark.parametrize("reference", sorted({reference for reference, _ in SAME}))
def test_a_reference_is_its_own_answer(reference: str) -> None:
    assert score(reference, reference) == 1.0
    assert same(reference, rf"$\displaystyle {{ {reference} }}$ .")


@pytest.mark.parametrize(
    "row", DISAGREEMENTS, ids=lambda row: f"{row['reference']}|{row['answer']}"
)
def test_adjudicated_disagreements(row: dict[str, str]) -> None:
    assert same(row["reference"], row["answer"]) is (row[row["right"]] == "1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"so \boxed{4}", ("4", True)),
        (r"\boxed{1} then \boxed{\frac{1}{2}}.", (r"\frac{1}{2}", False)),
        (r"\boxed {7}", ("7", True)),
        (r"\boxed{\{1, 2\}}", (r"\{1, 2\}", True)),
        (r"\boxed{1} and \boxed{2", ("1", False)),
        (r"} \boxed{3}", ("3", True)),
        (r"\boxed{}", ("", True)),
        (r"\boxed{\boxed{5}}", ("5", False)),
        (r"\fbox{5}", (None, False)),
        (r"\boxed 5", (None, False)),
        ("nothing", (None, False)),
    ],
)
def test_boxes(text: str, expected: tuple[str | None, bool]) -> None:
    assert boxes(text) == expected


REAL = os.environ.get("RFT_REAL_DATA")


@pytest.mark.skipif(REAL is None, reason="RFT_REAL_DATA is not set")
def test_every_real_reference_is_its_own_answer() -> None:
    files = (ROOT / (REAL or "") / "openr1-math" / "data").resolve().glob("*.parquet")
    answers = pl.concat([pl.read_parquet(file, columns=["answer"]) for file in files])["answer"]
    references = [text for text in answers.unique().drop_nulls() if text.strip() and balanced(text)]
    assert references
    assert [text for text in references if score(text, text) != 1.0] == []


NUMBERS = ["24", "26", "28"]


@pytest.mark.parametrize(
    ("reference", "answer", "options", "expected"),
    [
        ("B", "B", NUMBERS, 1.0),
        ("B", "(B)", NUMBERS, 1.0),
        ("B", r"\text{(B)}", NUMBERS, 1.0),
        (r"\text{(B)}", "B", NUMBERS, 1.0),
        ("B", "26", NUMBERS, 1.0),
        ("26", "B", NUMBERS, 1.0),
        ("26", r"\text{(B) } 26", NUMBERS, 1.0),
        ("26", r"\textbf{(B)}\ 26", NUMBERS, 1.0),
        ("26", "B. 26", NUMBERS, 1.0),
        ("26", "B) 26.0", NUMBERS, 1.0),
        ("26", r"\frac{52}{2}", NUMBERS, 1.0),
        ("B", "B. 28", NUMBERS, 0.0),  # letter and text contradict each other
        ("26", "(C) 26", NUMBERS, 0.0),
        ("B", "A", NUMBERS, 0.0),
        ("B", "28", NUMBERS, 0.0),
        ("B", "A, B", NUMBERS, 0.0),
        ("B", "B or C", NUMBERS, 0.0),
        ("B", "ABC", NUMBERS, 0.0),
        ("B", "24, 26, 28", NUMBERS, 0.0),
        ("B", "", NUMBERS, 0.0),
        ("B", "27", NUMBERS, 0.0),
        ("AC", "A, C", NUMBERS, 1.0),
        ("AC", r"\text{A and C}", NUMBERS, 1.0),
        ("AC", "A", NUMBERS, 0.0),
        ("B", "b", NUMBERS, 1.0),
        ("B", "(b)", NUMBERS, 1.0),
        ("B", "c", NUMBERS, 0.0),
        ("26", "b", NUMBERS, 1.0),
        ("B", "b", ["$b$", "$a$", "$c$"], 0.0),  # the text, not the letter
        ("A", "b", ["$b$", "$a$", "$c$"], 1.0),
        ("30", "30", NUMBERS, 1.0),  # not one of the options: compared as it stands
        ("D", "D", NUMBERS, 1.0),
        ("B. 28", "B. 28", NUMBERS, 1.0),  # contradicts itself: compared as it stands
        ("C", "none of these", ["1", "2", "None of these.\n\n![](picture)"], 1.0),
        ("C", "$x>1$", ["$x<1$", "$x=1$", "$1<x$"], 1.0),
        ("A", "A is larger", ["A is larger", "B is larger"], 1.0),
        ("B", "A is larger", ["A is larger", "B is larger"], 0.0),
        ("C", "C", ["C", "B", "A"], 1.0),  # the letter, not the text
        ("A", "$C D$", ["$C D$", "$A C$", "$B C$", "$A B$"], 1.0),  # the text, not two letters
        ("A", "A. $C D$", ["$C D$", "$A C$", "$B C$", "$A B$"], 1.0),
        ("A", r"\textbf{(A)} $5 \mathrm{~m}$", [r"$5 \mathrm{~m}$", r"$6 \mathrm{~m}$"], 1.0),
    ],
)
def test_options(reference: str, answer: str, options: list[str], expected: float) -> None:
    assert score(answer, reference, options) == expected


@pytest.mark.parametrize(
    ("sample", "item"),
    [
        (None, None),
        ({}, {}),
        ([], ""),
        ({"output_text": None}, {"reference_answer": "4"}),
        ({"output_text": 4}, {"reference_answer": "4"}),
        ({"output_text": r"\boxed{4}"}, None),
        ({"output_text": r"\boxed{4}"}, {"reference_answer": None}),
        ({"output_text": r"\boxed{4}"}, {"reference_answer": ["4"]}),
        ({"output_text": r"\boxed{}"}, {"reference_answer": ""}),
        ({"output_text": r"\boxed{ }"}, {"reference_answer": " "}),
        ({"output_text": "4"}, {"reference_answer": "4"}),
        ({"output_text": r"\boxed{1}"}, {"reference_answer": True}),
        ({"output_text": r"\boxed{1}"}, {"reference_answer": 10**9999}),
        ({"output_text": r"\boxed{nan}"}, {"reference_answer": float("nan")}),
        ({"output_text": r"\boxed{\infty}"}, {"reference_answer": float("inf")}),
        ({"output_text": r"\boxed{inf}"}, {"reference_answer": float("inf")}),
        ({"output_text": r"\boxed{nan}"}, {"reference_answer": "4", "options": "nan"}),
    ],
)
def test_what_is_no_answer_scores_nothing(sample: Any, item: Any) -> None:
    assert grade(sample, item) == 0.0


@pytest.mark.parametrize("reference", [27, 27.0, "27"])
@pytest.mark.parametrize("options", [None, [], 3, [None], {}])
def test_references_that_are_numbers(reference: object, options: object) -> None:
    item = {"reference_answer": reference, "options": options}
    assert grade({"output_text": r"\boxed{27}"}, item) == 1.0


@pytest.mark.parametrize(
    ("reference", "answer"),
    [(1e-05, "0.00001"), (1e-05, r"10^{-5}"), (2.5e20, "25" + "0" * 19), (0.5, r"\frac12")],
)
def test_floats_are_spelled_plainly(reference: float, answer: str) -> None:
    assert score(answer, reference) == 1.0
    assert score(rf"2 \cdot {answer}", reference) == 0.0


@pytest.mark.parametrize("grader", ["boxed_math", "one_letter"])
def test_a_mapping_that_is_no_dict_fails_with_a_word(grader: str) -> None:
    """It may hold the answer: 0 would say that the model is wrong."""
    ready = run.Grader(python_grader(grader), run.Setup(in_process=True))
    sample, item = {"output_text": r"\boxed{4}"}, {"reference_answer": "4"}
    for pair in ((MappingProxyType(sample), item), (sample, UserDict(item))):
        grade = ready.score(*pair)
        assert (grade.score, grade.error) == (0.0, "python_grader_runtime_error")
        assert "not a dict" in str(grade.details)


def test_a_comparison_without_work_left_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the work that is allowed, a wrong answer is not paid, and all is counted."""
    for allowed in (0, 30, 300):
        monkeypatch.setattr(bounds, "MAX_WORK", allowed)
        assert [pair for pair in WRONG if score(pair[1], pair[0])] == []
    pair = r"\sqrt{x^2+2x+1}", "|x+1|"
    scores = []
    for allowed in (100, 30_000):
        monkeypatch.setattr(bounds, "MAX_WORK", allowed)
        scores.append(score(*pair))
    assert scores == [0.0, 1.0]


HOSTILE = [
    "9" * 1_000_000,
    "9" * 999,
    "9^{9^{9^9}}",
    "9^9^9^9",
    r"\sqrt{" * 10_000 + "2" + "}" * 10_000,
    r"\sqrt{" * 29 + "2" + "}" * 29,
    r"\sqrt" * 300 + "2",
    "(" * 100_000 + "1" + ")" * 100_000,
    "(" * 900 + "1" + ")" * 900,
    "-" * 1_900 + "5",
    r"\frac" * 400,
    "(10^{100})!",
    "99999999!",
    "5" + "!" * 900,
    "+".join(f"\\frac{{1}}{{{n}!}}" for n in range(2_400, 2_280, -1)),
    r"\binom{10^9}{5\cdot10^8}",
    r"\binom{32768}{16384}",
    "+".join([r"\binom{32000}{1000}"] * 80),
    "x" * 1_000_000,
    r"\{" + ",".join(map(str, range(300))) + r"\}",
    ",".join(rf"\sin {n}x" for n in range(100)),
    ",".join(f"x_{{{n}}}y=1" for n in range(100)),
    "<".join(f"x_{{{n}}}" for n in range(300)),
    r"\begin{pmatrix}" + r"\\".join(["&".join("1" * 50)] * 50) + r"\end{pmatrix}",
    "+".join(rf"\sin {n}" for n in range(240)),
    r"\sin(" * 29 + "x" + ")" * 29,
    "e^{e^{e^{e^{10}}}}",
    r"\exp(10^{30})",
    "1.0000001^{10^{12}}",
    "x^{x^{x^{x}}}",
    r"(x+y+\sqrt2)^{32000}",
    r"\sin(10^{100})",
    r"\lfloor \sqrt{10^{300}} \rfloor",
    r"\sqrt[64]{" + "7" * 900 + "}",
    "1" + r"\pm\sqrt2" * 200,
    "=".join("x" * 400),
    r"\cup".join(rf"({n}\pi,{n + 1}\pi)" for n in range(80)),
    "|" * 1_900,
    "x_" * 900,
    "x" + "%" * 900,
    "x" + "!%" * 400,
    "(" * 28 + "x" + r"\%!^2\%)" * 28,
    "=".join(r"\sum_{k=1}^{n}k^{1999}" + "+0" * n for n in range(19)),
    "=".join(f"(x+{n})^{{500}}" for n in range(19)),
    "+".join(rf"\frac{{x^{{{n}}}}}{{(x+{n})^{{300}}}}" for n in range(50, 90)),
    "+".join(rf"\sin(\cos(\tan(\ln(x+{n}))))" for n in range(60)),
    r"\cup".join(rf"(\sqrt{{{n}}},\sqrt{{{n}}}+1)" for n in range(2, 90)),
    "+".join(f"f(x+{n})" for n in range(100)),
    r"{a \over " * 120 + "1" + "}" * 120,
    r"\begin{aligned}" * 100 + r"\\ &=" * 150,
    "+".join(f"{n}^{{n^8}}" for n in range(2, 100)),
    r"\text{" * 10_000,
    r"\boxed{" * 100_000,
    "}{" * 100_000,
    r"\begin{cases}" * 150,
    "0.(" + "1" * 900 + ")",
    " " * 1_000_000,
    "1 " * 900,
    "1,234" * 300,
    "\\",
    "{",
    "\ud800",
    "①²٣𝟏½",
    "x_\ud800 + 1",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_bounded(text: str) -> None:
    for reference in ("5", r"x + \sqrt{2}", "(1, 2)"):
        assert score(text, reference) == 0.0
        assert same(text, reference) is False
        assert correct("B", text, [text, "5"]) is False
    assert same(text, f" {text}+0 ") in (True, False)


def test_one_box_with_a_wrong_answer_may_score() -> None:
    names: dict[str, Any] = {}
    exec(str(python_grader("boxed_math", BOXED_BUT_WRONG=0.1)["source"]), names)
    item = {"reference_answer": "4"}
    outputs = [r"\boxed{4}", r"\boxed{5}", r"\boxed{}", "4", r"\boxed{5} \boxed{6}", r"\boxed{5"]
    scores = [names["grade"]({"output_text": output}, item) for output in outputs]
    assert scores == [1.0, 0.1, 0.0, 0.0, 0.0, 0.0]


def test_the_source_keeps_the_service_s_rules() -> None:
    grader = python_grader("boxed_math")
    for rule in (
        source_is_small,
        source_parses,
        has_grade,
        imports_what_is_there,
        needs_no_network,
    ):
        assert list(rule(grader)) == []


def test_the_source_needs_python_s_library_only_and_executes_nothing() -> None:
    tree = ast.parse(str(python_grader("boxed_math")["source"]))
    nodes = list(ast.walk(tree))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert names.isdisjoint({"eval", "exec", "compile", "open", "__import__", "getattr"})


# --- Properties --------------------------------------------------------------------------------

SIGNS = r"""
0 1 2 7 + - * / ^ _ ( ) [ ] { } | , ; : = < > ! % ° ' . x y n e i f A C $ & 1,000 0.(3) 10^{ and
\frac \sqrt \pi \cdot \pm \infty \{ \} \cup \setminus \in \le \ne \sin \log_ \log \ln \binom
\lfloor \rfloor \approx \ldots \overline{3} ^\circ \left \right \text{ \text{cm} {,} \\ \angle
\begin{pmatrix} \end{pmatrix} \mathbb{R} \mathbb{Z} \max( \mid \emptyset \$ f(x) x_1 C_5^2
\sum_{k=1}^ \prod_{n=0}^{3} k n \equiv \pmod{5} (mod k\in\mathbb{Z} \begin{cases} \end{cases}
\text{if} \text{otherwise} p.m. \text{million} \text{hours} {,}5 \choose (-1)^k k\pi \text{integer}
"""
texts = st.lists(st.sampled_from([" ", *SIGNS.split()]), max_size=30).map("".join)


@settings(max_examples=500, deadline=None)
@given(texts, texts, st.lists(texts, max_size=3))
@example(r"\log 5<04", r"\log 5<04", [])
@example(r"\sin^{th}x", "1", [])
def test_never_raises_and_does_not_depend_on_the_side(a: str, b: str, options: list[str]) -> None:
    assert correct(a, b, options) in (True, False)
    # A percentage, a decimal comma, words before values and what a letter stands for may be missing
    # on one side only, only a reference is rounded, and only an answer solved for a letter.
    if not re.search(r"%|\d,\d|\{,\}|mathbb\{Z|integer|\.\d\d|text|=.*=", a + b):
        assert same(a, b) is same(b, a)


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_text_at_all(output: str, reference: str) -> None:
    assert grade({"output_text": output}, {"reference_answer": reference}) in (0.0, 1.0)


leaves = st.sampled_from(["x", "y", "n", r"\pi", "2", "3", "0.5", r"\frac{1}{3}"])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: rf"({pair[0]} + {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: rf"({pair[0]} - {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: rf"{pair[0]} \cdot {pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: rf"\frac{{{pair[0]}}}{{1 + ({pair[1]})^2}}"),
        inner.map(lambda part: rf"\sqrt{{1 + ({part})^2}}"),
        inner.map(lambda part: rf"\sin({part})"),
        inner.map(lambda part: f"|{part}|" if "|" not in part else part),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(expressions)
def test_an_expression_is_what_it_is_in_other_words(expression: str) -> None:
    sized = expression.replace("(", r"\left(").replace(")", r"\right)")
    assert same(expression, sized.replace(r"\frac", r"\dfrac").replace(" ", r"\,"))
    assert same(expression, rf"7 + {expression} - 7")
    assert same(expression, rf"\frac{{({expression}) \cdot 3}}{{3}}")
    assert not same(expression, rf"{expression} + 10^{{-9}}")
    assert not same(f"x = {expression}", f"y = {expression}")


LETTERS = r"""
abcdfghjklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \alpha \beta \gamma \theta \lambda \mu \phi
\omega \Delta \Omega a_1 a_2 a_{12} n_1 n_2 n_k k_n x_n x_{n+1} N_A M_1 a' x' n'
"""
NAMES = [*LETTERS.split()[0], *LETTERS.split()[1:]]
# The value changes where another letter is put for one of these.
HELD = r"""
X X+Y \frac{X}{Y} X-Y XY^2 X^2-Y^2 2^{X}+Y 2^{X-Y} (-2)^{X}Y X^{Y} \sqrt{X^2+Y} \sin(X)+Y e^{X}Y
\ln(X+2Y) |X-2Y| \binom{X}{Y}+Y X!+Y \frac{(X+Y)!}{X!} (X+Y)!
2^{2^{X}}+Y \lfloor\frac{X}{2}\rfloor+Y X(Y+1) \frac{X!}{3}Y \pi\cdot{X^2}Y iX+Y f(X)+Y P(0)X+Y
(X-Y)i X^{-Y} \frac{X+1}{Y+1}
"""
PAIRS = st.tuples(
    st.sampled_from(HELD.split()),
    st.lists(st.sampled_from(NAMES), min_size=3, max_size=3, unique=True),
)


@settings(max_examples=250, deadline=None)
@given(PAIRS)
def test_another_letter_is_another_answer(pair: tuple[str, list[str]]) -> None:
    form, (first, second, other) = pair

    def put(x: str, y: str) -> str:
        return re.sub("X|Y", lambda name: f"{{{x if name[0] == 'X' else y}}}", form)

    reference = put(first, second)
    assert same(reference, f"0 + {reference}")
    assert not same(reference, put(other, second))
    assert not same(reference, put(first, other)) or "Y" not in form
    assert not same(f"z = {reference}", f"z = {put(other, second)}")


def test_no_two_letters_are_the_same() -> None:
    for place, name in enumerate(NAMES):
        for other in NAMES[place + 1 :]:
            assert not same(f"{name}+1", f"{other}+1")
            assert not same(f"2^{{{name}}}", f"2^{{{other}}}")


def test_a_new_letter_in_a_golden_reference_is_another_answer() -> None:
    """But for the letter that "k ∈ Z" names, and the arguments of a function that lacks them."""
    accepted = []
    for reference in sorted({reference for reference, _ in SAME + WRONG}):
        for place in re.finditer(r"(?<![A-Za-z\\{])[a-zA-Z](?![A-Za-z(])", reference):
            answer = f"{reference[: place.start()]}W{reference[place.end() :]}"
            if same(reference, answer):
                accepted.append(answer)
    bound = re.compile(r"W ?\\in|W ∈|(?:f\((?:W, y|x, W|W)\) ?= ?[01x])$")
    assert [answer for answer in accepted if not bound.search(answer)] == []
    assert len(accepted) == 17


# What may change in a right answer: another unit, a tag, what is said to be about, an index.
FREE = re.compile(r"approx|tag|lfloor|max|text\{ s|kcal|x_1")


def test_another_digit_is_another_answer() -> None:
    accepted = []
    for reference, answer in SAME:
        for digit in re.finditer(r"\d", "" if FREE.search(answer) else answer):
            other = (int(digit[0]) + 1) % 10
            changed = f"{answer[: digit.start()]}{other}{answer[digit.end() :]}"
            if same(reference, changed):
                accepted.append((reference, changed))
    assert accepted == []


rationals = st.fractions(-50, 50, max_denominator=12)


def written(value: Fraction, form: int) -> str:
    """A fraction in one of five spellings."""
    sign, size = "-" if value < 0 else "", abs(value)
    top, bottom = size.numerator, size.denominator
    forms = [
        rf"{sign}\frac{{{top}}}{{{bottom}}}",
        f"{sign}{top}/{bottom}",
        rf"\dfrac{{{3 * value.numerator}}}{{{3 * bottom}}}",
        rf"{sign}{top // bottom}\frac{{{top % bottom}}}{{{bottom}}}",
        rf"{sign}\left({top} \div {bottom}\right)",
    ]
    return forms[form]


@given(rationals.filter(bool), st.integers(0, 4), st.integers(0, 4))
def test_a_percentage_is_never_a_hundred_times_the_number(p: Fraction, a: int, b: int) -> None:
    assert same(written(p, a), rf"{written(p, b)}\%")
    assert same(rf"{written(p, a)}\%", written(p, b))
    assert same(rf"{written(p, a)}\%", written(p / 100, b))
    assert not same(written(p, a), rf"{written(100 * p, b)}\%")
    assert not same(written(p, a), rf"{written(p / 100, b)}\%")
    assert not same(rf"{written(p, a)}\%", written(100 * p, b))
    assert not same(rf"{written(p, a)}\%", rf"{written(p / 100, b)}\%")


@given(st.integers(100, 99_999), st.integers(2, 4), st.integers(-3, 3))
def test_only_an_exact_answer_that_rounds_to_the_reference_is_paid(
    digits: int, places: int, apart: int
) -> None:
    reference = Fraction(digits, 10**places)
    text = f"{digits / 10**places:.{places}f}"
    answer = reference + Fraction(apart, 7 * 10**places)  # a seventh of the last place each
    exact = digits % 10 > 0 and abs(apart) == 3  # 3/7 rounds to it, 4/7 would not
    assert same(text, written(answer, 0)) is (apart == 0 or digits % 10 > 0)
    assert not same(text, written(reference + Fraction(4, 7 * 10**places), 0))
    assert not (exact and same(text, f"{float(answer):.{places + 2}f}"))


@given(rationals, rationals, st.integers(0, 4), st.integers(0, 4))
def test_fractions_are_exact(a: Fraction, b: Fraction, form: int, other: int) -> None:
    assert same(written(a, form), written(a, other))
    assert same(written(a, form), written(b, other)) is (a == b)


def polynomial(coefficients: list[int]) -> str:
    terms = [f"({c})x^{{{power}}}" for power, c in enumerate(coefficients)]
    return " + ".join(terms)


@settings(deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=5), st.integers(0, 4), st.integers(1, 5))
def test_polynomials_are_told_apart(roots: list[int], place: int, change: int) -> None:
    coefficients = [1]
    for root in roots:
        shifted = [0, *coefficients]
        coefficients = [a - root * b for a, b in zip(shifted, [*coefficients, 0], strict=True)]
    product = "".join(f"(x - ({root}))" for root in roots)
    assert same(polynomial(coefficients), product)
    coefficients[place % len(coefficients)] += change
    assert not same(polynomial(coefficients), product)


@settings(max_examples=40, deadline=None)
@given(rationals, rationals)
def test_functions_keep_their_laws(a: Fraction, b: Fraction) -> None:
    x, y = written(a, 0), written(b, 0)
    assert same("1", rf"\sin^2({x}) + \cos^2({x})")
    assert same(rf"\sin({x} + {y})", rf"\sin({x})\cos({y}) + \cos({x})\sin({y})")
    assert same(x, rf"\ln e^{{{x}}}")
    assert same(rf"e^{{{x}}} \cdot e^{{{y}}}", rf"e^{{{x} + {y}}}")
    assert same(rf"\tan(\arctan({x}))", x)
    assert same(rf"|{x}|", rf"\sqrt{{({x})^2}}")
    assert same(rf"\sin({x})", rf"\sin({y})") is (a == b)
    assert same(rf"e^{{{x}}}", rf"e^{{{y}}}") is (a == b)
    assert not same(rf"\sin({x})", rf"\sin({x}) + 10^{{-40}}")


@given(st.lists(rationals, min_size=2, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_order_counts_in_tuples_only(values: list[Fraction], random: Any) -> None:
    shuffled = random.sample(values, len(values))
    one, other = (", ".join(written(v, 0) for v in each) for each in (values, shuffled))
    assert same(one, other)
    assert same(rf"\{{{one}\}}", other)
    assert same(f"({one})", f"({other})") is (values == shuffled)
    assert not same(one, f"{other}, 51")


VERDICTS = (HERE / "verdicts.tsv").read_text(encoding="utf-8").splitlines()


def test_verdicts_are_by_id() -> None:
    """Made by `scripts/bench_answers.py`'s `digest` of reference and answer, read by a person."""
    rows = [line.split("\t") for line in VERDICTS[1:]]
    assert rows == sorted(rows)
    assert len({row[0] for row in rows}) == len(rows) > 500
    assert all(re.fullmatch("[0-9a-f]{16}", row[0]) and row[1] in "01" and row[2] for row in rows)


@pytest.mark.skipif(REAL is None, reason="RFT_REAL_DATA is not set")
def test_of_recorded_answers_no_wrong_one_is_paid() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "bench_answers.py")]
    folder = (ROOT / (REAL or "") / "answers").resolve()
    run = subprocess.run([*script, str(folder)], capture_output=True, text=True, check=True)
    refused = re.findall(r"recorded .* right refused .* pairs, +([\d,]+) of +([\d,]+)", run.stdout)
    counts = [[int(number.replace(",", "")) for number in pair] for pair in refused]
    assert len(counts) == 2
    assert sum(pair[0] for pair in counts) <= 0.002 * sum(pair[1] for pair in counts)
