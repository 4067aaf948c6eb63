"""Family 5, continued: the values of the job's hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pipelines.findings import pointer, show
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import inside, is_whole, seen
from pipelines.rules.tables import hyperparameters

# What a supervised job's schema has; the rest is for reinforcement (OpenAI's schema, 2026-08-21).
SUPERVISED = ("batch_size", "learning_rate_multiplier", "n_epochs")

_PLACE = ("method", "reinforcement", "hyperparameters")


def _settings(job: object) -> Iterator[tuple[str, Any, dict[str, Any] | None]]:
    """Each hyperparameter in its place: pointer, value, row of the table."""
    supervised = inside(job, "method").get("type") == "supervised"
    place = ("method", "supervised", "hyperparameters") if supervised else _PLACE
    for name, value in inside(job, *place).items():
        known = not supervised or name in SUPERVISED
        yield pointer([*place, name]), value, hyperparameters().get(name) if known else None


def _accepts(row: dict[str, Any], value: Any) -> bool:
    if "values" in row:
        return isinstance(value, str) and value in row["values"]
    if value == "auto":
        return bool(row["auto"])
    number = isinstance(value, float) and row["type"] == "number" and math.isfinite(value)
    if not number and not is_whole(value):
        return False
    above = value > row["above"] if "above" in row else value >= row["least"]
    return bool(above and ("most" not in row or value <= row["most"]))


def _wanted(row: dict[str, Any]) -> str:
    if "values" in row:
        return " or ".join(row["values"])
    kind = "a whole number" if row["type"] == "integer" else "a number"
    low = f"above {row['above']}" if "above" in row else f"from {row['least']}"
    return f"auto or {kind} {low}" + (f" to {row['most']}" if "most" in row else "")


@rule("RFT508", "error", source="pipelines/rules/tables/hyperparameters.toml")
def keeps_ranges(job: Any) -> Iterator[Fault]:
    """A hyperparameter is in the range that the API's schema gives."""
    for place, value, row in _settings(job):
        if row and not _accepts(row, value):
            yield (
                place,
                f"the value {seen(value)} is out of range",
                f"use {_wanted(row)}, or leave it out",
            )


@rule("RFT509", "warning", source="pipelines/rules/tables/hyperparameters.toml")
def keeps_advice(job: Any) -> Iterator[Fault]:
    """A hyperparameter is in the narrower range that Microsoft's pages give, where they do.

    The pages of 2025-05 and the API's schema disagree; the schema decides what is refused.
    """
    for place, value, row in _settings(job):
        if row and "advised" in row and value != "auto" and _accepts(row, value):
            low, high = row["advised"]
            if not low <= value <= high:
                message = f"{show(value)} is outside {low} to {high}"
                yield place, message, "stay inside, or make sure"


@rule("RFT510", "warning", source="pipelines/rules/tables/hyperparameters.toml")
def knows_hyperparameters(job: Any) -> Iterator[Fault]:
    """A hyperparameter is one of those documented for the job's method."""
    for place, _, row in _settings(job):
        if row is None:
            yield place, "not a documented hyperparameter", f"use {', '.join(hyperparameters())}"
