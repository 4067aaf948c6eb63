"""Whether one model is better than another on the same items, and how sure that is.

Items are what is drawn: answers to one item depend on one another. The difference of two models is
taken item by item; its interval is a bootstrap over items, seeded, and the same whatever their
order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

# Draws of a bootstrap, and how many numbers are held at a time.
_DRAWS = 10_000
_HELD = 4_000_000

# The fewest items that differ, all in one direction, at which a sign test is below 5 %: 2 / 2^6.
# A bootstrap of three items that all differ would be sure of them.
FEWEST = 6

# Normal quantiles: an interval of 95 %, and to see what is there four times in five.
_Z = 1.96 + 0.84

# The difference that is looked for where none is seen: 5 points.
_SMALLEST = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two models on the items that both answered: the second's pass rate less the first's.

    low, high: the interval of 95 %. won, lost: items on which the second is better, and worse.
    needed: how many items it would take to see this difference, or one of 5 points where it is
    smaller than one; None where there is nothing to tell from.
    """

    items: int
    mean: float
    low: float
    high: float
    won: int
    lost: int
    needed: int | None

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `too few items to tell`."""
        if self.won + self.lost >= FEWEST and (self.low > 0 or self.high < 0):
            return "better" if self.low > 0 else "worse"
        return "too few items to tell"

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        return {
            "items": self.items,
            "difference": self.mean,
            "interval": [self.low, self.high],
            "won": self.won,
            "lost": self.lost,
            "verdict": self.verdict,
            "items_needed": self.needed,
        }


def difference(one: Mapping[int, float], other: Mapping[int, float]) -> Difference | None:
    """The difference of two models' pass rates by item; None where no item has both."""
    deltas = np.array(sorted(other[n] - one[n] for n in one.keys() & other.keys()))
    if not len(deltas):
        return None
    low, high = _interval(deltas)
    mean = math.fsum(deltas) / len(deltas)
    return Difference(
        items=len(deltas),
        mean=mean,
        low=low,
        high=high,
        won=int((deltas > 0).sum()),
        lost=int((deltas < 0).sum()),
        needed=_needed(deltas, mean),
    )


def _interval(deltas: Any) -> tuple[float, float]:
    """The percentiles that hold 95 % of the means of what is drawn with replacement.

    They lie further out than 2.5 and 97.5, the less so the more items there are, for the means of n
    items that are drawn from n spread too little, and as a normal distribution does. Hesterberg,
    What Teachers Should Know About the Bootstrap, 2015, "expanded percentile interval".
    """
    random = np.random.Generator(np.random.PCG64(0))
    n = len(deltas)
    if not deltas.any():
        return -3 / n, 3 / n  # where no item differs, at most 3 of n do, in 95 of 100 cases
    at_once = max(1, _HELD // n)
    means = [
        deltas[random.integers(0, n, (min(at_once, _DRAWS - start), n))].mean(axis=1)
        for start in range(0, _DRAWS, at_once)
    ]
    tail = 100 * _tail(n)
    low, high = np.percentile(np.concatenate(means), [tail, 100 - tail])
    return float(low), float(high)


def _tail(n: int) -> float:
    """The share of the means of n items that is left out at each end, below 0.025."""
    if n < 2:
        return 0.0
    normal, z = NormalDist(), NormalDist().inv_cdf(0.975)
    # The quantile of Student's t with n - 1 degrees, to 0.1 % from n = 6: Abramowitz and Stegun,
    # 26.7.5.
    terms = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5) / 384
    t = z + sum(term / (n - 1) ** power for power, term in enumerate(terms, 1))
    return normal.cdf(-t * math.sqrt(n / (n - 1)))


def _needed(deltas: Any, mean: float) -> int | None:
    """Items at which the difference would be seen four times in five."""
    n = len(deltas)
    # Where no item differs, at most 3 of n do, in 95 of 100 cases.
    spread = max(float(deltas.var(ddof=1)) if n > 1 else 0.0, 3 / n if not deltas.any() else 0.0)
    if not spread:
        return None
    return max(FEWEST, math.ceil(_Z**2 * spread / max(abs(mean), _seen(mean)) ** 2))


def _seen(mean: float) -> float:
    return 0.0 if abs(mean) >= 0.01 else _SMALLEST


def mean(rates: Sequence[float]) -> float | None:
    """The mean pass rate; None of no items."""
    return math.fsum(rates) / len(rates) if rates else None
