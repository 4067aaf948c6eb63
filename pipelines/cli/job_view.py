"""What a person sees of a submission and of a job: bars, events, tables."""

from __future__ import annotations

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


class Events:
    """Events as lines, steps as rows of a table."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._out = sys.stderr if stderr else sys.stdout
        self._in_table = False

    def tell(self, event: Json) -> None:
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
