"""The figures of a prepared folder, which `rft estimate` shows and `rft submit` asks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.cli import terminal
from pipelines.findings import BadInput, show
from pipelines.graders.documented import graders
from pipelines.io import prepared, schema
from pipelines.io.jsonl import document, objects
from pipelines.io.prepared import Prepared
from pipelines.rules import job_settings, tokens
from pipelines.rules.hyperparameters import keeps_ranges
from pipelines.rules.request import DEFAULT_MODEL, request
from pipelines.rules.shapes import inside
from pipelines.rules.tables import limit
from pipelines.rules.tokens import Tokens
from pipelines.service import demo
from pipelines.service import estimate as estimates
from pipelines.service.assumptions import Assumption, Range, assume, trained
from pipelines.service.estimate import Estimate
from pipelines.service.grader_tokens import ModelGrader


@dataclass(frozen=True, slots=True)
class Result:
    """An estimate with what it is of; `budget_rows` is how many training rows a budget pays for."""

    folder: str
    model: str
    training_type: str
    train: Tokens
    validation: Tokens
    known: Mapping[str, Assumption]
    estimate: Estimate
    budget_rows: int | None
    pause_rows: int
    warnings: list[str]


def estimated(
    folder: Prepared,
    given: Mapping[str, Range],
    *,
    settings: Mapping[str, Any] | None = None,
    budget: float | None = None,
    quiet: bool = False,
) -> Result:
    """The estimate of a prepared folder.

    given: what the user assumes (`assumptions.parse`). settings: of the job, in place of its own.
    """
    job, grader = _documents(folder, settings or {})
    if prepared.is_supervised(folder.folder):
        raise BadInput(
            f"{folder.path('job')}: a supervised job is paid for by the token, not by the hour; "
            "`rft submit --dry-run` counts its tokens"
        )
    model_graders = [ModelGrader.of(entry) for _, entry in graders(grader, *job_settings.ASKING)]
    train, validation = counted(folder, model_graders, quiet=quiet).values()
    models = [each.model for each in model_graders]
    known = assume(job, given, graders=models, measured=_measured(folder))
    content = train, validation, model_graders, known
    estimate = estimates.estimate(*content)
    pause_rows = estimates.rows_within(limit("job_spend"), *content)
    demo_rows = demo.rows(folder)
    return Result(
        str(folder.folder),
        *trained(job),
        train,
        validation,
        known,
        estimate,
        budget_rows=estimates.rows_within(budget, *content) if budget else None,
        pause_rows=pause_rows,
        warnings=[
            *([demo.refusal(*demo_rows)] if demo_rows else []),
            *estimates.warnings(estimate, pause_rows),
        ],
    )


def _measured(folder: Prepared) -> dict[str, tuple[float, str]]:
    """How long the answers are that were sampled for these rows, by calibrate or before select."""
    calibrated = schema.document(folder.folder / "calibration.json", "calibration") or {}
    selected = inside((folder.manifest() or {}).get("selected"))
    for samples in (inside(calibrated.get("samples")), inside(selected.get("samples"))):
        tokens = samples.get("tokens_per_answer")
        if isinstance(tokens, int | float) and tokens > 0:
            return {"sample_tokens": (tokens, f"sampled of {show(samples.get('model'))}")}
    return {}


def _documents(folder: Prepared, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """The job, None where there is none, and the grader, which a job may hold."""
    paths = map(folder.path, ("job", "grader"))
    job, grader = (document(path) if path.is_file() else None for path in paths)
    for place, message, remedy in keeps_ranges(job):
        raise BadInput(f"{folder.path('job')}: {place}: {message}; {remedy}")
    grader = inside(job, "method", "reinforcement").get("grader") if grader is None else grader
    if settings:
        job = job if isinstance(job, dict) else request(DEFAULT_MODEL, grader or {}, None)
        job = job_settings.applied(job, settings, lambda name: f"--job {name}={settings.get(name)}")
        grader = job_settings.with_grader_model(grader, settings, "--grader-model")
    return job, grader


def counted(
    folder: Prepared, model_graders: list[ModelGrader], *, quiet: bool
) -> dict[str, Tokens]:
    """The tokens of both files; `model_graders` count what they are asked about the rows."""
    progress = terminal.progress(quiet=quiet)
    counts = {split: Tokens() for split in prepared.SPLITS if split in folder.splits}
    for split, count in counts.items():
        path = folder.path(split)
        about = ""
        for line, item in progress.track(objects(path), f"counting {split}"):
            number, how = tokens.count(item)
            # One row that is estimated makes the sum an estimate.
            about = max([about, how, *(each.add(split, item) for each in model_graders)])
            count.add(line, number, about)
        if not count.rows:
            raise BadInput(f"{path}: there is no row in it; run `rft prepare` first")
    return counts
