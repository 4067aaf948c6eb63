"""What `rft grade`, `calibrate` and `select` share: samples graded one by one."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from click import IntRange

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.cli.options import EndpointOption, GraderFile, TrustGrader
from pipelines.findings import SHOWN, BadInput
from pipelines.io import jsonl
from pipelines.io.prepared import Prepared
from pipelines.rules.shapes import inside

if TYPE_CHECKING:
    from pipelines.graders.agreement import Agreement
    from pipelines.graders.grade import Grade
    from pipelines.graders.model import Model
    from pipelines.graders.pass_rates import Scores
    from pipelines.graders.run import Setup
    from pipelines.graders.samples import Origin, Sample
    from pipelines.io.items import Items


@dataclass(frozen=True, slots=True)
class Subject:
    """What answers are graded on: items, and a grader with the name of its file."""

    items: Path
    grader: Mapping[str, Any]
    name: str

    @property
    def files(self) -> tuple[Path, Path]:
        """What is read."""
        return self.items, Path(self.name)

    def threshold(self, given: float | None) -> float:
        """The score from which an answer passes: as given, the grader's, or its full score."""
        if given is not None and not math.isfinite(given):
            raise BadInput(f"--pass-threshold {given}: is no score; give a number")
        default = self.grader.get("pass_threshold", (self.grader.get("range") or (0, 1))[1])
        return float(default) if given is None else given


def of_folder(prepared: Prepared, split: str, grader_file: Path | None = None) -> Subject:
    """The items of a folder's split and its grader, its job's where it has no file of it."""
    path = prepared.path(split)
    if not path.is_file():
        raise BadInput(
            f"{path}: there is no such file; give --split {' or '.join(prepared.splits)}"
        )
    place = grader_file or prepared.path("grader")
    if place.is_file():
        return Subject(path, jsonl.document(place), str(place))
    grader = inside(prepared.document("job"), "method", "reinforcement").get("grader")
    if grader_file is not None or not isinstance(grader, dict):
        raise BadInput(f"{place}: there is no such file; give --grader-file")
    return Subject(path, grader, str(prepared.path("job")))


class _Deployed:
    """Models of which one deployment is asked, whatever model a grader names."""

    def __init__(self, open_model: Callable[[], Model], deployment: str) -> None:
        self._models, self._deployment = open_model(), deployment
        self.close = self._models.close

    def complete(self, **request: Any) -> Any:
        return self._models.complete(**request | {"model": self._deployment})


@dataclass(frozen=True, slots=True)
class Running:
    """The options of every command that grades: which grader, and how it is run."""

    grader_file: GraderFile | None = None
    endpoint: EndpointOption | None = None
    python: Annotated[
        str | None, option(help="The Python that runs python graders, in place of this one.")
    ] = None
    workers: Annotated[
        int | None,
        option(
            type=IntRange(min=1),
            help="Answers graded at once; one a core, or 8 where a model is asked.",
        ),
    ] = None
    trust_grader: TrustGrader = False


def setup(running: Running) -> Setup:
    """How graders are run, of the options that say so."""
    # Here and not above, as in the commands: listing them needs no grader.
    from pipelines.graders import run
    from pipelines.service import models
    from pipelines.service.endpoint import setting

    open_model: Callable[[], Model] | None = models.opener(running.endpoint, os.environ)
    deployment = setting("grader_model", os.environ)
    if open_model is not None and deployment:
        open_model = partial(_Deployed, open_model, deployment)
    return run.Setup(
        python=running.python,
        trusted=running.trust_grader,
        workers=running.workers,
        open_model=open_model,
    )


@contextmanager
def graded(
    grader: Mapping[str, Any],
    name: str,
    setup: Setup,
    samples: Iterator[Sample],
    *,
    counted: Path,
    quiet: bool,
    bar: bool = True,
) -> Iterator[Iterator[tuple[Sample, Grade]]]:
    """The samples with their grades, in their order.

    Warnings of the grader and, on a terminal, with `bar` a bar go to the standard error; there is
    one sample for each row of `counted`.
    """
    from pipelines.rules.runnable import compiled

    console = terminal.console(stderr=True)
    with closing(compiled(grader, setup, name=name)) as ready:
        for warning in () if quiet else ready.warnings:
            console.print(f"warning: {warning}", soft_wrap=True)
        graded = ready.scores(samples)
        bar = bar and not quiet and console.is_terminal
        count = jsonl.count(counted) if bar and str(counted) != "-" else None
        yield terminal.progress(quiet=not bar).track(graded, "grade", count)


@dataclass(frozen=True, slots=True)
class Scored:
    """All scores, the threshold at which they pass, the lowest and the full one, what is agreed."""

    scores: Scores
    threshold: float
    bounds: tuple[float, float]
    agreement: Agreement


def scored(
    subject: Subject,
    items: Items,
    samples: Path,
    origin: Origin,
    running: Running,
    threshold: float | None,
    quiet: bool,
) -> Scored:
    """Grade all answers; faults and warnings go to the standard error."""
    from pipelines.graders.agreement import Agreement
    from pipelines.graders.pass_rates import Scores
    from pipelines.graders.samples import read

    passing = subject.threshold(threshold)
    scores, agreement = Scores(), Agreement(subject.grader)
    answers = read(items, samples, origin=origin)
    grader, name = subject.grader, subject.name
    with graded(grader, name, setup(running), answers, counted=samples, quiet=quiet) as grades:
        for sample, grade in grades:
            line = items.places[sample.number].line
            scores.add(line, grade)
            if grade.error is None and grade.score is not None and grade.score < passing:
                agreement.add(line, sample)
    notes = list(scores.faults(str(subject.items), SHOWN))
    low, full = map(float, grader.get("range") or (0, 1))
    highest = max(map(max, scores.by_line.values()), default=full)
    if threshold is None and "pass_threshold" not in grader and highest > full:
        notes.append(f"note: scores reach {highest:g}, and {full:g} passes; see --pass-threshold")
    console = terminal.console(stderr=True)
    for note in () if quiet else notes:
        console.print(note, soft_wrap=True)
    return Scored(scores, passing, (low, full), agreement)


def check_paths(written: Collection[Path], read: Collection[Path]) -> None:
    """BadInput where a file to read is not there, or would be written over, or one written twice.

    `-` is the standard input.
    """
    for path in read:
        if str(path) != "-" and not path.is_file():
            raise BadInput(f"{path}: there is no such file")
    places = [path.resolve() for path in (*read, *written)]
    for path in written:
        if places.count(path.resolve()) > 1:
            raise BadInput(f"{path}: is used for something else too; choose another file")
