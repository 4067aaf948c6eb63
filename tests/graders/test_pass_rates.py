"""Pass rates, thresholds and choices, from scores alone."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.findings import BadInput
from pipelines.graders.grade import Grade, failed, not_run
from pipelines.graders.pass_rates import FAIL, Rate, Scores, suggested, summary
from pipelines.graders.select import Band, band, reasons, share

TENTH, NINE = Fraction(1, 10), Fraction(9, 10)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.9, Band(TENTH, NINE)),
        (None, 0.9, Band(Fraction(0), NINE)),
        (0.1, None, Band(TENTH, Fraction(1))),
        (0, 1, Band(Fraction(0), Fraction(1))),
        (0.5, 0.5, Band(Fraction(1, 2), Fraction(1, 2))),
        (None, None, None),
    ],
)
def test_band(low: float | None, high: float | None, expected: Band | None) -> None:
    assert band(low, high) == expected


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.9, 0.1), (0.1, 1.5), (-0.1, 0.9), (1.1, None), (math.nan, 1), (0, math.inf)],
)
def test_what_is_no_band(low: float | None, high: float | None) -> None:
    with pytest.raises(BadInput, match=r"^--min-pass-rate .* --max-pass-rate .*: give shares from"):
        band(low, high)


@pytest.mark.parametrize("keep_ratio", [0, -0.5, 1.01, math.nan, math.inf])
def test_what_is_no_share(keep_ratio: float) -> None:
    with pytest.raises(BadInput, match=f"^--keep-ratio {keep_ratio}: give a share above 0"):
        share(keep_ratio)


@pytest.mark.parametrize(
    ("passed", "n", "low", "high", "reason"),
    [
        (1, 10, 0.1, 0.9, None),
        (9, 10, 0.1, 0.9, None),
        (1, 11, 0.1, 0.9, "too_hard"),
        (10, 11, 0.1, 0.9, "too_easy"),
        (3, 10, 0.3, 0.3, None),  # 0.3 as a float is below 3/10
        (1, 3, 0.3333333333333333, 1, None),
        (1, 3, 0.3333333333333334, 1, "too_hard"),
        (0, 4, 0.1, 0.9, "too_hard"),
        (4, 4, 0.1, 0.9, "too_easy"),
        (0, 4, 0, 1, None),
        (4, 4, 0, 1, None),
    ],
)
def test_both_bounds_are_included(
    passed: int, n: int, low: float, high: float, reason: str | None
) -> None:
    wanted = band(low, high)
    assert wanted is not None
    assert wanted.reason(passed, n) == reason


counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
percents = st.integers(0, 100)


@given(counts, percents, percents)
def test_a_band_is_exact(count: tuple[int, int], low: int, high: int) -> None:
    low, high = sorted((low, high))
    wanted = band(low / 100, high / 100)
    assert wanted is not None
    inside = Fraction(low, 100) <= Fraction(*count) <= Fraction(high, 100)
    assert (wanted.reason(*count) is None) is inside


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], None),
        ([0.0], None),
        ([0.5] * 9, None),
        ([0.0, 1.0], (1.0, 0.5)),
        ([0.0] * 3 + [1.0], None),  # 75 % fail, or none
        ([0.0] * 24 + [1.0] * 76, None),
        ([0.0] * 25 + [1.0] * 75, (1.0, 0.25)),
        ([0.0] * 50 + [1.0] * 50, (1.0, 0.5)),
        ([0.0] * 51 + [1.0] * 49, None),
        ([n / 20 for n in range(20)], (0.35, 0.35)),
        ([n / 10 for n in range(10)], (0.3, 0.3)),  # 30 and 40 % are as near to 35 %
        ([0.2] * 3 + [0.1 + 0.2] * 7, (0.3, 0.3)),  # not 0.30000000000000004
        ([0.7123] * 3 + [0.719] * 7, (0.719, 0.3)),
        ([0.7123] * 3 + [0.7267] * 7, (0.72, 0.3)),
        ([-5.0] * 3 + [-2.5] * 7, (-3.0, 0.3)),
        ([1e300] * 3 + [2e300] * 7, (2e300, 0.3)),
        ([0.0] * 3 + [5e-324] * 7, (5e-324, 0.3)),
    ],
)
def test_suggested(scores: list[float], expected: tuple[float, float] | None) -> None:
    assert suggested(scores) == expected


scores_of_a_grader = st.lists(
    st.sampled_from([0.0, 0.1, 0.25, 0.3, 1 / 3, 0.5, 0.30000000000000004, 1.0, 5.0]), max_size=40
).map(sorted)


@given(scores_of_a_grader)
def test_the_suggestion_is_the_best_of_all(scores: list[float]) -> None:
    shares = [
        Fraction(sum(score < threshold for score in scores), len(scores)) for threshold in scores
    ]
    reached = [share for share in shares if FAIL[0] <= share <= FAIL[1]]
    found = suggested(scores)
    assert (found is None) == (not reached)
    if found is not None:
        threshold, share = found
        fails = sum(score < threshold for score in scores)
        assert fails / len(scores) == share
        best = min(reached, key=lambda share: (abs(share - Fraction(35, 100)), share))
        assert Fraction(fails, len(scores)) == best


def scores_of(*graded: tuple[int, Grade]) -> Scores:
    scores = Scores()
    for line, grade in graded:
        scores.add(line, grade)
    return scores


MIXED = (
    (1, Grade(1.0)),
    (1, Grade(0.5)),
    (2, failed("sample_parse_error", "not JSON")),
    (1, failed("other_error", "late")),
    (4, Grade(0.25)),
    (4, Grade(0.25)),
    (3, not_run("no model to ask")),
    (3, failed("other_error", "early")),
    (2, failed("other_error", "early", 0.5)),
)
IDS = {1: "a", 2: "b", 3: None, 4: 7, 6: "e"}


def test_rates() -> None:
    assert scores_of(*MIXED).rates(IDS, 0.5) == [
        Rate(1, "a", 2, 2, 0.75, errors=1),
        Rate(2, "b", 0, 0, errors=2),
        Rate(3, None, 0, 0, errors=1, not_run=1),
        Rate(4, 7, 2, 0, 0.25),
        Rate(6, "e", 0, 0),
    ]


def test_lines_of_json_and_of_a_ledger() -> None:
    first, _, third, *_, last = scores_of(*MIXED).rates(IDS, 0.75)
    assert first.as_dict() == {
        "line": 1,
        "id": "a",
        "n": 2,
        "passed": 1,
        "pass_rate": 0.5,
        "mean_score": 0.75,
        "errors": 1,
        "not_run": 0,
        "unfinished": 0,
    }
    assert third.as_dict() == {
        "line": 3,
        "n": 0,
        "passed": 0,
        "pass_rate": None,
        "mean_score": None,
        "errors": 1,
        "not_run": 1,
        "unfinished": 0,
    }
    assert [str(rate) for rate in (first, third, last)] == [
        "line 1: 1 of 2 pass",
        "line 3: 1 errors, 1 not run",
        "line 6",
    ]


def test_faults_name_the_first_line() -> None:
    assert list(scores_of(*MIXED).faults("items.jsonl", 5)) == [
        "error: other_error: 3, first items.jsonl:1: late",
        "error: sample_parse_error: 1, first items.jsonl:2: not JSON",
        "not run: 1: no model to ask",
    ]
    many = scores_of(*[(1, not_run(f"reason {-n % 7}")) for n in range(21)])
    assert list(many.faults("items.jsonl", 2)) == [
        "not run: 3: reason 0",
        "not run: 3: reason 1",
    ]


def told(scores: Scores, ids: dict, threshold: float = 1.0, full: float = 1.0) -> dict:
    return summary(scores, scores.rates(ids, threshold), threshold, (0.0, full))


def test_summary() -> None:
    assert told(scores_of(*MIXED), IDS, 0.5) == {
        "items": 5,
        "answers": 9,
        "samples_per_item": {"0": 1, "2": 3, "3": 1},
        "errors": {"other_error": 3, "sample_parse_error": 1},
        "not_run": 1,
        "unfinished": {},
        "graded": 4,
        "pass_threshold": 0.5,
        "passed": 2,
        "fail_share": 0.5,
        "fail_share_advised": [0.25, 0.5],
        "suggested_threshold": {"threshold": 0.5, "fail_share": 0.5},
        "thresholds": [
            {"threshold": step / 10, "passed": passed, "fail_share": (4 - passed) / 4}
            for step, passed in enumerate([4, 4, 2, 2, 2, 1, 1, 1, 1, 1], 1)
        ],
        "pass_rate": {
            "items": 2,
            "mean": 0.5,
            "at_zero": 1,
            "at_one": 1,
            "no_signal": 1,
            "deciles": [1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        },
        "score": {"mean": 0.5, "lowest": 0.25, "highest": 1.0},
    }


def test_summary_without_a_score() -> None:
    found = told(scores_of((1, not_run("no"))), {1: "a"})
    assert (found["fail_share"], found["suggested_threshold"], found["thresholds"]) == (
        None,
        None,
        [],
    )
    assert found["pass_rate"] == {
        "items": 0,
        "mean": None,
        "at_zero": 0,
        "at_one": 0,
        "no_signal": 0,
        "deciles": [0] * 10,
    }
    assert found["score"] == {"mean": None, "lowest": None, "highest": None}


def test_deciles_are_exact() -> None:
    graded = [
        (line, Grade(float(answer < line - 1))) for line in range(1, 12) for answer in range(10)
    ]
    found = told(scores_of(*graded), dict.fromkeys(range(1, 12)))
    assert found["pass_rate"]["deciles"] == [1] * 9 + [2]
    assert (found["pass_rate"]["at_zero"], found["pass_rate"]["at_one"]) == (1, 1)


def test_thresholds_up_to_the_highest_score() -> None:
    graded = [(1, Grade(score)) for score in (0.0, 0.5, 2.0, 5.0)]
    steps = told(scores_of(*graded), {1: None})["thresholds"]
    assert [step["threshold"] for step in steps] == [0.5 * n for n in range(1, 11)]
    assert [step["passed"] for step in steps] == [3, 2, 2, 2, 1, 1, 1, 1, 1, 1]


def test_the_last_threshold_is_the_full_score() -> None:
    scores = scores_of(*[(1, Grade(score)) for score in (-2.0, 0.0, 0.1)])
    steps = summary(scores, scores.rates({1: None}, 0.1), 0.1, (-2.0, 0.1))["thresholds"]
    assert steps[-1] == {"threshold": 0.1, "passed": 1, "fail_share": 2 / 3}


def test_one_answer_shows_no_lack_of_signal() -> None:
    found = told(scores_of((1, Grade(1.0)), (2, Grade(0.0))), {1: None, 2: None})
    assert found["pass_rate"]["no_signal"] == 0


RATES = [
    Rate(1, "b", 4, 4),
    Rate(2, "a", 4, 0),
    Rate(3, "g", 4, 2),
    Rate(4, "d", 4, 1),
    Rate(5, "c", 4, 3),
    Rate(6, "f", 2, 1),
    Rate(8, "e", 0, 0),
    Rate(9, "h", 0, 0, errors=1),
    Rate(10, None, 0, 0, not_run=2),
]
OUT = ["no_samples", "not_graded", "not_graded"]


@pytest.mark.parametrize(
    ("low", "high", "keep", "expected"),
    [
        ("0.1", "0.9", None, ["too_easy", "too_hard", None, None, None, None]),
        ("0", "1", None, [None] * 6),
        ("0.25", "0.75", None, ["too_easy", "too_hard", None, None, None, None]),
        ("0.26", "0.74", None, ["too_easy", "too_hard", None, "too_hard", "too_easy", None]),
        ("0.5", "0.5", None, ["too_easy", "too_hard", None, "too_hard", "too_easy", None]),
        ("0.1", "0.9", "1", ["too_easy", "too_hard", None, None, None, None]),
        # Of 1/4 and 3/4, as near to 1/2, the smaller id stays.
        ("0.1", "0.9", "0.75", ["too_easy", "too_hard", None, "over_keep_ratio", None, None]),
        ("0.1", "0.9", "0.5", ["too_easy", "too_hard", None, *["over_keep_ratio"] * 2, None]),
        ("0.1", "0.9", "0.01", ["too_easy", "too_hard", *["over_keep_ratio"] * 3, None]),
    ],
)
def test_reasons(low: str, high: str, keep: str | None, expected: list[str | None]) -> None:
    ratio = None if keep is None else Fraction(keep)
    assert reasons(RATES, Band(Fraction(low), Fraction(high)), ratio) == expected + OUT


def test_the_share_is_exact() -> None:
    rates = [Rate(line, None, 2, 1) for line in range(1, 11)]
    for tenths in range(1, 10):
        found = reasons(rates, Band(Fraction(0), Fraction(1)), Fraction(f"0.{tenths}"))
        assert found == [None] * tenths + ["over_keep_ratio"] * (10 - tenths)


rates_of_items = st.lists(
    st.tuples(counts | st.just((0, 0)), st.integers(0, 2)), min_size=1, max_size=30
).map(
    lambda each: [
        Rate(line, f"i{n % 5}", n, passed, errors=errors)
        for line, ((passed, n), errors) in enumerate(each, 1)
    ]
)
bounds = st.tuples(percents, percents, percents, percents).map(
    lambda four: [Fraction(percent, 100) for percent in sorted(four)]
)


def kept(found: list[str | None]) -> set[int]:
    return {place for place, reason in enumerate(found) if reason is None}


@given(rates_of_items, bounds)
def test_a_narrower_band_keeps_a_subset(rates: list[Rate], four: list[Fraction]) -> None:
    wide, narrow = reasons(rates, Band(four[0], four[3])), reasons(rates, Band(four[1], four[2]))
    assert kept(narrow) <= kept(wide)


@given(rates_of_items, bounds, st.integers(1, 100))
def test_a_share_of_the_band_is_kept(rates: list[Rate], four: list[Fraction], percent: int) -> None:
    ratio, wanted = Fraction(percent, 100), Band(four[0], four[3])
    inside = kept(reasons(rates, wanted))
    some = kept(reasons(rates, wanted, ratio))
    assert some <= inside
    assert len(some) == math.ceil(ratio * len(inside))

    def off(place: int) -> Fraction:
        return abs(Fraction(rates[place].passed, rates[place].n) - Fraction(1, 2))

    assert max(map(off, some), default=0) <= min(map(off, inside - some), default=1)


@given(st.permutations(MIXED))
def test_the_order_of_answers_does_not_matter(graded: list[tuple[int, Grade]]) -> None:
    one, other = scores_of(*MIXED), scores_of(*graded)
    assert other.rates(IDS, 0.5) == one.rates(IDS, 0.5)
    assert told(other, IDS) == told(one, IDS)
    assert list(other.faults("i", 5)) == list(one.faults("i", 5))


@pytest.mark.parametrize("values", [(0.0, -0.0), (-0.0, 0.0)])
def test_there_is_one_zero(values: tuple[float, ...]) -> None:
    found = told(scores_of(*[(1, Grade(value)) for value in values]), {1: None})
    assert str(found["score"]) == "{'mean': 0.0, 'lowest': 0.0, 'highest': 0.0}"


@given(st.permutations([0.1, 0.2, 0.3, 0.4, 0.7, 1e16, -1e16]))
def test_a_mean_does_not_depend_on_the_order(values: list[float]) -> None:
    (rate,) = scores_of(*[(1, Grade(value)) for value in values]).rates({1: None}, 0.5)
    assert rate.mean == 1.7 / 7


def test_a_mean_of_scores_whose_sum_is_no_float() -> None:
    scores = scores_of((1, Grade(1e308)), (1, Grade(1.5e308)), (2, Grade(0.5)))
    found = told(scores, {1: None, 2: None})
    assert [rate.mean for rate in scores.rates({1: None}, 0.5)] == [1.25e308]
    assert found["score"]["mean"] == float((Fraction(10) ** 308 * 5 / 2 + Fraction(1, 2)) / 3)
