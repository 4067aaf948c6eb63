"""What an estimate assumes: ranges from `assumptions.toml`, the job, the prices, or options."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.rules.request import DEFAULT_MODEL, TRAINING_TYPE
from pipelines.rules.response_format import inside
from pipelines.rules.tables import assumed, prices

# Only where a model grades, and only where no option says how long a step takes.
_OF_MODEL_GRADERS = ("answer_tokens", "grader_tokens")
_OF_STEP_TIME = ("step_answers", "evaluation_share")

# The training type below whose price another one's discount is.
_BELOW = {"GlobalStandard": "Standard", "developerTier": "GlobalStandard"}


@dataclass(frozen=True, slots=True)
class Range:
    """Two ends between which a quantity is; the same number twice where it is known."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Quantities are not negative, and the low end comes first."""
        if not 0 <= self.low <= self.high:
            raise ValueError(f"{self.low} to {self.high} is no range of quantities")

    def __add__(self, other: Range) -> Range:
        """The sum of two quantities."""
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Range | float) -> Range:
        """The product of two quantities, or of one and a number."""
        low, high = (other.low, other.high) if isinstance(other, Range) else (other, other)
        return Range(self.low * low, self.high * high)

    @property
    def exact(self) -> bool:
        """Whether it is one number, but for the noise of its last bits."""
        return math.isclose(self.low, self.high)


def exactly(value: float) -> Range:
    """A quantity that is known."""
    return Range(value, value)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value with its source; `read` is the source's day, `option` what overrides it, or None."""

    name: str
    value: Range
    unit: str
    source: str
    read: str | None
    option: str | None


def trained(job: Any, model: str | None = None) -> tuple[str, str]:
    """The model that a job trains and its training type; without a job those that we would write.

    A job without a training type is Standard. `model` takes the place of the job's.
    """
    known = inside(job)
    named, kind = known.get("model"), known.get("trainingType")
    if not isinstance(named, str):
        named = DEFAULT_MODEL
    if not isinstance(kind, str):
        kind = TRAINING_TYPE if job is None else "Standard"
    return model or named, kind


def assume(
    job: Any,
    given: Mapping[str, Range],
    *,
    model: str | None = None,
    graders: Collection[str] = (),
) -> dict[str, Assumption]:
    """Everything that an estimate needs, by name; what is not known is not there.

    job: the job request, whose hyperparameters are in range (RFT508); None where there is none.
    given: what options say, by the names of `assumptions.toml`, and `hourly_rate`,
        `grader_input_price` and `grader_output_price`.
    model: to train, in place of the job's.
    graders: the models that grade; the prices of each are under `grader_input_price MODEL`.
    """
    known: dict[str, Assumption] = {}
    said = inside(job, "method", "reinforcement", "hyperparameters")
    for name, row in assumed().items():
        if (name in _OF_MODEL_GRADERS and not graders) or (
            name in _OF_STEP_TIME and "seconds_per_step" in given
        ):
            continue
        unit, option = row["unit"], row.get("option")
        if name in given:
            known[name] = Assumption(name, given[name], unit, "given", None, option)
        elif said.get(name, "auto") != "auto":
            known[name] = Assumption(name, exactly(said[name]), unit, "the job", None, option)
        else:
            value = Range(row["low"], row["high"])
            known[name] = Assumption(name, value, unit, row["source"], str(row["read"]), option)
    rate = _hourly_rate(*trained(job, model), given)
    if rate is not None:
        known[rate.name] = rate
    for grader in sorted(set(graders)):
        for kind in ("grader_input", "grader_output"):
            price = _price(kind, grader, given)
            if price is not None:
                known[price.name] = price
    return known


def _hourly_rate(model: str, kind: str, given: Mapping[str, Range]) -> Assumption | None:
    """The price of a training hour: as it is given, or published, down to the full discount.

    The published price names no training type, so that its high end has no discount.
    """
    name, option = "hourly_rate", "--hourly-rate"
    if name in given:
        return Assumption(name, given[name], "USD an hour", "given", None, option)
    row = prices()["training_hour"].get(model.partition(".ft-")[0])
    if row is None:
        return None
    low, source = float(row["value"]), row["source"]
    discounts = prices()["discount"]
    below = next((known for known in _BELOW if known.lower() == kind.lower()), None)
    while below is not None and below in discounts:
        discount = discounts[below]
        low *= 1 - max(discount["value"], discount.get("most", 0)) / 100
        most = f" to {discount['most']:g}" if "most" in discount else ""
        source += f"; low: {below}, {discount['value']:g}{most} {discount['unit']}"
        below = _BELOW[below]
    value = Range(low, row["value"])
    return Assumption(name, value, row["unit"], source, str(row["read"]), option)


def _price(kind: str, model: str, given: Mapping[str, Range]) -> Assumption | None:
    name, option = f"{kind}_price {model}", f"--{kind.replace('_', '-')}-price"
    if f"{kind}_price" in given:
        value = given[f"{kind}_price"]
        return Assumption(name, value, "USD per 10^6 tokens", "given", None, option)
    row = prices()[kind].get(model)
    if row is None:
        return None
    value = exactly(row["value"])
    return Assumption(name, value, row["unit"], row["source"], str(row["read"]), option)
