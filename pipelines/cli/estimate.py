"""`rft estimate`: what a prepared folder would cost to train on, before paying."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any

from rich.table import Table

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.cli.estimated import Result, estimated
from pipelines.cli.options import (
    Folder,
    Format,
    GraderModel,
    JobSettings,
    Model,
    OutputFormat,
    Quiet,
    job_words,
)
from pipelines.cli.screen import lines
from pipelines.findings import BadInput
from pipelines.io import prepared
from pipelines.rules import job_settings
from pipelines.rules.tables import limit, prices
from pipelines.service import assumptions
from pipelines.service.assumptions import UNPUBLISHED, Range, exactly


def estimate(
    folder: Folder,
    job: JobSettings = (),
    model: Model | None = None,
    grader_model: GraderModel | None = None,
    assume: Annotated[
        tuple[str, ...],
        option(
            metavar="NAME=VALUE|NAME=LOW..HIGH",
            help="In place of what is assumed; --verbose lists the names. May be repeated.",
        ),
    ] = (),
    budget: Annotated[
        float | None,
        option(metavar="USD", help="Say how many rows this pays for at the high end."),
    ] = None,
    verbose: Annotated[
        bool, option("--verbose", "-v", help="Also answers, tokens, and every assumption.")
    ] = False,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
) -> None:
    """Estimate what training on a prepared folder takes: hours, money and steps.

    What the service does not publish is taken from public runs, which --verbose names; a
    range's ends differ by a factor of 3. What the job says counts before it, and --assume
    before both. How long the answers are counts most: where `rft calibrate` or `rft select` has
    seen sampled answers of the folder, their length is used.

    \b
    Examples:
      rft estimate medmcqa
      rft estimate medmcqa --assume sample_tokens=1500 --budget 500
      rft estimate medmcqa --job n_epochs=2 --job batch_size=16
    """
    given = assumptions.parse(assume)
    settings = job_settings.parsed(job_words(job, model=model, grader_model=grader_model))
    if budget is not None and not 0 < budget < math.inf:
        raise BadInput(f"--budget {budget:g}: give a sum above 0")
    source = prepared.find(folder)
    result = estimated(source, given, settings=settings, budget=budget, quiet=quiet)
    if output_format is Format.json:
        terminal.print_json(_document(result, budget))
        return
    for line in _lines(result, budget):
        terminal.say(line)
    if verbose:
        _print_tables(result)


def figure(value: Range, unit: str = "") -> str:
    """A range with two digits an end; a known number whole, or with three.

    Whole numbers below 100 stay as they are. A `unit` of `$` stands before each end.
    """
    if value.exact:
        if value.low == int(value.low):
            return f"{unit}{int(value.low):,}"
        return unit + _digits(value.low, 3)
    return f"{unit}{_digits(value.low, 2)} to {unit}{_digits(value.high, 2)}"


def _digits(value: float, digits: int) -> str:
    if value < 100 and value == int(value):
        return f"{int(value)}"
    places = digits - 1 - math.floor(math.log10(value))
    return f"{round(value, places):,.{max(places, 0)}f}"


def _as_given(value: Range) -> str:
    """A range as a table or `--assume` has it."""
    low, high = f"{value.low:,.12g}", f"{value.high:,.12g}"
    return low if value.exact else f"{low} to {high}"


def summary(result: Result) -> Iterator[tuple[str, str]]:
    """Hours, money and steps, and what the money rests on."""
    estimate = result.estimate
    yield "hours", f"{figure(estimate.hours)}"
    parts = f": training {figure(estimate.training, '$')}, grading {figure(estimate.grading, '$')}"
    yield "money", figure(estimate.total, "$") + (parts if estimate.grading.high else "")
    yield "steps", figure(estimate.steps)
    rate = result.known["hourly_rate"]
    yield "price", f"${_as_given(rate.value)} an hour" + _whose(rate.source)
    for name, one in result.known.items():
        if name.startswith("grader_input_price") and one.source.startswith(UNPUBLISHED):
            yield "grader", name.partition(" ")[2] + _whose(one.source)


def _whose(source: str) -> str:
    """Whose price it is, where it is not the model's own."""
    if not source.startswith(UNPUBLISHED):
        return ""
    return f", the last known, of {source.removeprefix(UNPUBLISHED).partition(':')[0]}"


def _lines(result: Result, budget: float | None) -> Iterator[str]:
    for name, value in summary(result):
        yield f"{name:<8}{value}"
    counts = f"{result.train.rows:,} training, {result.validation.rows:,} validation"
    yield f"rows    {counts}; {result.model}, {result.training_type}"
    tokens = result.known.get("sample_tokens")
    if tokens and tokens.read:
        taken = f"answers taken as {_as_given(tokens.value)} tokens long with their reasoning;"
        yield f"length  {taken}"
        yield "        twice as long takes twice the hours: give --assume sample_tokens=N"
    elif tokens and tokens.source != "given":
        yield f"length  answers are {_as_given(tokens.value)} tokens long, {tokens.source}"
    if budget and result.budget_rows is not None:
        fits = ", all of them" if result.budget_rows >= result.train.rows else ""
        yield f"budget  ${budget:,.12g} pays for {result.budget_rows:,} training rows{fits}"
    for warning in result.warnings:
        yield f"warning: {warning}"


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    """The table for people: what, and how much."""
    estimate = result.estimate
    for name, counted in (("training", result.train), ("validation", result.validation)):
        mean = counted.total / counted.rows
        size = f"{counted.rows:,} rows, {counted.about}{counted.total:,} tokens"
        yield f"{name} file", f"{size}: {mean:,.0f} a row, at most {counted.longest:,}"
    most = f"of {limit('job_tokens'):,} at most"
    yield "training tokens, all epochs", f"{figure(estimate.job_tokens)}, {most}"
    yield "evaluations", figure(estimate.evaluations)
    yield "answers to training rows", figure(estimate.train_answers)
    yield "answers to validation rows", figure(estimate.validation_answers)
    if estimate.input_tokens.high:
        yield "tokens that graders read", figure(estimate.input_tokens)
        yield "tokens that graders write", figure(estimate.output_tokens)
    yield "hours of a job", f"{limit('job_hours')} at most"
    pause = f"at ${limit('job_spend'):,}; {result.pause_rows:,} training rows stay below it"
    yield "the service pauses", pause


def _print_tables(result: Result) -> None:
    out = terminal.console()
    title = f"{result.folder}: {result.model}, {result.training_type}"
    table = Table("what", "how much", title=title, title_justify="left")
    for row in _rows(result):
        table.add_row(*row)
    out.print(table)
    table = Table("assumed", "value", "source")
    for one in result.known.values():
        table.add_row(one.name, lines(_as_given(one.value), one.unit), one.source)
    out.print(table)
    (hosting,) = prices()["hosting_hour"].values()
    unit = hosting["unit"].removeprefix("USD ")
    terminal.say(f"afterwards ${hosting['value']:.2f} {unit} ({hosting['source']})")


def _document(result: Result, budget: float | None) -> dict[str, Any]:
    """The JSON document: every number with its ends and its unit, every assumption."""
    estimate = result.estimate
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
        "pause": {
            "spending": _ends(exactly(limit("job_spend")), "USD"),
            "train_rows": _ends(exactly(result.pause_rows), "rows"),
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


def _ends(value: Range, unit: str) -> dict[str, Any]:
    # 12 digits: without the noise of the last bits.
    low, high = (x if isinstance(x, int) else float(f"{x:.12g}") for x in (value.low, value.high))
    return {"low": low, "high": high, "unit": unit}
