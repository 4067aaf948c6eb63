"""How often the answers to each item pass, and what that says of the grader.

An item whose answers all score the same teaches nothing: no answer is better than another, so none
has an advantage. What failed in the grader or was not run is counted apart, never as a score.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

from pipelines.graders.grade import Grade

# The share of a base model's answers that should fail: Microsoft's fine-tuning skill, 2026-08-21.
# Of several thresholds its script takes the one at which nearest to 35 % fail.
FAIL = Fraction(1, 4), Fraction(1, 2)
_BEST = Fraction(35, 100)


def _mean(numbers: Sequence[float]) -> float:
    """The mean, which does not depend on the order, for the sum is exact, however large."""
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:  # two of 1e308
        return float(sum(map(Fraction, numbers)) / len(numbers))


@dataclass(frozen=True, slots=True)
class Rate:
    """How an item's answers did: `passed` of the `n` that have a score, their mean score.

    `line` counts from 1; `id` is the item's own, None where it has none. `errors` are answers on
    which the grader failed, `not_run` those that could not be graded here, `unfinished` those that
    were cut, filtered or refused; none of them is in `n`.
    """

    line: int
    id: Any
    n: int
    passed: int
    mean: float | None = None
    errors: int = 0
    not_run: int = 0
    unfinished: int = 0

    @property
    def samples(self) -> int:
        """How many answers the item has, graded or not."""
        return self.n + self.errors + self.not_run + self.unfinished

    def as_dict(self) -> dict[str, Any]:
        """The rate as a line of JSON has it; `pass_rate` is null where there is none."""
        return {
            "line": self.line,
            **({} if self.id is None else {"id": self.id}),
            "n": self.n,
            "passed": self.passed,
            "pass_rate": self.passed / self.n if self.n else None,
            "mean_score": self.mean,
            "errors": self.errors,
            "not_run": self.not_run,
            "unfinished": self.unfinished,
        }

    def __str__(self) -> str:
        """The rate as a ledger tells it."""
        if self.n:
            return f"line {self.line}: {self.passed} of {self.n} pass"
        if self.samples:
            cut = f", {self.unfinished} unfinished" if self.unfinished else ""
            return f"line {self.line}: {self.errors} errors, {self.not_run} not run{cut}"
        return f"line {self.line}"


class Scores:
    """The scores of many answers, by the line of their item; nothing depends on their order."""

    def __init__(self) -> None:
        self.by_line: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
        self.errors: Counter[str] = Counter()
        self.not_run: Counter[str] = Counter()
        self.unfinished: Counter[str] = Counter()
        self._unfinished_at: Counter[int] = Counter()
        self._errors_at: Counter[int] = Counter()
        self._not_run_at: Counter[int] = Counter()
        self._first: dict[str, tuple[int, str]] = {}

    def add(self, line: int, grade: Grade) -> None:
        """Count the grade of one answer to the item of that line."""
        if grade.unfinished is not None:
            self.unfinished[grade.unfinished] += 1
            self._unfinished_at[line] += 1
        elif grade.score is None:
            self.not_run[str(grade.not_run)] += 1
            self._not_run_at[line] += 1
        elif grade.error is not None:
            self.errors[grade.error] += 1
            self._errors_at[line] += 1
            here = line, str(grade.details)
            self._first[grade.error] = min(here, self._first.get(grade.error, here))
        else:
            self.by_line[line].append(grade.score + 0.0)  # -0.0 would sort by its place

    def rates(self, ids: Mapping[int, Any], threshold: float) -> list[Rate]:
        """The rate of every item, given as line and id; a score at or above `threshold` passes."""
        rates = []
        for line, name in ids.items():
            scores = self.by_line.get(line, ())
            passed = sum([score >= threshold for score in scores])
            mean = _mean(scores) if scores else None
            failed, not_run = self._errors_at[line], self._not_run_at[line]
            cut = self._unfinished_at[line]
            rates.append(Rate(line, name, len(scores), passed, mean, failed, not_run, cut))
        return rates

    def ordered(self) -> list[float]:
        """All scores, the lowest first."""
        return sorted(chain.from_iterable(self.by_line.values()))

    def flat(self) -> int:
        """How many items have two answers or more, and all with the same score."""
        return sum(len(each) > 1 and min(each) == max(each) for each in self.by_line.values())

    def faults(self, items: str, most: int) -> Iterator[str]:
        """What failed and what was not run, in lines; at most so many reasons of the second."""
        for error, count in sorted(self.errors.items()):
            line, details = self._first[error]
            yield f"error: {error}: {count:,}, first {items}:{line}: {details}"
        reasons = sorted(self.not_run.items(), key=lambda each: (-each[1], each[0]))
        for reason, count in reasons[:most]:
            yield f"not run: {count:,}: {reason}"


def suggested(ordered: Sequence[float]) -> tuple[float, float] | None:
    """The threshold at which a share of the answers in FAIL fails, and that share; None: no such.

    ordered: all scores, the lowest first. Every threshold that tells two of them apart is tried;
    the share nearest to 35 % is taken, of two the smaller. Of the numbers that part the scores in
    the same way the threshold is the one with the fewest decimals.
    """
    n = len(ordered)
    counts = range(max(1, math.ceil(FAIL[0] * n)), math.floor(FAIL[1] * n) + 1)
    parted = [count for count in counts if ordered[count - 1] < ordered[count]]
    if not parted:
        return None
    best = min(parted, key=lambda count: (abs(count - _BEST * n), count))
    return _shortest(ordered[best - 1], ordered[best]), best / n


def _shortest(above: float, most: float) -> float:
    """The number of fewest decimals above the one and not above the other."""
    for scale in (10**digits for digits in range(17)):
        number: float = math.floor(most * scale) / scale
        if above < number <= most:
            return number
    return most


def summary(
    scores: Scores, rates: Sequence[Rate], threshold: float, bounds: tuple[float, float]
) -> dict[str, Any]:
    """All items together, as JSON has it; `bounds` are the lowest and the full score.

    `deciles` counts items by pass rate, 0 up to 0.1 first, 0.9 to 1 last; a pass rate of 1 is in
    the last. `no_signal` counts items with two answers or more, all of one score. `thresholds`, ten
    steps, are there where a score is neither lowest nor full.
    """
    ordered = scores.ordered()
    graded = [rate for rate in rates if rate.n]
    samples = Counter(rate.samples for rate in rates)
    deciles = Counter(min(10 * rate.passed // rate.n, 9) for rate in graded)
    passed = sum(rate.passed for rate in graded)
    suggestion = suggested(ordered)
    n = len(ordered)
    return {
        "items": len(rates),
        "answers": sum(rate.samples for rate in rates),
        "samples_per_item": {str(count): items for count, items in sorted(samples.items())},
        "errors": dict(sorted(scores.errors.items())),
        "not_run": scores.not_run.total(),
        "unfinished": dict(sorted(scores.unfinished.items())),
        "graded": n,
        "pass_threshold": threshold,
        "passed": passed,
        "fail_share": (n - passed) / n if n else None,
        "fail_share_advised": [float(share) for share in FAIL],
        "suggested_threshold": suggestion
        and {"threshold": suggestion[0], "fail_share": suggestion[1]},
        "thresholds": list(_thresholds(ordered, *bounds)),
        "pass_rate": {
            "items": len(graded),
            "mean": math.fsum(r.passed / r.n for r in graded) / len(graded) if graded else None,
            "at_zero": sum(not rate.passed for rate in graded),
            "at_one": sum(rate.passed == rate.n for rate in graded),
            "no_signal": scores.flat(),
            "deciles": [deciles[decile] for decile in range(10)],
        },
        "score": {
            "mean": _mean(ordered) if n else None,
            "lowest": ordered[0] if n else None,
            "highest": ordered[-1] if n else None,
        },
    }


def _thresholds(ordered: Sequence[float], low: float, full: float) -> Iterator[dict[str, Any]]:
    n = len(ordered)
    if bisect_right(ordered, low) + n - bisect_left(ordered, full) >= n:
        return  # no score is between the two
    low, full = min(low, ordered[0]), max(full, ordered[-1])
    for step in range(1, 11):
        threshold = low + (full - low) * step / 10 if step < 10 else full
        fails = bisect_left(ordered, threshold)
        yield {"threshold": threshold, "passed": n - fails, "fail_share": fails / n}
