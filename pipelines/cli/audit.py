"""`rft audit`: which files are compared, and how what they share is shown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pipelines
from pipelines.cli import terminal
from pipelines.cli.command import Exit, argument, option
from pipelines.cli.options import Benchmarks, Format, OutputFormat
from pipelines.findings import SHOWN, BadInput, show

if TYPE_CHECKING:
    from pipelines.similarity.audit import Audit


def audit(
    paths: Annotated[
        tuple[str, ...],
        argument(
            metavar="FOLDER | TRAIN VALIDATION",
            required=True,
            help="A prepared folder or its dataset's name, or two JSONL files.",
        ),
    ],
    benchmarks: Benchmarks = (),
    threshold: Annotated[
        float | None,
        option(
            help="Similarity from which two prompts are near-duplicates; without it, that of the "
            "folder's manifest, or 0.8."
        ),
    ] = None,
    band: Annotated[
        float,
        option(help="Also list, apart, the pairs this far below the threshold, for reading."),
    ] = 0.0,
    output_format: OutputFormat = Format.text,
    all_pairs: Annotated[
        bool, option("--all", help="Show every pair, not five of each kind.")
    ] = False,
) -> None:
    """List every question that training and validation share. Exit code 1 where there is one.

    Any two JSONL files of chat rows, however they were made. Compared are the user's messages,
    without what most of a file share: the same text, the same question (set otherwise, options in
    another order), near-duplicates (the larger of two exact Jaccard indexes of 5-byte shingles, of
    the plain words and of what they say without typography), and one question with other options.
    200 validation rows are compared with all by brute force, too.

    \b
    Examples:
      rft audit medmcqa
      rft audit train.jsonl validation.jsonl --threshold 0.7
      rft audit t.jsonl v.jsonl --benchmark math500.jsonl:problem --band 0.1
    """
    if not 1 <= len(paths) <= 2 or (len(paths) == 1 and Path(paths[0]).is_file()):
        raise BadInput("audit: give a prepared folder, or a training and a validation file")
    result = pipelines.audit(*paths, threshold=threshold, band=band, benchmarks=benchmarks)
    if output_format is Format.json:
        terminal.print_json(_document(result))
    else:
        _print(result, None if all_pairs else SHOWN)
    raise Exit(int(not result.sound))


def _document(result: Audit) -> dict[str, object]:
    fields = asdict(result)
    listed = {name: fields.pop(name) for name in ("pairs", "band", "hits", "quotes")}
    counts: dict[str, int] = fields.pop("counts")
    train_rows, validation_rows = fields.pop("rows")
    sampled = dict(zip(("rows", "pairs", "missed"), fields.pop("sampled"), strict=True))
    shared = {name: [one._asdict() for one in some] for name, some in result.wrappings.items()}
    summary = {
        **{name: len(entries) for name, entries in listed.items()},
        "pairs": sum(counts.values()),
        "kinds": counts,
        "train_rows": train_rows,
        "validation_rows": validation_rows,
        "threshold": fields["threshold"],
        "brute_force": sampled,
        "not_compared": shared,
    }
    return {**listed, "summary": summary}


def _print(result: Audit, most: int | None) -> None:
    """The pairs by kind, then what a person should read, then the counts."""
    train, validation = result.files
    across = {
        pair: f"{pair.kind} {pair.similarity:.3f}: "
        f"{train}:{pair.train_line} and {validation}:{pair.validation_line}"
        for pair in (*result.pairs, *result.band)
    }
    hits = {
        hit: f"{hit.kind} {hit.similarity:.3f}: {hit.file}:{hit.line} and {hit.benchmark}"
        for hit in (*result.hits, *result.quotes)
    }
    for kind, count in result.counts.items():
        _list([across[pair] for pair in result.pairs if pair.kind == kind], most, count)
    _list([f"benchmark, {hits[hit]}" for hit in result.hits], most)
    _list([f"to read: below the threshold, {across[pair]}" for pair in result.band], most)
    _list([f"to read: {hits[hit]}" for hit in result.quotes], most)
    for name, some in result.wrappings.items():
        for text, at_end, count in some:
            where = "end" if at_end else "begin"
            shown = show(" ".join(text.split()))
            terminal.say(f"not compared: {shown}, with which {count:,} prompts of {name} {where}")
    rows, pairs, missed = result.sampled
    terminal.say(
        f"check by brute force: {rows:,} validation rows, {pairs:,} near-duplicates, "
        f"{missed:,} missed"
    )
    if result.hits:
        terminal.say(f"{len(result.hits):,} rows are a benchmark's question")
    total = sum(result.counts.values())
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in result.counts.items())
    terminal.say(
        f"{total:,} pairs across{f' ({kinds})' if kinds else ''}: {result.rows[0]:,} training and "
        f"{result.rows[1]:,} validation rows, threshold {result.threshold:g}"
    )


def _list(lines: list[str], most: int | None, count: int | None = None) -> None:
    """The first lines, and how many more there are of `count`, by default of these."""
    count = len(lines) if count is None else count
    for line in lines[:most]:
        terminal.say(line)
    if count > len(lines[:most]):
        hint = " (--all shows them)" if most is not None else ""
        terminal.say(f"{count - len(lines[:most]):,} more like it{hint}")
