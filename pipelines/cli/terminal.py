"""What a person sees: progress while a run goes on, and the tables after it."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING

import click
import orjson

from pipelines.findings import SHOWN, Finding, printable
from pipelines.io.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

# Width of tables where there is no terminal to ask: room for a path, no wrapped cells.
_PIPED_WIDTH = 110


def console(*, stderr: bool = False) -> Console:
    """A console that colours and measures only where it writes to a terminal."""
    from pipelines.cli.screen import Screen  # with rich behind it, which takes 0.03 s to load

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS", _PIPED_WIDTH))
    return Screen(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def say(text: str, *, stderr: bool = False) -> None:
    """Print one line, whatever its words come from; on a terminal it goes on between words."""
    stream = sys.stderr if stderr else sys.stdout
    text = printable(text)
    print(fitted(text, get_terminal_size().columns) if stream.isatty() else text, file=stream)


def fitted(text: str, width: int) -> str:
    """A line of text in lines of a width, with a hanging indent; no path or word is parted."""
    if len(text) <= width:
        return text
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


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
    """Bars on a terminal, lines elsewhere, nothing with `quiet`; closed with the command."""
    if quiet:
        return Progress()
    if not sys.stderr.isatty():
        return Lines()
    from pipelines.cli.screen import Bars

    bars = Bars(console(stderr=True))
    if context := click.get_current_context(silent=True):
        context.call_on_close(bars.close)
    return bars


class Tally:
    """Findings counted by code, of which the first SHOWN of each are held, or with `every` all.

    However many there are, memory stays small without `every`.
    """

    def __init__(self, findings: Iterable[Finding], *, every: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()
        self.held: list[Finding] = []
        for finding in findings:
            self.counts[finding.code] += 1
            self.severities[finding.severity] += 1
            if every or self.counts[finding.code] <= SHOWN:
                self.held.append(finding)

    def totals(self) -> dict[str, object]:
        """The verdict, the findings by severity and by rule, and those that are not held."""
        shown = Counter(finding.code for finding in self.held)
        counts = dict(sorted(self.counts.items()))
        grave = {finding.code: finding.severity for finding in self.held}
        totals = Counter(dict.fromkeys(("error", "warning", "info"), 0))
        for code, number in counts.items():
            totals[grave.get(code, "error")] += number
        problems = "warnings" if totals["warning"] else "sound"
        return {
            "verdict": "errors" if totals["error"] else problems,
            "totals": dict(totals),
            "summary": counts,
            "cut": {code: n - shown[code] for code, n in counts.items() if n > shown[code]},
        }

    def __str__(self) -> str:
        """The number of each severity, as in `2 errors, 1 warning`, or `no problems`."""
        counts = [
            counted(self.severities[severity], word)
            for severity, word in (("error", "error"), ("warning", "warning"), ("info", "note"))
            if self.severities[severity]
        ]
        return ", ".join(counts) or "no problems"


def counted(number: int, noun: str) -> str:
    """A number of things, as `1 file` and `3,524 rows`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def show_findings(tally: Tally, *, stderr: bool = False) -> None:
    """Findings one a line, by rule; where a rule had more than are held, how many more."""
    ordered = sorted(tally.held, key=lambda finding: finding.code)
    for code, group in groupby(ordered, key=lambda finding: finding.code):
        shown = list(group)
        for finding in shown:
            say(str(finding), stderr=stderr)
        if tally.counts[code] > len(shown):
            more = tally.counts[code] - len(shown)
            say(f"{code}: {more:,} more like it (--all shows them)", stderr=stderr)


def findings_document(tally: Tally) -> dict[str, object]:
    """Findings as the JSON output has them."""
    return {"findings": [finding.as_dict() for finding in tally.held], **tally.totals()}
