"""The dated tables beside this module: limits, models, hyperparameters, prices, assumptions."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, dict[str, Any]]


@cache
def _load(name: str) -> Table:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


def limits() -> Table:
    """Limit by name: value, unit, source, the day it was read, the option that overrides it."""
    return _load("limits")


def limit(name: str) -> int:
    """The value of one limit."""
    value: int = limits()[name]["value"]
    return value


def models() -> Table:
    """Model by name: training types that it takes, source, the day it was read.

    Some have `refuses`, training types, and `note`, what to know before paying.
    """
    return _load("models")


def training_types() -> Table:
    """Training type by the service's spelling: source, the day it was read."""
    return _load("training_types")


def hyperparameters() -> Table:
    """Hyperparameter by name: its range, the advised range, source, the day it was read."""
    return _load("hyperparameters")


def assumed() -> Table:
    """Assumption of an estimate by name: low, high, unit, source, the day it was read."""
    return _load("assumptions")


def prices() -> dict[str, Table]:
    """Price by what is paid for, then by model or training type.

    `training_hour`, `hosting_hour`, `grader_input` and `grader_output` by model, `discount` by
    training type; each with value, unit, source and the day it was read, a discount maybe with
    `most`.
    """
    return _load("prices")


@cache
def phrases() -> tuple[str, ...]:
    """Wordings that moderation may flag as asking for hidden reasoning, in lower case."""
    return tuple(_load("phrases")["reasoning"])
