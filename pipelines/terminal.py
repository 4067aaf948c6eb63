"""What a person sees: progress while a run goes on, and the tables after it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from typing import Any

import orjson
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

from pipelines.findings import Finding
from pipelines.report import Reporter, Result

# Findings shown for each rule before they are only counted.
SHOWN = 5

# Width of tables where there is no terminal to ask: room for a path, no wrapped cells.
_PIPED_WIDTH = 110


class Format(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"


def console(*, stderr: bool = False) -> Console:
    """A console that colours and measures only where it writes to a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", _PIPED_WIDTH))
    return Console(stderr=stderr, width=width, highlight=False)


class Lines(Reporter):
    """One plain line a stage, for logs and pipes."""

    def __init__(self, out: Console) -> None:
        self.out = out

    def end(self, dataset: str, stage: str, rows: Mapping[str, Any], done: bool) -> None:
        self.out.print(_line(dataset, stage, rows, done), markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        self.out.print(text, markup=False, soft_wrap=True)


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
    """The closing tables: rows in, out, dropped by reason, bytes, seconds, where the files are."""
    table = Table(
        title="prepared" if files else "dry run: nothing is written", title_justify="left"
    )
    table.add_column("dataset", no_wrap=True)
    for name in ("rows in", "dropped", "train", "validation", "bytes", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    if files:
        table.add_column("files", overflow="fold")
    for result in results:
        cells = [
            result.dataset,
            f"{result.raw:,}",
            f"{sum(result.dropped.values()):,}",
            f"{result.train:,}",
            f"{result.validation:,}",
            f"{result.size:,}",
            f"{result.seconds:.1f}",
        ]
        table.add_row(*cells, *([f"{result.folder}/"] if files else []))
    out.print(table)
    reasons = list(dict.fromkeys(reason for result in results for reason in result.dropped))
    if reasons:
        table = Table(title="dropped, by reason", title_justify="left")
        table.add_column("reason", no_wrap=True)
        for result in results:
            table.add_column(result.dataset, justify="right", no_wrap=True)
        for reason in reasons:
            counts = (result.dropped.get(reason, 0) for result in results)
            table.add_row(reason, *(f"{count:,}" if count else "" for count in counts))
        out.print(table)
    for result in results:
        if result.unchanged:
            out.print(
                f"{result.dataset}: nothing to do; inputs, settings, code and outputs are unchanged"
            )


def show_items(result: Result, out: Console) -> None:
    """The first finished items, as the service will see them."""
    for item in result.items:
        text = orjson.dumps(orjson.loads(item), option=orjson.OPT_INDENT_2).decode()
        out.print(text, markup=False, soft_wrap=True)


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
            out.print(f"{finding.severity}: {finding}", markup=False, soft_wrap=True)
        if tally.counts[code] > len(shown):
            out.print(f"{code}: {tally.counts[code] - len(shown)} more like it (--all shows them)")


def as_json(results: list[Result]) -> bytes:
    """The results as one JSON document."""
    value = {
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
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
