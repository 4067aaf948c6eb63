"""`rft select`: a prepared folder with the items from which there is something to learn."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from rich.table import Table

from pipelines.cli import grading, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    Folder,
    Format,
    OutputFormat,
    Quiet,
    Samples,
    SamplesModel,
    SamplesSettings,
    Threshold,
)
from pipelines.findings import BadInput
from pipelines.io import items as rows
from pipelines.io.prepared import find


def select(
    folder: Folder,
    samples: Samples,
    out: Annotated[Path, option(help="The folder that is made; it must not be there.")],
    min_pass_rate: Annotated[
        float | None,
        option(help="The lowest pass rate to keep, 0 to 1; included."),
    ] = None,
    max_pass_rate: Annotated[
        float | None,
        option(help="The highest pass rate to keep, 0 to 1; included."),
    ] = None,
    keep_ratio: Annotated[
        float | None,
        option(help="Of these, the share to keep, above 0 to 1: the nearest to a rate of 0.5."),
    ] = None,
    model: SamplesModel | None = None,
    settings: SamplesSettings | None = None,
    rates: Annotated[
        Path | None,
        option(help="What `rft calibrate --out` wrote of the samples: nothing is graded again."),
    ] = None,
    pass_threshold: Threshold | None = None,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    *,
    running: grading.Running,
) -> None:
    """Keep the items from which there is something to learn: neither all nor no answers pass.

    A whole prepared folder is made, for `rft submit`: the kept training rows as they stand, and the
    other splits, grader, format and job as they were. Every other row is in dropped.parquet:
    too_easy, too_hard, no_samples, not_graded, or over_keep_ratio. The manifest tells what was
    selected from what, by whose answers. Exit 1 if the grader failed on some answer.

    \b
    Examples:
      rft select medmcqa --samples samples/medmcqa.train.jsonl \\
        --min-pass-rate 0.1 --max-pass-rate 0.9 --out processed/medmcqa-selected
      rft select medmcqa --samples answers.jsonl --keep-ratio 0.5 \\
        --min-pass-rate 0.1 --out selected
    """
    from pipelines.graders import select
    from pipelines.graders.samples import Origin, read
    from pipelines.run import selected

    band, ratio = select.band(min_pass_rate, max_pass_rate), select.share(keep_ratio)
    if band is None:
        raise BadInput("which items? give --min-pass-rate, --max-pass-rate, or both")
    if rates is not None and pass_threshold is not None:
        raise BadInput("--pass-threshold: --rates tells already what passed; leave one of them out")
    prepared = find(folder)
    subject = grading.of_folder(prepared, "train", running.grader_file)
    grading.check_paths([], [path for path in (samples, rates) if path is not None])
    selected.check_out(out, prepared)
    origin = Origin(model, settings)
    with closing(rows.Items(subject.items)) as opened:
        ids = select.ids(opened)
        if rates is not None:
            rated = select.read_rates(rates, ids, subject.items)
            for _ in read(opened, samples, origin=origin):
                pass  # whose answers they are
        else:
            scored = grading.scored(
                subject, opened, samples, origin, running, pass_threshold, quiet
            )
            rated = scored.scores.rates(ids, scored.threshold)
            pass_threshold = scored.threshold
    options = {
        "min_pass_rate": min_pass_rate,
        "max_pass_rate": max_pass_rate,
        "keep_ratio": keep_ratio,
        "pass_threshold": pass_threshold,
    }
    reasons = select.reasons(rated, band, ratio)
    choice = selected.Choice(options, samples, origin)
    selection = {
        **selected.write(prepared, out, rated, reasons, choice),
        "items": len(rated),
        "errors": sum(rate.errors for rate in rated),
        "not_run": sum(rate.not_run for rate in rated),
        "folder": str(out),
    }
    if output_format is Format.json:
        terminal.print_json(selection)
    elif not quiet:
        _print_selection(selection)
    raise Exit(int(bool(selection["errors"] or selection["not_run"])))


def _print_selection(selection: Mapping[str, Any]) -> None:
    out = terminal.console()
    table = Table(title="selected", title_justify="left")
    table.add_column("items", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    for name, count in {"kept": selection["kept"], **selection["dropped"]}.items():
        table.add_row(name, f"{count:,}")
    out.print(table)
    out.print(
        f"{selection['kept']:,} of {selection['items']:,} training rows in {selection['folder']}",
        soft_wrap=True,
    )
    if selection["errors"] or selection["not_run"]:
        out.print(f"answers: {selection['errors']:,} errors, {selection['not_run']:,} not run")
