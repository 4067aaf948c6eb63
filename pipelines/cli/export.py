"""`rft export`: a prepared dataset in, the files of other trainers out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from click import IntRange
from rich.table import Table

from pipelines.cli import grading, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import Folder, Format, OutputFormat, Quiet, TrustGrader
from pipelines.findings import BadInput
from pipelines.rules.tables import limit

if TYPE_CHECKING:
    from pipelines.exports.target import Exported, Target
    from pipelines.io.prepared import Prepared

# Rules on how much the service takes: an export keeps to its target's own limits, and cuts.
_SIZES = frozenset({"RFT110", "RFT111", "RFT112", "RFT124"})

RECORD = "export.json"


def export(
    folder: Folder,
    to: Annotated[
        tuple[str, ...], option("--to", metavar="TARGET", help="The trainer; may be repeated.")
    ],
    out: Annotated[Path, option(help="Where exports go, to TARGET/DATASET in it.")] = Path(
        "exports"
    ),
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    samples: Annotated[
        tuple[Path, ...], option(help="sft: answers of a model (JSONL); may be repeated.")
    ] = (),
    grader_file: Annotated[
        Path | None,
        option(help="sft: another grader (JSON) than the folder's."),
    ] = None,
    trust_grader: TrustGrader = False,
    keep_ratio: Annotated[
        float | None,
        option(help="sft: the best share of the answers, 0 to 1."),
    ] = None,
    source: Annotated[
        str | None,
        option(
            help="sft: where the raw files are, as for `rft prepare`; the manifest's by default.",
        ),
    ] = None,
    max_bytes: Annotated[
        int | None,
        option(
            type=IntRange(min=1),
            help=f"sft: bytes a file at most; {limit('file_bytes'):,} by default.",
        ),
    ] = None,
) -> None:
    """Write a prepared dataset in the format of another trainer, with a reward module.

    \b
    Targets: openai, foundry, bedrock, gemini, fireworks, trl, verl, verifiers, aml (Azure
    ML's GRPO example), hf (a dataset folder for the hub), sft (supervised fine-tuning).
    The folder is validated first; each row is checked against the target's schema. What a
    target has no room for is left out, from the end, which leaves an even choice.
    Exit 1 where the data does not fit.

    \b
    Examples:
      rft export medmcqa --to trl
      rft export processed/openr1-math --to bedrock --to gemini --out exports
    """
    # Here and not above: listing commands needs no frames.
    from pipelines import exports
    from pipelines.exports.target import Unfit
    from pipelines.io import files, prepared

    targets = [exports.find(name) for name in dict.fromkeys(to)]
    for_sft = {
        "samples": samples,
        "grader_file": grader_file,
        "trust_grader": trust_grader,
        "keep_ratio": keep_ratio,
        "source": source,
        "max_bytes": max_bytes,
    }
    options = {
        name: value
        for name, value in for_sft.items()
        if value is not None and value is not False and value != ()
    }
    for name in options:
        if any(target.name != "sft" for target in targets):
            raise BadInput(f"--{name.replace('_', '-')}: goes with --to sft alone")
    source_folder = prepared.find(folder)
    outputs = {target.name: _folder(source_folder, target, out) for target in targets}
    written = [outputs[target.name] / name for target in targets for name in target.files]
    grading.check_paths(written, [*samples, *([grader_file] if grader_file else [])])
    refused = _errors(source_folder)
    progress = terminal.progress(quiet=quiet)
    records = {}
    for target in [] if refused.counts else targets:
        output = outputs[target.name]
        ours = (output.parent / ".lock").exists()
        with files.alone(output.parent):
            before = _begin(output, target.files, ours=ours)
            try:
                exported = target.write(source_folder, output, report=progress, **options)
            except Unfit as error:
                refused.held += error.findings
                refused.counts += error.counts
                continue
            for name in before - set(exported.files):  # an earlier export wrote it, not this one
                (output / name).unlink(missing_ok=True)
            records[target.name] = _record(source_folder, target, exported, output)
            files.write_json(output / RECORD, records[target.name])
    if output_format is Format.json:
        value = {
            "exports": [
                {"folder": str(outputs[name]), **record} for name, record in records.items()
            ],
            "findings": [finding.as_dict() for finding in refused.held],
            "summary": dict(sorted(refused.counts.items())),
        }
        terminal.print_json(value)
    else:
        if records and not quiet:
            _show(records, outputs)
        for line in _refusals(refused):
            terminal.say(line)
    raise Exit(int(bool(refused.counts)))


def _folder(prepared: Prepared, target: Target, out: Path) -> Path:
    """Where an export goes; nothing of a prepared folder may be written over."""
    folder = out / target.name / (prepared.dataset or prepared.folder.resolve().name)
    if folder.resolve().is_relative_to(prepared.folder.resolve()):
        raise BadInput(f"{folder}: is inside the prepared folder; choose another --out")
    return folder


def _errors(prepared: Prepared) -> terminal.Tally:
    """What `rft validate` finds of severity error, but for sizes, which an export cuts."""
    from pipelines.rules import check

    return terminal.Tally(
        (
            finding
            for finding in check.check(prepared.folder)
            if finding.severity == "error" and finding.code not in _SIZES
        ),
        every=False,
    )


def _refusals(refused: terminal.Tally) -> Iterator[str]:
    for finding in refused.held:
        yield str(finding)
    for code, count in sorted(refused.counts.items()):
        more = count - sum(finding.code == code for finding in refused.held)
        if more:
            yield f"{code}: {more:,} more like it"


def _begin(folder: Path, names: Iterable[str], *, ours: bool) -> set[str]:
    """Take away the record of an earlier export, for one without it is not finished.

    The names of the files that it wrote. BadInput where a file would be written over that is not
    as an export left it; where there is no record, `ours` says whether exports were made here.
    """
    from pipelines.io import bounds, files

    path = folder / RECORD
    try:
        bounds.regular(path)
        entries = orjson.loads(path.read_bytes())["files"]
        written = {str(entry["path"]): entry["sha256"] for entry in entries}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        written = {}
    for name in names:
        there = (folder / name).is_file()
        if there and (written or not ours) and files.sha256(folder / name) != written.get(name):
            remedy = "move it away, or choose another --out"
            raise BadInput(f"{folder / name}: is not as `rft export` wrote it; {remedy}")
    path.unlink(missing_ok=True)
    return {name for name in written if ".." not in name and not Path(name).is_absolute()}


def _record(prepared: Prepared, target: Target, exported: Exported, folder: Path) -> dict[str, Any]:
    """What came of an export, with a digest of each file read and written; no times, no paths."""
    from pipelines.io import files
    from pipelines.io.prepared import FILES
    from pipelines.run import manifest

    sources = [prepared.folder / name for name in FILES.values()]
    return {
        "target": target.name,
        "dataset": prepared.dataset,
        "source": [files.describe(path, prepared.folder) for path in sources if path.is_file()],
        "rows": dict(exported.rows),
        "left_out": dict(exported.left_out),
        "limits": {name: entry["value"] for name, entry in target.limits.items()},
        "notes": list(exported.notes),
        "files": [files.describe(folder / name, folder) for name in exported.files],
        "code": manifest.code(),
        "versions": manifest.versions(),
    }


def _show(records: Mapping[str, Mapping[str, Any]], folders: Mapping[str, Path]) -> None:
    out = terminal.console()
    table = Table(title="exported", title_justify="left")
    table.add_column("target", no_wrap=True)
    for name in ("train", "validation", "test", "left out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("files", overflow="fold")
    for name, record in records.items():
        rows = record["rows"]
        counts = [f"{rows[split]:,}" if split in rows else "" for split in _SPLITS]
        left_out = f"{sum(record['left_out'].values()):,}"
        table.add_row(name, *counts, left_out, f"{folders[name]}/")
    out.print(table)
    for name, record in records.items():
        for line in _lines(record):
            out.print(f"{name}: {line}", soft_wrap=True)


_SPLITS = ("train", "validation", "test")


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    """What was left out and why, then the notes."""
    for reason, count in record["left_out"].items():
        yield f"{count:,} row{'s' * (count != 1)} left out: {reason}"
    yield from record["notes"]
