"""`rft calibrate` and `rft select`: how often answers pass, and which items they leave to train on.

Both grade several answers to each item. Memory grows with the number of items and answers, not with
their length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from rich.table import Table

from pipelines.cli import grading, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    EndpointOption,
    Format,
    GraderFile,
    Items,
    OutputFormat,
    Python,
    Quiet,
    TrustGrader,
    Workers,
)
from pipelines.findings import SHOWN, BadInput
from pipelines.io import items as rows
from pipelines.io import jsonl

if TYPE_CHECKING:
    from pipelines.graders.pass_rates import Scores
    from pipelines.graders.run import Setup

SAMPLES = "The answers (JSONL), several an item: output_text, and line or id of the item."
Threshold = Annotated[
    float | None,
    option(
        help="The score from which an answer passes; the grader's pass_threshold, else its full "
        "score, 1 or the end of its range.",
    ),
]


def calibrate(
    items: Items,
    samples: Annotated[Path, option(help=SAMPLES)],
    grader_file: GraderFile,
    pass_threshold: Threshold = None,
    out: Annotated[
        Path | None,
        option(help="Where the rate of each item goes (JSONL)."),
    ] = None,
    output_format: OutputFormat = Format.text,
    endpoint: EndpointOption | None = None,
    python: Python | None = None,
    workers: Workers | None = None,
    trust_grader: TrustGrader = False,
    quiet: Quiet = False,
) -> None:
    """Show how often a model's answers pass, item by item, and which threshold would suit them.

    An item at 0 or at 1 teaches nothing, for all its answers score the same. Advised is that 25 to
    50 % of the base model's answers fail. Answers on which the grader fails, or that cannot be
    graded here, are counted apart and in no rate. Exit 1 if there are any.

    \b
    Examples:
      rft calibrate --items train.jsonl --samples answers.jsonl --grader-file grader.json
      rft calibrate --items train.jsonl --samples answers.jsonl --grader-file grader.json \\
        --pass-threshold 0.8 --out rates.jsonl
    """
    from pipelines.graders import pass_rates, select

    grading.check_paths([] if out is None else [out], [items, samples, grader_file])
    with closing(rows.Items(items)) as opened:
        ids = select.ids(opened)
        setup = grading.setup(endpoint, python, workers, trust_grader)
        sources = grader_file, opened, samples
        scores, threshold, bounds = _scores(*sources, setup, pass_threshold, quiet)
    rates = scores.rates(ids, threshold)
    if out is not None:
        from pipelines.io import files  # with polars and pyarrow behind it

        lines = (orjson.dumps(rate.as_dict(), option=orjson.OPT_APPEND_NEWLINE) for rate in rates)
        files.write(out, lambda file: file.writelines(lines))
    summary = pass_rates.summary(scores, rates, threshold, bounds)
    if output_format is Format.json:
        terminal.print_json(summary)
    elif not quiet:
        _print_calibration(summary)
    raise Exit(int(any(rate.errors or rate.not_run for rate in rates)))


def select(
    items: Items,
    out: Annotated[
        Path,
        option(
            help="Where the kept items go: a file, or a folder, in which it has the items' name.",
        ),
    ],
    min_pass_rate: Annotated[
        float | None,
        option(help="The lowest pass rate to keep, 0 to 1; included."),
    ] = None,
    max_pass_rate: Annotated[
        float | None,
        option(help="The highest pass rate to keep, 0 to 1; included."),
    ] = None,
    samples: Annotated[Path | None, option(help=SAMPLES)] = None,
    grader_file: GraderFile | None = None,
    rates: Annotated[
        Path | None,
        option(
            help="In place of samples and grader: what `rft calibrate --out` wrote.",
        ),
    ] = None,
    keep_ratio: Annotated[
        float | None,
        option(
            help="Of these, the share to keep, above 0 to 1: the nearest to a rate of 0.5.",
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        option(
            help="Where the others go (.parquet or .jsonl); beside the kept items by default.",
        ),
    ] = None,
    pass_threshold: Threshold = None,
    output_format: OutputFormat = Format.text,
    endpoint: EndpointOption | None = None,
    python: Python | None = None,
    workers: Workers | None = None,
    trust_grader: TrustGrader = False,
    quiet: Quiet = False,
) -> None:
    """Keep the items from which there is something to learn: neither all nor no answers pass.

    The lines of the kept items stay as they are, in their order. Every other item is in the ledger
    (id, stage, reason, detail, prompt): too_easy, too_hard, no_samples, not_graded, or
    over_keep_ratio. Exit 1 if some answer could not be graded.

    \b
    Examples:
      rft select --items train.jsonl --samples answers.jsonl --grader-file grader.json \\
        --min-pass-rate 0.1 --max-pass-rate 0.9 --out selected
      rft select --items train.jsonl --rates rates.jsonl --min-pass-rate 0.1 \\
        --max-pass-rate 0.9 --keep-ratio 0.5 --out selected/train.jsonl
    """
    from pipelines.graders import select

    band, ratio = select.band(min_pass_rate, max_pass_rate), select.share(keep_ratio)
    if band is None:
        raise BadInput("which items? give --min-pass-rate, --max-pass-rate, or both")
    if (rates is None) == (samples is None) or (samples is None) != (grader_file is None):
        raise BadInput(
            "give --samples and --grader-file, or --rates, what `rft calibrate --out` wrote"
        )
    if str(items) == "-":
        raise BadInput("--items -: items are read twice; give a file")
    if rates is not None and pass_threshold is not None:
        raise BadInput("--pass-threshold: --rates tells already what passed; leave one of them out")
    kept = out / items.name if out.is_dir() or not out.suffix else out
    ledger = ledger or kept.with_name(f"{kept.stem}.dropped.parquet")
    if ledger.suffix not in (".parquet", ".jsonl"):
        raise BadInput(f"--ledger {ledger}: name it .parquet or .jsonl")
    read = [path for path in (items, samples, grader_file, rates) if path is not None]
    grading.check_paths([kept, ledger], read)

    with closing(rows.Items(items)) as opened:
        ids = select.ids(opened)
        if samples is None or grader_file is None:
            rated = select.read_rates(rates or Path(), ids, items)
        else:
            setup = grading.setup(endpoint, python, workers, trust_grader)
            sources = grader_file, opened, samples
            scores, threshold, _ = _scores(*sources, setup, pass_threshold, quiet)
            rated = scores.rates(ids, threshold)
    reasons = select.reasons(rated, band, ratio)
    select.write(items, kept, ledger, rated, reasons)

    selection = {
        "items": len(rated),
        "kept": reasons.count(None),
        "dropped": {name: reasons.count(name) for name in select.REASONS if name in reasons},
        "errors": sum(rate.errors for rate in rated),
        "not_run": sum(rate.not_run for rate in rated),
        "files": {"kept": str(kept), "ledger": str(ledger)},
    }
    if output_format is Format.json:
        terminal.print_json(selection)
    elif not quiet:
        _print_selection(selection)
    raise Exit(int(bool(selection["errors"] or selection["not_run"])))


def _scores(
    grader: Path,
    items: rows.Items,
    samples: Path,
    setup: Setup,
    threshold: float | None,
    quiet: bool,
) -> tuple[Scores, float, tuple[float, float]]:
    """The scores of all answers, the threshold at which they pass, the lowest and the full score.

    Faults and warnings go to the standard error.
    """
    from pipelines.graders.pass_rates import Scores
    from pipelines.graders.samples import read

    if threshold is not None and not math.isfinite(threshold):
        raise BadInput(f"--pass-threshold {threshold}: is no score; give a number")
    document = jsonl.document(grader)
    scores, answers = Scores(), read(items, samples)
    with grading.graded(
        document, str(grader), setup, answers, counted=samples, quiet=quiet
    ) as graded:
        for sample, grade in graded:
            scores.add(items.places[sample.number].line, grade)
    notes = list(scores.faults(str(items.paths[0]), SHOWN))
    low, full = map(float, document.get("range") or (0, 1))
    highest = max(map(max, scores.by_line.values()), default=full)
    if threshold is None and "pass_threshold" not in document and highest > full:
        notes.append(f"note: scores reach {highest:g}, and {full:g} passes; see --pass-threshold")
    console = terminal.console(stderr=True)
    for note in () if quiet else notes:
        console.print(note, soft_wrap=True)
    default = float(document.get("pass_threshold", full))
    return scores, default if threshold is None else threshold, (low, full)


def _print_calibration(summary: Mapping[str, Any]) -> None:
    out = terminal.console()

    def say(text: str) -> None:
        out.print(text, soft_wrap=True)

    rate, counts = summary["pass_rate"], [int(count) for count in summary["samples_per_item"]]
    each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    failed = sum(summary["errors"].values())
    say(
        f"{summary['items']:,} items, {summary['answers']:,} answers ({each} an item), "
        f"{summary['graded']:,} graded, {failed:,} errors, {summary['not_run']:,} not run"
    )
    if alone := summary["samples_per_item"].get("0"):
        say(f"{alone:,} items have no sample")
    if not rate["items"]:
        return
    of = rate["items"]
    table = Table(title="items by pass rate", title_justify="left")
    for name in ("pass rate", "items", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for decile, count in enumerate(rate["deciles"]):
        bar = "█" * round(30 * count / of)
        table.add_row(
            f"{decile / 10:g} to {(decile + 1) / 10:g}", f"{count:,}", f"{count / of:.1%}", bar
        )
    out.print(table)
    say(
        f"mean {rate['mean']:.3f}; {rate['at_zero']:,} items ({rate['at_zero'] / of:.1%}) at 0, "
        f"{rate['at_one']:,} ({rate['at_one'] / of:.1%}) at 1; "
        f"{rate['no_signal']:,} teach nothing, for all their answers score the same"
    )
    if summary["thresholds"]:
        table = Table(title="answers by threshold", title_justify="left")
        for name in ("threshold", "pass", "fail"):
            table.add_column(name, justify="right", no_wrap=True)
        for step in summary["thresholds"]:
            fails = step["fail_share"]
            table.add_row(f"{step['threshold']:g}", f"{1 - fails:.1%}", f"{fails:.1%}")
        out.print(table)
    say(_verdict(summary))


def _verdict(summary: Mapping[str, Any]) -> str:
    """Whether as many answers fail as should, and at which threshold they would."""
    low, high = summary["fail_share_advised"]
    share, suggested = summary["fail_share"], summary["suggested_threshold"]
    advised = f"the advised {low:.0%} to {high:.0%}"
    text = f"{share:.1%} of the answers fail at {summary['pass_threshold']:g}"
    if low <= share <= high:
        return f"{text}, within {advised}"
    if suggested is None:
        return f"{text}, not {advised}; no threshold reaches that: change the grader or the items"
    would = f"{suggested['fail_share']:.1%} would at {suggested['threshold']:g}"
    return f"{text}, not {advised}; {would}"


def _print_selection(selection: Mapping[str, Any]) -> None:
    out = terminal.console()
    table = Table(title="selected", title_justify="left")
    table.add_column("items", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    for name, count in {"kept": selection["kept"], **selection["dropped"]}.items():
        table.add_row(name, f"{count:,}")
    out.print(table)
    files = selection["files"]
    text = f"{selection['kept']:,} of {selection['items']:,} items in {files['kept']}, "
    out.print(f"{text}the others in {files['ledger']}", soft_wrap=True)
    if selection["errors"] or selection["not_run"]:
        out.print(f"answers: {selection['errors']:,} errors, {selection['not_run']:,} not run")
