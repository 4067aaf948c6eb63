"""What a job would take: steps, answers, hours, grader tokens and money, each as a range.

Both ends are scenarios: the low one takes the low end of everything, the high one the high end. No
number is likelier than another between them.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.rules.tables import limit, prices
from pipelines.rules.tokens import Tokens
from pipelines.service.assumptions import Assumption, Range, exactly
from pipelines.service.grader_tokens import ModelGrader

_HOUR = 3600  # seconds
_PRICED = 1_000_000  # tokens of a price


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take; money, in USD, is None where a price is not known.

    job_tokens: training tokens times epochs, which the service bounds.
    train_answers, validation_answers: sampled and graded.
    input_tokens, output_tokens: that model graders read and write.
    pause_steps, pause_hours: after which the spending reaches the sum at which the service pauses
        a job; without the grading where that is not known.
    """

    steps: Range
    evaluations: Range
    job_tokens: Range
    train_answers: Range
    validation_answers: Range
    hours: Range
    input_tokens: Range
    output_tokens: Range
    training: Range | None
    grading: Range | None
    total: Range | None
    pause_steps: Range | None
    pause_hours: Range | None


def estimate(
    train: Tokens,
    validation: Tokens,
    model_graders: Sequence[ModelGrader],
    assumptions: Mapping[str, Assumption],
) -> Estimate:
    """What a job with these files takes under what `assumptions.assume` gave for it."""
    known = {name: assumption.value for name, assumption in assumptions.items()}
    epochs, batch, interval = known["n_epochs"], known["batch_size"], known["eval_interval"]
    steps = Range(
        epochs.low * -(-train.rows // batch.high), epochs.high * -(-train.rows // batch.low)
    )
    # One evaluation may come before the first step, and one after the last.
    evaluations = Range(max(1, steps.low // interval.high), steps.high // interval.low + 1)
    passes = epochs * known["samples_per_prompt"] * known["compute_multiplier"]
    checks = evaluations * known["eval_samples"]
    answers = passes * train.rows, checks * validation.rows
    hours = _hours(steps, *answers, known)

    read, written = exactly(0), exactly(0)
    grading: Range | None = exactly(0)
    for grader in model_graders:
        its_read = passes * grader.train + checks * grader.validation
        its_read += (answers[0] + answers[1]) * _quoted(grader, known["answer_tokens"])
        its_written = (answers[0] + answers[1]) * _at_most(known["grader_tokens"], grader.most)
        read, written = read + its_read, written + its_written
        price = price_of(its_read, its_written, *_prices(grader.model, known))
        grading = grading + price if grading is not None and price is not None else None
    training = hours * known["hourly_rate"] if "hourly_rate" in known else None
    total = training + grading if training is not None and grading is not None else None
    spent = total or training
    return Estimate(
        steps=steps,
        evaluations=evaluations,
        job_tokens=epochs * train.total,
        train_answers=answers[0],
        validation_answers=answers[1],
        hours=hours,
        input_tokens=read,
        output_tokens=written,
        training=training,
        grading=grading,
        total=total,
        pause_steps=_until_pause(spent, steps),
        pause_hours=_until_pause(spent, hours),
    )


def _hours(steps: Range, train: Range, validation: Range, known: Mapping[str, Range]) -> Range:
    """Hours of the training loop.

    At the low end a step lasts as long however many answers it has. At the high end one with more
    than the published step had lasts longer in proportion, an evaluation's answers weighing less.
    Where it is given how long a step lasts, that is all there is to know.
    """
    seconds, most = known["seconds_per_step"], steps.high
    if "step_answers" in known:
        work = train.high + validation.high * known["evaluation_share"].high
        most = max(most, work / known["step_answers"].high)
    return Range(steps.low * seconds.low / _HOUR, most * seconds.high / _HOUR)


def _quoted(grader: ModelGrader, answer: Range) -> Range:
    return answer * grader.quotes + Range(0, answer.high) * grader.part_quotes


def _at_most(tokens: Range, most: int | None) -> Range:
    return tokens if most is None else Range(min(tokens.low, most), min(tokens.high, most))


def _prices(model: str, known: Mapping[str, Range]) -> tuple[Range | None, Range | None]:
    return known.get(f"grader_input_price {model}"), known.get(f"grader_output_price {model}")


def price_of(
    read: Range, written: Range, input_price: Range | None, output_price: Range | None
) -> Range | None:
    """USD for the tokens that a model reads and writes, at prices a million; None without both."""
    if input_price is None or output_price is None:
        return None
    return (read * input_price + written * output_price) * (1 / _PRICED)


def _until_pause(spent: Range | None, quantity: Range) -> Range | None:
    """How much of a quantity is used up when the spending reaches the service's sum."""
    if spent is None or spent.low == 0:
        return None
    ends = [
        limit("job_spend") * used / money
        for used, money in ((quantity.low, spent.low), (quantity.high, spent.high))
    ]
    return Range(min(ends), max(ends))


def rows_within(
    usd: float,
    train: Tokens,
    validation: Tokens,
    model_graders: Sequence[ModelGrader],
    assumptions: Mapping[str, Assumption],
) -> int | None:
    """How many training rows, as long as these on average, cost at most that at the high end.

    At most as many as a file may have; None where a price is not known.
    """

    def high(rows: int) -> float:
        share = rows / train.rows
        some = replace(train, rows=rows, total=round(train.total * share))
        graders = [replace(grader, train=grader.train * share) for grader in model_graders]
        total = estimate(some, validation, graders, assumptions).total
        return math.inf if total is None else total.high

    if estimate(train, validation, model_graders, assumptions).total is None:
        return None
    # The cost never falls as rows are added, so that a bisection finds the last that fits.
    return bisect.bisect_right(range(1, limit("train_rows") + 1), usd, key=high)


def published_rate() -> tuple[str, float]:
    """The model of which the price of a training hour is published, and that price in USD."""
    (model, row), *_ = prices()["training_hour"].items()
    return model, row["value"]


def warnings(estimate: Estimate, rows_before_pause: int | None) -> Iterator[str]:
    """What to think of before paying, at the high end; a line each.

    rows_before_pause: how many rows cost less than the sum at which a job is paused.
    """
    spend, hours, tokens = limit("job_spend"), limit("job_hours"), limit("job_tokens")
    spent, by = estimate.total or estimate.training, ""
    if spent is None:
        model, rate = published_rate()
        spent, by = estimate.hours * rate, f", at the ${rate:g} an hour of {model},"
    if spent.high > spend:
        fits = ""
        if rows_before_pause is not None:
            few = f"{rows_before_pause:,}" if rows_before_pause else "no"
            fits = f"; with these validation rows {few} training rows stay below it"
        yield (
            f"the high end{by} is over ${spend:,}, where the service pauses a job; "
            f"start with `rft prepare --pilot` and the same --source{fits}"
        )
    if estimate.hours.high > hours:
        yield f"the high end is over {hours} hours, which no job may take; choose fewer rows"
    if estimate.job_tokens.high > tokens:
        yield f"training tokens times epochs are over {tokens:,}; choose fewer rows or epochs"
    if estimate.validation_answers.high > estimate.train_answers.high:
        yield (
            "at the high end more answers are sampled for validation than for training; choose "
            "fewer validation rows, or set eval_interval and eval_samples in the job"
        )
