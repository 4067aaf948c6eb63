"""Rejection sampling: of a model's own outputs to each item, the best that the grader rewards.

Of each output only its place, digest and score are held; the texts of those that are kept are read
again.

An output is a candidate where the grader gave it a score above 0, no less than the grader's
`pass_threshold` where it has one. Under the folder's own grader, in a folder of one of the
published datasets, it must also be right: get the full score of one of the dataset's graders, so
that neither partial credit nor a rubric lets a wrong answer in. An output on which the grader
fails, or that cannot be graded here, has no score and is never counted as 0.

Of an item's n scored outputs the best ⌈keep_ratio · n⌉ candidates are kept, without a ratio the
best one; between equal scores the smaller digest decides, for a rule by length would teach length.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipelines.datasets import DATASETS
from pipelines.exports.samples import Output, Outputs
from pipelines.exports.turns import Items, LeftOut, Turn, Turns
from pipelines.findings import BadInput
from pipelines.graders import run
from pipelines.graders.self_check import OwnGrader
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress
from pipelines.rules.messages import SPECIAL
from pipelines.rules.runnable import compiled
from pipelines.service import models
from pipelines.similarity.keys import digest

# Whether an output may become a row: its score, its text, its item.
_Candidate = Callable[[float, str, dict[str, Any]], bool]


class Scored(NamedTuple):
    """What is held of an output that has a score; sorted, the best is first.

    loss: the score with its sign changed. size: bytes of the text as a JSON string.
    """

    loss: float
    name: str
    candidate: bool
    size: int
    place: tuple[int, int]


def rewarded(
    prepared: Prepared,
    items: Items,
    outputs: Outputs,
    *,
    grader: Path | None,
    keep_ratio: float | None,
    report: Progress,
    trusted: bool = False,
) -> Turns:
    """The kept outputs. Every other output, and every item without one, is left out, and why.

    Reasons: `duplicate_output`, `tool_calls`, `empty_output`, `special_token`, `unscored`,
    `rejected` (no candidate), `over_keep_ratio`, `no_output`. grader: a grader's JSON; None for the
    folder's own; `trusted` runs it even where there is no sandbox. Nothing depends on the order of
    the outputs.
    """
    if keep_ratio is not None and not 0 < keep_ratio <= 1:
        raise BadInput(f"--keep-ratio {keep_ratio}: give a share above 0, and 1 at most")
    scored, left_out = _scored(prepared, items, outputs, grader, trusted, report)
    turns = []
    for item, found in sorted(scored.items()):
        chosen = kept(found, keep_ratio)
        for rank, each in enumerate(chosen):
            turns.append(Turn(item, rank, each.size, each.name, each.place))
        for each in set(found).difference(chosen):
            reason = "over_keep_ratio" if each.candidate else "rejected"
            left_out.append(LeftOut(item, reason, f"output {each.name}: score {0 - each.loss:g}"))
    told = scored.keys() | {each.item for each in left_out}
    left_out += [LeftOut(item, "no_output", "") for item in range(len(items)) if item not in told]
    left_out.sort(key=lambda each: (each.item, each.reason, each.detail))
    return Turns(turns, left_out, outputs.read)


def kept(scored: Sequence[Scored], keep_ratio: float | None) -> list[Scored]:
    """Of an item's scored outputs those that become rows, the best first; maybe none."""
    most = 1 if keep_ratio is None else math.ceil(Fraction(str(keep_ratio)) * len(scored))
    return [each for each in sorted(scored) if each.candidate][:most]


def _scored(
    prepared: Prepared,
    items: Items,
    outputs: Outputs,
    grader: Path | None,
    trusted: bool,
    report: Progress,
) -> tuple[Mapping[int, list[Scored]], list[LeftOut]]:
    """The outputs that have a score, by item, and those that have none."""
    path = grader or prepared.path("grader")
    document = _document(path)
    scored: defaultdict[int, list[Scored]] = defaultdict(list)
    left_out: list[LeftOut] = []
    seen: defaultdict[int, set[str]] = defaultdict(set)
    waiting: deque[tuple[Output, str]] = deque()

    def asked() -> Iterator[tuple[str, dict[str, Any]]]:
        for output in outputs:
            report.advance(1)
            name = digest(output.text)
            fault = "duplicate_output" if name in seen[output.item] else _fault(output)
            if fault:
                left_out.append(LeftOut(output.item, fault, f"output {name}"))
                continue
            seen[output.item].add(name)
            waiting.append((output, name))
            yield output.text, items[output.item]

    with ExitStack() as closed:
        setup = run.Setup(trusted=trusted, open_model=models.opener(None, os.environ))
        ready = closed.enter_context(closing(compiled(document, setup, name=str(path))))
        for warning in ready.warnings:
            report.note(f"warning: {warning}")
        candidate = _candidate(prepared, document, closed)
        for grade in ready.scores(asked()):
            (number, text, _, place), name = waiting.popleft()
            if grade.score is None or grade.error is not None:
                why = grade.not_run or f"{grade.error}: {grade.details}"
                left_out.append(LeftOut(number, "unscored", f"output {name}: {why}"))
                continue
            good = candidate(grade.score, text, items[number])
            size = len(orjson.dumps(text))
            scored[number].append(Scored(0 - grade.score, name, good, size, place))
    return scored, left_out


def _document(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); give --grader-file") from None
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path}: not JSON: {error}; write one JSON object") from None


def _candidate(prepared: Prepared, document: Any, closed: ExitStack) -> _Candidate:
    """The test of a score; graders that it needs are closed with `closed`."""
    least = document.get("pass_threshold") or 0.0
    own: list[OwnGrader] = []
    if prepared.dataset in DATASETS and document == prepared.document("grader"):
        dataset = DATASETS[prepared.dataset]
        for grading in dataset.gradings:
            grader = OwnGrader(grading)
            own.append(closed.enter_context(closing(grader)))

    def candidate(score: float, text: str, item: dict[str, Any]) -> bool:
        if score <= 0 or score < least:
            return False
        return not own or any(grader.score(text, item) == 1.0 for grader in own)

    return candidate


def _fault(output: Output) -> str | None:
    """Why an output cannot stand as an assistant's text; None where it can."""
    if output.tools:
        return "tool_calls"
    if not output.text.strip():
        return "empty_output"
    return "special_token" if SPECIAL.search(output.text) else None
