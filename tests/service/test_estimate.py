from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules.hyperparameters import keeps_ranges
from pipelines.rules.request import DEFAULT_MODEL, TRAINING_TYPE
from pipelines.rules.tables import assumed, hyperparameters, limit
from pipelines.rules.tokens import Tokens
from pipelines.service.assumptions import UNPUBLISHED, Range, assume, exactly, trained
from pipelines.service.estimate import Estimate, estimate, rows_within, warnings
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


def ends(value: Range) -> tuple[float, float]:
    return value.low, value.high


def mixed(**given: float) -> dict[str, Range]:
    return {name: exactly(value) for name, value in given.items()}


# Three public runs: what is known of each beforehand, and what it came to.
AZURE = (job(eval_interval=5, eval_samples=1), 180, 20, (), {})
OPENAI = (job(batch_size=32, n_epochs=1), 640, 20, (), mixed(sample_tokens=3_376))
# 5 M tokens read: each row is asked about once for each of its 16 answers.
READER = replace(JUDGE, train=5_000_000 / 16)
BILLED = (job(batch_size=32, n_epochs=1), 640, 20, (READER,), mixed(sample_tokens=3_376))


def run(known: tuple[Any, ...], **more: float) -> Estimate:
    said, train, validation, asked, given = known
    return of(said, train, validation, asked, **given, **mixed(**more))


def covers(value: Range, published: float) -> bool:
    """The range has it, and its ends differ by at most 3."""
    return value.low <= published <= value.high <= 3 * value.low


def test_the_public_runs_are_in_their_ranges() -> None:
    azure = run(AZURE)
    assert covers(azure.steps, 52)
    assert covers(azure.hours, 1.66)
    assert covers(azure.total, 166)
    assert covers(azure.train_answers, 26_325)
    assert covers(azure.evaluations, 10)
    openai = run(OPENAI)
    assert openai.steps == exactly(20)
    assert covers(openai.train_answers, 20 * 510)
    assert covers(openai.hours, 20 * 731.5 / 3600)
    assert covers(openai.total, 406)
    assert covers(run(BILLED, grader_tokens=470).total, 427.06)


@pytest.mark.parametrize(
    ("left_out", "known", "hours", "seconds"),
    [
        ("the Azure run", AZURE, 1.66, 731.5 / (510 * 3_376)),
        ("OpenAI's step", OPENAI, 20 * 731.5 / 3600, 117 / (506 * 360)),
        ("OpenAI's step", BILLED, 4, 117 / (506 * 360)),
    ],
)
def test_a_run_is_covered_by_the_time_of_the_other_one(
    left_out: str, known: tuple[Any, ...], hours: float, seconds: float
) -> None:
    """How long a token takes, from one run alone; how many steps a file has is from one anyway."""
    said, train, validation, asked, given = known
    assumptions = assume(said, given, graders=[grader.model for grader in asked])
    of_one = replace(assumptions["seconds_per_token"], value=exactly(seconds))
    assumptions |= {"seconds_per_token": of_one}
    told = estimate(rows(train), rows(validation), asked, assumptions)
    assert covers(told.hours, hours), left_out


def test_the_published_example() -> None:
    """Microsoft's page: 4 hours at $100, 5 M tokens read and 4.9 M written by o3-mini, $427.06."""
    told = of(
        job(batch_size=50, n_epochs=1),
        1_000,
        asked=(JUDGE,),
        seconds_per_step=exactly(720),
        step_answers=exactly(50),
        compute_multiplier=exactly(1),
        answer_tokens=exactly(0),
        grader_tokens=exactly(4_900),
    )
    assert (told.steps, told.hours) == (exactly(20), exactly(4))
    assert (told.input_tokens, told.output_tokens) == (exactly(5_000_000), exactly(4_900_000))
    assert ends(told.total) == pytest.approx((427.06, 427.06))


def test_what_is_given_as_a_range_is_taken_at_its_ends() -> None:
    told = of(job(), 100, n_epochs=Range(1, 2), batch_size=Range(10, 20), **STEP)
    assert told.steps == Range(5, 20)
    assert ends(told.hours) == pytest.approx((5 * 731 / 3600, 20 * 731 / 3600))


def test_what_model_graders_read_and_write() -> None:
    """Each quotes one whole answer and a part of one; the second may write 80 tokens at most."""
    whole = ModelGrader("o3-mini", train=1_000, validation=500, quotes=1, part_quotes=0)
    part = ModelGrader("o3-mini", train=0, validation=0, quotes=0, part_quotes=1, most=80)
    told = of(
        job(batch_size=10, n_epochs=1, eval_interval=1, eval_samples=1, compute_multiplier=1),
        10,
        5,
        asked=(whole, part),
        step_answers=exactly(20),
        answer_tokens=exactly(100),
        grader_tokens=exactly(200),
    )
    assert (told.steps, told.evaluations) == (exactly(1), exactly(1))
    assert told.input_tokens == exactly(20 / 10 * 1_000 + 500 + 25 * (100 + 50))
    assert told.output_tokens == exactly(25 * (200 + 80))


def test_a_model_without_a_price_costs_the_last_known_one_and_it_is_said() -> None:
    other = assume(job() | {"model": "gpt-5-2025-08-07"}, {}, graders=["gpt-4.1-mini"])
    rate = other["hourly_rate"]
    assert (rate.value, rate.source.startswith(f"{UNPUBLISHED}{O4_MINI}: ")) == (exactly(100), True)
    asked = other["grader_input_price gpt-4.1-mini"]
    assert (asked.value, asked.source.startswith(f"{UNPUBLISHED}o3-mini")) == (exactly(1.10), True)
    for name in (O4_MINI, "o4-mini", f"{O4_MINI}.ft-1"):
        own = assume(job() | {"model": name}, {})["hourly_rate"]
        assert (own.value, own.source.startswith(UNPUBLISHED)) == (exactly(100), False)


def test_options_come_before_the_job_and_the_job_before_the_table() -> None:
    said = job(batch_size=64, n_epochs="auto")
    known = assume(said, {"n_epochs": Range(2, 4), "hourly_rate": exactly(7)})
    told = {name: (one.value, one.source, one.read) for name, one in known.items()}
    assert told["batch_size"] == (exactly(64), "the job", None)
    assert told["n_epochs"] == (Range(2, 4), "given", None)
    assert told["hourly_rate"] == (exactly(7), "given", None)
    row = assumed()["eval_samples"]
    assert told["eval_samples"] == (exactly(row["value"]), row["source"], str(row["read"]))


def test_only_what_is_used_is_assumed() -> None:
    graded = {"answer_tokens", "grader_tokens"}
    step = {"sample_tokens", "seconds_per_token", "evaluation_share"}
    plain = {"hourly_rate", *assumed()} - graded
    assert set(assume(job(), {})) == plain
    assert set(assume(job(), STEP)) == plain - step | {"seconds_per_step"}
    of_judge = {"grader_input_price o3-mini", "grader_output_price o3-mini"}
    assert set(assume(job(), {}, graders=["o3-mini"])) == plain | graded | of_judge


def test_what_is_trained() -> None:
    assert trained(None) == (DEFAULT_MODEL, TRAINING_TYPE)
    assert trained(job()) == (O4_MINI, "Standard")
    assert trained([]) == (DEFAULT_MODEL, "Standard")


def test_rows_within_a_budget_are_the_most_that_fit() -> None:
    known = assume(job(batch_size=32, n_epochs=1), {"seconds_per_step": exactly(3_600)})
    files = rows(100), rows(10), (), known
    assert [rows_within(usd, *files) for usd in (99.99, 100, 250, 1e9)] == [0, 32, 64, 50_000]


def test_warnings() -> None:
    pilot = of(job(batch_size=128, n_epochs=1), 200, 50, **STEP)
    assert list(warnings(pilot, 5_000)) == []
    much = of(job(batch_size=1, n_epochs=50), 50_000, 1_000, **STEP)
    much = replace(
        much, job_tokens=exactly(limit("job_tokens") + 1), validation_answers=much.train_answers
    )
    much = replace(much, train_answers=exactly(1))
    assert [text.partition(";")[0] for text in warnings(much, 0)] == [
        "the high end is over $5,000, where the service pauses a job",
        f"the high end is over {limit('job_hours')} hours, which no job may take",
        f"training tokens times epochs are over {limit('job_tokens'):,}",
        "more answers are sampled for validation than for training",
    ]


def test_the_table_is_sound() -> None:
    for name, row in assumed().items():
        assert row["value"] > 0, name
        assert row["source"], name
        assert str(row["read"]) >= "2026-11-21", name
    automatic = {name for name, row in hyperparameters().items() if row.get("auto")}
    settings = automatic & set(assumed())
    assert automatic - settings == {"learning_rate_multiplier"}  # costs nothing
    assert not list(keeps_ranges(job(**{name: assumed()[name]["value"] for name in settings})))


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
        ("seconds_per_step", "sample_tokens", "answer_tokens", "grader_tokens"), NUMBERS
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
    return {field.name: getattr(told, field.name) for field in fields(told)}


@given(COUNTS, COUNTS, JOBS, GIVEN, ASKED)
def test_the_ends_are_in_order_and_money_adds_up(
    train: int, validation: int, settings: dict, options: dict, asked: ModelGrader
) -> None:
    told = of(job(**settings), train, validation, (asked,), **options)
    assert {name for name, one in ranges(told).items() if one.low > one.high} == set()
    for end in ("low", "high"):
        parts = getattr(told.training, end) + getattr(told.grading, end)
        assert getattr(told.total, end) == parts
    if not options.keys() - {"hourly_rate"} and options["hourly_rate"].exact:
        assert told.hours.high <= 3 * told.hours.low


@given(COUNTS, COUNTS, COUNTS, JOBS, GIVEN, ASKED)
def test_more_rows_are_never_cheaper(
    train: int, more: int, validation: int, settings: dict, options: dict, asked: ModelGrader
) -> None:
    few = of(job(**settings), train, validation, (asked,), **options)
    longer = replace(asked, train=asked.train * (train + more) / train)
    many = of(job(**settings), train + more, validation, (longer,), **options)
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
    """Both ends of everything, but for the last bits."""
    for name, less in ranges(few).items():
        more = ranges(many)[name]
        room = 1 + 1e-9
        assert (less.low <= more.low * room, less.high <= more.high * room) == (True, True), name


@given(COUNTS, JOBS, GIVEN, st.floats(1, 1e6))
def test_rows_within_a_budget_cost_no_more(
    train: int, settings: dict, options: dict, usd: float
) -> None:
    known = assume(job(**settings), options)
    fit = rows_within(usd, rows(train), rows(20), (), known)
    if fit:
        assert ends(estimate(rows(fit), rows(20), (), known).total)[1] <= usd
    if fit < limit("train_rows"):
        assert ends(estimate(rows(fit + 1), rows(20), (), known).total)[1] > usd
