"""`rft validate` on files: which are checked, which findings count, how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from pipelines import terminal
from pipelines.findings import BadInput, Finding
from pipelines.foundry import check
from pipelines.foundry.fix import Change, fix_document, fix_lines
from pipelines.foundry.rules import RULES
from pipelines.foundry.tokens import Tokens
from pipelines.signatures import with_options_of

# A file's path, and the tokens of its rows.
Counted = tuple[str, Tokens]


class Format(StrEnum):
    """How results are printed."""

    text = "text"
    json = "json"
    github = "github"


def _file(what: str) -> Any:
    return typer.Option(show_default=False, help=what)


Train = Annotated[Path | None, _file("A training file (JSONL); - is the standard input.")]
Validation = Annotated[Path | None, _file("A validation file (JSONL).")]
Grader = Annotated[Path | None, _file("The grader (JSON).")]
ResponseFormat = Annotated[Path | None, _file("The response format (JSON).")]
Job = Annotated[Path | None, _file("The job request (JSON).")]
Select = Annotated[
    list[str] | None,
    typer.Option(show_default=False, help="Only these rules: a code, or a family as RFT2."),
]
Ignore = Annotated[
    list[str] | None, typer.Option(show_default=False, help="Not these rules: codes or families.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings fail too.")]
CountTokens = Annotated[
    bool, typer.Option("--tokens", help="Count the tokens of every row, and show the totals.")
]
Fix = Annotated[Path | None, _file("Write repaired copies to this folder, and list every change.")]

_EXAMPLES = """\b
Without a stage:
  rft validate processed/medmcqa                      a prepared folder
  rft validate rows.jsonl                             one file
  rft validate --train t.jsonl --validation v.jsonl --grader grader.json
  rft validate rows.jsonl --tokens --model o4-mini-2025-04-16
"""


def with_files(run: Callable[..., None]) -> Callable[..., None]:
    """The stage's command with the words and options that name files instead of datasets."""

    def command(
        datasets: list[str] | None = None,
        train: Train = None,
        validation: Validation = None,
        grader: Grader = None,
        response_format: ResponseFormat = None,
        job: Job = None,
        select: Select = None,
        ignore: Ignore = None,
        strict: Strict = False,
        tokens: CountTokens = False,
        fix: Fix = None,
        **options: Any,
    ) -> None:
        named = {
            "train": train,
            "validation": validation,
            "grader": grader,
            "response_format": response_format,
            "job": job,
        }
        paths = {role: path for role, path in named.items() if path is not None}
        if (
            grader is not None
            and set(paths) == {"grader"}
            and not (grader.suffix or grader.exists())
        ):
            paths, options["grader"] = {}, str(grader)  # a name, as `rft prepare` has it
        targets = [Path(word) for word in datasets or () if word == "-" or Path(word).exists()]
        if not paths and not targets:
            alone = {
                "--select": select,
                "--ignore": ignore,
                "--strict": strict,
                "--tokens": tokens,
                "--fix": fix,
            }
            for name, value in alone.items():
                if value:
                    raise BadInput(f"{name}: goes with files; name a folder or a file to check")
            run(datasets, **options)
            return
        if len(targets) < len(datasets or ()):
            unknown = next(word for word in datasets or () if not Path(word).exists())
            raise BadInput(f"{unknown}: there is no such file or folder")
        for path in paths.values():
            if str(path) != "-" and not path.is_file():
                raise BadInput(f"{path}: there is no such file")
        if fix is not None:
            targets, paths = _repaired(targets, paths, fix)
        counts: list[Counted] = []
        found = _found(targets, paths, options["model"], counts if tokens else None)
        kept = _selected(found, select or [], ignore or [])
        tally = terminal.Tally(kept, every=options["all_findings"])
        _show(tally, counts, options["output_format"], strict=strict)

    command.__doc__ = f"{run.__doc__}\n{_EXAMPLES}"
    # `--grader` is a file here, and only without one the name that the stages know.
    return with_options_of(run, command, own=frozenset({"grader"}))


def _repaired(
    targets: list[Path], paths: dict[str, Path], folder: Path
) -> tuple[list[Path], dict[str, Path]]:
    """Write repaired copies to a folder, print every change, and name the copies instead."""
    named = dict(paths)
    for target in targets:
        if target.is_dir():
            parts = {role: target / name for role, name in check.NAMES.items()}
        else:
            parts = {"train": target}
        for role, path in parts.items():
            if path.is_file() and named.setdefault(role, path) != path:
                raise BadInput(f"{path}: --fix takes one dataset at a time")
    copies: dict[str, Path] = {}
    for role, path in named.items():
        copy = folder / path.name
        if str(path) == "-" or copy.resolve() == path.resolve() or copy in copies.values():
            raise BadInput(f"{path}: its copy would be {copy}; give another folder to --fix")
        changes = _copy(role, path, copy)
        for change in changes:
            place = f"{path}:{change.line}" if change.line else str(path)
            pointer = f" {change.pointer}" if change.pointer else ""
            terminal.say(f"fixed: {place}: {change.code}{pointer}: {change.what}", stderr=True)
        copies[role] = copy
    if len(targets) == 1 and targets[0].is_file():
        return [copies["train"]], {}
    return [], copies


def _copy(role: str, path: Path, copy: Path) -> list[Change]:
    """Write one repaired copy, at once or not at all; the changes made."""
    from pipelines import files  # with polars and pyarrow behind it: 70 MB that checking needs not

    changes: list[Change] = []
    if role in ("train", "validation"):

        def fill(out: BinaryIO) -> None:
            with path.open("rb") as lines:
                for line, made in fix_lines(lines, str(path)):
                    out.write(line)
                    changes.extend(made)

        files.write(copy, fill)
        return changes
    try:
        value, changes = fix_document(role, orjson.loads(path.read_bytes()), str(path))
    except orjson.JSONDecodeError:
        files.write(copy, lambda out: out.write(path.read_bytes()))
        return []
    files.write_json(copy, value)
    return changes


def _found(
    targets: list[Path], paths: dict[str, Path], model: str | None, counts: list[Counted] | None
) -> Iterator[Finding]:
    """The findings about all that is named; `counts` receives the tokens of each file."""
    for target in [None, *targets] if paths else targets:
        tokens_of: dict[str, Tokens] | None = None if counts is None else {}
        if target is None:
            named = paths
            yield from check.given(paths, model=model, tokens_of=tokens_of)
        elif target.is_dir():
            named = {role: target / name for role, name in check.NAMES.items()}
            yield from check.check(target, model=model, tokens_of=tokens_of)
        else:
            named = {"train": target}
            yield from check.given(named, whole=False, model=model, tokens_of=tokens_of)
        if counts is not None and tokens_of is not None:
            counts.extend((str(named[role]), tokens) for role, tokens in tokens_of.items())


def _selected(
    findings: Iterable[Finding], select: list[str], ignore: list[str]
) -> Iterator[Finding]:
    """The findings whose rules are asked for; a word is a code or its beginning."""
    for word in [*select, *ignore]:
        if not any(code.startswith(word) for code in RULES):
            raise BadInput(f"{word}: no rule has this code; see `rft rules`")
    for finding in findings:
        if select and not finding.code.startswith(tuple(select)):
            continue
        if not ignore or not finding.code.startswith(tuple(ignore)):
            yield finding


def _show(tally: terminal.Tally, counts: list[Counted], how: Format, *, strict: bool) -> None:
    """Print what was found and leave with its exit code."""
    failed = "error" in tally.severities or (strict and "warning" in tally.severities)
    if how is Format.json:
        value = {
            "findings": [finding.as_dict() for finding in tally.held],
            "summary": dict(sorted(tally.counts.items())),
            **({"tokens": {path: asdict(tokens) for path, tokens in counts}} if counts else {}),
        }
        terminal.print_json(value)
    elif how is Format.github:
        for finding in tally.held:
            print(finding.as_annotation())
    else:
        terminal.show_findings(tally, terminal.console())
        for path, tokens in counts:
            terminal.say(
                f"{path}: {tokens.rows:,} rows, {tokens.about}{tokens.total:,} tokens, "
                f"at most {tokens.longest:,} (line {tokens.line})"
            )
        if not failed:
            print("sound, with warnings" if "warning" in tally.severities else "sound")
    raise typer.Exit(int(failed))
