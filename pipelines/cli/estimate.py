"""`rft estimate`: what a prepared folder would cost to train on, before paying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from rich.table import Table

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.cli.estimated import Result, estimated
from pipelines.cli.options import Folder, Format, Model, OutputFormat, Quiet
from pipelines.cli.screen import lines
from pipelines.findings import BadInput
from pipelines.io import prepared
from pipelines.rules.tables import hyperparameters, limit, prices
from pipelines.service import demo
from pipelines.service import estimate as estimates
from pipelines.service.assumptions import Range, exactly

# The least that an option may say, where that is not 0 and no hyperparameter.
_LEAST = {"samples_per_prompt": 1, "seconds_per_step": 1}
# The most that one may say: with 10^9 of everything no product leaves the range of a float.
_MOST = 1_000_000_000


def _range(what: str) -> Any:
    return option(metavar="N|LOW..HIGH", help=what)


def estimate(
    folder: Folder,
    model: Model | None = None,
    batch_size: Annotated[str | None, _range("Prompts a step.")] = None,
    epochs: Annotated[str | None, _range("Passes over the training file.")] = None,
    samples_per_prompt: Annotated[str | None, _range("Answers to a prompt in one pass.")] = None,
    seconds_per_step: Annotated[str | None, _range("How long a step lasts.")] = None,
    output_tokens: Annotated[
        str | None, _range("Tokens of an answer, as a grader reads it: without reasoning.")
    ] = None,
    grader_output_tokens: Annotated[
        str | None, _range("Tokens that a model grader writes for an answer.")
    ] = None,
    hourly_rate: Annotated[str | None, _range("USD for an hour of training.")] = None,
    grader_input_price: Annotated[
        str | None, _range("USD for a million tokens that model graders read.")
    ] = None,
    grader_output_price: Annotated[
        str | None, _range("USD for a million tokens that model graders write.")
    ] = None,
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
    before it, and options before both. Both ends of a result take that end of everything.

    \b
    Examples:
      rft estimate medmcqa
      rft estimate processed/medmcqa --hourly-rate 120 --budget 500
      rft estimate medmcqa --model o4-mini-2025-04-16 --batch-size 64 --epochs 1..2
    """
    given = {
        name: _parsed(option, text, name)
        for name, option, text in (
            ("batch_size", "--batch-size", batch_size),
            ("n_epochs", "--epochs", epochs),
            ("samples_per_prompt", "--samples-per-prompt", samples_per_prompt),
            ("seconds_per_step", "--seconds-per-step", seconds_per_step),
            ("answer_tokens", "--output-tokens", output_tokens),
            ("grader_tokens", "--grader-output-tokens", grader_output_tokens),
            ("hourly_rate", "--hourly-rate", hourly_rate),
            ("grader_input_price", "--grader-input-price", grader_input_price),
            ("grader_output_price", "--grader-output-price", grader_output_price),
        )
        if text is not None
    }
    if budget is not None and not 0 < budget < math.inf:
        raise BadInput(f"--budget {budget:g}: give a sum above 0")
    found = prepared.find(folder)
    result = estimated(found, given, model=model, budget=budget, quiet=quiet)
    result = replace(result, demo=demo.rows(found))
    if budget and result.budget_rows is None:
        raise BadInput(f"--budget {budget:g}: {_unpriced(result)}")
    if output_format is Format.json:
        terminal.print_json(_document(result))
    else:
        _print(result)


def _parsed(option: str, text: str, name: str) -> Range:
    """The range that an option gives, one number or two; whole numbers stay whole."""
    rule = hyperparameters().get(name, {})
    least, most = rule.get("least", _LEAST.get(name, 0)), rule.get("most", _MOST)
    number = int if rule.get("type") == "integer" else float
    low, dots, high = text.partition("..")
    try:
        ends = number(low), number(high if dots else low)
    except ValueError:
        ends = math.nan, math.nan
    if not least <= ends[0] <= ends[1] <= most:
        kind = "a whole number" if number is int else "a number"
        bounds = f"from {least} to {most:,}"
        raise BadInput(f"{option} {text}: give {kind} {bounds}, or two as LOW..HIGH")
    return Range(*ends)


def figure(value: Range, unit: str = "") -> str:
    """A range with two digits an end, rounded outwards; a known number whole, or with three.

    Whole numbers below 100 stay as they are. A `unit` of `$` stands before each end.
    """
    if value.exact:
        whole = value.low == int(value.low)
        return unit + (f"{int(value.low):,}" if whole else _digits(value.low, 3, round))
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
    """A range as a table or an option has it."""
    low, high = f"{value.low:,.12g}", f"{value.high:,.12g}"
    return low if value.exact else f"{low} to {high}"


def _unpriced(result: Result) -> str:
    """What is not known of prices, and the options that give it."""
    missing = []
    if result.found.training is None:
        missing.append(f"no hourly rate of {result.model} is known; give --hourly-rate")
    if result.found.grading is None:
        missing.append(
            "a grader model's prices are not known; give --grader-input-price and "
            "--grader-output-price"
        )
    return ", and ".join(missing)


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    """The table for people: what, and how much."""
    found = result.found
    for name, counted in (("training", result.train), ("validation", result.validation)):
        mean = counted.total / counted.rows
        yield (
            f"{name} file",
            f"{counted.rows:,} rows, {counted.about}{counted.total:,} tokens: {mean:,.0f} a row, "
            f"at most {counted.longest:,}",
        )
    budget = f"of {limit('job_tokens'):,} at most"
    yield "training tokens, all epochs", f"{figure(found.job_tokens)}, {budget}"
    yield "steps", figure(found.steps)
    yield "evaluations", figure(found.evaluations)
    yield "answers to training rows", figure(found.train_answers)
    yield "answers to validation rows", figure(found.validation_answers)
    if found.input_tokens.high:
        yield "tokens that graders read", figure(found.input_tokens)
        yield "tokens that graders write", figure(found.output_tokens)
    yield "hours", f"{figure(found.hours)}, of {limit('job_hours')} at most"
    yield "training", figure(found.training, "$") if found.training else "not known"
    if found.training is None:
        model, rate = estimates.published_rate()
        yield f"  at the ${rate:g} an hour of {model}", figure(found.hours * rate, "$")
    yield "grading", figure(found.grading, "$") if found.grading else "not known"
    yield "total", figure(found.total, "$") if found.total else "not known"
    if found.pause_hours and found.pause_steps:
        spent, most = found.total or found.training, limit("job_spend")
        reached = "" if spent and spent.high > most else "not within this job; "
        after = f"after {figure(found.pause_steps)} steps, {figure(found.pause_hours)} hours"
        yield f"pause, at ${most:,}", reached + after
    if result.budget_rows is not None:
        fits = ", all of them" if result.budget_rows >= result.train.rows else ""
        yield f"within ${result.budget:,.12g}", f"{result.budget_rows:,} training rows{fits}"


def _print(result: Result) -> None:
    out = terminal.console()
    title = f"{result.folder}: {result.model}, {result.training_type}"
    table = Table("what", "how much", title=title, title_justify="left")
    for row in _rows(result):
        table.add_row(*row)
    out.print(table)
    table = Table("assumed", "value", "source, and the day on which it was read")
    for one in result.known.values():
        name = lines(one.name, *([f"  {one.option}"] if one.option else []))
        source = f"{one.source}; {one.read}" if one.read else one.source
        table.add_row(name, lines(_as_given(one.value), one.unit), source)
    out.print(table)
    if missing := _unpriced(result):
        out.print(f"note: {missing}", soft_wrap=True)
    (hosting,) = prices()["hosting_hour"].values()
    out.print(
        f"note: afterwards, ${hosting['value']:.2f} {hosting['unit'].removeprefix('USD ')} "
        f"({hosting['source']}; read {hosting['read']})",
        soft_wrap=True,
    )
    for warning in _warnings(result):
        out.print(f"warning: {warning}", soft_wrap=True)


def _warnings(result: Result) -> Iterator[str]:
    if result.demo:
        yield demo.refusal(*result.demo)
    yield from estimates.warnings(result.found, result.pause_rows)


def _document(result: Result) -> dict[str, Any]:
    """The JSON document: every number with its ends and its unit, every assumption."""
    found, (model, rate) = result.found, estimates.published_rate()
    dollars = {name: getattr(found, name) for name in ("training", "grading", "total")}
    (hosting,) = prices()["hosting_hour"].values()
    compared = None if found.training else {"model": model, **_ends(found.hours * rate, "USD")}
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
        **{name: _ends(getattr(found, name), unit) for name, unit in _UNITS.items()},
        **{name: value and _ends(value, "USD") for name, value in dollars.items()},
        "training_at_published_rate": compared,
        "pause": {
            "spending": _ends(exactly(limit("job_spend")), "USD"),
            "steps": found.pause_steps and _ends(found.pause_steps, "steps"),
            "hours": found.pause_hours and _ends(found.pause_hours, "hours"),
        },
        "budget": None
        if result.budget is None
        else {
            "sum": _ends(exactly(result.budget), "USD"),
            "train_rows": _ends(exactly(result.budget_rows or 0), "rows"),
        },
        "hosting": _ends(exactly(hosting["value"]), "USD an hour"),
        "assumptions": {
            one.name: {
                "value": _ends(one.value, one.unit),
                "source": one.source,
                "read": one.read,
                "option": one.option,
            }
            for one in result.known.values()
        },
        "warnings": list(_warnings(result)),
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
}


def _ends(value: Range, unit: str) -> dict[str, Any]:
    # 12 digits: without the noise of the last bits.
    low, high = (x if isinstance(x, int) else float(f"{x:.12g}") for x in (value.low, value.high))
    return {"low": low, "high": high, "unit": unit}
