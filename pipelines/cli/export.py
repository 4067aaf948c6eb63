"""`rft export`: a prepared dataset in, the files of other trainers out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from click import IntRange
from rich.table import Table

from pipelines.cli import grading, terminal
from pipelines.cli.command import Exit, argument, option
from pipelines.cli.options import Format, OutputFormat, Quiet, TrustGrader
from pipelines.findings import BadInput
from pipelines.rules.tables import limit

if TYPE_CHECKING:
    from pipelines.exports.target import Exported, Target
    from pipelines.io.prepared import Prepared

# Rules on how much the service takes: an export keeps to its target's own limits, and cuts.
_SIZES = frozenset({"RFT110", "RFT111", "RFT112", "RFT124"})

RECORD = "export.json"


def export(
    folder: Annotated[
        str,
        argument(
            metavar="FOLDER|TRACES.jsonl",
            help="A prepared folder, or the name of a dataset in processed/.; for sft also a file "
            "of an agent's traces.",
        ),
    ],
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

    Targets: openai, foundry, bedrock, gemini, fireworks, trl, verl, verifiers, aml (Azure
    ML's GRPO example), hf (a dataset folder for the hub), sft (supervised fine-tuning,
    which `rft submit exports/sft/NAME` takes; also of an agent's traces, rows with
    messages, tools and a reward, of which the best --keep-ratio are kept).
    The folder is validated first; each row is checked against the target's schema. What a
    target has no room for is left out, from the end, which leaves an even choice.
    Exit 1 where the data does not fit.

    \b
    Examples:
      rft export medmcqa --to trl
      rft export processed/openr1-math --to bedrock --to gemini --out exports
      rft export traces.jsonl --to sft --keep-ratio 0.3
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
    if Path(folder).is_file():
        for name in options.keys() - {"keep_ratio"}:
            option_name = name.replace("_", "-")
            raise BadInput(f"--{option_name}: goes with a prepared folder, not with traces")
        _export_traces(
            Path(folder), targets, out, keep_ratio, text=output_format is Format.text, quiet=quiet
        )
        return
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
            folder_of = source_folder.folder
            sources = [folder_of / name for name in prepared.FILES.values()]
            named = source_folder.dataset
            record = _record(named, folder_of, sources, target, exported, output)
            records[target.name] = record
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


def _export_traces(
    path: Path,
    targets: list[Target],
    out: Path,
    keep_ratio: float | None,
    *,
    text: bool,
    quiet: bool,
) -> None:
    """Export a file of an agent's traces, which only the supervised target takes."""
    from pipelines.exports import agent_traces
    from pipelines.io import files

    if [target.name for target in targets] != ["sft"]:
        raise BadInput(f"{path}: a file of traces goes with --to sft alone; give a folder")
    output = out / "sft" / path.name.partition(".")[0]
    written = [output / name for name in agent_traces.FILES]
    grading.check_paths(written, [path])
    ours = (output.parent / ".lock").exists()
    with files.alone(output.parent):
        before = _begin(output, agent_traces.FILES, ours=ours)
        report = terminal.progress(quiet=quiet)
        exported = agent_traces.write(path, output, report=report, keep_ratio=keep_ratio)
        for name in before - set(exported.files):
            (output / name).unlink(missing_ok=True)
        record = _record(output.name, path.parent, [path], targets[0], exported, output)
        files.write_json(output / RECORD, record)
    if not text:
        terminal.print_json({"exports": [{"folder": str(output), **record}]})
    elif not quiet:
        _show({"sft": record}, {"sft": output})


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


def _record(
    dataset: str | None,
    root: Path,
    sources: list[Path],
    target: Target,
    exported: Exported,
    folder: Path,
) -> dict[str, Any]:
    """What came of an export, with a digest of each file read and written; no times, no paths."""
    from pipelines.io import files
    from pipelines.run import manifest

    return {
        "target": target.name,
        "dataset": dataset,
        "source": [files.describe(path, root) for path in sources if path.is_file()],
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
