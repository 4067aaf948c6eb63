"""`rft grade`: a grader, items and answers in, scores out."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson

from pipelines.cli import grading, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    FolderOrNone,
    Format,
    Items,
    Quiet,
    Split,
)
from pipelines.findings import SHOWN, BadInput
from pipelines.io import items as rows
from pipelines.io import jsonl
from pipelines.io.prepared import find

if TYPE_CHECKING:
    from pipelines.graders.grade import Grade
    from pipelines.graders.samples import Sample


def grade(
    folder: FolderOrNone | None = None,
    split: Split = "train",
    items: Items | None = None,
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
    quiet: Quiet = False,
    *,
    running: grading.Running,
) -> None:
    """Grade answers as the service would: one score a line, and a summary.

    Items and grader are those of a prepared folder, or two files. Samples find their items by
    `line` (from 1), by `item` as `rft sample` writes it, by `id`, or else by their order.
    An answer on which the grader fails scores 0, with an error; one that cannot be graded
    here scores null, with the reason. Exit 1 if there is either. A python grader runs in
    bubblewrap (bwrap); without it only the datasets' own run, or what you trust.

    \b
    Examples:
      rft grade medmcqa --samples samples/medmcqa.train.jsonl
      rft grade --grader-file g.json --items train.jsonl --samples answers.jsonl
      rft grade --grader-file grader.json --items train.jsonl \\
        --template '\\boxed{{{item.reference_answer}}}'
    """
    # Here and not above: listing commands needs no grader.
    from pipelines.graders import samples as reader

    if folder is not None:
        subject = grading.of_folder(find(folder), split, running.grader_file)
        if items is not None:
            raise BadInput("--items: the folder has them; leave one of the two out")
        items, document, name = subject.items, subject.grader, subject.name
    elif running.grader_file is None or items is None:
        raise BadInput("what is graded on what? name a folder, or --grader-file and --items")
    read = [path for path in (running.grader_file, items, samples) if path is not None]
    grading.check_paths([] if out is None else [out], read)
    if (samples is None) == (template is None):
        raise BadInput(
            "give --samples, the model's answers, or --template, which makes them of the items, as "
            "in --template '\\boxed{{{item.reference_answer}}}'"
        )
    if folder is None and running.grader_file is not None:
        document, name = jsonl.document(running.grader_file), str(running.grader_file)
    setup = grading.setup(running)
    with closing(rows.Items(items)) as opened:
        if samples is None:
            answers = reader.of_template(opened, template or "")
        else:
            answers = reader.read(opened, samples)
        summary = Summary(document, opened)
        # Rows that scroll by on a terminal are progress enough.
        bar = out is not None or not sys.stdout.isatty()
        with grading.graded(
            document,
            name,
            setup,
            answers,
            counted=samples or items,
            quiet=quiet,
            bar=bar,
        ) as graded:
            lines = _lines(graded, summary, output_format)
            if out is None:
                sys.stdout.buffer.writelines(lines)
                sys.stdout.buffer.flush()
            else:
                from pipelines.io import files  # with polars and pyarrow behind it

                files.write(out, lambda file: file.writelines(lines))
    if not quiet:
        console = terminal.console(stderr=True)
        for line in summary.text():
            console.print(line, soft_wrap=True)
    raise Exit(int(bool(summary.scores.errors or summary.scores.not_run)))


class Summary:
    """What became of all answers. A failed one counts with its score, one not run not at all."""

    def __init__(self, grader: Mapping[str, Any], items: rows.Items) -> None:
        from pipelines.graders.pass_rates import Scores

        self.items = items
        # The score of a right answer, as far as it is known: a python grader may have another.
        self.full = float(grader["range"][1]) if grader.get("range") else 1.0
        self.threshold: float | None = grader.get("pass_threshold")
        self.scores = Scores()
        self.values = array("d")
        self.answered: set[int] = set()

    def line(self, sample: Sample) -> int:
        """The line of the sample's item."""
        return self.items.places[sample.number].line

    def add(self, sample: Sample, grade: Grade) -> None:
        """Count one answer."""
        self.scores.add(self.line(sample), grade)
        self.answered.add(sample.number)
        if grade.score is not None:
            self.values.append(grade.score)

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON has it; without a score there is no mean, lowest and highest."""
        values, not_run = self.values, self.scores.not_run
        passed = {} if self.threshold is None else {"passed": self._passed(self.threshold)}
        return {
            "rows": len(values) + not_run.total() + self.scores.unfinished.total(),
            "scored": len(values),
            "mean": math.fsum(values) / len(values) if values else None,
            "lowest": min(values, default=None),
            "highest": max(values, default=None),
            "at_zero": values.count(0),
            "full": self.full,
            "at_full": values.count(self.full),
            **passed,
            "errors": dict(sorted(self.scores.errors.items())),
            "not_run": not_run.total(),
            "unfinished": dict(sorted(self.scores.unfinished.items())),
            "reasons": dict(not_run.most_common(SHOWN)),
        }

    def text(self) -> Iterator[str]:
        """The summary in lines."""
        from pipelines.graders.samples import UNFINISHED

        counts = self.as_dict()
        parts = [f"{counts['rows']:,} answers"]
        if scored := counts["scored"]:
            parts += [
                f"mean {counts['mean']:.4g} ({counts['lowest']:g} to {counts['highest']:g})",
                f"{counts['at_zero'] / scored:.1%} at 0",
                f"{counts['at_full'] / scored:.1%} at {self.full:g}",
            ]
            if self.threshold is not None:
                parts.append(f"{counts['passed'] / scored:.1%} pass at {self.threshold:g}")
        failed = self.scores.errors.total()
        parts += [f"{failed:,} error{'s' * (failed != 1)}", f"{counts['not_run']:,} not run"]
        parts += [f"{n:,} {UNFINISHED[name]}" for name, n in counts["unfinished"].items()]
        yield ", ".join(parts)
        yield from self.scores.faults(str(self.items.paths[0]), SHOWN)
        if alone := len(self.items) - len(self.answered):
            yield f"note: {alone:,} items have no sample"

    def _passed(self, threshold: float) -> int:
        return sum(value >= threshold for value in self.values)


def _lines(
    graded: Iterable[tuple[Sample, Grade]], summary: Summary, output_format: Format
) -> Iterator[bytes]:
    """The output in pieces: JSONL, or one JSON object, of which only a row is held at a time."""
    one_object = output_format is Format.json
    before = b'{"scores":[\n' if one_object else b""
    for sample, grade in graded:
        summary.add(sample, grade)
        row = terminal.as_json(_row(sample, summary.line(sample), grade))
        yield before + row + (b"" if one_object else b"\n")
        before = b",\n" if one_object else b""
    if one_object:
        start = b"\n" if summary.answered else before
        yield start + b'],"summary":' + orjson.dumps(summary.as_dict()) + b"}\n"


def _row(sample: Sample, line: int, grade: Grade) -> dict[str, Any]:
    row: dict[str, Any] = {"line": line}
    if "id" in sample.item:
        row["id"] = sample.item["id"]
    if sample.line:
        row["sample"] = sample.line
    row["score"] = grade.score
    if grade.scores:
        row["scores"] = grade.scores
    for name in ("error", "details", "not_run", "unfinished"):
        if (value := getattr(grade, name)) is not None:
            row[name] = value
    return row
