r"""Items whose answers agree with one another and not with the reference: often it is wrong.

Several answers of a model seldom make the same mistake; where most say the same and the grader
rewards none of it, reference and grader are the first to look at. What an answer says: the fields
of its JSON that the grader reads, else what is in its last `\boxed{}`, else its last line. Two say
the same where they are written alike, but for case, spaces, dollar signs and a full stop.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from pipelines.findings import VALUE_WIDTH
from pipelines.graders.pass_rates import Rate
from pipelines.graders.samples import Sample
from pipelines.graders.templates import strings, templates

# So many answers must say the same, and so large a share of those that have a score; of those that
# pass, for a model that finds the reference now and then, the largest share.
_FEWEST = 3
_SHARE = 3 / 4
_PASSING = 1 / 8


@dataclass(frozen=True, slots=True)
class Suspect:
    """An item whose reference is in doubt: `agree` of the `n` answers say `answer`."""

    line: int
    id: Any
    reference: str | None
    answer: str
    agree: int
    n: int

    def as_dict(self) -> dict[str, Any]:
        """The suspect as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Agreement:
    """What the answers to each item say that do not pass; of each text its beginning is held."""

    def __init__(self, grader: Mapping[str, Any]) -> None:
        self._paths = [
            template.steps[1:]
            for _, text in strings(grader)
            for template in templates(text)[0]
            if (template.root, *template.steps[:1]) == ("sample", "output_json")
            and template.steps[1:]
        ]
        self._answers: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._texts: dict[str, str] = {}
        self._references: dict[int, str] = {}

    def add(self, line: int, sample: Sample) -> None:
        """Count an answer that does not pass."""
        text = self._says(sample.output)
        written = "".join(text.casefold().replace("$", "").rstrip(".").split())
        if not written:
            return
        name = sha256(written.encode()).hexdigest()[:32]
        self._answers[line][name] += 1
        self._texts.setdefault(name, text[:VALUE_WIDTH])
        self._texts[name] = min(self._texts[name], text[:VALUE_WIDTH])
        if isinstance(reference := sample.item.get("reference_answer"), str):
            self._references[line] = reference[:VALUE_WIDTH]

    def suspects(self, rates: list[Rate]) -> Iterator[Suspect]:
        """The items in doubt, those on which most answers agree first."""
        found = []
        for rate in rates:
            if rate.line not in self._answers:
                continue
            answers = self._answers[rate.line]
            name, agree = min(answers.items(), key=lambda each: (-each[1], self._texts[each[0]]))
            passing = rate.passed > _PASSING * rate.n
            if agree >= max(_FEWEST, _SHARE * rate.n) and not passing:
                reference = self._references.get(rate.line)
                text = self._texts[name]
                found.append(Suspect(rate.line, rate.id, reference, text, agree, rate.n))
        yield from sorted(found, key=lambda each: (-each.agree / each.n, -each.agree, each.line))

    def _says(self, output: Mapping[str, Any]) -> str:
        values = [_at(output["output_json"], path) for path in self._paths]
        if any(value is not None for value in values):
            texts = [v if isinstance(v, str) else orjson.dumps(v).decode() for v in values]
            return " ".join(texts)
        text = output["output_text"].strip()
        if boxed := _boxed(text):
            return boxed
        return text.rpartition("\n")[2].strip() if text else ""


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _boxed(text: str) -> str | None:
    r"""What is in the last `\boxed{}`; None where there is none that is closed."""
    start = text.rfind("\\boxed{")
    depth = 0
    for place in range(start + 6, len(text)) if start >= 0 else ():
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 7 : place].strip()
    return None
