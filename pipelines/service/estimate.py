"""What a job would take: steps, answers, hours, grader tokens and money, each as a range.

What is assumed of public runs is one value each (`assumptions.toml`); what is estimated from it has
two ends, `spread` times less and `spread` times more. What the user gives as a range is taken at
its low end for the low one, at its high end for the high one.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.rules.tables import limit
from pipelines.rules.tokens import Tokens
from pipelines.service.assumptions import Assumption, Range
from pipelines.service.grader_tokens import ModelGrader

_HOUR = 3600  # seconds
_PRICED = 1_000_000  # tokens of a price

_STEPS = {"batch_size", "n_epochs"}
_ANSWERS = _STEPS | {"step_answers", "compute_multiplier", "eval_interval", "eval_samples"}
_TIME = _STEPS | {"sample_tokens", "seconds_per_token"}
# Of each quantity, what it is estimated from: where all of it is known, so is the quantity.
_FROM = {
    "steps": _STEPS,
    "evaluations": _STEPS | {"eval_interval"},
    "job_tokens": {"n_epochs"},
    "train_answers": _ANSWERS - {"eval_interval", "eval_samples"},
    "validation_answers": _STEPS | {"eval_interval", "eval_samples"},
    "hours": _TIME,
    "input_tokens": _ANSWERS | {"answer_tokens"},
    "output_tokens": _ANSWERS | {"grader_tokens"},
    "training": _TIME,
    "grading": _ANSWERS | {"answer_tokens", "grader_tokens"},
}

_WHOLE = ("steps", "evaluations", "job_tokens", "train_answers", "validation_answers")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take; money in USD.

    job_tokens: training tokens times epochs, which the service bounds.
    train_answers, validation_answers: sampled and graded.
    input_tokens, output_tokens: that model graders read and write.
    """

    steps: Range
    evaluations: Range
    job_tokens: Range
    train_answers: Range
    validation_answers: Range
    hours: Range
    input_tokens: Range
    output_tokens: Range
    training: Range
    grading: Range
    total: Range


def estimate(
    train: Tokens,
    validation: Tokens,
    model_graders: Sequence[ModelGrader],
    assumptions: Mapping[str, Assumption],
) -> Estimate:
    """What a job with these files takes under what `assumptions.assume` gave for it."""
    known = {name: one.value for name, one in assumptions.items()}
    # More of these is less of the rest.
    fewer = {"batch_size", "eval_interval"}
    low = {name: one.high if name in fewer else one.low for name, one in known.items()}
    high = {name: one.low if name in fewer else one.high for name, one in known.items()}
    ends = [_scenario(train, validation, model_graders, values) for values in (low, high)]
    open_values = {name for name, one in assumptions.items() if one.read}
    ranges = {}
    for name, sources in _FROM.items():
        if not validation.rows:
            sources = sources - {"eval_interval", "eval_samples"}
        spread = known["spread"].high if sources & open_values else 1
        low_end, high_end = ends[0][name] / spread, ends[1][name] * spread
        if name in _WHOLE:
            low_end, high_end = math.ceil(low_end), max(math.ceil(low_end), math.floor(high_end))
        ranges[name] = Range(low_end, high_end)
    training, grading = ranges["training"], ranges["grading"]
    total = Range(training.low + grading.low, training.high + grading.high)
    return Estimate(**ranges, total=total)


def _scenario(
    train: Tokens,
    validation: Tokens,
    model_graders: Sequence[ModelGrader],
    values: Mapping[str, float],
) -> dict[str, float]:
    """Every quantity of a job of which everything is known."""
    steps = values["n_epochs"] * -(-train.rows // values["batch_size"])
    evaluations = max(1.0, steps // values["eval_interval"])
    answers = steps * values["step_answers"] * values["compute_multiplier"]
    checks = evaluations * values["eval_samples"]
    if "seconds_per_step" in values:
        seconds = steps * values["seconds_per_step"]
    else:
        sampled = answers + checks * validation.rows * values["evaluation_share"]
        seconds = sampled * values["sample_tokens"] * values["seconds_per_token"]
    read = written = grading = 0.0
    answered = answers + checks * validation.rows
    for grader in model_graders:
        its = answers / train.rows * grader.train + checks * grader.validation
        quotes = grader.quotes + grader.part_quotes / 2  # a part is anything from none to all
        its += answered * quotes * values["answer_tokens"]
        most = math.inf if grader.most is None else grader.most
        said = answered * min(values["grader_tokens"], most)
        read, written = read + its, written + said
        grading += its * values[f"grader_input_price {grader.model}"] / _PRICED
        grading += said * values[f"grader_output_price {grader.model}"] / _PRICED
    return {
        "steps": steps,
        "evaluations": evaluations,
        "job_tokens": values["n_epochs"] * train.total,
        "train_answers": answers,
        "validation_answers": checks * validation.rows,
        "hours": seconds / _HOUR,
        "input_tokens": read,
        "output_tokens": written,
        "training": seconds / _HOUR * values["hourly_rate"],
        "grading": grading,
    }


def rows_within(
    usd: float,
    train: Tokens,
    validation: Tokens,
    model_graders: Sequence[ModelGrader],
    assumptions: Mapping[str, Assumption],
) -> int:
    """How many training rows, as long as these on average, cost at most that at the high end.

    At most as many as a file may have.
    """

    def high(rows: int) -> float:
        share = rows / train.rows
        some = replace(train, rows=rows, total=round(train.total * share))
        graders = [replace(grader, train=grader.train * share) for grader in model_graders]
        return estimate(some, validation, graders, assumptions).total.high

    # The cost never falls as rows are added, so that a bisection finds the last that fits.
    return bisect.bisect_right(range(1, limit("train_rows") + 1), usd, key=high)


def warnings(estimate: Estimate, rows_before_pause: int) -> Iterator[str]:
    """What to think of before paying, at the high end; a line each.

    rows_before_pause: how many rows cost less than the sum at which a job is paused.
    """
    spend, hours, tokens = limit("job_spend"), limit("job_hours"), limit("job_tokens")
    if estimate.total.high > spend:
        few = f"{rows_before_pause:,}" if rows_before_pause else "no"
        yield (
            f"the high end is over ${spend:,}, where the service pauses a job; start with "
            f"`rft prepare --pilot` and the same --source; with these validation rows {few} "
            "training rows stay below it"
        )
    if estimate.hours.high > hours:
        yield f"the high end is over {hours} hours, which no job may take; choose fewer rows"
    if estimate.job_tokens.high > tokens:
        yield f"training tokens times epochs are over {tokens:,}; choose fewer rows or epochs"
    if estimate.validation_answers.high > estimate.train_answers.high:
        yield (
            "more answers are sampled for validation than for training; choose fewer validation "
            "rows, or set eval_interval and eval_samples: --job eval_interval=5"
        )
