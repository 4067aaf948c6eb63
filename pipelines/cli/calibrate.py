"""`rft calibrate`: how often a model's answers pass, and what that says of items and grader.

Memory grows with the number of items and answers, not with their length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
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
    Split,
    Threshold,
)
from pipelines.findings import SHOWN, show
from pipelines.io import items as rows
from pipelines.io.prepared import find

if TYPE_CHECKING:
    from pipelines.graders.agreement import Suspect
    from pipelines.graders.samples import Origin


def calibrate(
    folder: Folder,
    samples: Samples,
    split: Split = "train",
    model: SamplesModel | None = None,
    settings: SamplesSettings | None = None,
    pass_threshold: Threshold | None = None,
    out: Annotated[
        Path | None,
        option(help="Where the rate of each item goes (JSONL); rates.jsonl in the folder."),
    ] = None,
    all_suspects: Annotated[bool, option("--all", help="Show every suspect, not five.")] = False,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    *,
    running: grading.Running,
) -> None:
    """Show how often a model's answers pass, item by item, and which threshold would suit them.

    An item at 0 or at 1 teaches nothing, for all its answers score the same. Advised is that 25 to
    50 % of the base model's answers fail. Items whose answers agree with one another and not with
    the reference are listed: it may be wrong. Answers that were cut, filtered or refused, on which
    the grader fails, or that cannot be graded here, are counted apart and in no rate. Exit 1 where
    the grader failed on some, or was not run. What it says of the training items stays in the
    folder (rates.jsonl, calibration.json), where `rft report` and `rft show` find it.

    \b
    Examples:
      rft sample medmcqa --model gpt-5.4-mini -n 8
      rft calibrate medmcqa --samples samples/medmcqa.train.jsonl
      rft calibrate medmcqa --samples answers.jsonl --pass-threshold 0.8
    """
    from pipelines.graders import pass_rates, select
    from pipelines.graders.samples import Origin

    prepared = find(folder)
    subject = grading.of_folder(prepared, split, running.grader_file)
    if out is None and split == "train":
        out = prepared.folder / "rates.jsonl"
    grading.check_paths([] if out is None else [out], [*subject.files, samples])
    origin = Origin(model, settings)
    with closing(rows.Items(subject.items)) as opened:
        ids = select.ids(opened)
        scored = grading.scored(subject, opened, samples, origin, running, pass_threshold, quiet)
    rates = scored.scores.rates(ids, scored.threshold)
    from pipelines.io import files  # with polars and pyarrow behind it

    if out is not None:
        lines = (orjson.dumps(rate.as_dict(), option=orjson.OPT_APPEND_NEWLINE) for rate in rates)
        files.write(out, lambda file: file.writelines(lines))
    summary = pass_rates.summary(scored.scores, rates, scored.threshold, scored.bounds)
    suspects = list(scored.agreement.suspects(rates))
    value = {
        **summary,
        "suspect_references": [suspect.as_dict() for suspect in suspects],
        "samples": origin.as_dict(),
        "passed_over": origin.others,
        "of": {"split": split, "sha256": files.sha256(subject.items)},
    }
    if split == "train":
        files.write_json(prepared.folder / "calibration.json", value)
    if output_format is Format.json:
        terminal.print_json(value)
    elif not quiet:
        _print_calibration(summary, origin)
        _print_suspects(suspects, str(subject.items), None if all_suspects else SHOWN)
    raise Exit(int(any(rate.errors or rate.not_run for rate in rates)))


def _print_calibration(summary: Mapping[str, Any], origin: Origin) -> None:
    from pipelines.graders.samples import UNFINISHED

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
    for finish, count in summary["unfinished"].items():
        say(f"{terminal.counted(count, 'answer')} {UNFINISHED[finish]}, in no rate")
    if origin.others:
        say(f"{origin.others:,} answers to items that are not here were passed over")
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


def _print_suspects(suspects: Sequence[Suspect], items: str, most: int | None) -> None:
    """The items whose reference is in doubt, a line each."""
    for each in suspects[:most]:
        reference = "" if each.reference is None else f", the reference is {show(each.reference)}"
        answers = f"{each.agree} of {each.n} answers say {show(each.answer)}"
        terminal.say(f"{items}:{each.line}: suspect_reference: {answers}{reference}")
    if suspects:
        count = terminal.counted(len(suspects), "item")
        rest = "" if most is None or len(suspects) <= most else " (--all shows them)"
        terminal.say(f"{count} with answers that agree, and not with the reference{rest}")
