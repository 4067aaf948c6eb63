"""What an estimate assumes: ranges from `assumptions.toml`, the job, the prices, or the user."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pipelines.findings import BadInput
from pipelines.rules.request import DEFAULT_MODEL, TRAINING_TYPE
from pipelines.rules.shapes import inside
from pipelines.rules.tables import assumed, hyperparameters, prices

# Only where a model grades, and only where it is not given how long a step takes.
_OF_MODEL_GRADERS = ("answer_tokens", "grader_tokens")
_OF_STEP_TIME = ("step_answers", "evaluation_share")

# What can be given beside the names of `assumptions.toml`; a grader's prices are those of them all.
PRICES = {
    "hourly_rate": "USD an hour",
    "grader_input_price": "USD per 10^6 tokens",
    "grader_output_price": "USD per 10^6 tokens",
}
# The least that can be given, where that is not 0 and no hyperparameter.
_LEAST = {"samples_per_prompt": 1, "seconds_per_step": 1, "step_answers": 1}
# The most: with 10^9 of everything no product leaves the range of a float.
_MOST = 1_000_000_000

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
    """A value with its source; `read` is the source's day."""

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
        names = [*assumed(), *PRICES]
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


def trained(job: Any, model: str | None = None) -> tuple[str, str]:
    """The model that a job trains and its training type; without a job those that we would write.

    A job without a training type is Standard. `model` takes the place of the job's.
    """
    request = inside(job)
    named, kind = request.get("model"), request.get("trainingType")
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
    given: in place of the job's and the tables' values, as `parse` has them.
    model: to train, in place of the job's.
    graders: the models that grade; the prices of each are under `grader_input_price MODEL`.
    """
    known: list[Assumption | None] = []
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
        else:
            known.append(_of_table(name, row, Range(row["low"], row["high"])))
    known.append(_hourly_rate(*trained(job, model), given))
    for grader in sorted(set(graders)):
        for kind in ("grader_input", "grader_output"):
            name, price = f"{kind}_price {grader}", prices()[kind].get(grader)
            if value := given.get(f"{kind}_price"):
                known.append(Assumption(name, value, PRICES[f"{kind}_price"], "given"))
            elif price:
                known.append(_of_table(name, price, exactly(price["value"])))
    return {assumption.name: assumption for assumption in known if assumption}


def _of_table(name: str, row: Mapping[str, Any], value: Range, more: str = "") -> Assumption:
    return Assumption(name, value, row["unit"], row["source"] + more, str(row["read"]))


def _hourly_rate(model: str, kind: str, given: Mapping[str, Range]) -> Assumption | None:
    """The price of a training hour: as it is given, or published, down to the full discount.

    The published price names no training type, so that its high end has no discount.
    """
    name = "hourly_rate"
    if name in given:
        return Assumption(name, given[name], PRICES[name], "given")
    row = prices()["training_hour"].get(model.partition(".ft-")[0])
    if row is None:
        return None
    low, discounted = float(row["value"]), ""
    discounts = prices()["discount"]
    below = next((known for known in _BELOW if known.lower() == kind.lower()), None)
    while below is not None and below in discounts:
        discount = discounts[below]
        low *= 1 - max(discount["value"], discount.get("most", 0)) / 100
        most = f" to {discount['most']:g}" if "most" in discount else ""
        discounted += f"; low: {below}, {discount['value']:g}{most} {discount['unit']}"
        below = _BELOW[below]
    return _of_table(name, row, Range(low, row["value"]), discounted)
