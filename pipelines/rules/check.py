"""Files against the catalogue of rules: streams of rows, then files, grader, format and job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

import orjson

from pipelines.findings import BadInput, Finding
from pipelines.graders.templates import item_fields, reads_calls
from pipelines.io import schema
from pipelines.io.jsonl import BOM, content, unreadable
from pipelines.io.jsonl import lines as lines_of
from pipelines.io.prepared import FILES
from pipelines.rules import catalogue, plain, tokens
from pipelines.rules.fields import compared_fields
from pipelines.rules.files import oversize
from pipelines.rules.request import REINFORCEMENT, request
from pipelines.rules.rule import Rule
from pipelines.rules.summary import CHECKED, FileSummary
from pipelines.rules.tables import limit
from pipelines.rules.tokens import Tokens

# The role of a file of rows (train, validation, test) and its path.
RowFile = tuple[str, Path]

# Who is shown each parsed row, with its role and line.
See = Callable[[str, int, dict[str, Any]], None]


@dataclass(frozen=True)
class Files:
    """What there is to check: names as they are shown, contents as they are sent.

    `train` and `validation` are iterables of lines with their line ends; None is "not given". Of a
    document that is `...`, for null is a document too. `more` are other files of rows: role, name
    and lines. `provenance` is what the pipeline knows of how the files were made (rules of family
    6).
    `model` takes the place of the job's model; without a job it is judged in the job that this
    project would write.
    `limits` overrides values of the table of limits by name. `whole` is true where the files are a
    set, so that one that is missing is a finding. `see` is shown each parsed row, so
    that nobody has to parse it again.
    """

    train: Iterable[bytes] | None = None
    validation: Iterable[bytes] | None = None
    more: Iterable[tuple[str, str, Iterable[bytes]]] = ()
    grader: Any = ...
    response_format: Any = ...
    job: Any = ...
    model: str | None = None
    dataset: str | None = None
    provenance: Mapping[str, Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    see: See | None = None

    def rows(self) -> Iterator[tuple[str, str, Iterable[bytes]]]:
        """Every file of rows: role, name and lines."""
        for role, lines in (("train", self.train), ("validation", self.validation)):
            if lines is not None:
                yield role, self.names.get(role, role), lines
        yield from self.more


def validate(
    files: Files, summaries: list[FileSummary] | None = None, *, count_tokens: bool = False
) -> Iterator[Finding]:
    """Every finding about the files: rows in order, then files, grader, response format and job.

    Streams: of a row only hashes and counts are kept. `summaries` receives that of every file of
    rows, with its tokens where they are counted, for which 180,000 short rows take 3 s.
    """
    inside = _reinforcement(files.job)
    given = {"grader": files.grader, "response_format": files.response_format}
    beside = {role: value for role, value in given.items() if value is not ...}
    grader = beside.get("grader", inside.get("grader"))
    known: dict[str, Any] = {
        "graded": tuple(sorted(item_fields(grader))),
        "compared": tuple(sorted(compared_fields(grader))),
        "dataset": files.dataset,
        "count": tokens.count,
        "grader": grader,
        "response_format": beside.get("response_format", inside.get("response_format")),
        "job": _with_model(files),
        "job_tools": None if files.job is ... else _tools(inside, grader),
        "beside": beside,
        "provenance": files.provenance,
    }
    summaries = [] if summaries is None else summaries
    first = len(summaries)
    for role, name, lines in files.rows():
        rows_name = "train_rows" if role == "test" else f"{role}_rows"
        most_rows, most_bytes = (files.limits.get(n, limit(n)) for n in (rows_name, "file_bytes"))
        summaries.append(summary := FileSummary(role, most_rows, most_bytes, name=name))
        summary.tokens = Tokens() if count_tokens else None
        yield from _rows(summary, lines, known, files.see)
    own = summaries[first:]
    if len(own) > 1:
        yield from _between(own, known)
    if files.whole and own:
        known["given"] = frozenset(summary.role for summary in own)
        yield from _findings("given", known, files.names.get("train", "train"))
    if "grader" in beside:
        yield from _findings("grader", known, files.names.get("grader", "grader"))
    elif "grader" in inside:
        for finding in _findings("grader", known, files.names.get("job", "job")):
            yield replace(finding, pointer=f"{REINFORCEMENT}/grader{finding.pointer}")
    if "response_format" in beside:
        name = files.names.get("response_format", "response_format")
        yield from _findings("response_format", known, name)
    if files.job is not ...:
        for scope in ("job", "beside"):
            yield from _findings(scope, known, files.names.get("job", "job"))
    if files.provenance is not None:
        yield from _findings("provenance", known, files.names.get("provenance", "provenance"))
    if files.job is ... and files.model is not None:
        yield from _findings("job", known, "--model")


def _with_model(files: Files) -> Any:
    """The job with the model that was asked for."""
    if files.job is ...:
        return None if files.model is None else request(files.model, {}, None)
    if files.model is not None and isinstance(files.job, dict):
        return files.job | {"model": files.model}
    return files.job


def _reinforcement(job: Any) -> Mapping[str, Any]:
    """What a job says of its grader and response format."""
    for name in ("method", "reinforcement"):
        job = job.get(name) if isinstance(job, dict) else None
    return job if isinstance(job, dict) else {}


def _tools(inside: Mapping[str, Any], grader: object) -> frozenset[str] | None:
    """The tools that rows may have; None where that is open.

    A job without tools of its own runs no call; then a grader must look at the calls themselves.
    """
    tools = inside.get("tools")
    if tools is None:
        return None if not inside or reads_calls(grader) else frozenset()
    if not isinstance(tools, list):
        return None  # RFT501 says so
    names = (tool.get("name") for tool in tools if isinstance(tool, dict))
    return frozenset(name for name in names if isinstance(name, str))


def _rows(
    summary: FileSummary,
    lines: Iterable[bytes],
    known: Mapping[str, Any],
    see: See | None,
) -> Iterator[Finding]:
    graded, name = known["graded"], summary.name
    is_plain = plain.checker(graded, known["compared"], known["dataset"])
    of_line = catalogue.of_scope("line")
    of_row = [*catalogue.of_scope("raw"), *catalogue.of_scope("item")]
    always = [rule for rule in of_row if rule.code not in plain.STANDS_FOR]
    small = limit("line_values")
    known = dict(known)
    add = summary.add
    broken = 0  # lines that hold no object
    blank, last = 0, b""  # lines of white space in a row, of which a file may have any number
    number = 0
    for number, line in enumerate(lines, 1):
        summary.bytes += len(line)
        if line.isspace():
            blank, last = blank + 1, line
            continue
        if blank:
            known["line"], known["blank"], blank = last, blank, 0
            yield from _run(of_line, known, name, number - 1)
        summary.rows += 1
        if summary.rows > CHECKED:
            continue
        try:
            parsed = len(line) <= small or not oversize(line)
            item = orjson.loads(line.removeprefix(BOM)) if parsed else None
        except orjson.JSONDecodeError:
            item = None
        fast = isinstance(item, dict) and is_plain(line, item)
        if not fast and oversize(line):
            item = None  # nested too deep, RFT108 says so
        if not isinstance(item, dict):
            broken += 1
            if broken > _BROKEN:
                continue
        if line[-2:] != b"}\n" or line[:1] != b"{" or not isinstance(item, dict):
            known["line"], known["blank"] = line, 1
            yield from _run(of_line, known, name, number)
        if not isinstance(item, dict):
            continue
        run = always if fast else of_row
        if run:
            known["item"], known["raw"] = item, line
            for finding in _run(run, known, name, number):
                summary.flagged += finding.code == "RFT220"
                yield finding
        add(item, number, graded)
        if see is not None:
            see(summary.role, number, item)
        if summary.tokens is not None:
            summary.tokens.add(number, *known["count"](item))
    if blank:
        known["line"], known["blank"] = last, blank
        yield from _run(of_line, known, name, number)
    if broken > _BROKEN:
        message = f"{broken - _BROKEN:,} more lines hold no JSON object"
        yield Finding("RFT102", "error", name, 0, "", message, "write one JSON object a line")
    known["file"] = summary
    yield from _findings("file", known, name)


# Lines without an object that are looked at: 4 MB may hold two million, of 15 µs each.
_BROKEN = 10_000


def _between(summaries: list[FileSummary], known: dict[str, Any]) -> Iterator[Finding]:
    """The findings about files against each other, training first."""
    seen: dict[bool, dict[int, FileSummary]] = {True: {}, False: {}}
    for summary in sorted(summaries, key=lambda summary: summary.role != "train"):
        trained = summary.role == "train"
        if not trained:
            known["pair"] = (seen[True], summary)
            yield from _findings("pair", known, summary.name)
        known["same_side"] = (seen[trained], summary)
        yield from _findings("same_side", known, summary.name)
        seen[trained].update(dict.fromkeys(summary.prompts, summary))


def _findings(scope: str, known: Mapping[str, Any], path: str) -> Iterator[Finding]:
    return _run(catalogue.of_scope(scope), known, path)


def _run(
    some: Iterable[Rule], known: Mapping[str, Any], path: str, line: int = 0
) -> Iterator[Finding]:
    for rule in some:
        for pointer, message, remedy in rule.faults(known):
            yield Finding(rule.code, rule.severity, path, line, pointer, message, remedy)


# Files ------------------------------------------------------------------------------------------


def check(
    folder: Path,
    paths: Mapping[str, Path] | None = None,
    *,
    more: Iterable[RowFile] = (),
    model: str | None = None,
    summaries: list[FileSummary] | None = None,
    count_tokens: bool = False,
) -> Iterator[Finding]:
    """Every finding about a prepared folder, however it was made; a manifest need not be there.

    `paths` take the place of the folder's files of the same roles; `more` are other files of rows.
    """
    present = {role: folder / name for role, name in FILES.items() if (folder / name).is_file()}
    present |= paths or {}
    if "train" not in present:
        path = folder / FILES["train"]
        raise BadInput(f"{path}: there is no such file; run `rft prepare` first")
    manifest: Any = None
    if (folder / "manifest.json").is_file():
        try:
            manifest = orjson.loads(content(folder / "manifest.json"))
        except orjson.JSONDecodeError as error:
            yield _not_json(folder / "manifest.json", error)
    dataset = manifest.get("dataset") if isinstance(manifest, dict) else None
    known = isinstance(dataset, str) and (schema.folder() / f"item.{dataset}.json").exists()
    dataset = dataset if known else None
    yield from _changed(folder, manifest, paths or {})
    yield from given(
        present,
        more=more,
        dataset=dataset,
        model=model,
        summaries=summaries,
        count_tokens=count_tokens,
    )


def _changed(folder: Path, manifest: object, replaced: Mapping[str, Path]) -> Iterator[Finding]:
    """The findings about files that are not what the manifest says.

    The request is left out: its hyperparameters and suffix are the user's to set, and RFT526 holds
    its grader and response format to the files beside it.
    """
    entries = manifest.get("files") if isinstance(manifest, dict) else None
    own = [FILES[role] for role in ("job", *replaced)]
    for entry in entries if isinstance(entries, list) else []:
        name = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(name, str) or "sha256" not in entry or name in own:
            continue
        path = folder / name
        digest = None
        if path.is_file():
            try:
                with path.open("rb") as file:
                    digest = file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise unreadable(path, error) from error
        elif name not in FILES.values():
            continue  # a copy without the ledgers is whole enough to train on
        yield from _findings("digests", {"digests": (entry["sha256"], digest)}, str(path))


def given(
    paths: Mapping[str, Path],
    *,
    more: Iterable[RowFile] = (),
    dataset: str | None = None,
    whole: bool = True,
    model: str | None = None,
    summaries: list[FileSummary] | None = None,
    count_tokens: bool = False,
) -> Iterator[Finding]:
    """Every finding about files that are named by role; `-` is the standard input."""
    documents: dict[str, Any] = {}
    for role in ("grader", "response_format", "job"):
        if role in paths:
            try:
                documents[role] = orjson.loads(content(paths[role]))
            except orjson.JSONDecodeError as error:
                yield _not_json(paths[role], error)
    yield from validate(
        Files(
            train=lines_of(paths["train"]) if "train" in paths else None,
            validation=lines_of(paths["validation"]) if "validation" in paths else None,
            more=[(role, str(path), lines_of(path)) for role, path in more],
            dataset=dataset,
            model=model,
            names={role: str(path) for role, path in paths.items()},
            whole=whole,
            **documents,
        ),
        summaries,
        count_tokens=count_tokens,
    )


def _not_json(path: Path, error: orjson.JSONDecodeError) -> Finding:
    message, remedy = f"not JSON: {error}", "write one JSON object"
    return Finding("RFT102", "error", str(path), 0, "", message, remedy)
