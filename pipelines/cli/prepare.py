"""`rft prepare`: datasets through the stages."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import terminal
from pipelines.cli.validate import Format
from pipelines.findings import BadInput
from pipelines.rules.request import DEFAULT_MODEL
from pipelines.rules.tables import limit
from pipelines.stages.settings import Settings

if TYPE_CHECKING:
    from pipelines.datasets.dataset import Dataset

PILOT = (200, 50)
_FILE_BYTES, _PROMPT_BYTES = limit("file_bytes"), limit("prompt_bytes")

Names = Annotated[list[str] | None, typer.Argument(metavar="DATASET...", show_default=False)]
Until = Annotated[
    str,
    typer.Option(
        metavar="STAGE",
        help="The last stage: download, normalize, dedupe, decontaminate, split, convert.",
    ),
]
Source = Annotated[
    str, typer.Option(help="demo, huggingface, kaggle, or a folder with parquet files.")
]
Revision = Annotated[
    str | None,
    typer.Option(show_default=False, help="A commit, branch or tag in place of the pinned commit."),
]
Config = Annotated[
    str | None,
    typer.Option(
        show_default=False, help="A published configuration: default, extended or all (OpenR1)."
    ),
]
Shards = Annotated[
    str | None,
    typer.Option(
        "--shards",
        metavar="A-B",
        show_default=False,
        help="Only these train files, from 0: 0-1.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="prompt",
        show_default=False,
        help="prompt: fetch only the columns that are read, 3 % of the bytes; not verified.",
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Use what is there; ask for nothing.")]
Check = Annotated[
    bool, typer.Option("--check", help="Only read every downloaded byte again and compare.")
]
Out = Annotated[Path, typer.Option(help="Where the prepared datasets go, a folder each.")]
GraderName = Annotated[
    str | None,
    typer.Option(
        "--grader",
        show_default=False,
        help="How answers are scored, one of the dataset's graders; see `rft datasets`.",
    ),
]
PassRate = Annotated[
    str | None,
    typer.Option(
        metavar="LOW..HIGH",
        show_default=False,
        help="Only problems whose published generations are right that often, as 0.1..0.9.",
    ),
]
Instruction = Annotated[
    str | None,
    typer.Option(help="The developer message, in place of the dataset's.", show_default=False),
]
Model = Annotated[
    str | None,
    typer.Option(
        show_default=False, help=f"The model to train, for job.json; {DEFAULT_MODEL} by default."
    ),
]
Seed = Annotated[int, typer.Option(help="Decides with the cluster's name which side it is on.")]
Share = Annotated[float, typer.Option(help="Share of the clusters that goes to validation.")]
Rows = Annotated[
    int | None,
    typer.Option(
        min=1,
        show_default=False,
        help=f"Training rows at most; {limit('train_rows'):,} by default.",
    ),
]
ValidationRows = Annotated[
    int | None,
    typer.Option(
        min=1,
        show_default=False,
        help=f"Validation rows at most; a quarter of --rows, or {limit('validation_rows'):,}.",
    ),
]
Pilot = Annotated[
    bool,
    typer.Option(
        "--pilot", help=f"A first run: {PILOT[0]} training and {PILOT[1]} validation rows."
    ),
]
MaxBytes = Annotated[int, typer.Option(min=1, help="Bytes a file at most.")]
MaxPromptBytes = Annotated[int, typer.Option(min=1, help="Bytes of a prompt at most.")]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--benchmark",
        metavar="PATH[:FIELD]",
        show_default=False,
        help="A benchmark (JSONL or parquet) none of whose questions may be in; may be repeated.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        show_default=False,
        help="Similarity from which two prompts are near-duplicates; the dataset's by default.",
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option(
        show_default=False,
        help="The folder of an earlier output, none of whose rows may change sides.",
    ),
]
KeepEdits = Annotated[
    bool,
    typer.Option("--keep-edits", help="Keep grader.json, job.json and such as they were edited."),
]
ReplaceEdits = Annotated[
    bool, typer.Option("--replace-edits", help="Write files anew that were edited.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show three finished items and the counts; write nothing.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no tables.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]
All = Annotated[bool, typer.Option("--all", help="Show every finding, not five of each rule.")]


def prepare(
    datasets: Names = None,
    until: Until = "validate",
    source: Source = "demo",
    revision: Revision = None,
    config: Config = None,
    shards: Shards = None,
    columns: Columns = None,
    offline: Offline = False,
    check: Check = False,
    out: Out = Path("processed"),
    grader: GraderName = None,
    pass_rate: PassRate = None,
    instruction: Instruction = None,
    model: Model = None,
    seed: Seed = 0,
    validation_share: Share = 0.1,
    rows: Rows = None,
    validation_rows: ValidationRows = None,
    pilot: Pilot = False,
    max_bytes: MaxBytes = _FILE_BYTES,
    max_prompt_bytes: MaxPromptBytes = _PROMPT_BYTES,
    against: Against = None,
    threshold: Threshold = None,
    previous: Previous = None,
    keep_edits: KeepEdits = False,
    replace_edits: ReplaceEdits = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    output_format: OutputFormat = Format.text,
    all_findings: All = False,
) -> None:
    """Take datasets through the stages; what is done and unchanged is not done again.

    \b
    Examples:
      rft prepare                                both datasets, from the demo
      rft prepare medmcqa --source huggingface   the published files
      rft prepare --source DIR --out out         parquet that you have
      rft prepare medmcqa --until dedupe         some of the stages
    """
    # Here and not above: checking files needs no frames, and polars takes 0.25 s to load.
    from pipelines.datasets import DATASETS, find
    from pipelines.graders.pass_rates import parse_band
    from pipelines.run import driver
    from pipelines.stages.order import NAMES

    if until not in NAMES:
        raise BadInput(f"--until {until}: no stage has this name; there are {', '.join(NAMES)}")
    if not 0 < validation_share < 1:
        raise BadInput(f"--validation-share {validation_share}: give a share between 0 and 1")
    if threshold is not None and not 0.5 <= threshold <= 1:
        raise BadInput(f"--threshold {threshold}: give a similarity from 0.5 to 1")
    if pass_rate is not None:
        parse_band(pass_rate)
    if instruction is not None and not instruction.strip():
        raise BadInput("--instruction: is empty; give a text, or leave the option out")
    if keep_edits and replace_edits:
        raise BadInput("--keep-edits and --replace-edits: give one of them")
    if pilot:
        rows, validation_rows = rows or PILOT[0], validation_rows or PILOT[1]
    if rows is not None and validation_rows is None:
        validation_rows = min(limit("validation_rows"), -(-rows // 4))
    settings = Settings(
        source=source,
        out=out,
        instruction=instruction,
        model=model or DEFAULT_MODEL,
        seed=seed,
        validation_share=validation_share,
        rows=rows or limit("train_rows"),
        validation_rows=validation_rows or limit("validation_rows"),
        max_bytes=max_bytes,
        max_prompt_bytes=max_prompt_bytes,
        against=tuple(against or ()),
        threshold=threshold,
        previous=previous,
        grader=grader,
        pass_rate=pass_rate,
        revision=revision,
        config=config,
        shards=shards,
        columns=columns,
        offline=offline,
        edits="keep" if keep_edits else "replace" if replace_edits else None,
    )
    chosen = [find(word) for word in dict.fromkeys(datasets or DATASETS)]
    if check:
        _check_downloads(chosen, quiet=quiet)
    with closing(terminal.progress(quiet=quiet)) as progress:
        results = [
            driver.prepare(dataset, settings, progress, until=until, write=not dry_run)
            for dataset in chosen
        ]
    text = output_format is Format.text
    if text and not quiet:
        out_console = terminal.console()
        if dry_run:
            for result in results:
                terminal.show_items(result)
        terminal.show_results(results, out_console, files=not dry_run)
    if output_format is Format.json:
        terminal.print_json(terminal.results_document(results))
    found = [finding for result in results for finding in result.findings]
    if output_format is Format.github:
        for finding in found:
            print(finding.as_annotation())
    elif text:
        errors = [finding for finding in found if finding.severity == "error"]
        tally = terminal.Tally(errors if quiet else found, every=all_findings)
        terminal.show_findings(tally, terminal.console())
    raise typer.Exit(int(any(finding.severity == "error" for finding in found)))


def _check_downloads(datasets: list[Dataset], *, quiet: bool) -> None:
    """Compare what was downloaded with what came, byte for byte, and leave."""
    from pipelines.stages.download import check

    faults = [fault for dataset in datasets for fault in check(dataset)]
    for fault in faults:
        terminal.say(fault)
    if not faults and not quiet:
        print("every downloaded file is as it came")
    raise typer.Exit(int(bool(faults)))
