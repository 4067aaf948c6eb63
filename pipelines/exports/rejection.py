"""Rejection sampling: of a model's own outputs to each item, the best that the grader rewards.

Of each output only its digest and score are held; the texts of candidates wait on the disk.

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
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.datasets import gradings
from pipelines.exports.turns import LeftOut, Offered, Spool, Turn
from pipelines.graders import run, select
from pipelines.graders.samples import Sample, read
from pipelines.graders.self_check import OwnGrader
from pipelines.io.items import Items
from pipelines.io.jsonl import document
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

    loss: the score with its sign changed. name: the text's digest. offset, size: where the spool
    has the text of a candidate.
    """

    loss: float
    name: str
    candidate: bool
    offset: int = 0
    size: int = 0


def rewarded(
    prepared: Prepared,
    items: Items,
    samples: Sequence[Path],
    spool: Spool,
    *,
    grader: Path | None,
    keep_ratio: float | None,
    report: Progress,
    trusted: bool = False,
) -> Offered:
    """The kept outputs. Every other output, and every item without one, is left out, and why.

    Reasons: `duplicate_output`, `tool_calls`, `empty_output`, `special_token`, `unscored`,
    `rejected` (no candidate), `over_keep_ratio`, `no_output`. grader: a grader's JSON; None for the
    folder's own; `trusted` runs it even where there is no sandbox. Nothing depends on the order of
    the outputs.
    """
    ratio = select.share(keep_ratio)
    path = grader or prepared.path("grader")
    left_out: list[LeftOut] = []
    seen: defaultdict[int, set[str]] = defaultdict(set)
    scored: defaultdict[int, list[Scored]] = defaultdict(list)

    def usable() -> Iterator[Sample]:
        for sample in read(items, *samples):
            report.advance(1)
            name = digest(sample.output["output_text"])
            fault = "duplicate_output" if name in seen[sample.number] else _fault(sample.output)
            if fault:
                left_out.append(LeftOut(sample.number, fault, f"output {name}"))
                continue
            seen[sample.number].add(name)
            yield sample

    with ExitStack() as closed:
        setup = run.Setup(trusted=trusted, open_model=models.opener(None, os.environ))
        value = document(path)
        ready = closed.enter_context(closing(compiled(value, setup, name=str(path))))
        for warning in ready.warnings:
            report.note(f"warning: {warning}")
        is_candidate = _candidate(prepared, value, closed)
        for sample, grade in ready.scores(usable()):
            text = sample.output["output_text"]
            name = digest(text)
            if grade.score is None or grade.error is not None:
                why = grade.unfinished or grade.not_run or f"{grade.error}: {grade.details}"
                left_out.append(LeftOut(sample.number, "unscored", f"output {name}: {why}"))
                continue
            candidate = is_candidate(grade.score, text, sample.item)
            place = spool.add(text) if candidate else (0, 0)
            scored[sample.number].append(Scored(0 - grade.score, name, candidate, *place))
    turns = []
    for number, outputs in sorted(scored.items()):
        chosen = kept(outputs, ratio)
        turns += [Turn(number, rank, each.offset, each.size) for rank, each in enumerate(chosen)]
        for each in set(outputs).difference(chosen):
            reason = "over_keep_ratio" if each.candidate else "rejected"
            left_out.append(LeftOut(number, reason, f"output {each.name}: score {0 - each.loss:g}"))
    answered = scored.keys() | {each.item for each in left_out}
    left_out += [LeftOut(n, "no_output", "") for n in range(len(items)) if n not in answered]
    return turns, left_out


def kept(scored: Sequence[Scored], keep_ratio: Fraction | None) -> list[Scored]:
    """Of an item's scored outputs those that become rows, the best first; maybe none."""
    most = 1 if keep_ratio is None else math.ceil(keep_ratio * len(scored))
    return [each for each in sorted(scored) if each.candidate][:most]


def _candidate(prepared: Prepared, grader: Any, closed: ExitStack) -> _Candidate:
    """The test of a score; graders that it needs are closed with `closed`."""
    least = grader.get("pass_threshold") or 0.0
    own: list[OwnGrader] = []
    if grader == prepared.document("grader"):
        own += map(OwnGrader, gradings.of(grader))
    for each in own:
        closed.callback(each.close)

    def candidate(score: float, text: str, item: dict[str, Any]) -> bool:
        if score <= 0 or score < least:
            return False
        return not own or any(each.score(text, item) == 1.0 for each in own)

    return candidate


def _fault(output: dict[str, Any]) -> str | None:
    """Why an output cannot stand as an assistant's text; None where it can."""
    if output["output_tools"]:
        return "tool_calls"
    if not output["output_text"].strip():
        return "empty_output"
    return "special_token" if SPECIAL.search(output["output_text"]) else None
