"""`rft prepare`: datasets through the stages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
from click import Context, IntRange, Parameter

from pipelines.cli import terminal
from pipelines.cli.command import Exit, argument, option
from pipelines.cli.options import (
    AllFindings,
    Benchmarks,
    FindingsFormat,
    Format,
    GraderModel,
    JobSettings,
    Model,
    Quiet,
    job_words,
)
from pipelines.findings import BadInput, Finding
from pipelines.io.prepared import PROCESSED
from pipelines.rules.tables import limit

if TYPE_CHECKING:
    from pipelines.datasets.dataset import Dataset
    from pipelines.io.progress import Progress
    from pipelines.run.result import Result

PILOT = (200, 50)


def _completed(ctx: Context, parameter: Parameter, begun: str) -> list[str]:
    """The shipped datasets and the descriptions that a word may be the beginning of."""
    from pipelines.datasets import shipped_paths

    names = [name for name in shipped_paths() if name.startswith(begun)]
    inside = map(str, Path(f"{begun}x").parent.glob("*.toml"))
    return names + sorted(path for path in inside if path.startswith(begun))


def prepare(
    datasets: Annotated[
        tuple[str, ...], argument(metavar="[DATASET|FILE.toml]...", shell_complete=_completed)
    ] = (),
    until: Annotated[
        str,
        option(
            metavar="STAGE",
            help="The last stage: download, normalize, dedupe, decontaminate, split, convert.",
        ),
    ] = "validate",
    source: Annotated[
        str | None,
        option(
            help="demo, huggingface, kaggle, or a folder with the files; by default what the "
            "description says, and the demo where there is one."
        ),
    ] = None,
    revision: Annotated[
        str | None, option(help="A commit, branch or tag in place of the pinned commit.")
    ] = None,
    config: Annotated[
        str | None,
        option(help="A published configuration: data, extended or all (OpenR1)."),
    ] = None,
    shards: Annotated[
        str | None, option(metavar="A-B", help="Only these train files, from 0: 0-1.")
    ] = None,
    offline: Annotated[bool, option(help="Use what is there; ask for nothing.")] = False,
    check: Annotated[
        bool, option(help="Only read every downloaded byte again and compare.")
    ] = False,
    out: Annotated[Path, option(help="Where the prepared datasets go, a folder each.")] = PROCESSED,
    grader: Annotated[
        str | None,
        option(
            metavar="NAME",
            help="How answers are scored, one of the dataset's graders; see `rft datasets`.",
        ),
    ] = None,
    min_pass_rate: Annotated[
        float | None,
        option(help="Only problems whose published generations are right so often, 0 to 1."),
    ] = None,
    max_pass_rate: Annotated[float | None, option(help="The same, at most that often.")] = None,
    instruction: Annotated[
        str | None, option(help="The developer message, in place of the dataset's.")
    ] = None,
    job: JobSettings = (),
    model: Model | None = None,
    grader_model: GraderModel | None = None,
    seed: Annotated[int, option(help="Decides with the cluster's name which side it is on.")] = 0,
    validation_share: Annotated[
        float, option(help="Share of the clusters that goes to validation.")
    ] = 0.1,
    test_share: Annotated[
        float,
        option(help="Share of the clusters that goes to a test split, which is never uploaded."),
    ] = 0.0,
    rows: Annotated[
        int | None,
        option(
            type=IntRange(min=1),
            help=f"Training rows at most; {limit('train_rows'):,} by default.",
        ),
    ] = None,
    validation_rows: Annotated[
        int | None,
        option(
            type=IntRange(min=1),
            help=f"Validation rows at most; a quarter of --rows, or {limit('validation_rows'):,}.",
        ),
    ] = None,
    pilot: Annotated[
        bool, option(help=f"A first run: {PILOT[0]} training and {PILOT[1]} validation rows.")
    ] = False,
    max_bytes: Annotated[int, option(type=IntRange(min=1), help="Bytes a file at most.")] = limit(
        "file_bytes"
    ),
    max_prompt_bytes: Annotated[
        int, option(type=IntRange(min=1), help="Bytes of a prompt at most.")
    ] = limit("prompt_bytes"),
    benchmarks: Benchmarks = (),
    threshold: Annotated[
        float | None,
        option(
            help="Similarity from which two prompts are near-duplicates; the dataset's by default."
        ),
    ] = None,
    previous: Annotated[
        Path | None,
        option(help="The folder of an earlier output, none of whose rows may change sides."),
    ] = None,
    keep_edits: Annotated[
        bool, option(help="Keep grader.json, job.json and such as they were edited.")
    ] = False,
    replace_edits: Annotated[bool, option(help="Write files anew that were edited.")] = False,
    engine: Annotated[
        str,
        option(
            help="local, or daft: on all cores, and with DAFT_RUNNER=ray on the Ray cluster of "
            "RAY_ADDRESS. Both make the same bytes."
        ),
    ] = "local",
    dry_run: Annotated[
        bool, option(help="Show three finished items and the counts; write nothing.")
    ] = False,
    quiet: Quiet = False,
    output_format: FindingsFormat = Format.text,
    all_findings: AllFindings = False,
) -> None:
    """Take datasets through the stages; what is done and unchanged is not done again.

    \b
    Examples:
      rft prepare                                two datasets, from the demo
      rft prepare medmcqa --source huggingface   the published files
      rft prepare my.toml                        your own files; see `rft init`
      rft prepare medmcqa --source DIR           published files that you have
      rft prepare medmcqa --until dedupe         some of the stages
      rft prepare medmcqa --job n_epochs=2       a setting of the job; it stays
    """
    # Here and not above: frames and recipes take 0.3 s to load, which `--help` needs not.
    from pipelines.datasets import DEMO, find
    from pipelines.rules import job_settings
    from pipelines.run import driver
    from pipelines.stages.order import NAMES
    from pipelines.stages.settings import Settings

    if keep_edits and replace_edits:
        raise BadInput("--keep-edits and --replace-edits: give one of them")
    if pilot:
        rows, validation_rows = rows or PILOT[0], validation_rows or PILOT[1]
    if rows is not None and validation_rows is None:
        validation_rows = min(limit("validation_rows"), -(-rows // 4))
    given = job_settings.parsed(job_words(job, model=model, grader_model=grader_model))
    if given and until in NAMES[:-2]:
        raise BadInput(f"--job: job.json is made by convert, after {until}; leave --until out")
    choices = {"revision": revision, "config": config, "shards": shards}
    settings = Settings(
        source=source,
        out=out,
        instruction=instruction,
        seed=seed,
        validation_share=validation_share,
        test_share=test_share,
        rows=rows or limit("train_rows"),
        validation_rows=validation_rows or limit("validation_rows"),
        max_bytes=max_bytes,
        max_prompt_bytes=max_prompt_bytes,
        benchmarks=benchmarks,
        threshold=threshold,
        previous=previous,
        grader=grader,
        min_pass_rate=min_pass_rate,
        max_pass_rate=max_pass_rate,
        choices={name: value for name, value in choices.items() if value is not None},
        job=given,
        offline=offline,
        engine=engine,
        edits="keep" if keep_edits else "replace" if replace_edits else None,
    )
    chosen = [find(name) for name in dict.fromkeys(datasets or DEMO)]
    if check:
        _check_downloads(chosen, quiet=quiet)
    progress = terminal.progress(quiet=quiet)
    results = [
        driver.prepare(dataset, settings, progress, until=until, write=not dry_run)
        for dataset in chosen
    ]
    pages: dict[Path, Path | None] = {}
    if not dry_run and until == NAMES[-1]:
        pages = {result.folder: _page(result.folder, progress) for result in results}
    findings = [finding for result in results for finding in result.findings]
    if output_format is Format.github:
        for finding in findings:
            print(finding.as_annotation())
    elif output_format is Format.json:
        from pipelines.cli.results import results_document

        terminal.print_json(results_document(results))
    else:
        last = None if until == NAMES[-1] else until
        _show(results, findings, last, pages, quiet=quiet, every=all_findings, dry_run=dry_run)
    raise Exit(int(any(finding.severity == "error" for finding in findings)))


def _check_downloads(datasets: list[Dataset], *, quiet: bool) -> None:
    """Compare what was downloaded with what came, byte for byte, and leave."""
    from pipelines.stages.download import check

    faults = [fault for dataset in datasets for fault in check(dataset)]
    for fault in faults:
        terminal.say(fault)
    if not faults and not quiet:
        print("every downloaded file is as it came")
    raise Exit(int(bool(faults)))


def _page(folder: Path, progress: Progress) -> Path | None:
    """Write what a person looks at beside a finished folder, its card and its report.

    What cannot be written is noted, for the files of the job are whole; then there is no path.
    """
    from pipelines.exports import card
    from pipelines.io import prepared
    from pipelines.report import page

    progress.begin(f"{folder.name} report", None, "")
    path = folder / page.NAME
    try:
        source = prepared.find(str(folder))
        note = card.write(source)
        page.write(source, path)
    except BadInput as error:
        progress.end(str(error))
        return None
    progress.end(note or "")
    return path


def _show(
    results: list[Result],
    findings: list[Finding],
    last: str | None,
    pages: dict[Path, Path | None],
    *,
    quiet: bool,
    every: bool,
    dry_run: bool,
) -> None:
    """The first items of a run that wrote nothing, the tables, the findings, what was written.

    last: the last stage, where that is none that checks the files. pages: the report of a folder.
    """
    from pipelines.cli.results import show_results

    if quiet:
        errors = (finding for finding in findings if finding.severity == "error")
        terminal.show_findings(terminal.Tally(errors, every=every))
        return
    for result in results:
        for item in result.items:
            terminal.print_json(orjson.loads(item))
    show_results(results, terminal.console())
    terminal.show_findings(terminal.Tally(findings, every=every))
    for result in results:
        rows = terminal.counted(sum(result.splits.values()), "row")
        checked = f"{terminal.Tally(result.findings, every=False)}, {rows}"
        place = "nothing is written" + " (--dry-run)" * dry_run
        if not dry_run and result.folder.exists():
            place = f"in {result.folder}/"
        if result.unchanged:
            place += "; nothing to do: inputs, settings, code and outputs are unchanged"
        terminal.say(f"{result.dataset}: {f'up to {last}' if last else checked}; {place}")
        if path := pages.get(result.folder):
            terminal.say(f"  report: {path}")
