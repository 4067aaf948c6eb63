"""`rft audit`: which files are compared, and how what was found is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from pipelines.cli import terminal
from pipelines.findings import SHOWN, BadInput

if TYPE_CHECKING:
    from pipelines.similarity import audit as audits

Found = TypeVar("Found")


class AuditFormat(StrEnum):
    """How the result is printed."""

    text = "text"
    json = "json"


Train = Annotated[Path, typer.Argument(metavar="TRAIN", show_default=False, help="JSONL.")]
Validation = Annotated[
    Path, typer.Argument(metavar="VALIDATION", show_default=False, help="JSONL.")
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--benchmark",
        metavar="PATH[:FIELD]",
        show_default=False,
        help="A benchmark (JSONL or parquet) to compare both with; may be repeated.",
    ),
]
Threshold = Annotated[
    float, typer.Option(help="Similarity from which two prompts are near-duplicates.")
]
Band = Annotated[
    float,
    typer.Option(help="Also list, apart, the pairs this far below the threshold, for reading."),
]
Format = Annotated[AuditFormat, typer.Option("--format", help="How to print the result.")]
All = Annotated[bool, typer.Option("--all", help="Show every pair, not five of each kind.")]


def audit(
    train: Train,
    validation: Validation,
    against: Against = None,
    threshold: Threshold = 0.8,
    band: Band = 0.0,
    output_format: Format = AuditFormat.text,
    every: All = False,
) -> None:
    """List every question that training and validation share. Exit code 1 where there is one.

    Any two JSONL files of chat rows, however they were made. Compared are the user's messages: the
    same text, the same question (spelled otherwise, options in another order), near-duplicates
    (exact Jaccard index of 5-byte shingles), and one question with other options.

    \b
    Examples:
      rft audit train.jsonl validation.jsonl
      rft audit processed/medmcqa/train.jsonl processed/medmcqa/validation.jsonl --threshold 0.7
      rft audit t.jsonl v.jsonl --benchmark math500.jsonl:problem --band 0.1 --format json
    """
    # Here and not above: checking files needs no frames, and polars takes 0.25 s to load.
    from pipelines.similarity import audit as audits
    from pipelines.sources.benchmarks import question_rows

    if not 0 < threshold <= 1:
        raise BadInput(f"--threshold {threshold}: give a similarity above 0, and 1 at most")
    if not 0 <= band < threshold:
        raise BadInput(f"--band {band}: give a width from 0 to the threshold")
    sides = []
    for path in (train, validation):
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file")
        with path.open("rb") as lines:
            sides.append(audits.prompts(lines, str(path)))
    found = audits.audit(
        *sides,
        threshold=threshold,
        band=band,
        benchmarks=question_rows(tuple(against)) if against else None,
    )
    if output_format is AuditFormat.json:
        terminal.print_json(_document(found))
    else:
        _print(found, train, validation, None if every else SHOWN)
    raise typer.Exit(int(not found.sound))


def _document(found: audits.Audit) -> dict[str, object]:
    return {
        "pairs": [asdict(pair) for pair in found.pairs],
        "band": [asdict(pair) for pair in found.band],
        "hits": [asdict(hit) for hit in found.hits],
        "quotes": [asdict(hit) for hit in found.quotes],
        "summary": {
            "pairs": sum(found.counts.values()),
            "kinds": found.counts,
            "band": len(found.band),
            "hits": len(found.hits),
            "quotes": len(found.quotes),
            "threshold": found.threshold,
            "train_rows": found.rows[0],
            "validation_rows": found.rows[1],
            "candidates": found.candidates,
            "left_out": found.left_out,
        },
    }


def _print(found: audits.Audit, train: Path, validation: Path, most: int | None) -> None:
    def pair_line(pair: audits.Pair) -> str:
        places = f"{train}:{pair.train_line} and {validation}:{pair.validation_line}"
        return f"{pair.kind} {pair.similarity:.3f}: {places}"

    def hit_line(hit: audits.Hit) -> str:
        return f"{hit.kind} {hit.similarity:.3f}: {hit.file}:{hit.line} and {hit.benchmark}"

    for kind, count in found.counts.items():
        _list([pair for pair in found.pairs if pair.kind == kind], pair_line, count, most)
    _list(found.hits, hit_line, len(found.hits), most, "benchmark, ")
    _list(found.band, pair_line, len(found.band), most, "to read: below the threshold, ")
    _list(found.quotes, hit_line, len(found.quotes), most, "to read: ")
    total = sum(found.counts.values())
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in found.counts.items())
    terminal.say(
        f"{total:,} pairs across{f' ({kinds})' if kinds else ''}; "
        f"{found.rows[0]:,} training and {found.rows[1]:,} validation rows, "
        f"near-duplicates from {found.threshold:g}, {found.candidates:,} candidates counted"
    )
    if any(found.left_out):
        before, after = found.left_out
        terminal.say(
            f"not compared: {before:,} and {after:,} characters that all prompts begin and end with"
        )
    if found.hits:
        terminal.say(f"{len(found.hits):,} rows are a benchmark's question")


def _list(
    some: Sequence[Found],
    line: Callable[[Found], str],
    count: int,
    most: int | None,
    before: str = "",
) -> None:
    shown = some[:most]
    for one in shown:
        terminal.say(f"{before}{line(one)}")
    if count > len(shown):
        hint = " (--all shows them)" if most is not None else ""
        terminal.say(f"{before}{count - len(shown):,} more like it{hint}")
