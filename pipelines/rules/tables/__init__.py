"""The dated tables beside this module: limits, models, hyperparameters, prices, assumptions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
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
    return {name: row for name, row in _load("models").items() if name != "supervised_only"}


def model(name: str) -> dict[str, Any] | None:
    """What is known of a model, by its name, an alias, or the base of `NAME.ft-ID`."""
    return models().get(full_name(name))


def full_name(name: str) -> str:
    """The name in the table of a model that is named by an alias, or of the base of a tuned one."""
    base = name.partition(".ft-")[0]
    return next((key for key, row in models().items() if base == row.get("alias")), base)


def _undated(name: str) -> str:
    """A model's name without its date, its signs and the difference of letters."""
    return re.sub(r"-20\d\d-\d\d-\d\d$|[^a-z0-9]", "", name.lower())


def is_supervised_only(name: str) -> bool:
    """Whether a model, dated or not, is known to take no reinforcement job."""
    names = _load("models")["supervised_only"]["names"]
    return _undated(name.partition(".ft-")[0]) in map(_undated, names)


def dated_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is meant by one without its date, or with other signs or letters."""
    return next((each for each in known if _undated(each) == _undated(name)), None)


def training_types() -> Table:
    """Training type by the service's spelling: source, the day it was read."""
    return _load("training_types")


def hyperparameters() -> Table:
    """Hyperparameter by name: its range, the advised range, source, the day it was read."""
    return _load("hyperparameters")


def assumed() -> Table:
    """Assumption of an estimate by name: value, unit, source, the day it was read."""
    return _load("assumptions")


def prices() -> dict[str, Table]:
    """Price by what is paid for, then by model; the first is the last that is known.

    `training_hour`, `hosting_hour`, `grader_input` and `grader_output`, each with value, unit,
    source and the day it was read.
    """
    return _load("prices")


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Of each rule, by code: what fails, what passes, the finding, and whether `--fix` repairs it.

    Made of the tests' cases by `tests/examples.py`; null where a whole file is looked at.
    """
    path = Path(__file__).with_name("examples.json")
    value: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return value


@cache
def phrases() -> tuple[str, ...]:
    """Wordings that moderation may flag as asking for hidden reasoning, in lower case."""
    return tuple(_load("phrases")["reasoning"])


def meant(kind: str, word: object) -> str | None:
    """What is meant by a word that is often written for another; None where nothing is known."""
    known: str | None = _load("meant")[kind].get(word) if isinstance(word, str) else None
    return known
