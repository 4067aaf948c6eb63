"""What a job would be paid for, and the question before anything is sent."""

from __future__ import annotations

import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from pipelines.cli.command import Exit
from pipelines.cli.estimate import figure, summary
from pipelines.cli.estimated import Result, counted, estimated
from pipelines.findings import BadInput, printable
from pipelines.io.prepared import Prepared, is_supervised
from pipelines.service import submission
from pipelines.service.endpoint import Endpoint

# Columns of the plan: a narrow terminal, or half of one.
_WIDTH = 60


def confirm(
    prepared: Prepared,
    where: Endpoint,
    settings: Mapping[str, Any],
    *,
    yes: bool,
    text: bool,
    quiet: bool,
) -> None:
    """Show what is going to be paid for and ask; BadInput where the answer is not yes.

    settings: of the job, in place of those of its file.
    With `yes` nothing is asked. Without a terminal, or where a program reads the result, nobody
    can answer.
    """
    if _can_ask(text) or (text and not quiet):
        if is_supervised(prepared.folder):
            fields = _supervised(prepared, where, settings)
        else:
            result = estimated(prepared, {}, settings=settings, quiet=quiet)
            fields = _fields(prepared, where, result)
        for line in plan(fields):
            print(line, file=sys.stderr)
    ask("Create this job?", yes=yes, text=text)


def _can_ask(text: bool) -> bool:
    # A stream that was closed is None.
    return text and all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(question: str, *, yes: bool, text: bool) -> None:
    """Ask on the terminal; BadInput where the answer is not yes, or nobody can give one."""
    if yes:
        return
    if not _can_ask(text):
        raise BadInput("it costs money and nobody can be asked; nothing was sent; give --yes")
    # As soon as polars is loaded, Ctrl-C would wait for the end of the line.
    signal.siginterrupt(signal.SIGINT, True)
    try:
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
    except UnicodeDecodeError:
        answer = "?\n"
    except KeyboardInterrupt:
        print("\nrft: interrupted; nothing was sent", file=sys.stderr)
        raise Exit(130) from None
    if not answer:
        print(file=sys.stderr)
    if answer.strip().lower() not in ("y", "yes"):
        raise BadInput("the answer is not yes; nothing was sent")


def plan(fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The plan in plain lines."""
    yield "a job that is paid for:"
    for name, value in fields:
        yield from textwrap.wrap(
            printable(value),
            _WIDTH,
            initial_indent=f"  {name:<9}",
            subsequent_indent=" " * 11,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _fields(prepared: Prepared, where: Endpoint, result: Result) -> Iterator[tuple[str, str]]:
    epochs = result.known["n_epochs"]
    yield "dataset", f"{prepared.dataset or 'no name'}, in {prepared.folder}"
    yield "from", _origin(prepared)
    yield "rows", f"{result.train.rows:,} training, {result.validation.rows:,} validation"
    yield "model", f"{result.model}" + (f", {result.training_type}" if where.is_azure else "")
    stated = epochs.source == "the job"
    yield "epochs", figure(epochs.value) if stated else f"auto, taken as {figure(epochs.value)}"
    yield from summary(result)
    yield "at", where.url
    for warning in result.warnings:
        yield "warning", warning


def _supervised(
    prepared: Prepared, where: Endpoint, settings: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The fields of a supervised job, which is paid for by the token."""
    job = submission.job(prepared, settings)
    counts = counted(prepared, [], quiet=True)
    train = counts["train"]
    parameters = job["method"]["supervised"].get("hyperparameters") or {}
    epochs = parameters.get("n_epochs", "auto")
    passes = f"{epochs} times" if isinstance(epochs, int) else "as many times as epochs"
    yield "dataset", str(prepared.folder)
    yield "rows", ", ".join(f"{count.rows:,} {split}" for split, count in counts.items())
    yield "model", str(job["model"]) + (f", {job.get('trainingType')}" if where.is_azure else "")
    yield "epochs", str(epochs)
    yield "tokens", f"{train.about}{train.total:,} of text, {passes}; see the price of a token"
    yield "at", where.url


def _origin(prepared: Prepared) -> str:
    """Where the rows came from, as the manifest beside them says."""
    try:
        source = orjson.loads((prepared.folder / "manifest.json").read_bytes())["source"]
        kind, repository, revision = (source[key] for key in ("kind", "repository", "revision"))
    except (OSError, orjson.JSONDecodeError, LookupError, TypeError):
        return "not known: no manifest is beside the files"
    text = "your folder" if kind == "folder" else str(kind)
    text += f", {repository}" if repository else ""
    return f"{text} at {str(revision)[:12]}" if revision else text
