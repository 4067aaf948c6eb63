"""`rft grade`: a grader, items and answers in, scores out."""

from __future__ import annotations

import math
import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson

from pipelines.cli import terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    EndpointOption,
    Format,
    GraderFile,
    Items,
    Python,
    Quiet,
    TrustGrader,
    Workers,
)
from pipelines.findings import SHOWN, BadInput

if TYPE_CHECKING:
    from pipelines.graders.grade import Grade
    from pipelines.graders.pairs import Pair
    from pipelines.graders.run import Grader


def grade(
    grader_file: GraderFile,
    items: Items,
    samples: Annotated[
        Path | None,
        option(help="The answers (JSONL): output_text, and line or id of the item."),
    ] = None,
    template: Annotated[
        str | None,
        option(help="In place of samples: the answer that is made of each item."),
    ] = None,
    out: Annotated[
        Path | None,
        option(help="Where the scores go; else the standard output."),
    ] = None,
    output_format: Annotated[
        Format, option("--format", help="text: a JSON object a line; json: one in all.")
    ] = Format.text,
    endpoint: EndpointOption | None = None,
    python: Python | None = None,
    workers: Workers | None = None,
    trust_grader: TrustGrader = False,
    quiet: Quiet = False,
) -> None:
    """Grade answers as the service would: one score a line, and a summary.

    \b
    Samples find their items by `line` (from 1), by `id`, or, without either, by their order.
    An answer on which the grader fails scores 0, with an error; one that cannot be graded
    here scores null, with the reason. Exit 1 if there is either. A python grader runs in
    bubblewrap (bwrap); without it only the datasets' own run, or what you trust.

    \b
    Examples:
      rft grade --grader-file grader.json --items train.jsonl --samples answers.jsonl
      rft grade --grader-file grader.json --items train.jsonl \\
        --template '\\boxed{{{item.reference_answer}}}'
    """
    # Here and not above: listing commands needs no grader.
    from pipelines.graders import run
    from pipelines.graders.pairs import OfTemplate, Pairs
    from pipelines.rules.runnable import compiled
    from pipelines.service import models

    for path in (grader_file, items, samples):
        if path is not None and str(path) != "-" and not path.is_file():
            raise BadInput(f"{path}: there is no such file")
        if path is not None and out is not None and path.resolve() == out.resolve():
            raise BadInput(f"{out}: is read here; choose another file for --out")
    if (samples is None) == (template is None):
        raise BadInput(
            "give --samples, the model's answers, or --template, which makes them of the items, as "
            "in --template '\\boxed{{{item.reference_answer}}}'"
        )
    pairs = Pairs(items, samples) if samples else OfTemplate(items, template or "")
    try:
        sent = sys.stdin.buffer.read() if str(grader_file) == "-" else grader_file.read_bytes()
        document = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{grader_file}: not JSON: {error}; write one JSON object") from None
    setup = run.Setup(
        python=python,
        trusted=trust_grader,
        workers=workers,
        open_model=models.opener(endpoint, os.environ),
    )
    shown = terminal.console(stderr=True)
    with closing(compiled(document, setup, name=str(grader_file))) as ready:
        for warning in () if quiet else ready.warnings:
            shown.print(f"warning: {warning}", soft_wrap=True)
        summary = Summary(document, str(items))
        scored = _scored(ready, pairs)
        # Rows that scroll by on a terminal are progress enough.
        if out is not None or not sys.stdout.isatty():
            progress = terminal.progress(quiet=quiet)
            scored = progress.track(scored, "grade", _line_count(samples or items))
        lines = _lines(scored, summary, output_format)
        if out is None:
            for line in lines:
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        else:
            from pipelines.io import files  # with polars and pyarrow behind it

            files.write(out, lambda file: file.writelines(lines))
    if not quiet:
        for told in summary.text(alone=pairs.alone):
            shown.print(told, soft_wrap=True)
    raise Exit(int(bool(summary.errors or summary.not_run)))


class Summary:
    """What became of all answers. A failed one counts with its score, one not run not at all."""

    def __init__(self, grader: Mapping[str, Any], items: str) -> None:
        self._items = items
        # The score of a right answer, as far as it is known: a python grader may have another.
        self.full = float(grader["range"][1]) if grader.get("range") else 1.0
        self.threshold: float | None = grader.get("pass_threshold")
        self.rows = self.at_zero = self.at_full = self.passed = 0
        self.total = 0.0
        self.lowest, self.highest = math.inf, -math.inf
        self.errors: Counter[str] = Counter()
        self.not_run: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    @property
    def scored(self) -> int:
        """How many answers have a score."""
        return self.rows - self.not_run.total()

    def add(self, pair: Pair, grade: Grade) -> None:
        """Count one answer."""
        self.rows += 1
        if grade.error is not None:
            self.errors[grade.error] += 1
            self._first.setdefault(grade.error, f"{self._items}:{pair.line}: {grade.details}")
        if grade.score is None:
            self.not_run[str(grade.not_run)] += 1
            return
        self.total += grade.score
        self.lowest, self.highest = min(self.lowest, grade.score), max(self.highest, grade.score)
        self.at_zero += grade.score == 0
        self.at_full += grade.score == self.full
        self.passed += self.threshold is not None and grade.score >= self.threshold

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON has it; without a score there is no mean, lowest and highest."""
        some = bool(self.scored)
        return {
            "rows": self.rows,
            "scored": self.scored,
            "mean": self.total / self.scored if some else None,
            "lowest": self.lowest if some else None,
            "highest": self.highest if some else None,
            "at_zero": self.at_zero,
            "full": self.full,
            "at_full": self.at_full,
            **({} if self.threshold is None else {"passed": self.passed}),
            "errors": dict(sorted(self.errors.items())),
            "not_run": self.not_run.total(),
            "reasons": dict(self.not_run.most_common(SHOWN)),
        }

    def text(self, *, alone: int) -> Iterator[str]:
        """The summary in lines; `alone` is how many items had no demo."""
        parts = [f"{self.rows:,} answers"]
        if self.scored:
            parts += [
                f"mean {self.total / self.scored:.4g} ({self.lowest:g} to {self.highest:g})",
                f"{self.at_zero / self.scored:.1%} at 0",
                f"{self.at_full / self.scored:.1%} at {self.full:g}",
            ]
            if self.threshold is not None:
                parts.append(f"{self.passed / self.scored:.1%} pass at {self.threshold:g}")
        failed = self.errors.total()
        parts += [f"{failed:,} error{'s' * (failed != 1)}", f"{self.not_run.total():,} not run"]
        yield ", ".join(parts)
        for error, count in sorted(self.errors.items()):
            yield f"error: {error}: {count:,}, first {self._first[error]}"
        for reason, count in self.not_run.most_common(SHOWN):
            yield f"not run: {count:,}: {reason}"
        if alone:
            yield f"note: {alone:,} items have no sample"


def _scored(ready: Grader, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Grade]]:
    ahead: deque[Pair] = deque()

    def taken() -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        for pair in pairs:
            ahead.append(pair)
            yield pair.sample, pair.item

    for grade in ready.scores(taken()):
        yield ahead.popleft(), grade


def _lines(
    scored: Iterable[tuple[Pair, Grade]], summary: Summary, output_format: Format
) -> Iterator[bytes]:
    """The output in pieces: JSONL, or one JSON object, of which only a row is held at a time."""
    whole = output_format is Format.json
    before = b'{"scores":[\n' if whole else b""
    for pair, grade in scored:
        summary.add(pair, grade)
        yield before + terminal.as_json(_row(pair, grade)) + (b"" if whole else b"\n")
        before = b",\n" if whole else b""
    if whole:
        start = b"\n" if summary.rows else before
        yield start + b'],"summary":' + orjson.dumps(summary.as_dict()) + b"}\n"


def _row(pair: Pair, grade: Grade) -> dict[str, Any]:
    row: dict[str, Any] = {"line": pair.line}
    if "id" in pair.item:
        row["id"] = pair.item["id"]
    if pair.sample_line:
        row["sample"] = pair.sample_line
    row["score"] = grade.score
    if grade.scores:
        row["scores"] = grade.scores
    for name in ("error", "details", "not_run"):
        if (value := getattr(grade, name)) is not None:
            row[name] = value
    return row


def _line_count(path: Path) -> int | None:
    if str(path) == "-":
        return None
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
