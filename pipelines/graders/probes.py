"""Answers that must not score, graded on the finished items; and how often a guess does.

A grader that rewards the empty answer, the prompt or a list of all options teaches just that. Each
probe is an answer that any model can give without solving anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.graders.grading import Grading

Item = Mapping[str, Any]
Score = Callable[[str, Item], float]

# Items that are probed: the first of the training file, which is ordered evenly over its strata.
PROBED = 5_000

FULL = 1.0

_YES_NO = {"yes", "no", "true", "false"}


def probes(item: Item, grading: Grading, wrong: str) -> Iterator[tuple[str, str]]:
    """Name and text of each answer that must not score; `wrong` is another item's answer."""
    wrap = grading.wrap
    reference, options = item["reference_answer"], item.get("options") or []
    yield "empty", ""
    yield "prompt", item["messages"][-1]["content"]
    if grading.strict:
        yield "without the form", reference
    if wrong:
        yield "and a wrong one", wrap(f"{reference}, {wrong}")
    if options:
        letters = "ABCDEFGHIJ"[: len(options)]
        yield "all letters", wrap(", ".join(letters))
        yield "all options", wrap(", ".join(options))


def table(items: Sequence[Item], grading: Grading, score: Score, stratum: str) -> dict[str, Any]:
    """What guesses score on the items of a training file, given in order.

    `hits`: which probes get the full score, and in which lines. `guessable`: how many items ask for
    a letter or for yes or no. `guess_rate`: how often the answer of the item before is right, and
    the one answer that most items have (`constant`), overall and by the values of `stratum`.
    """
    if not items:
        return {"items": 0, "hits": {}, "guessable": {}, "guess_rate": {}}
    hits: dict[str, list[int]] = defaultdict(list)
    common = [reference for reference, _ in _references(items).most_common(2)]
    before = [items[-1], *items]
    for line, item in enumerate(items, 1):
        wrong = next((one for one in common if one != item["reference_answer"]), "")
        for name, output in probes(item, grading, wrong):
            if score(output, item) == FULL:
                hits[name].append(line)
    strata: dict[str, list[tuple[Item, Item]]] = defaultdict(list)
    for item, other in zip(items, before, strict=False):
        strata[str(item.get(stratum) or "")].append((item, other))
    return {
        "items": len(items),
        "hits": {name: {"items": len(lines), "lines": lines[:5]} for name, lines in hits.items()},
        "guessable": dict(sorted(Counter(filter(None, map(_kind, items))).items())),
        "guess_rate": {
            "overall": _guess_rate(list(zip(items, before, strict=False)), grading, score),
            "by": {value: _guess_rate(strata[value], grading, score) for value in sorted(strata)},
        },
    }


def _references(items: Iterable[Item]) -> Counter[str]:
    return Counter(item["reference_answer"] for item in items)


def _kind(item: Item) -> str | None:
    """How an answer may be guessed, where it may be."""
    reference = item["reference_answer"].strip().lower()
    if reference in _YES_NO:
        return "yes or no"
    return "letter" if item.get("options") and len(reference.strip("() .")) == 1 else None


def _guess_rate(pairs: list[tuple[Item, Item]], grading: Grading, score: Score) -> dict[str, Any]:
    constant = _references(item for item, _ in pairs).most_common(1)[0][0]
    guesses = {
        "another_answer": [other["reference_answer"] for _, other in pairs],
        "constant": [constant] * len(pairs),
    }
    right = {
        name: sum(
            score(grading.wrap(answer), item) == FULL
            for answer, (item, _) in zip(answers, pairs, strict=True)
        )
        for name, answers in guesses.items()
    }
    return {
        "items": len(pairs),
        **{name: round(count / len(pairs), 4) for name, count in right.items()},
    }
