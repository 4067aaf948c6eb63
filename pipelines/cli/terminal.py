"""What a person sees: progress while a run goes on, and the tables after it."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby
from typing import Any

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.findings import SHOWN, Finding, printable
from pipelines.io.progress import Progress
from pipelines.run.result import Result

# Width of tables where there is no terminal to ask: room for a path, no wrapped cells.
_PIPED_WIDTH = 110

# Columns of the closing table: that of the names, and one for each dataset.
_NAMES_WIDTH, _COUNTS_WIDTH = 26, 14


class Format(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"


class _Console(Console):
    """A console on which text is text: no markup, and no control characters of its own."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


def console(*, stderr: bool = False) -> Console:
    """A console that colours and measures only where it writes to a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", _PIPED_WIDTH))
    return _Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def lines(*texts: str) -> Text:
    """A cell of several lines."""
    return Text("\n".join(map(printable, texts)))


def say(text: str, *, stderr: bool = False) -> None:
    """Print one line, whatever its words come from."""
    print(printable(text), file=sys.stderr if stderr else sys.stdout)


def print_json(value: object) -> None:
    """Print one JSON document."""
    sys.stdout.flush()
    sys.stdout.buffer.write(as_json(value, orjson.OPT_INDENT_2) + b"\n")


def as_json(value: object, option: int = 0) -> bytes:
    """A value as JSON in which what a terminal could take for a command is escaped."""
    try:
        text = orjson.dumps(value, option=option).decode()
    except orjson.JSONEncodeError:  # a path that is not UTF-8 has halves of surrogate pairs
        text = json.dumps(value, ensure_ascii=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(
            each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
        )
    return text.encode()


class Lines(Progress):
    """Plain lines, for logs and pipes."""

    def end(self, line: str = "") -> None:
        if line:
            self.note(line)

    def note(self, line: str) -> None:
        say(line, stderr=True)


def progress(*, quiet: bool) -> Progress:
    """Bars on a terminal, lines elsewhere, nothing with `quiet`."""
    if quiet:
        return Progress()
    if not sys.stderr.isatty():
        return Lines()
    from pipelines.cli.bars import Bars

    return Bars(console(stderr=True))


def show_results(results: list[Result], out: Console, *, files: bool) -> None:
    """The closing table, a column a dataset: where its rows went, reason by reason, and what it
    took. Below it the folders, which may be long.
    """
    abreast = max(1, (out.width - _NAMES_WIDTH) // _COUNTS_WIDTH)
    for first in range(0, len(results), abreast):
        out.print(_results_table(results[first : first + abreast]))
    for result in results:
        if result.unchanged:
            out.print(
                f"{result.dataset}: nothing to do; inputs, settings, code and outputs are unchanged"
            )
        if files:
            out.print(f"{result.dataset}: {result.folder}/", soft_wrap=True)
    if not files:
        out.print("dry run: nothing is written")


def _results_table(results: list[Result]) -> Table:
    rows: dict[str, list[str]] = {
        "rows in": [f"{result.raw:,}" for result in results],
        "dropped": [f"{sum(result.dropped.values()):,}" for result in results],
    }
    for reason in dict.fromkeys(reason for result in results for reason in result.dropped):
        counts = (result.dropped.get(reason) for result in results)
        rows[f"  {reason}"] = [f"{count:,}" if count else "" for count in counts]
    rows |= {
        "training rows": [f"{result.train:,}" for result in results],
        "validation rows": [f"{result.validation:,}" for result in results],
        "bytes": [f"{result.size:,}" for result in results],
        "seconds": [f"{result.seconds:.1f}" for result in results],
    }
    table = Table("", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for result in results:
        table.add_column(result.dataset, justify="right")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def show_items(result: Result) -> None:
    """The first finished items, as the service will see them."""
    for item in result.items:
        print_json(orjson.loads(item))


class Tally:
    """Findings counted by code, of which the first SHOWN of each are held, or with `every` all.

    However many there are, memory stays small without `every`.
    """

    def __init__(self, findings: Iterable[Finding], *, every: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.severities: set[str] = set()
        self.held: list[Finding] = []
        for finding in findings:
            self.counts[finding.code] += 1
            self.severities.add(finding.severity)
            if every or self.counts[finding.code] <= SHOWN:
                self.held.append(finding)


def show_findings(tally: Tally, out: Console) -> None:
    """Findings one a line, by rule; where a rule had more than are held, how many more."""
    ordered = sorted(tally.held, key=lambda finding: finding.code)
    for code, group in groupby(ordered, key=lambda finding: finding.code):
        shown = list(group)
        for finding in shown:
            out.print(f"{finding.severity}: {finding}", soft_wrap=True)
        if tally.counts[code] > len(shown):
            out.print(f"{code}: {tally.counts[code] - len(shown)} more like it (--all shows them)")


def results_document(results: list[Result]) -> dict[str, object]:
    """The results as the JSON output has them."""
    return {
        "datasets": [
            {
                "dataset": result.dataset,
                "folder": str(result.folder),
                "rows": {
                    "raw": result.raw,
                    "train": result.train,
                    "validation": result.validation,
                    "dropped": sum(result.dropped.values()),
                },
                "dropped": result.dropped,
                "bytes": result.size,
                "seconds": round(result.seconds, 3),
                "unchanged": result.unchanged,
                "findings": [finding.as_dict() for finding in result.findings],
                "items": [orjson.loads(item) for item in result.items],
            }
            for result in results
        ]
    }
