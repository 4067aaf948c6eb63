"""What the answers of one model to a split earn, and of these what solves nothing.

An answer that was cut, filtered or refused does not pass: this is what a user of the model gets. It
is counted by itself, for a higher token limit may be all that is missing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pipelines.graders.grade import Grade
from pipelines.graders.samples import Origin, Sample
from pipelines.graders.templates import item_fields
from pipelines.io.items import Items, user_text
from pipelines.similarity.keys import digest

# Grades samples in their order, as `cli.grading.graded` does.
Graded = Callable[[Iterator[Sample]], AbstractContextManager[Iterator[tuple[Sample, Grade]]]]


@dataclass(slots=True)
class Outcome:
    """One model's answers. `unearned`: answers that pass and solve nothing, by how."""

    model: str
    origin: Origin
    passed: Counter[int] = field(default_factory=Counter)
    counted: Counter[int] = field(default_factory=Counter)
    unfinished: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    not_run: Counter[str] = field(default_factory=Counter)
    unearned: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    with_tokens: int = 0

    @property
    def rates(self) -> dict[int, float]:
        """The pass rate of each item that has an answer, by its number."""
        return {number: self.passed[number] / n for number, n in self.counted.items()}

    @property
    def tokens_per_answer(self) -> float | None:
        """Tokens written an answer; None where the samples do not tell."""
        return self.tokens / self.with_tokens if self.with_tokens else None

    def add(self, sample: Sample, grade: Grade, threshold: float) -> bool:
        """Count an answer; whether it passes."""
        if sample.tokens is not None:
            self.tokens += sample.tokens
            self.with_tokens += 1
        if grade.unfinished is not None:
            self.unfinished[grade.unfinished] += 1
        elif grade.score is None or grade.error is not None:
            reasons = self.not_run if grade.score is None else self.errors
            reasons[str(grade.not_run or grade.error)] += 1
            return False
        passes = grade.score is not None and grade.score >= threshold
        self.counted[sample.number] += 1
        self.passed[sample.number] += passes
        return passes


def outcome(
    model: str,
    origin: Origin,
    read: Callable[[Origin | None], Iterator[Sample]],
    graded: Graded,
    threshold: float,
    swap: Callable[[Sample], list[Sample]] | None,
) -> Outcome:
    """Grade a model's answers. read: its samples, anew each time; swap: see `swapped`, or None."""
    result = Outcome(model, origin)
    passing: set[tuple[int, int]] = set()
    with graded(read(origin)) as grades:
        for sample, grade in grades:
            if result.add(sample, grade, threshold):
                passing.add(_place(sample))
                if kind := _trivial(sample):
                    result.unearned[kind] += 1
                    passing.discard(_place(sample))
    if swap is None or not passing:
        return result
    earned = (sample for sample in read(None) if _place(sample) in passing)
    others = (each for sample in earned for each in swap(sample))
    tries: defaultdict[tuple[int, int], list[bool]] = defaultdict(list)
    with graded(others) as grades:
        for sample, grade in grades:
            tries[_place(sample)].append(grade.score is not None and grade.score >= threshold)
    wrong = sum(all(passes) for passes in tries.values())
    if wrong:
        result.unearned["also right for the references of other items"] += wrong
    return result


def swapped(items: Items, grader: Mapping[str, Any]) -> Callable[[Sample], list[Sample]]:
    """What gives a sample the references of other items, at most two that differ from its own.

    An answer that passes with all of them names several answers, or moves the grader. One alone may
    be the same value, written otherwise. No samples where the grader reads no field of items.
    """
    read = sorted(item_fields(grader) - {"messages", "options", "tools"})
    fields = ["reference_answer"] if "reference_answer" in read else read
    known = {repr(values): values for values in _values(items, fields)}
    first = [(name, known[name]) for name in sorted(known, key=digest)[:3]]

    def swap(sample: Sample) -> list[Sample]:
        own = repr([sample.item.get(name) for name in fields])
        others = [values for name, values in first if name != own][:2] if fields else []
        return [
            sample._replace(item={**sample.item, **dict(zip(fields, values, strict=True))})
            for values in others
        ]

    return swap


def _values(items: Items, fields: Sequence[str]) -> Iterator[list[Any]]:
    for number in range(len(items)):
        item = items[number]
        yield [item.get(name) for name in fields]


def _place(sample: Sample) -> tuple[int, int]:
    return sample.number, sample.line


def _trivial(sample: Sample) -> str | None:
    text = " ".join(sample.output["output_text"].split())
    if not text and not sample.output["output_tools"]:
        return "empty"
    return "the prompt" if text == " ".join(user_text(sample.item).split()) else None
