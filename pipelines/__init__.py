"""From a dataset's name to files that a reinforcement fine-tuning service accepts.

Published parquet walks once through seven stages (`pipelines.stages`): download, normalize, dedupe,
decontaminate, split, convert, validate. Each is a pure function on a frame of records; the driver
reads, calls, checks that no row is lost, writes, and records what was done in a manifest.

From Python: `prepare`, `validate`, `audit` and `grade`, as the commands of these names. All raise
`BadInput`, whose text is one line, for what the user can mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.findings import BadInput, Finding

if TYPE_CHECKING:
    from pipelines.graders.grade import Grade
    from pipelines.io.progress import Progress
    from pipelines.run.result import Result
    from pipelines.similarity.audit import Audit
    from pipelines.stages.settings import Settings

# Each function imports what it needs: frames take 0.2 s to load, which `validate` needs not.

__all__ = ["BadInput", "Finding", "audit", "grade", "prepare", "settings", "validate"]


def settings(**chosen: Any) -> Settings:
    """The settings of a run; each option of `rft prepare` by its name, `out` and `rows` say.

    What is downloaded in place of what the description says stands in `choices`, by name:
    revision, config, shards.
    """
    from pipelines.stages.settings import Settings

    return Settings(**chosen)


def prepare(
    dataset: str | Path,
    settings: Settings | None = None,
    *,
    until: str = "validate",
    progress: Progress | None = None,
    write: bool = True,
) -> Result:
    """Take a shipped dataset, or the description in a TOML file, through the stages.

    until: the last stage. progress: told of what is done; by default nobody. With `write` false
    nothing is kept, and the result holds the first three items.
    """
    from pipelines import datasets
    from pipelines.io.progress import Progress
    from pipelines.run import driver
    from pipelines.stages.settings import Settings

    found = datasets.find(str(dataset))
    return driver.prepare(found, settings or Settings(), progress or Progress(), until, write=write)


def validate(
    folder: str | Path | None = None,
    *,
    model: str | None = None,
    **files: str | Path,
) -> list[Finding]:
    """What is wrong with a prepared folder, or with files that are named by what they are for.

    files: train, validation, grader, response_format, job; each takes the place of the folder's.
    model: judged in place of the job's. The files are sound where no finding has severity error.
    """
    from pipelines.findings import did_you_mean
    from pipelines.io.prepared import FILES, folder_of
    from pipelines.rules import check

    for role in files:
        if role not in FILES:
            raise BadInput(f"{role}: no file of this kind; {did_you_mean(role, FILES)}")
    paths = {role: Path(path) for role, path in files.items()}
    if folder is None:
        return list(check.given(paths, model=model))
    place = Path(folder) if Path(folder).is_dir() else folder_of(str(folder))
    return list(check.check(place, paths, model=model))


def audit(
    train: str | Path,
    validation: str | Path | None = None,
    *,
    threshold: float | None = None,
    band: float = 0.0,
    benchmarks: Sequence[str] = (),
) -> Audit:
    """Every question that two JSONL files of chat rows share, or those of a prepared folder.

    threshold: similarity from which two prompts are near-duplicates, by default that of the
    folder's manifest, or 0.8. band: pairs so far below it are given apart. benchmarks: files as in
    `rft audit --benchmark`.
    """
    from pipelines.io import prepared
    from pipelines.similarity import audit as audits
    from pipelines.similarity.prompts import prompts

    separators: tuple[str, ...] = ()
    if validation is None:
        folder = prepared.find(str(train))
        paths = [folder.path("train"), folder.path("validation")]
        threshold = folder.threshold if threshold is None else threshold
        separators = folder.separators
    else:
        paths = [Path(train), Path(validation)]
    threshold = 0.8 if threshold is None else threshold
    if not 0 < threshold <= 1:
        raise BadInput(f"--threshold {threshold}: give a similarity above 0, and 1 at most")
    if not 0 <= band < threshold:
        raise BadInput(f"--band {band}: give a width from 0 to the threshold")
    for path in paths:
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file")
    sides = []
    for path in paths:
        with path.open("rb") as lines:
            sides.append(prompts(lines, str(path)))
    questions = None
    if benchmarks:
        from pipelines.sources.benchmarks import benchmark_rows, path_and_field

        questions = benchmark_rows(map(path_and_field, benchmarks))
    return audits.audit(
        *sides, threshold=threshold, band=band, benchmarks=questions, separators=separators
    )


def grade(
    grader: str | Path | Mapping[str, Any],
    items: Iterable[Mapping[str, Any]],
    answers: Iterable[str | Mapping[str, Any]],
) -> list[Grade]:
    """The grades of answers, one to each item, in their order; ValueError where they are not.

    grader: its document, or the path of its file. items: rows as the JSONL files hold them. An
    answer is its text, or a sample as a grader sees it (`output_text`, `output_tools`). Python
    graders other than the package's own run in the sandbox, or not at all.
    """
    from pipelines.io import jsonl
    from pipelines.rules.runnable import compiled

    name = "grader" if isinstance(grader, Mapping) else str(grader)
    document = grader if isinstance(grader, Mapping) else jsonl.document(Path(grader))
    with closing(compiled(document, name=name)) as ready:
        pairs = zip(answers, items, strict=True)
        return [grade for _, grade in ready.scores(pairs)]
