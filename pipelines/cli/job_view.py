"""What a person sees of a submission and of a job: bars, events, tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from pipelines.cli import terminal
from pipelines.findings import printable
from pipelines.service import events
from pipelines.service.client import Json
from pipelines.service.endpoint import Endpoint
from pipelines.service.refusals import remedy, saying
from pipelines.service.results import Curve, Spent


class Events:
    """Events as lines, steps as rows of a table.

    budget: what a job may cost, and the price of an hour where it is given.
    """

    def __init__(
        self, *, stderr: bool = False, budget: tuple[float, float | None] | None = None
    ) -> None:
        self._out = sys.stderr if stderr else sys.stdout
        self._in_table = self._said = False
        self._most, rate = budget or (math.inf, None)
        self._spent = Spent(rate)

    def enough(self) -> bool:
        """Whether one more step may cost more than the job may."""
        if self._spent.next <= self._most:
            return False
        if not self._said:
            self._print(f"{self._spent}; one more step may cost over ${self._most:g}: pausing")
        self._said = True
        return True

    def tell(self, event: Json) -> None:
        self._spent.add(event)
        if step := events.step(event):
            if not self._in_table:
                self._print(events.HEADER)
            self._print(step.line())
            self._in_table = True
            return
        message = " ".join(str(event.get("message", "")).split())
        known = remedy(message)
        line = f"{_time(event)}  {event.get('level', 'info')}: {message}"
        self._print(f"{line}; {known}" if known else line)
        self._in_table = False

    def turn(self, status: str) -> None:
        """The job has another status."""
        paused = "; it waits for --resume" if status == "paused" else ""
        self._print(f"status: {status}{paused}")

    def _print(self, line: str) -> None:
        print(printable(line), file=self._out, flush=True)


def show_curve(curve: Curve) -> None:
    """Training beside validation, a row a step, of many steps about 20; the best one marked."""
    table = Table(title=f"{curve.measure}s, step by step", title_justify="left")
    for name in ("step", "training", "validation", "reasoning tokens", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    points, best = curve.points, curve.best
    every = -(-len(points) // 20) or 1
    shown = [p for i, p in enumerate(points) if i % every == 0 or p in (best, points[-1])]
    for point in shown:
        cells = (point.train, point.validation)
        texts = ["" if value is None else f"{value:.3f}" for value in cells]
        tokens = "" if point.tokens is None else f"{point.tokens:,.0f}"
        table.add_row(str(point.step), *texts, tokens, "best" if point is best else "")
    terminal.console().print(table)
    if len(shown) < len(points):
        terminal.say(f"{len(shown)} of {len(points)} steps; --format json has all")


def show_events(events: Iterable[Json]) -> None:
    """Events so far."""
    shown = Events()
    for event in events:
        shown.tell(event)


def show_job(job: Json, where: Endpoint, title: str) -> None:
    """A job's fields, those that it has."""
    error = _object(job.get("error"))
    reason = ": ".join(str(error[name]) for name in ("code", "message") if error.get(name))
    method = _object(job.get("method"))
    hyperparameters = _object(method.get(str(method.get("type")))).get("hyperparameters")
    tokens = job.get("trained_tokens")
    fields = {
        "job": job.get("id"),
        "status": job.get("status"),
        "error": saying(reason) if reason else None,
        "model": job.get("model"),
        "trained model": job.get("fine_tuned_model"),
        "trained tokens": f"{tokens:,}" if isinstance(tokens, int) else tokens,
        "training file": job.get("training_file"),
        "validation file": job.get("validation_file"),
        "hyperparameters": _pairs(hyperparameters or job.get("hyperparameters")),
        "created": _time(job),
        "ended": _time(job, "finished_at"),
        "endpoint": where.url,
        "look at": where.where_to_look(str(job.get("id"))),
    }
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        if value not in (None, ""):
            table.add_row(name, str(value))
    terminal.console().print(table)


def show_checkpoints(listed: list[Json]) -> None:
    """The checkpoints of a job, a row each."""
    table = Table(title="checkpoints", title_justify="left")
    table.add_column("step", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("metrics", overflow="fold")
    for each in listed:
        names = ("step_number", "fine_tuned_model_checkpoint")
        step, model = (str(each.get(name, "")) for name in names)
        table.add_row(step, model, _pairs(each.get("metrics")))
    terminal.console().print(table)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _pairs(value: object) -> str:
    pairs = value.items() if isinstance(value, dict) else ()
    return ", ".join(f"{name} {each}" for name, each in pairs if each is not None)


def _time(of: Json, name: str = "created_at") -> str:
    seconds: Any = of.get(name)
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
