"""The figures of a prepared folder, which `rft estimate` shows and `rft submit` asks about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.cli import terminal
from pipelines.findings import BadInput
from pipelines.graders.documented import graders
from pipelines.io import prepared
from pipelines.io.jsonl import BOM, lines
from pipelines.io.prepared import Prepared
from pipelines.rules import tokens
from pipelines.rules.hyperparameters import keeps_ranges
from pipelines.rules.response_format import inside
from pipelines.rules.tables import limit
from pipelines.rules.tokens import Tokens
from pipelines.service import estimate as estimates
from pipelines.service.assumptions import Assumption, Range, assume, trained
from pipelines.service.estimate import Asked, Estimate
from pipelines.service.grader_tokens import ASKING, Asking


@dataclass(frozen=True, slots=True)
class Result:
    """An estimate with what it is of.

    pause_rows: so many cost less than the sum of the pause. demo: rows of the demo, as `demo.rows`
    tells of them.
    """

    folder: str
    model: str
    training_type: str
    train: Tokens
    validation: Tokens
    known: Mapping[str, Assumption]
    found: Estimate
    pause_rows: int | None
    budget: float | None
    budget_rows: int | None
    demo: tuple[str, int] | None = None


def estimated(
    found: Prepared,
    given: Mapping[str, Range],
    *,
    model: str | None = None,
    budget: float | None = None,
    quiet: bool = False,
) -> Result:
    """The estimate of a prepared folder; `given` is what options say (`assumptions.assume`)."""
    job, grader = _documents(found)
    asking = [Asking(entry) for _, entry in graders(grader, *ASKING)]
    counts, asked = _counted(found, asking, quiet=quiet)
    known = assume(job, given, model=model, graders=[each.model for each in asked])
    files = *counts, asked, known
    return Result(
        str(found.folder),
        *trained(job, model),
        *counts,
        known,
        estimates.estimate(*files),
        estimates.rows_within(limit("job_spend"), *files),
        budget,
        estimates.rows_within(budget, *files) if budget else None,
    )


def _documents(found: Prepared) -> tuple[Any, Any]:
    """The job, None where there is none, and the grader, which a job may hold."""
    documents = {}
    for role in ("job", "grader"):
        try:
            documents[role] = found.document(role)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"{found.path(role)}: not JSON: {error}; write one object") from None
    job, grader = documents["job"], documents["grader"]
    for place, message, remedy in keeps_ranges(job):
        raise BadInput(f"{found.path('job')}: {place}: {message}; {remedy}")
    return job, inside(job, "method", "reinforcement").get("grader") if grader is None else grader


def _counted(
    found: Prepared, asking: list[Asking], *, quiet: bool
) -> tuple[tuple[Tokens, Tokens], list[Asked]]:
    """The tokens of both files, and of what model graders are asked about their rows."""
    progress = terminal.progress(quiet=quiet)
    counts = Tokens(), Tokens()
    for split, count in zip(prepared.SPLITS, counts, strict=True):
        items = progress.track(_items(found.path(split)), f"counting {split}")
        about = ""
        for line, item in items:
            if not isinstance(item, dict):
                raise BadInput(f"{found.path(split)}:{line}: not an object; run `rft validate`")
            number, how = tokens.count(item)
            # One row that is estimated makes the sum an estimate.
            about = max([about, how, *(each.add(split, item) for each in asking)])
            count.add(line, number, about)
        if not count.rows:
            raise BadInput(f"{found.path(split)}: there is no row in it; run `rft prepare` first")
    return counts, [each.asked(*prepared.SPLITS) for each in asking]


def _items(path: Path) -> Iterator[tuple[int, Any]]:
    """The rows of a file with their lines; a byte-order mark and blank lines are passed over."""
    for number, line in enumerate(lines(path), 1):
        if line.strip():
            try:
                yield number, orjson.loads(line.removeprefix(BOM))
            except orjson.JSONDecodeError as error:
                raise BadInput(f"{path}:{number}: not JSON: {error}; run `rft validate`") from None
