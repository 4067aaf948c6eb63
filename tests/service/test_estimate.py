from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.hyperparameters import keeps_ranges
from pipelines.rules.request import DEFAULT_MODEL, TRAINING_TYPE
from pipelines.rules.tables import assumed, hyperparameters, limit, prices
from pipelines.rules.tokens import Tokens
from pipelines.service.assumptions import Range, assume, exactly, trained
from pipelines.service.estimate import Estimate, estimate, price_of, rows_within, warnings
from pipelines.service.grader_tokens import ModelGrader

O4_MINI = "o4-mini-2025-04-16"
NONE = Tokens()
# A step that lasts as long as the one that was published, in seconds.
STEP = {"seconds_per_step": exactly(731)}
JUDGE = ModelGrader("o3-mini", train=5_000_000, validation=0, quotes=0, part_quotes=0)


def rows(count: int, each: int = 100) -> Tokens:
    return Tokens(rows=count, total=count * each, longest=each, line=1)


def job(**hyperparameters: Any) -> dict[str, Any]:
    settings = {"hyperparameters": hyperparameters}
    method = {"type": "reinforcement", "reinforcement": settings}
    return {"model": O4_MINI, "trainingType": "Standard", "method": method}


def of(
    job: Any, train: int, validation: int = 0, asked: tuple[ModelGrader, ...] = (), **given: Range
):
    known = assume(job, given, graders=[grader.model for grader in asked])
    return estimate(rows(train), rows(validation), asked, known)


def ends(value: Range | None) -> tuple[float, float]:
    assert value is not None
    return value.low, value.high


def test_the_published_example() -> None:
    """Microsoft's page: 4 hours at $100, 5 M tokens read and 4.9 M written by o3-mini, $427.06."""
    grading = price_of(exactly(5_000_000), exactly(4_900_000), exactly(1.10), exactly(4.40))
    assert ends(grading) == pytest.approx((27.06, 27.06))
    told = of(
        job(batch_size=50, n_epochs=1),
        1_000,
        asked=(JUDGE,),
        seconds_per_step=exactly(720),
        samples_per_prompt=exactly(1),
        grader_tokens=exactly(4_900),
    )
    assert (told.steps, told.hours) == (exactly(20), exactly(4))
    assert (told.input_tokens, told.output_tokens) == (exactly(5_000_000), exactly(4_900_000))
    assert ends(told.total) == pytest.approx((427.06, 427.06))


@pytest.mark.parametrize(
    ("train", "steps", "hours", "usd"), [(2_560, 20, 4.06, 406), (50_000, 391, 79.4, 7_940)]
)
def test_what_the_readme_says_of_steps(train: int, steps: int, hours: float, usd: float) -> None:
    told = of(job(batch_size=128, n_epochs=1), train, **STEP)
    assert told.steps == exactly(steps)
    assert ends(told.hours) == pytest.approx((hours, hours), rel=0.002)
    assert ends(told.total) == pytest.approx((usd, usd), rel=0.002)


def test_steps_and_answers_of_a_job() -> None:
    told = of(
        job(batch_size=32, n_epochs=3, eval_interval=2, eval_samples=4, compute_multiplier=0.5),
        100,
        20,
        samples_per_prompt=Range(4, 8),
    )
    assert told.steps == exactly(12)  # 4 an epoch, the last of 4 prompts
    assert told.evaluations == Range(6, 7)
    assert told.train_answers == Range(100 * 3 * 4 * 0.5, 100 * 3 * 8 * 0.5)
    assert told.validation_answers == Range(20 * 4 * 6, 20 * 4 * 7)
    assert told.job_tokens == exactly(100 * 100 * 3)


def test_what_model_graders_read_and_write() -> None:
    """Each quotes one whole answer and a part of one; the second may write 80 tokens at most."""
    whole = ModelGrader("o3-mini", train=1_000, validation=500, quotes=1, part_quotes=0)
    part = ModelGrader("o3-mini", train=0, validation=0, quotes=0, part_quotes=1, most=80)
    told = of(
        job(batch_size=10, n_epochs=1, eval_interval=1, eval_samples=1),
        10,
        5,
        asked=(whole, part),
        samples_per_prompt=exactly(2),
        answer_tokens=Range(50, 100),
        grader_tokens=Range(60, 200),
    )
    assert (told.steps, told.evaluations) == (exactly(1), Range(1, 2))
    low, high = 10 * 2 + 5 * 1, 10 * 2 + 5 * 2  # answers
    assert told.input_tokens == Range(2_000 + 500 + low * 50, 2_000 + 1_000 + high * (100 + 100))
    assert told.output_tokens == Range(low * (60 + 60), high * (200 + 80))


def test_without_a_price_there_is_no_total() -> None:
    other = replace(JUDGE, model="gpt-4.1-mini")
    unpriced = of(job(), 100, asked=(JUDGE, other))
    assert unpriced.training is not None
    assert (unpriced.grading, unpriced.total) == (None, None)
    unrated = of(job() | {"model": "gpt-5-2025-08-07"}, 100, asked=(JUDGE,))
    assert unrated.grading is not None
    assert (unrated.training, unrated.total, unrated.pause_hours) == (None, None, None)
    both = {"grader_input_price": exactly(0.4), "grader_output_price": exactly(1.6)}
    assert of(job(), 100, asked=(JUDGE, other), **both).total is not None


def test_the_pause_comes_at_the_spending_of_the_table() -> None:
    told = of(job(batch_size=128, n_epochs=1), 50_000, **STEP)
    assert ends(told.pause_hours) == pytest.approx((50, 50))
    assert ends(told.pause_steps) == pytest.approx((246.2, 246.2), abs=0.1)  # 180,000 s / 731 s
    ranged = of(job(), 500, hourly_rate=Range(50, 100))
    assert ends(ranged.pause_hours) == pytest.approx((50, 100))
    assert of(job(), 500, hourly_rate=exactly(0)).pause_hours is None


def test_a_large_step_takes_longer_only_at_the_high_end() -> None:
    one = of(job(batch_size=256, n_epochs=1, compute_multiplier=1), 256)
    ten = of(job(batch_size=256, n_epochs=1, compute_multiplier=10), 256)
    assert one.hours.low == ten.hours.low
    assert ten.hours.high == pytest.approx(10 * one.hours.high)
    known = {"seconds_per_step": exactly(600)}  # whoever says so knows
    told = of(job(batch_size=256, n_epochs=1, compute_multiplier=10), 256, **known)
    assert told.hours == exactly(600 / 3600)


@pytest.mark.parametrize(
    ("kind", "low"),
    [
        ("Standard", 100),
        ("GlobalStandard", 70),
        ("globalstandard", 70),
        ("developerTier", 35),
        (None, 100),
    ],
)
def test_a_discount_lowers_the_low_end(kind: str | None, low: float) -> None:
    known = assume(job() | {"trainingType": kind}, {})
    assert ends(known["hourly_rate"].value) == pytest.approx((low, 100))


def test_a_tuned_model_costs_what_its_base_does() -> None:
    assert "hourly_rate" in assume(job() | {"model": f"{O4_MINI}.ft-1"}, {})
    assert "hourly_rate" not in assume(job() | {"model": "o4"}, {})


def test_options_come_before_the_job_and_the_job_before_the_table() -> None:
    said = job(batch_size=64, n_epochs="auto")
    known = assume(said, {"n_epochs": Range(2, 4), "hourly_rate": exactly(7)})
    told = {name: (one.value, one.source, one.read) for name, one in known.items()}
    assert told["batch_size"] == (exactly(64), "the job", None)
    assert told["n_epochs"] == (Range(2, 4), "given", None)
    assert told["hourly_rate"] == (exactly(7), "given", None)
    row = assumed()["eval_samples"]
    assert told["eval_samples"] == (Range(row["low"], row["high"]), row["source"], str(row["read"]))


def test_only_what_is_used_is_assumed() -> None:
    graded = {"answer_tokens", "grader_tokens"}
    step = {"step_answers", "evaluation_share"}
    plain = {"hourly_rate", *assumed()} - graded
    assert set(assume(job(), {})) == plain
    assert set(assume(job(), STEP)) == plain - step
    of_judge = {"grader_input_price o3-mini", "grader_output_price o3-mini"}
    assert set(assume(job(), {}, graders=["o3-mini"])) == plain | graded | of_judge
    assert set(assume(job(), {}, graders=["gpt-4.1"])) == plain | graded


def test_what_is_trained() -> None:
    assert trained(None) == (DEFAULT_MODEL, TRAINING_TYPE)
    assert trained(job()) == (O4_MINI, "Standard")
    assert trained({"model": "m"}, "n") == ("n", "Standard")
    assert trained([]) == (DEFAULT_MODEL, "Standard")


def test_rows_within_a_budget_are_the_most_that_fit() -> None:
    known = assume(job(batch_size=32, n_epochs=1), {"seconds_per_step": exactly(3_600)})
    files = rows(100), rows(10), (), known
    assert [rows_within(usd, *files) for usd in (99.99, 100, 250, 1e9)] == [0, 32, 64, 50_000]
    unrated = {name: one for name, one in known.items() if name != "hourly_rate"}
    assert rows_within(100, *files[:3], unrated) is None


def test_warnings() -> None:
    pilot = of(job(batch_size=128, n_epochs=1), 200, 50, **STEP)
    assert list(warnings(pilot, 5_000)) == []
    much = of(job(batch_size=1, n_epochs=50), 50_000, 1_000, **STEP)
    much = replace(much, job_tokens=exactly(limit("job_tokens") + 1))
    assert [text.partition(";")[0] for text in warnings(much, 0)] == [
        "the high end is over $5,000, where the service pauses a job",
        f"the high end is over {limit('job_hours')} hours, which no job may take",
        f"training tokens times epochs are over {limit('job_tokens'):,}",
        "at the high end more answers are sampled for validation than for training",
    ]
    unrated = of(job() | {"model": "m"}, 50_000, seconds_per_step=exactly(1_000))
    assert next(warnings(unrated, None)) == (
        f"the high end, at the $100 an hour of {O4_MINI}, is over $5,000, where the service pauses "
        "a job; start with `rft prepare --pilot` and the same --source"
    )


def test_the_table_is_sound() -> None:
    for name, row in assumed().items():
        assert 0 < row["low"] <= row["high"], name
        assert row["source"], name
        assert str(row["read"]) >= "2026-11-21", name
    automatic = {name for name, row in hyperparameters().items() if row.get("auto")}
    settings = automatic & set(assumed())
    assert automatic - settings == {"learning_rate_multiplier"}  # costs nothing
    for end in ("low", "high"):
        assert not list(keeps_ranges(job(**{name: assumed()[name][end] for name in settings})))
    assert set(prices()["discount"]) == {"GlobalStandard", "developerTier"}


def test_a_range_has_its_ends_in_order() -> None:
    for low, high in ((2, 1), (-1, 1), (float("nan"), 1)):
        with pytest.raises(ValueError, match="no range"):
            Range(low, high)


# Properties -------------------------------------------------------------------------------------

COUNTS = st.integers(1, 50_000)
NUMBERS = st.builds(
    lambda low, more: Range(low, low + more), st.integers(1, 2_000), st.integers(0, 2_000)
)
JOBS = st.fixed_dictionaries(
    {},
    optional={
        "batch_size": st.integers(1, 256),
        "n_epochs": st.integers(1, 50),
        "compute_multiplier": st.floats(0.1, 10),
        "eval_interval": st.integers(1, 25),
        "eval_samples": st.integers(1, 10),
    },
)
GIVEN = st.fixed_dictionaries(
    {"hourly_rate": NUMBERS},
    optional=dict.fromkeys(
        ("seconds_per_step", "samples_per_prompt", "answer_tokens", "grader_tokens"), NUMBERS
    ),
)
ASKED = st.builds(
    ModelGrader,
    model=st.just("o3-mini"),
    train=st.integers(0, 10**6),
    validation=st.integers(0, 10**6),
    quotes=st.integers(0, 2),
    part_quotes=st.integers(0, 2),
    most=st.none() | st.integers(1, 3_000),
)


def ranges(told: Estimate) -> dict[str, Range]:
    named = {field.name: getattr(told, field.name) for field in fields(told)}
    return {name: value for name, value in named.items() if value is not None}


@given(COUNTS, COUNTS, JOBS, GIVEN, ASKED)
def test_the_ends_are_in_order_and_money_adds_up(
    train: int, validation: int, settings: dict, options: dict, asked: ModelGrader
) -> None:
    told = of(job(**settings), train, validation, (asked,), **options)
    assert {name for name, one in ranges(told).items() if one.low > one.high} == set()
    assert told.training is not None
    assert told.grading is not None
    assert told.total == told.training + told.grading


@given(COUNTS, COUNTS, COUNTS, JOBS, GIVEN, ASKED)
def test_more_rows_are_never_cheaper(
    train: int, more: int, validation: int, settings: dict, options: dict, asked: ModelGrader
) -> None:
    few = of(job(**settings), train, validation, (asked,), **options)
    many = of(job(**settings), train + more, validation, (asked,), **options)
    checked = of(job(**settings), train, validation + more, (asked,), **options)
    for other in (many, checked):
        assert_no_less(few, other)


@given(COUNTS, JOBS, GIVEN, ASKED, st.integers(1, 49))
def test_more_epochs_are_never_cheaper(
    train: int, settings: dict, options: dict, asked: ModelGrader, epochs: int
) -> None:
    once = of(job(**settings | {"n_epochs": epochs}), train, 50, (asked,), **options)
    again = of(job(**settings | {"n_epochs": epochs + 1}), train, 50, (asked,), **options)
    assert_no_less(once, again)


def assert_no_less(few: Estimate, many: Estimate) -> None:
    """Both ends of everything but the pause, which comes after as much money."""
    for name, less in ranges(few).items():
        if not name.startswith("pause"):
            more = ranges(many)[name]
            assert (less.low <= more.low, less.high <= more.high) == (True, True), name


@given(COUNTS, JOBS, GIVEN, st.floats(1, 1e6))
def test_rows_within_a_budget_cost_no_more(
    train: int, settings: dict, options: dict, usd: float
) -> None:
    known = assume(job(**settings), options)
    fit = rows_within(usd, rows(train), rows(20), (), known)
    assert fit is not None
    if fit:
        assert ends(estimate(rows(fit), rows(20), (), known).total)[1] <= usd
    if fit < limit("train_rows"):
        assert ends(estimate(rows(fit + 1), rows(20), (), known).total)[1] > usd
