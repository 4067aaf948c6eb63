"""What an estimate assumes: values of `assumptions.toml`, the job, the prices, or the user."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pipelines.findings import BadInput
from pipelines.rules.request import DEFAULT_MODEL, TRAINING_TYPE
from pipelines.rules.shapes import inside
from pipelines.rules.tables import assumed, full_name, hyperparameters, prices

# Only where a model grades, and only where it is not given how long a step takes.
_OF_MODEL_GRADERS = ("answer_tokens", "grader_tokens")
_OF_STEP_TIME = ("sample_tokens", "seconds_per_token", "evaluation_share")

# What can be given beside the names of `assumptions.toml`; a grader's prices are those of them all.
GIVEN = {
    "seconds_per_step": "seconds",
    "hourly_rate": "USD an hour",
    "grader_input_price": "USD per 10^6 tokens",
    "grader_output_price": "USD per 10^6 tokens",
}
# The least that can be given, where that is not 0 and no hyperparameter.
_LEAST = {"seconds_per_step": 1, "step_answers": 1, "spread": 1}
# The most: with 10^9 of everything no product leaves the range of a float.
_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Range:
    """Two ends between which a quantity is; the same number twice where it is known."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Quantities are not negative, and the low end comes first."""
        if not 0 <= self.low <= self.high:
            raise ValueError(f"{self.low} to {self.high} is no range of quantities")

    @property
    def exact(self) -> bool:
        """Whether it is one number, but for the noise of its last bits."""
        return math.isclose(self.low, self.high)


def exactly(value: float) -> Range:
    """A quantity that is known."""
    return Range(value, value)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value with its source; `read` is the day of a source that is no choice of the user's."""

    name: str
    value: Range
    unit: str
    source: str
    read: str | None = None


def parse(texts: Iterable[str]) -> dict[str, Range]:
    """Ranges by name, of `NAME=VALUE` and `NAME=LOW..HIGH`; whole numbers stay whole.

    Raises BadInput for a name that is unknown or there twice, and for what is no range within its
    bounds.
    """
    given: dict[str, Range] = {}
    for text in texts:
        name, _, value = text.partition("=")
        names = [*assumed(), *GIVEN]
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise BadInput(
                f"--assume {text}: nothing of that name is assumed; "
                f"{hint}there are {', '.join(names)}"
            )
        if name in given:
            raise BadInput(f"--assume {name}: is given twice; leave one out")
        given[name] = _range(name, value)
    return given


def _range(name: str, text: str) -> Range:
    rule = hyperparameters().get(name, {})
    least: float = rule.get("least") or rule.get("above") or _LEAST.get(name, 0)
    most: float = rule.get("most", _MOST)
    number = int if rule.get("type") == "integer" else float
    low, dots, high = text.partition("..")
    try:
        ends = number(low), number(high if dots else low)
    except ValueError:
        ends = math.nan, math.nan
    if not least <= ends[0] <= ends[1] <= most:
        kind = "a whole number" if number is int else "a number"
        raise BadInput(
            f"--assume {name}={text}: give {kind} from {least} to {most:,}, or two as LOW..HIGH"
        )
    return Range(*ends)


def trained(job: Any) -> tuple[str, str]:
    """The model that a job trains and its training type; without a job those that we would write.

    A job without a training type is Standard.
    """
    request = inside(job)
    model, kind = request.get("model"), request.get("trainingType")
    if not isinstance(kind, str):
        kind = TRAINING_TYPE if job is None else "Standard"
    return model if isinstance(model, str) else DEFAULT_MODEL, kind


def assume(
    job: Any,
    given: Mapping[str, Range],
    *,
    graders: Collection[str] = (),
    measured: Mapping[str, tuple[float, str]] | None = None,
) -> dict[str, Assumption]:
    """Everything that an estimate needs, by name.

    job: the job request, whose hyperparameters are in range (RFT508); None where there is none.
    given: in place of the job's and the tables' values, as `parse` has them.
    measured: in place of the tables' values, each with where it was measured.
    graders: the models that grade; the prices of each are under `grader_input_price MODEL`.
    """
    known: list[Assumption] = []
    settings = inside(job, "method", "reinforcement", "hyperparameters")
    for name, row in assumed().items():
        if (name in _OF_MODEL_GRADERS and not graders) or (
            name in _OF_STEP_TIME and "seconds_per_step" in given
        ):
            continue
        setting = settings.get(name, "auto")
        if name in given:
            known.append(Assumption(name, given[name], row["unit"], "given"))
        elif setting != "auto":
            known.append(Assumption(name, exactly(setting), row["unit"], "the job"))
        elif measured and name in measured:
            value, where = measured[name]
            known.append(Assumption(name, exactly(value), row["unit"], where))
        else:
            known.append(_of_table(name, row))
    if "seconds_per_step" in given:
        known.append(Assumption("seconds_per_step", given["seconds_per_step"], "seconds", "given"))
    known.append(_price("hourly_rate", "training_hour", trained(job)[0], given))
    for grader in sorted(set(graders)):
        known += [
            _price(f"{kind}_price", kind, grader, given, f" {grader}")
            for kind in ("grader_input", "grader_output")
        ]
    return {assumption.name: assumption for assumption in known}


def _of_table(name: str, row: Mapping[str, Any], of: str = "") -> Assumption:
    source = f"{of}{row['source']}"
    return Assumption(name, exactly(row["value"]), row["unit"], source, str(row["read"]))


def _price(
    name: str, kind: str, model: str, given: Mapping[str, Range], more: str = ""
) -> Assumption:
    """A price as it is given, or published; of a model without one, the last that is known."""
    if name in given:
        return Assumption(name + more, given[name], GIVEN[name], "given")
    rows = prices()[kind]
    row = rows.get(full_name(model))
    other, last = next(iter(rows.items()))
    return _of_table(name + more, row or last, "" if row else f"{UNPUBLISHED}{other}: ")


# How the source of a price begins where a model has none.
UNPUBLISHED = "no price is published; that of "
