"""A job while it runs: its events, and the rewards of each step in a line.

What a step's event holds: OpenAI's reinforcement fine-tuning guide, 2026, with one of a real job.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from time import sleep
from typing import Any

from pipelines.findings import BadInput
from pipelines.service.client import Json, Service

ENDED = {"succeeded", "failed", "cancelled"}

HEADER = f"{'step':>11}  {'train':>7}  {'validation':>10}  {'reasoning tokens':>16}  grader errors"

_MESSAGE = re.compile(
    r"Step (?P<step>\d+)(?:/(?P<total>\d+))?\s*,"
    r"(?:.*?\btrain mean reward=(?P<train>[-\d.]+))?"
    r"(?:.*?\bvalidation mean reward=(?P<validation>[-\d.]+))?"
)


@dataclass(frozen=True, slots=True)
class Step:
    """The mean rewards of a step; None where it has none, as between two evaluations.

    tokens: reasoning tokens of an answer on average. errors: share of answers on which graders
    failed, by the grader's name and the kind of error, where there were any.
    """

    step: int
    total: int | None
    train: float | None
    validation: float | None
    tokens: float | None
    errors: dict[str, float]

    def line(self) -> str:
        """The step as a row below HEADER."""
        place = f"{self.step}/{self.total}" if self.total else str(self.step)
        errors = ", ".join(f"{name} {share:.1%}" for name, share in self.errors.items())
        return (
            f"{place:>11}  {_number(self.train, '.3f'):>7}  {_number(self.validation, '.3f'):>10}  "
            f"{_number(self.tokens, ',.0f'):>16}  {errors}"
        ).rstrip()


def step(event: Json) -> Step | None:
    """The step that an event tells of, from its data or else from its text; None if of none."""
    data = event.get("data")
    data = data if isinstance(data, dict) else {}
    text = _MESSAGE.search(str(event.get("message") or ""))
    words = text.groupdict() if text else {}
    place = number(data.get("step", words.get("step")))
    scores = inside(data, "scores")
    train = _first(
        scores.get("train_reward_mean"),
        data.get("train_mean_reward"),
        data.get("train_reward_mean"),
        words.get("train"),
    )
    validation = _first(
        scores.get("valid_reward_mean"),
        data.get("full_valid_mean_reward"),
        data.get("valid_reward_mean"),
        words.get("validation"),
    )
    if place is None or (train is None and validation is None):
        return None
    total = number(data.get("total_steps", words.get("total")))
    samples = inside(data, "usage", "samples")
    return Step(
        step=int(place),
        total=None if total is None else int(total),
        train=train,
        validation=validation,
        tokens=_first(
            samples.get("train_reasoning_tokens_mean"),
            data.get("reasoning_tokens_mean"),
            data.get("train_reasoning_tokens_mean"),
        ),
        errors=dict(_errors(inside(data, "errors").get("graders"))),
    )


def _errors(graders: Any) -> Iterator[tuple[str, float]]:
    for grader in graders if isinstance(graders, list) else ():
        for name, value in grader.items() if isinstance(grader, dict) else ():
            share = number(value)
            if name.startswith("train_") and name.endswith("_error_mean") and share:
                kind = name.removeprefix("train_").removesuffix("_mean")
                yield f"{grader.get('name', 'grader')}: {kind}", share


def inside(value: Any, *names: str) -> Json:
    """The object below those names; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _first(*values: Any) -> float | None:
    return next((found for value in values if (found := number(value)) is not None), None)


def number(value: Any) -> float | None:
    """A finite number, also one that is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if isfinite(parsed) else None


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def events(service: Service, job: str, seen: set[str]) -> list[Json]:
    """The events that are not in `seen`, oldest first; they are in it then."""
    new: dict[str, Json] = {}
    first = last = 0.0
    for page in service.events(job):
        if not page:
            break
        first, last = first or _when(page[0]), _when(page[-1])
        fresh = [event for event in page if str(event.get("id")) not in seen]
        new |= {str(event.get("id")): event for event in fresh}
        if first > last and len(fresh) < len(page):
            break  # what follows is older still
    seen |= set(new)
    # Newest first is what is documented; of one second, the order of the list decides.
    ordered = list(new.values()) if first < last else list(new.values())[::-1]
    return sorted(ordered, key=_when)


def _when(event: Json) -> float:
    return number(event.get("created_at")) or 0.0


def follow(
    service: Service,
    id: str,
    tell: Callable[[Json], None],
    turn: Callable[[str], None],
    *,
    every: float = 10,
    enough: Callable[[], bool] = lambda: False,
) -> Json:
    """Tell of each event of a job, and of each turn of its status, until it has ended.

    A running job is paused once `enough` says so, and followed until it is. Returns the job as it
    ended, or paused so. Raises BadInput where there is none of that id.
    """
    seen: set[str] = set()
    status = None
    while True:
        job = service.job(id)
        if job is None:
            raise BadInput(f"{id}: the service has no such job; check the id and the endpoint")
        # After the job, so that of an ended one no event is missed.
        for event in events(service, id, seen):
            tell(event)
        if str(job.get("status")) != status:
            status = str(job.get("status"))
            turn(status)
        if status in ENDED or (status == "paused" and enough()):
            return job
        if status == "running" and enough():
            service.change(id, "pause")
        sleep(every)
