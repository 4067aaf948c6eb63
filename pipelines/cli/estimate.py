"""`rft estimate`: what a prepared folder would cost to train on, before paying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from rich.table import Table

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.cli.estimated import Result, estimated
from pipelines.cli.options import Folder, Format, Model, OutputFormat, Quiet
from pipelines.cli.screen import lines
from pipelines.findings import BadInput
from pipelines.io import prepared
from pipelines.rules.tables import limit, prices
from pipelines.service import assumptions
from pipelines.service import estimate as estimates
from pipelines.service.assumptions import Range, exactly
from pipelines.service.estimate import Estimate


def estimate(
    folder: Folder,
    model: Model | None = None,
    assume: Annotated[
        tuple[str, ...],
        option(
            metavar="NAME=VALUE|NAME=LOW..HIGH",
            help="In place of what is assumed, or of what the job says; the result lists the "
            "names. May be repeated.",
        ),
    ] = (),
    budget: Annotated[
        float | None,
        option(
            metavar="USD",
            help="Say how many rows this pays for at the high end.",
        ),
    ] = None,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
) -> None:
    """Estimate what training on a prepared folder takes: steps, hours, grader tokens and money.

    \b
    What the service does not publish is a range, listed with its source; what the job says counts
    before it, and --assume before both. Both ends of a result take that end of everything.

    \b
    Examples:
      rft estimate medmcqa
      rft estimate processed/medmcqa --assume hourly_rate=120 --budget 500
      rft estimate medmcqa --model o4-mini-2025-04-16 --assume batch_size=64 --assume n_epochs=1..2
    """
    given = assumptions.parse(assume)
    if budget is not None and not 0 < budget < math.inf:
        raise BadInput(f"--budget {budget:g}: give a sum above 0")
    result = estimated(prepared.find(folder), given, model=model, budget=budget, quiet=quiet)
    if budget and result.budget_rows is None:
        raise BadInput(f"--budget {budget:g}: {_unpriced(result)}")
    if output_format is Format.json:
        terminal.print_json(_document(result, budget))
    else:
        _print(result, budget)


def figure(value: Range, unit: str = "") -> str:
    """A range with two digits an end, rounded outwards; a known number whole, or with three.

    Whole numbers below 100 stay as they are. A `unit` of `$` stands before each end.
    """
    if value.exact:
        if value.low == int(value.low):
            return f"{unit}{int(value.low):,}"
        return unit + _digits(value.low, 3, round)
    low, high = _digits(value.low, 2, math.floor), _digits(value.high, 2, math.ceil)
    return f"{unit}{low} to {unit}{high}"


def _digits(value: float, digits: int, to_whole: Callable[[float], int]) -> str:
    if value < 100 and value == int(value):
        return f"{int(value)}"
    places = digits - 1 - math.floor(math.log10(value))
    # Without the noise of the last bits, which would lift 400.00000000000006 to 410.
    kept = to_whole(round(value * 10.0**places, 6)) / 10.0**places
    return f"{kept:,.{max(places, 0)}f}"


def _as_given(value: Range) -> str:
    """A range as a table or `--assume` has it."""
    low, high = f"{value.low:,.12g}", f"{value.high:,.12g}"
    return low if value.exact else f"{low} to {high}"


def _unpriced(result: Result) -> str:
    """What is not known of prices, and how to give it."""
    missing = []
    if result.estimate.training is None:
        missing.append(f"no hourly rate of {result.model} is known; give --assume hourly_rate=USD")
    if result.estimate.grading is None:
        missing.append(
            "a grader model's prices are not known; give --assume grader_input_price=USD and "
            "--assume grader_output_price=USD"
        )
    return ", and ".join(missing)


def costs(estimate: Estimate) -> Iterator[tuple[str, str]]:
    """The money, part by part; of a model without a price also at the one that is published."""
    for name in ("training", "grading", "total"):
        value = getattr(estimate, name)
        text = figure(value, "$") if value else "not known"
        if name == "training" and value is None:
            model, rate = estimates.published_rate()
            text += f"; {figure(estimate.hours * rate, '$')} at the ${rate:g} an hour of {model}"
        yield name, text


def _rows(result: Result, budget: float | None) -> Iterator[tuple[str, str]]:
    """The table for people: what, and how much."""
    estimate = result.estimate
    for name, counted in (("training", result.train), ("validation", result.validation)):
        mean = counted.total / counted.rows
        yield (
            f"{name} file",
            f"{counted.rows:,} rows, {counted.about}{counted.total:,} tokens: {mean:,.0f} a row, "
            f"at most {counted.longest:,}",
        )
    most = f"of {limit('job_tokens'):,} at most"
    yield "training tokens, all epochs", f"{figure(estimate.job_tokens)}, {most}"
    yield "steps", figure(estimate.steps)
    yield "evaluations", figure(estimate.evaluations)
    yield "answers to training rows", figure(estimate.train_answers)
    yield "answers to validation rows", figure(estimate.validation_answers)
    if estimate.input_tokens.high:
        yield "tokens that graders read", figure(estimate.input_tokens)
        yield "tokens that graders write", figure(estimate.output_tokens)
    yield "hours", f"{figure(estimate.hours)}, of {limit('job_hours')} at most"
    yield from costs(result.estimate)
    if estimate.pause_hours and estimate.pause_steps:
        spent, pause = estimate.total or estimate.training, limit("job_spend")
        reached = "" if spent and spent.high > pause else "not within this job; "
        after = f"after {figure(estimate.pause_steps)} steps, {figure(estimate.pause_hours)} hours"
        yield f"pause, at ${pause:,}", reached + after
    if budget and result.budget_rows is not None:
        fits = ", all of them" if result.budget_rows >= result.train.rows else ""
        yield f"within ${budget:,.12g}", f"{result.budget_rows:,} training rows{fits}"


def _print(result: Result, budget: float | None) -> None:
    out = terminal.console()
    title = f"{result.folder}: {result.model}, {result.training_type}"
    table = Table("what", "how much", title=title, title_justify="left")
    for row in _rows(result, budget):
        table.add_row(*row)
    out.print(table)
    table = Table("assumed", "value", "source, and the day on which it was read")
    for one in result.known.values():
        source = f"{one.source}; {one.read}" if one.read else one.source
        table.add_row(one.name, lines(_as_given(one.value), one.unit), source)
    out.print(table)
    out.print("--assume NAME=VALUE or NAME=LOW..HIGH takes the place of any of these")
    if missing := _unpriced(result):
        out.print(f"note: {missing}", soft_wrap=True)
    (hosting,) = prices()["hosting_hour"].values()
    out.print(
        f"note: afterwards, ${hosting['value']:.2f} {hosting['unit'].removeprefix('USD ')} "
        f"({hosting['source']}; read {hosting['read']})",
        soft_wrap=True,
    )
    for warning in result.warnings:
        out.print(f"warning: {warning}", soft_wrap=True)


def _document(result: Result, budget: float | None) -> dict[str, Any]:
    """The JSON document: every number with its ends and its unit, every assumption."""
    estimate, (model, rate) = result.estimate, estimates.published_rate()
    (hosting,) = prices()["hosting_hour"].values()
    return {
        "folder": result.folder,
        "model": result.model,
        "training_type": result.training_type,
        "files": {
            split: {
                "rows": _ends(exactly(counted.rows), "rows"),
                "total": _ends(exactly(counted.total), "tokens"),
                "mean": _ends(exactly(counted.total / counted.rows), "tokens a row"),
                "longest": _ends(exactly(counted.longest), "tokens"),
                "estimated": counted.estimated,
            }
            for split, counted in (("train", result.train), ("validation", result.validation))
        },
        **{name: _ends(getattr(estimate, name), unit) for name, unit in _UNITS.items()},
        "training_at_published_rate": None
        if estimate.training
        else {"model": model} | (_ends(estimate.hours * rate, "USD") or {}),
        "pause": {
            "spending": _ends(exactly(limit("job_spend")), "USD"),
            "steps": _ends(estimate.pause_steps, "steps"),
            "hours": _ends(estimate.pause_hours, "hours"),
        },
        "budget": None
        if budget is None
        else {
            "sum": _ends(exactly(budget), "USD"),
            "train_rows": _ends(exactly(result.budget_rows or 0), "rows"),
        },
        "hosting": _ends(exactly(hosting["value"]), "USD an hour"),
        "assumptions": {
            one.name: {
                "value": _ends(one.value, one.unit),
                "source": one.source,
                "read": one.read,
            }
            for one in result.known.values()
        },
        "warnings": result.warnings,
    }


_UNITS = {
    "steps": "steps",
    "evaluations": "evaluations",
    "job_tokens": "training tokens times epochs",
    "train_answers": "answers",
    "validation_answers": "answers",
    "hours": "hours",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "training": "USD",
    "grading": "USD",
    "total": "USD",
}


def _ends(value: Range | None, unit: str) -> dict[str, Any] | None:
    if value is None:
        return None
    # 12 digits: without the noise of the last bits.
    low, high = (x if isinstance(x, int) else float(f"{x:.12g}") for x in (value.low, value.high))
    return {"low": low, "high": high, "unit": unit}
