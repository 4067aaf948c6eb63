"""`rft validate`: which files are checked, which findings count, how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from pipelines.cli import terminal
from pipelines.findings import BadInput, Finding
from pipelines.io.prepared import FILES
from pipelines.rules import check
from pipelines.rules.catalogue import RULES
from pipelines.rules.fix import Change, fix_document, fix_lines, rebuild_job
from pipelines.rules.tokens import Tokens


class Format(StrEnum):
    """How results are printed."""

    text = "text"
    json = "json"
    github = "github"


def _file(what: str) -> Any:
    return typer.Option(show_default=False, help=what)


Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH...",
        show_default=False,
        help="Folders, files, or names of prepared datasets; - is the standard input.",
    ),
]
Train = Annotated[Path | None, _file("The training file (JSONL).")]
Validation = Annotated[Path | None, _file("The validation file (JSONL).")]
Grader = Annotated[Path | None, _file("The grader (JSON).")]
ResponseFormat = Annotated[Path | None, _file("The response format (JSON).")]
Job = Annotated[Path | None, _file("The job request (JSON).")]
Model = Annotated[
    str | None, typer.Option(show_default=False, help="In place of the job's model, or alone.")
]
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
Fix = Annotated[
    Path | None,
    _file("Write repaired copies to this folder, which holds none of them, and list every change."),
]
Out = Annotated[Path, typer.Option(help="Where prepared datasets are, for a name.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result.")]
All = Annotated[bool, typer.Option("--all", help="Show every finding, not five of each rule.")]


@dataclass(frozen=True)
class _Set:
    """Files that are compared with one another.

    `paths` by role are those that options name, `more` the files of rows among the words. `folder`
    gives the roles that `paths` does not.
    """

    folder: Path | None
    paths: dict[str, Path]
    more: tuple[check.RowFile, ...]

    @property
    def whole(self) -> bool:
        """Whether a file that is missing is a finding."""
        return self.folder is not None or not self.more

    def named(self) -> dict[str, Path]:
        """Every file with a role of its own, those of the folder too, the job last."""
        paths = {}
        for role, name in FILES.items():
            if role in self.paths:
                paths[role] = self.paths[role]
            elif self.folder is not None and (self.folder / name).is_file():
                paths[role] = self.folder / name
        return paths

    def findings(self, model: str | None, tokens_of: dict[str, Tokens] | None) -> Iterator[Finding]:
        if self.folder is not None:
            return check.check(
                self.folder, self.paths, more=self.more, model=model, tokens_of=tokens_of
            )
        return check.given(
            self.paths, more=self.more, whole=self.whole, model=model, tokens_of=tokens_of
        )


def validate(
    paths: Paths = None,
    train: Train = None,
    validation: Validation = None,
    grader: Grader = None,
    response_format: ResponseFormat = None,
    job: Job = None,
    model: Model = None,
    select: Select = None,
    ignore: Ignore = None,
    strict: Strict = False,
    tokens: CountTokens = False,
    fix: Fix = None,
    out: Out = Path("processed"),
    output_format: OutputFormat = Format.text,
    every: All = False,
) -> None:
    """Check files against the service's rules and with one another; nothing is made or changed.

    A folder gives the files that have the names of a prepared one: train.jsonl, validation.jsonl,
    grader.json, response_format.json, job.json. So does a file of such a name; any other file holds
    rows. A role that an option gives takes the place of the folder's file. All that is named is
    compared, but for several folders, of which each is a set of its own.

    Of several files of rows those count as held out whose names say so: validation, valid, val,
    eval, dev, test, holdout. No prompt of theirs may be in another file.

    Exit code 0: sound, perhaps with warnings; 1: errors; 2: nothing that can be read.

    \b
    Examples:
      rft validate processed/medmcqa                      a prepared folder
      rft validate medmcqa                                the same, by its name
      rft validate rows.jsonl                             one file
      rft validate train.jsonl valid.jsonl --grader g.json --job j.json
      rft validate processed/medmcqa --grader g.json      the folder with another grader
      rft validate --train a.jsonl --validation b.jsonl --grader g.json
      rft validate processed/medmcqa --fix fixed          repaired copies, job.json built anew
    """
    options = {
        "train": train,
        "validation": validation,
        "grader": grader,
        "response_format": response_format,
        "job": job,
    }
    given = {role: path for role, path in options.items() if path is not None}
    if not given and not paths:
        raise BadInput(
            "validate: nothing is named; give a folder, files, or roles as --train and --grader, "
            "see `rft validate --help` (`rft prepare` makes datasets)"
        )
    sets = _sets([_place(path, out) for path in paths or ()], given)
    if fix is not None:
        if len(sets) > 1:
            raise BadInput("--fix: takes one dataset at a time; name one folder")
        sets = [_repaired(sets[0], fix)]
    counts: dict[str, Tokens] | None = {} if tokens else None
    found = (finding for each in sets for finding in each.findings(model, counts))
    tally = terminal.Tally(_selected(found, select or [], ignore or []), every=every)
    _show(tally, counts or {}, output_format, strict=strict)


def _place(path: Path, out: Path) -> Path:
    """A path that is there, or the prepared folder of that name."""
    if str(path) == "-" or path.exists():
        return path
    if (out / path).is_dir():
        return out / path
    raise BadInput(
        f"{path}: neither a file or folder nor prepared in {out}; "
        f"`rft prepare {path}` prepares a dataset"
    )


def _sets(places: list[Path], given: dict[str, Path]) -> list[_Set]:
    """What is compared with one another: all, or each of several folders by itself."""
    folders = list(dict.fromkeys(path for path in places if path.is_dir()))
    paths, rows = dict(given), []
    for path in dict.fromkeys(path for path in places if not path.is_dir()):
        role = next((role for role, name in FILES.items() if name == path.name), None)
        if role is None or role in ("train", "validation"):
            rows.append(path)
        elif paths.setdefault(role, path) != path:
            raise BadInput(f"{path}: there is another {role}, {paths[role]}; name one")
    for path in given.values():
        if str(path) != "-" and (path.is_dir() or not path.exists()):
            raise BadInput(f"{path}: there is no such file")
    if [*map(str, rows), *map(str, paths.values())].count("-") > 1:
        raise BadInput("-: the standard input can be read once; name files")
    if len(folders) > 1 and (rows or paths):
        raise BadInput(f"{folders[1]}: name one folder with files, for they are one set")
    own = [
        *paths.values(),
        *(folder / name for folder in folders for name in FILES.values()),
    ]
    named = {path.resolve() for path in own}
    rows = [path for path in rows if str(path) == "-" or path.resolve() not in named]
    several = len(rows) + len(folders) + ("train" in paths) + ("validation" in paths) > 1
    more = tuple((_role(path) if several else "train", path) for path in rows)
    return [_Set(folder, paths, more) for folder in folders] or [_Set(None, paths, more)]


_HELD_OUT = {
    **dict.fromkeys(("validation", "valid", "val"), "validation"),
    **dict.fromkeys(("eval", "dev", "test", "holdout"), "test"),
}


def _role(path: Path) -> str:
    """What a file of rows is for, by the words of its name."""
    words = re.split(r"[\W\d_]+", path.stem.lower())
    return "train" if "train" in words else next(filter(None, map(_HELD_OUT.get, words)), "train")


def _repaired(files: _Set, folder: Path) -> _Set:
    """Write repaired copies to a folder, print every change, and name the copies instead."""
    copies: dict[Path, Path] = {}
    documents: dict[str, object] = {}
    for _, path in [*files.named().items(), *files.more]:
        copy = folder / path.name
        if str(path) == "-" or copy.exists() or copy in copies.values():
            raise BadInput(f"{path}: its copy would be {copy}; give an empty folder to --fix")
        copies[path] = copy
    if (folder / "manifest.json").exists():
        raise BadInput(f"{folder}: is a prepared folder; give another to --fix")
    # The job comes last: it is built anew from the repaired files beside it.
    for role, path in [*files.more, *files.named().items()]:
        if role in ("grader", "response_format", "job"):
            changes = _copy(role, path, copies[path], documents)
        else:
            changes = _copy_rows(path, copies[path])
        for change in changes:
            place = f"{path}:{change.line}" if change.line else str(path)
            pointer = f" {change.pointer}" if change.pointer else ""
            terminal.say(f"fixed: {place}: {change.code}{pointer}: {change.what}", stderr=True)
    return replace(
        files,
        folder=folder if files.folder else None,
        paths={role: copies[path] for role, path in files.named().items()},
        more=tuple((role, copies[path]) for role, path in files.more),
    )


def _copy_rows(path: Path, copy: Path) -> list[Change]:
    """Write one repaired file of rows, at once or not at all; the changes made."""
    from pipelines.io import (
        files,  # with polars and pyarrow behind it: 70 MB that checking needs not
    )

    changes: list[Change] = []

    def fill(out: BinaryIO) -> None:
        with path.open("rb") as lines:
            for line, made in fix_lines(lines, str(path)):
                out.write(line)
                changes.extend(made)

    files.write(copy, fill)
    return changes


def _copy(role: str, path: Path, copy: Path, documents: dict[str, object]) -> list[Change]:
    """Write one repaired document; the changes made. `documents` holds those before it, by role."""
    from pipelines.io import files

    data = path.read_bytes()
    try:
        value, changes = fix_document(role, orjson.loads(data), str(path))
    except orjson.JSONDecodeError:
        files.write(copy, lambda out: out.write(data))
        return []
    if role == "job":
        value, more = rebuild_job(value, documents, str(path))
        changes += more
    documents[role] = value
    files.write_json(copy, value)
    return changes


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


def _show(tally: terminal.Tally, counts: dict[str, Tokens], how: Format, *, strict: bool) -> None:
    """Print what was found and leave with its exit code."""
    failed = "error" in tally.severities or (strict and "warning" in tally.severities)
    if how is Format.json:
        value = {
            "findings": [finding.as_dict() for finding in tally.held],
            "summary": dict(sorted(tally.counts.items())),
            **(
                {"tokens": {path: asdict(tokens) for path, tokens in counts.items()}}
                if counts
                else {}
            ),
        }
        terminal.print_json(value)
    elif how is Format.github:
        for finding in tally.held:
            print(finding.as_annotation())
    else:
        terminal.show_findings(tally, terminal.console())
        for path, tokens in counts.items():
            terminal.say(
                f"{path}: {tokens.rows:,} rows, {tokens.about}{tokens.total:,} tokens, "
                f"at most {tokens.longest:,} (line {tokens.line})"
            )
        if not failed:
            print("sound, with warnings" if "warning" in tally.severities else "sound")
    raise typer.Exit(int(failed))
