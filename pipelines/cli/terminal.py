"""What a person sees: progress while a run goes on, and the tables after it."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from typing import Any

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from pipelines.findings import SHOWN, Finding, printable
from pipelines.run.progress import Reporter, Result

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


class Lines(Reporter):
    """One plain line a stage, for logs and pipes."""

    def __init__(self, out: Console) -> None:
        self.out = out

    def end(self, dataset: str, stage: str, rows: Mapping[str, Any], done: bool) -> None:
        self.out.print(_line(dataset, stage, rows, done), soft_wrap=True)

    def note(self, text: str) -> None:
        self.out.print(text, soft_wrap=True)


class Bars(Lines):
    """A bar for the stage that runs, and above it a line for each that is through."""

    def __init__(self, out: Console) -> None:
        super().__init__(out)
        self.progress: Progress | None = None
        self.bytes = 0  # that the download is to bring

    def begin(self, dataset: str, stage: str, rows: int | None) -> None:
        self._stop()
        self.bytes = 0
        self.progress = Progress(
            TextColumn(f"{dataset} {stage:<13}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.out,
            transient=True,
        )
        self.task = self.progress.add_task(stage, total=rows)
        self.progress.start()
        self.through = 0

    def advance(self, rows: int) -> None:
        # A bar takes 10 µs to move, so it moves every thousand rows.
        self.through += rows
        if self.progress is not None and (rows > 1 or self.through % 1000 == 0):
            self.progress.update(self.task, completed=self.through)

    def expect(self, count: int) -> None:
        if self.bytes == 0:
            self._stop()
            self.progress = Progress(
                TextColumn("downloading          "),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self.out,
                transient=True,
            )
            self.task = self.progress.add_task("download", total=0)
            self.progress.start()
        self.bytes += count
        if self.progress is not None:
            self.progress.update(self.task, total=self.bytes)

    def came(self, count: int) -> None:
        if self.progress is not None:
            self.progress.advance(self.task, count)

    def end(self, dataset: str, stage: str, rows: Mapping[str, Any], done: bool) -> None:
        self._stop()
        super().end(dataset, stage, rows, done)

    def _stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None


def _line(dataset: str, stage: str, rows: Mapping[str, Any], done: bool) -> str:
    if stage in ("download", "split", "validate"):
        what = f"{rows['in']:,} rows"
    else:
        what = f"{rows['in']:,} rows, {rows['kept']:,} kept"
    return f"{dataset:<12} {stage:<13} {what}{' (done before)' if done else ''}"


def reporter(*, quiet: bool) -> Reporter:
    """Bars on a terminal, lines elsewhere, nothing with `quiet`."""
    if quiet:
        return Reporter()
    out = console(stderr=True)
    return Bars(out) if out.is_terminal else Lines(out)


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
