"""`rft calibrate` and `rft select`: how often answers pass, and which items they leave to train on.

Both grade several answers to each item. Memory grows with the number of items and answers, not with
their length.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from fractions import Fraction
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from rich.table import Table

from pipelines.cli import terminal
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

if TYPE_CHECKING:
    from pipelines.graders.grade import Grade
    from pipelines.graders.pass_rates import Scores

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

    _need(items, samples, grader_file)
    if out is not None:
        _keep_apart([out], [items, samples, grader_file])
    ids = select.ids(items)
    asked = items, samples, grader_file, endpoint, python, workers, trust_grader, quiet
    scores, threshold, bounds = _graded(pass_threshold, *asked)
    rates = scores.rates(ids, threshold)
    if out is not None:
        from pipelines.io import files  # with polars and pyarrow behind it

        lines = (orjson.dumps(rate.as_dict(), option=orjson.OPT_APPEND_NEWLINE) for rate in rates)
        files.write(out, lambda file: file.writelines(lines))
    told = pass_rates.summary(scores, rates, threshold, bounds)
    if output_format is Format.json:
        terminal.print_json(told)
    elif not quiet:
        _print_calibration(told)
    raise Exit(int(any(rate.errors or rate.not_run for rate in rates)))


def select(
    items: Items,
    out: Annotated[
        Path,
        option(
            help="Where the kept items go: a file, or a folder, in which it has the items' name.",
        ),
    ],
    pass_rate: Annotated[
        str,
        option(
            metavar="LOW..HIGH",
            help="The pass rates to keep, both bounds included, as in 0.1..0.9.",
        ),
    ],
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
        --pass-rate 0.1..0.9 --out selected
      rft select --items train.jsonl --rates rates.jsonl \\
        --pass-rate 0.1..0.9 --keep-ratio 0.5 --out selected/train.jsonl
    """
    from pipelines.graders import pass_rates, select

    low, high = pass_rates.parse_band(pass_rate)
    if keep_ratio is not None and not 0 < keep_ratio <= 1:
        raise BadInput(f"--keep-ratio {keep_ratio}: give a share above 0, and 1 at most")
    if (rates is None) == (samples is None) or (samples is None) != (grader_file is None):
        raise BadInput(
            "give --samples and --grader-file, or --rates, what `rft calibrate --out` wrote"
        )
    if rates is not None and pass_threshold is not None:
        raise BadInput("--pass-threshold: --rates tells already what passed; leave one of them out")
    kept = out / items.name if out.is_dir() or not out.suffix else out
    ledger = ledger or kept.with_name(f"{kept.stem}.dropped.parquet")
    if ledger.suffix not in (".parquet", ".jsonl"):
        raise BadInput(f"--ledger {ledger}: name it .parquet or .jsonl")
    given = [path for path in (items, samples, grader_file, rates) if path is not None]
    _need(*given)
    _keep_apart([kept, ledger], given)

    ids = select.ids(items)
    if samples is None or grader_file is None:
        rated = select.read_rates(rates or Path(), ids, items)
    else:
        asked = items, samples, grader_file, endpoint, python, workers, trust_grader, quiet
        scores, threshold, _ = _graded(pass_threshold, *asked)
        rated = scores.rates(ids, threshold)
    ratio = None if keep_ratio is None else Fraction(str(keep_ratio))
    reasons = pass_rates.reasons(rated, low, high, ratio)
    select.write(items, kept, ledger, rated, reasons)

    dropped = {name: reasons.count(name) for name in pass_rates.REASONS if name in reasons}
    told = {
        "items": len(rated),
        "kept": reasons.count(None),
        "dropped": dropped,
        "errors": sum(rate.errors for rate in rated),
        "not_run": sum(rate.not_run for rate in rated),
        "files": {"kept": str(kept), "ledger": str(ledger)},
    }
    if output_format is Format.json:
        terminal.print_json(told)
    elif not quiet:
        _print_selection(told)
    raise Exit(int(bool(told["errors"] or told["not_run"])))


def _graded(
    threshold: float | None,
    items: Path,
    samples: Path,
    grader: Path,
    endpoint: str | None,
    python: str | None,
    workers: int | None,
    trusted: bool,
    quiet: bool,
) -> tuple[Scores, float, tuple[float, float]]:
    """The scores of all answers, the threshold at which they pass, the lowest and the full score.

    Faults and warnings go to the standard error.
    """
    # Here and not above: listing commands needs no grader.
    from pipelines.graders import run
    from pipelines.graders.pairs import Pairs
    from pipelines.graders.pass_rates import Scores
    from pipelines.rules.runnable import compiled
    from pipelines.service import models

    if threshold is not None and not math.isfinite(threshold):
        raise BadInput(f"--pass-threshold {threshold}: is no score; give a number")
    try:
        document = orjson.loads(grader.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{grader}: not JSON: {error}; write one JSON object") from None
    open_model = models.opener(endpoint, os.environ)
    setup = run.Setup(python=python, trusted=trusted, workers=workers, open_model=open_model)
    shown = terminal.console(stderr=True)

    def tell(line: str) -> None:
        if not quiet:
            shown.print(line, soft_wrap=True)

    scores = Scores()
    with closing(compiled(document, setup, name=str(grader))) as ready:
        for warning in ready.warnings:
            tell(f"warning: {warning}")
        pairs, graded = tee(Pairs(items, samples))
        grades: Iterable[Grade] = ready.scores((pair.sample, pair.item) for pair in graded)
        grades = terminal.progress(quiet=quiet).track(grades, "grade", _count(samples))
        for grade, pair in zip(grades, pairs, strict=True):
            scores.add(pair.line, grade)
    for fault in scores.faults(str(items), SHOWN):
        tell(fault)
    low, full = map(float, document.get("range") or (0, 1))
    highest = max(map(max, scores.by_line.values()), default=full)
    if threshold is None and "pass_threshold" not in document and highest > full:
        tell(f"note: scores reach {highest:g}, and {full:g} passes; see --pass-threshold")
    default = float(document.get("pass_threshold", full))
    return scores, default if threshold is None else threshold, (low, full)


def _count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _need(*paths: Path) -> None:
    for path in paths:
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file")
        if not os.access(path, os.R_OK):
            raise BadInput(f"{path}: cannot be read; see its permissions")


def _keep_apart(written: Collection[Path], read: Collection[Path]) -> None:
    """BadInput where a file would be written over one that is read, or over another."""
    places = [path.resolve() for path in (*read, *written)]
    for path in written:
        if places.count(path.resolve()) > 1:
            raise BadInput(f"{path}: is used for something else too; choose another file")


def _print_calibration(told: Mapping[str, Any]) -> None:
    out = terminal.console()

    def say(text: str) -> None:
        out.print(text, soft_wrap=True)

    rate, counts = told["pass_rate"], [int(count) for count in told["samples_per_item"]]
    each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    failed = sum(told["errors"].values())
    say(
        f"{told['items']:,} items, {told['answers']:,} answers ({each} an item), "
        f"{told['graded']:,} graded, {failed:,} errors, {told['not_run']:,} not run"
    )
    if alone := told["samples_per_item"].get("0"):
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
    if told["thresholds"]:
        table = Table(title="answers by threshold", title_justify="left")
        for name in ("threshold", "pass", "fail"):
            table.add_column(name, justify="right", no_wrap=True)
        for step in told["thresholds"]:
            fails = step["fail_share"]
            table.add_row(f"{step['threshold']:g}", f"{1 - fails:.1%}", f"{fails:.1%}")
        out.print(table)
    say(_verdict(told))


def _verdict(told: Mapping[str, Any]) -> str:
    """Whether as many answers fail as should, and at which threshold they would."""
    low, high = told["fail_share_advised"]
    share, found = told["fail_share"], told["suggested_threshold"]
    advised = f"the advised {low:.0%} to {high:.0%}"
    text = f"{share:.1%} of the answers fail at {told['pass_threshold']:g}"
    if low <= share <= high:
        return f"{text}, within {advised}"
    if found is None:
        return f"{text}, not {advised}; no threshold reaches that: change the grader or the items"
    return f"{text}, not {advised}; {found['fail_share']:.1%} would at {found['threshold']:g}"


def _print_selection(told: Mapping[str, Any]) -> None:
    out = terminal.console()
    table = Table(title="selected", title_justify="left")
    table.add_column("items", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    for name, count in {"kept": told["kept"], **told["dropped"]}.items():
        table.add_row(name, f"{count:,}")
    out.print(table)
    files = told["files"]
    text = f"{told['kept']:,} of {told['items']:,} items in {files['kept']}, "
    out.print(f"{text}the others in {files['ledger']}", soft_wrap=True)
    if told["errors"] or told["not_run"]:
        out.print(f"answers: {told['errors']:,} errors, {told['not_run']:,} not run")
