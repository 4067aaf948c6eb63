"""`rft validate`: which files are checked, which findings count, how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

from pipelines.cli import terminal
from pipelines.cli.command import Exit, argument, option
from pipelines.cli.options import AllFindings, Format, GraderFile, Model
from pipelines.findings import BadInput, Finding
from pipelines.io.prepared import FILES, folder_of
from pipelines.rules import check, yaml_jobs
from pipelines.rules.catalogue import RULES
from pipelines.rules.summary import FileSummary

Codes = tuple[str, ...]


@dataclass(frozen=True)
class _Set:
    """Files that are compared with one another.

    `paths` by role are those that options name, `more` the files of rows among the words. `folder`
    gives the roles that `paths` does not.
    """

    folder: Path | None
    paths: dict[str, Path]
    more: tuple[check.RowFile, ...]

    def named(self) -> dict[str, Path]:
        """Every file with a role of its own, those of the folder too, the job last."""
        paths = {}
        for role, name in FILES.items():
            if role in self.paths:
                paths[role] = self.paths[role]
            elif self.folder is not None and (self.folder / name).is_file():
                paths[role] = self.folder / name
        return paths

    def findings(
        self, model: str | None, summaries: list[FileSummary], *, count_tokens: bool
    ) -> Iterator[Finding]:
        """What is wrong with them; `summaries` receives that of every file of rows."""
        # A file that is missing is a finding, but not where files of rows stand for themselves.
        run = (
            partial(check.given, whole=not self.more)
            if self.folder is None
            else partial(check.check, self.folder)
        )
        return run(
            self.paths,
            more=self.more,
            model=model,
            summaries=summaries,
            count_tokens=count_tokens,
        )

    def repaired(self, folder: Path) -> _Set:
        """The same files as repaired copies in another folder."""
        # Here and not above: with polars and pyarrow behind it, 70 MB that checking needs not.
        from pipelines.cli.repair import repair

        copies = repair(self.named(), self.more, folder)
        return _Set(
            folder if self.folder else None,
            {role: copies[path] for role, path in self.named().items()},
            tuple((role, copies[path]) for role, path in self.more),
        )


def validate(
    paths: Annotated[
        tuple[Path, ...],
        argument(
            metavar="PATH...",
            help="Folders, files, or names of datasets in processed/; - is the standard input.",
        ),
    ] = (),
    train: Annotated[Path | None, option(help="The training file (JSONL).")] = None,
    validation: Annotated[Path | None, option(help="The validation file (JSONL).")] = None,
    grader_file: GraderFile | None = None,
    response_format: Annotated[Path | None, option(help="The response format (JSON).")] = None,
    job: Annotated[Path | None, option(help="The job request (JSON).")] = None,
    model: Model | None = None,
    select: Annotated[
        Codes, option(help="Only these rules: a code, or a family as RFT2; may be repeated.")
    ] = (),
    ignore: Annotated[
        Codes, option(help="Not these rules: codes or families; may be repeated.")
    ] = (),
    strict: Annotated[bool, option(help="Warnings fail too.")] = False,
    tokens: Annotated[
        bool, option(help="Count the tokens of every row, and show the totals.")
    ] = False,
    fix: Annotated[
        Path | None,
        option(
            help="Write repaired copies to this folder, which holds none of them, and list every "
            "change."
        ),
    ] = None,
    output_format: Annotated[
        Format,
        option("--format", help="How to print the result; github: annotations, sarif: a log."),
    ] = Format.text,
    all_findings: AllFindings = False,
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
      rft validate medmcqa                        a prepared folder, by its name
      rft validate processed/medmcqa              the same
      rft validate rows.jsonl                     one file
      rft validate train.jsonl valid.jsonl --grader-file g.json --job j.json
      rft validate medmcqa --grader-file g.json   the folder with another grader
      rft validate --train a.jsonl --validation b.jsonl --grader-file g.json
      rft validate medmcqa --fix fixed            repaired copies
    """
    roles = (train, validation, grader_file, response_format, job)
    given = {role: path for role, path in zip(FILES, roles, strict=True) if path is not None}
    if not given and not paths:
        raise BadInput(
            "validate: nothing is named; give a folder, files, or roles as --train and "
            "--grader-file, see `rft validate --help` (`rft prepare` makes datasets)"
        )
    for word in (*select, *ignore):
        if not any(code.startswith(word) for code in RULES):
            raise BadInput(f"{word}: no rule has this code; see `rft rules`")
    sets = _sets([_place(path) for path in paths], given)
    if fix is not None:
        if len(sets) > 1:
            raise BadInput("--fix: takes one dataset at a time; name one folder")
        sets = [sets[0].repaired(fix)]
    summaries: list[FileSummary] = []
    findings = chain.from_iterable(
        each.findings(model, summaries, count_tokens=tokens) for each in sets
    )
    tally = terminal.Tally(_selected(findings, select, ignore), every=all_findings)
    documents = [role for each in sets for role in each.named() if role in check.DOCUMENTS]
    _show(tally, summaries, documents, output_format)
    raise Exit(int("error" in tally.severities or (strict and "warning" in tally.severities)))


def _place(path: Path) -> Path:
    """A path that is there, or the prepared folder of that name."""
    return path if str(path) == "-" or path.exists() else folder_of(str(path))


def _sets(places: list[Path], given: dict[str, Path]) -> list[_Set]:
    """What is compared with one another: all, or each of several folders by itself."""
    folders = list(dict.fromkeys(path for path in places if path.is_dir()))
    paths, rows = dict(given), []
    for path in dict.fromkeys(path for path in places if not path.is_dir()):
        role = next((role for role, name in FILES.items() if name == path.name), None)
        if yaml_jobs.is_yaml(path):
            role = "job"
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
    own = chain(paths.values(), (folder / name for folder in folders for name in FILES.values()))
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


def _absent(documents: list[str]) -> str:
    """What was not given, and so not looked at; a job has a grader and a format of its own."""
    absent = [] if "job" in documents else [r for r in check.DOCUMENTS if r not in documents]
    return f"; not given: {', '.join(absent).replace('_', ' ')}" if absent else ""


def _selected(findings: Iterable[Finding], select: Codes, ignore: Codes) -> Iterator[Finding]:
    """The findings whose rules are asked for, by their codes or the beginnings of them."""
    for finding in findings:
        wanted = not select or finding.code.startswith(select)
        if wanted and not (ignore and finding.code.startswith(ignore)):
            yield finding


def _show(
    tally: terminal.Tally, summaries: list[FileSummary], documents: list[str], how: Format
) -> None:
    tokens = {each.name: each.tokens for each in summaries if each.tokens is not None}
    if how is Format.json:
        value = terminal.findings_document(tally)
        if tokens:
            value["tokens"] = {name: asdict(counted) for name, counted in tokens.items()}
        terminal.print_json(value)
    elif how is Format.sarif:
        from pipelines.cli import sarif

        terminal.print_json(sarif.document(tally))
    elif how is Format.github:
        for finding in tally.held:
            print(finding.as_annotation())
    else:
        terminal.show_findings(tally)
        for name, counted in tokens.items():
            terminal.say(
                f"{name}: {counted.rows:,} rows, {counted.about}{counted.total:,} tokens, "
                f"at most {counted.longest:,} (line {counted.line})"
            )
        rows = sum(summary.rows for summary in summaries)
        files = terminal.counted(len(documents) + len(summaries), "file")
        print(f"{tally} in {files}, {terminal.counted(rows, 'row')}{_absent(documents)}")
