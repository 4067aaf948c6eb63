"""What came of a job: rewards of training and validation step by step, and what to think of them.

A job's result files are CSV, a row a step: rewards (`train_reward_mean`, `valid_reward_mean`) and
reasoning tokens of a reinforcement job, losses of a supervised one. Before a job has ended there
are none, and its events say the same.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from statistics import fmean, variance
from typing import Any

from pipelines.rules.tables import full_name, prices
from pipelines.service import events
from pipelines.service.client import Json, Service

# A trend is what the mean of the last third differs from that of the first by, where it is over
# twice its standard error: of 100 jobs in which nothing changes 5 seem to.
_ERRORS = 2
_LEAST = 6  # points of which a third says something
# What a worst step is of the best one before it, where a reward is said to break down.
_BROKEN = 0.5
_SHRUNK = 0.7  # of the tokens of an answer


@dataclass(frozen=True, slots=True)
class Point:
    """A step: rewards, or losses, of training and validation; None where there is none.

    tokens: reasoning tokens of an answer on average.
    """

    step: int
    train: float | None
    validation: float | None
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of a job, by step; of rewards more is better, of losses less."""

    points: tuple[Point, ...]
    measure: str = "reward"

    @property
    def best(self) -> Point | None:
        """The step that is best on the validation rows."""
        sign = 1 if self.measure == "reward" else -1
        scored = [point for point in self.points if point.validation is not None]
        return max(scored, key=lambda point: sign * (point.validation or 0), default=None)


def files(service: Service, job: Json) -> Iterator[tuple[str, bytes]]:
    """The result files of a job: name and content."""
    listed = job.get("result_files")
    for id in listed if isinstance(listed, list) else ():
        file = service.file(str(id)) or {}
        name = str(file.get("filename") or f"{id}.csv").replace("\\", "/").rpartition("/")[2]
        name = "".join(letter if letter.isprintable() else "_" for letter in name)
        yield name, _plain(service.content(str(id)))


def _plain(data: bytes) -> bytes:
    """A file as it was written; OpenAI gives result files back in base64."""
    try:
        decoded = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return data
    return decoded if decoded.startswith(b"step") else data


def of_events(happened: Iterable[Json]) -> Curve:
    """The curve of a job that the service's events tell."""
    return _curve((event for event in happened), "reward")


def of_file(data: bytes) -> Curve | None:
    """The curve of a result file; None where it has none."""
    text = data.decode("utf-8-sig", errors="replace")
    rows: list[dict[str, Any]] = []
    with suppress(csv.Error):  # no CSV: then there is no curve
        rows = list(csv.DictReader(io.StringIO(text)))
    if rows and "train_loss" in rows[0]:
        number = events.number
        points = [
            Point(int(step), number(row.get("train_loss")), number(row.get("valid_loss")))
            for row in rows
            if (step := number(row.get("step"))) is not None
        ]
        return Curve(tuple(points), "loss")
    curve = _curve(({"data": row} for row in rows), "reward")
    return curve if curve.points else None


def _curve(told: Iterable[Json], measure: str) -> Curve:
    steps = {step.step: step for event in told if (step := events.step(event))}
    points = (
        Point(step.step, step.train, step.validation, step.tokens)
        for _, step in sorted(steps.items())
    )
    return Curve(tuple(points), measure)


def warnings(curve: Curve) -> Iterator[str]:
    """What to think of a curve before its model is used; a line each."""
    sign = 1 if curve.measure == "reward" else -1
    train, validation, tokens = (
        [value for point in curve.points if (value := getattr(point, name)) is not None]
        for name in ("train", "validation", "tokens")
    )
    best, last = curve.best, curve.points[-1] if curve.points else None
    take = f"; take the checkpoint near step {best.step}" if best else ""
    trained, validated = (sign * trend(values) for values in (train, validation))
    if trained < 0 or (sign > 0 and _broke_down(train)):
        verb = "falls" if sign > 0 else "rises"
        yield (
            f"the training {curve.measure} {verb}, from {_thirds(train)}: the job diverges; lower "
            f"learning_rate_multiplier{take}"
        )
    if trained > 0 and validated < 0:
        ways = ("rises", "falls") if sign > 0 else ("falls", "rises")
        yield (
            f"the training {curve.measure} {ways[0]} ({_thirds(train)}) while that of validation "
            f"{ways[1]} ({_thirds(validation)}): it learns the training rows, or what the grader "
            f"overlooks{take}"
        )
    first, end = _ends(tokens)
    if sign > 0 and trained > 0 and trend(tokens) < 0 and end < _SHRUNK * first:
        yield (
            f"rewards rise while answers shrink, from {first:,.0f} to {end:,.0f} reasoning tokens: "
            "read some answers, for the grader may pay for guesses"
        )
    if last and best and last.step != best.step and not validated < 0:
        yield f"the best validation {curve.measure} is that of step {best.step}, not of the last"


def trend(values: Sequence[float]) -> float:
    """By how much the last third is above the first on average; 0 where that may be noise."""
    third = len(values) // 3
    if len(values) < _LEAST:
        return 0
    first, last = values[:third], values[-third:]
    error = math.sqrt((variance(first) + variance(last)) / third)
    rise = fmean(last) - fmean(first)
    return rise if abs(rise) > max(_ERRORS * error, 1e-9) else 0


def _ends(values: Sequence[float]) -> tuple[float, float]:
    third = max(1, len(values) // 3)
    return (fmean(values[:third]), fmean(values[-third:])) if values else (0, 0)


def _thirds(values: Sequence[float]) -> str:
    return "{:.3f} to {:.3f}".format(*_ends(values))


def _broke_down(rewards: Sequence[float]) -> bool:
    """Whether the last step has less than half of the best reward before it."""
    return len(rewards) > 1 and rewards[-1] < _BROKEN * max(rewards)


# Money -------------------------------------------------------------------------------------------


class Spent:
    """What a job has cost so far, as its events tell: USD, a sum that rises.

    The service says nothing of money while a job runs. Counted are the seconds of each step
    (`timing.step.full_iteration`; where an event has none, the time between two steps) at the
    price of a training hour, and the tokens of its graders at theirs, of models without a price at
    the last that is known.
    """

    def __init__(self, hourly_rate: float | None = None) -> None:
        self._rate = hourly_rate or _price("training_hour", "")
        self._before: float | None = None
        self.seconds = self.grading = 0.0
        self.steps = 0

    @property
    def usd(self) -> float:
        """What it has cost so far."""
        return self.seconds / 3600 * self._rate + self.grading

    @property
    def next(self) -> float:
        """What it will have cost after one more step, for a job pauses after a step."""
        return self.usd * (self.steps + 1) / self.steps if self.steps else 0

    def add(self, event: Json) -> None:
        """Count an event; they come in order."""
        when = events.number(event.get("created_at"))
        if events.step(event) is None:
            self._before = self._before if self.steps else when  # the job's start
            return
        data = events.inside(event, "data")
        lasted = events.number(events.inside(data, "timing", "step").get("full_iteration"))
        if lasted is None and when is not None and self._before is not None:
            lasted = max(0.0, when - self._before)
        self._before = when
        self.seconds += lasted or 0
        self.steps += 1
        listed = events.inside(data, "usage").get("graders")
        for grader in map(events.inside, listed if isinstance(listed, list) else ()):
            for split, (kind, price) in product(("train", "valid"), _GRADING):
                tokens = events.number(grader.get(f"{split}_{kind}_tokens_count")) or 0
                self.grading += tokens * _price(price, str(grader.get("model"))) / 1_000_000

    def __str__(self) -> str:
        """How the sum is made, in words."""
        training = f"{self.steps} steps, {self.seconds / 3600:.2f} h at ${self._rate:g} an hour"
        graders = f", graders ${self.grading:.2f}" if self.grading else ""
        return f"${self.usd:.2f} so far ({training}{graders})"


_GRADING = (("prompt", "grader_input"), ("completion", "grader_output"))


def _price(kind: str, model: str) -> float:
    rows = prices()[kind]
    row = rows.get(full_name(model)) or next(iter(rows.values()))
    return float(row["value"])
