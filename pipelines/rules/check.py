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
from pipelines.rules import plain, tokens, yaml_jobs
from pipelines.rules.catalogue import Rule, of_scope
from pipelines.rules.fields import answer_fields, compared_fields
from pipelines.rules.files import oversize
from pipelines.rules.request import REINFORCEMENT, request
from pipelines.rules.shapes import inside
from pipelines.rules.summary import CHECKED, FileSummary, shape_of
from pipelines.rules.supervised import SHARED, is_supervised
from pipelines.rules.tables import limit
from pipelines.rules.tokens import Tokens

# The role of a file of rows (train, validation, test) and its path.
RowFile = tuple[str, Path]

DOCUMENTS = ("grader", "response_format", "job")

# Who is shown each parsed row, with its role and line.
See = Callable[[str, int, dict[str, Any]], None]


@dataclass(frozen=True)
class Files:
    """What there is to check: names as they are shown, contents as they are sent.

    `rows` are files of rows: role, name and lines with their line ends. `documents` are by role;
    null is a document too. `provenance` is what the pipeline knows of how the files were made
    (rules of family 6). `model` takes the place of the job's; without a job it is judged in the job
    that this project would write. `limits` overrides values of the table of limits by name. `whole`
    is true where the files are a set, so that one that is missing is a finding. `see` is shown each
    parsed row, so that nobody has to parse it again.
    """

    rows: Iterable[tuple[str, str, Iterable[bytes]]] = ()
    documents: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    dataset: str | None = None
    provenance: Mapping[str, Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    see: See | None = None

    def name(self, role: str) -> str:
        """How a file is called in findings."""
        return self.names.get(role, role)


def validate(
    files: Files, summaries: list[FileSummary] | None = None, *, count_tokens: bool = False
) -> Iterator[Finding]:
    """Every finding about the files: rows in order, then files, grader, response format and job.

    Streams: of a row only hashes and counts are kept. `summaries` receives that of every file of
    rows, with its tokens where they are counted, for which 180,000 short rows take 3 s.
    """
    beside = dict(files.documents)
    default = None if files.model is None else request(files.model, {}, None)
    job = beside.pop("job", default)
    if files.model is not None and isinstance(job, dict):
        job = job | {"model": files.model}
    own = inside(files.documents.get("job"), "method", "reinforcement")
    grader = beside.get("grader", own.get("grader"))
    unknown = None if "job" in files.documents else ...  # a grader alone may be given a format
    known: dict[str, Any] = {
        "graded": (graded := tuple(sorted(item_fields(grader)))),
        "answers": (answers := tuple(sorted(answer_fields(grader)))),
        "judged": tuple(name for name in graded if name not in answers),
        "compared": tuple(sorted(compared_fields(grader))),
        "dataset": files.dataset,
        "count": tokens.count,
        "grader": grader,
        "response_format": beside.get("response_format", own.get("response_format", unknown)),
        "job": job,
        "job_tools": _tools(own, grader),
        "beside": beside,
        "provenance": files.provenance,
    }
    own_summaries = []
    for role, name, lines in files.rows:
        rows_name = "train_rows" if role == "test" else f"{role}_rows"
        most_rows, most_bytes = (files.limits.get(n, limit(n)) for n in (rows_name, "file_bytes"))
        own_summaries.append(summary := FileSummary(role, most_rows, most_bytes, name=name))
        summary.tokens = Tokens() if count_tokens else None
        if summaries is not None:
            summaries.append(summary)
        yield from _rows(summary, lines, known, files.see)
    yield from _between(own_summaries, known)
    if files.whole and not all(summary.supervised for summary in own_summaries):
        known["given"] = frozenset(summary.role for summary in own_summaries)
        yield from _findings("given", known, files.name("train"))
    for role in beside:
        yield from _findings(role, known, files.name(role))
    if "grader" in own and "grader" not in beside:
        for finding in _findings("grader", known, files.name("job")):
            yield replace(finding, pointer=f"{REINFORCEMENT}/grader{finding.pointer}")
    if "job" in files.documents:
        for scope in ("job", "beside"):
            yield from _findings(scope, known, files.name("job"))
    elif files.model is not None:
        yield from _findings("job", known, "--model")
    if files.provenance is not None:
        yield from _findings("provenance", known, files.name("provenance"))


def _tools(own: Mapping[str, Any], grader: object) -> frozenset[str] | None:
    """The tools that rows may have; None where that is open.

    A job without tools of its own runs no call; then a grader must look at the calls themselves.
    """
    tools = own.get("tools")
    if tools is None:
        return None if not own or reads_calls(grader) else frozenset()
    if not isinstance(tools, list):
        return None  # RFT501 says so
    names = (inside(tool).get("name") for tool in tools)
    return frozenset(name for name in names if isinstance(name, str))


# Lines without an object that are looked at: 4 MB may hold two million, of 15 µs each.
_BROKEN = 10_000


def _rows(
    summary: FileSummary, lines: Iterable[bytes], known: Mapping[str, Any], see: See | None
) -> Iterator[Finding]:
    answers, judged, name = known["answers"], known["judged"], summary.name
    every = known["grader"] is None
    is_plain = plain.checker(known["graded"], known["compared"], known["dataset"], every=every)
    of_line, of_row = of_scope("line"), [*of_scope("raw"), *of_scope("item")]
    of_answer = _shared(*of_row, *of_scope("supervised"))
    always = [rule for rule in of_row if rule.code not in plain.STANDS_FOR]
    small = limit("line_values")
    known = dict(known)
    loads, add, counted = orjson.loads, summary.adder(answers, judged), summary.tokens
    quick = not always and counted is None and see is None
    supervised: bool | None = None
    size = rows = 0
    broken = 0  # lines that hold no object
    blank, last = 0, b""  # lines of white space in a row, of which a file may have any number
    number = 0
    for number, line in enumerate(lines, 1):
        size += len(line)
        try:
            parsed = len(line) <= small or not oversize(line)
            item = loads(line.removeprefix(BOM)) if parsed else None
        except orjson.JSONDecodeError:
            if line.isspace():
                blank, last = blank + 1, line
                continue
            item = None
        if blank:
            known["line"], known["blank"], blank = last, blank, 0
            yield from _run(of_line, known, name, number - 1)
        rows += 1
        if rows > CHECKED:
            continue
        shape = is_plain(line, item) if type(item) is dict and not supervised else None
        if shape and item and quick and line[-2:] == b"}\n" and line[:1] == b"{":
            supervised = False  # the first row decides
            add(item, number, shape)
            continue
        if shape is None and oversize(line):
            item = None  # nested too deep, RFT108 says so
        if shape is None or line[-2:] != b"}\n" or line[:1] != b"{":
            broken += type(item) is not dict
            if broken <= _BROKEN or type(item) is dict:
                known["line"], known["blank"] = line, 1
                yield from _run(of_line, known, name, number)
        if type(item) is not dict:
            continue
        if supervised is None:
            supervised = is_supervised(item, known)
        if run := always if shape else of_answer if supervised else of_row:
            known["item"] = known["supervised"] = item
            known["raw"] = line
            for finding in _run(run, known, name, number):
                summary.flagged += finding.code == "RFT220"
                yield finding
        add(item, number, shape or shape_of(item))
        if see is not None:
            see(summary.role, number, item)
        if counted is not None:
            counted.add(number, *known["count"](item))
    summary.rows, summary.bytes, summary.supervised = rows, size, bool(supervised)
    if blank:
        known["line"], known["blank"] = last, blank
        yield from _run(of_line, known, name, number)
    if broken > _BROKEN:
        message = f"{broken - _BROKEN:,} more lines hold no JSON object"
        yield Finding("RFT102", "error", name, 0, "", message, "write one JSON object a line")
    known["file"] = summary
    of_file = of_scope("file")
    yield from _run(_shared(*of_file) if summary.supervised else of_file, known, name)


def _shared(*some: Rule) -> list[Rule]:
    """The rules that hold for supervised rows and files."""
    return [rule for rule in some if rule.code in SHARED]


def _between(summaries: list[FileSummary], known: dict[str, Any]) -> Iterator[Finding]:
    """The findings about files against each other, training first."""
    seen: dict[bool, dict[int, FileSummary]] = {True: {}, False: {}}
    ordered = sorted(summaries, key=lambda summary: summary.role != "train")
    for summary in ordered if len(ordered) > 1 else ():
        trained = summary.role == "train"
        known["pair"], known["same_side"] = (seen[True], summary), (seen[trained], summary)
        for scope in ("same_side",) if trained else ("pair", "same_side"):
            yield from _findings(scope, known, summary.name)
        seen[trained].update(dict.fromkeys(summary.prompts, summary))


def _findings(scope: str, known: Mapping[str, Any], path: str) -> Iterator[Finding]:
    return _run(of_scope(scope), known, path)


def _run(
    some: Iterable[Rule], known: Mapping[str, Any], path: str, line: int = 0
) -> Iterator[Finding]:
    for rule in some:
        for pointer, message, remedy in rule.faults(known):
            yield Finding(rule.code, rule.severity, path, line, pointer, message, remedy)


# Files ------------------------------------------------------------------------------------------


def check(folder: Path, paths: Mapping[str, Path] | None = None, **more: Any) -> Iterator[Finding]:
    """Every finding about a prepared folder, however it was made; a manifest need not be there.

    `paths` take the place of the folder's files of those roles; `more` is as in `given`.
    """
    paths = paths or {}
    present = {role: folder / name for role, name in FILES.items() if (folder / name).is_file()}
    present |= paths
    if "train" not in present:
        path = folder / FILES["train"]
        raise BadInput(f"{path}: there is no such file; run `rft prepare` first")
    documents: dict[str, Any] = {}
    if (folder / "manifest.json").is_file():
        yield from _read({"manifest": folder / "manifest.json"}, documents)
    manifest = inside(documents.get("manifest"))
    dataset = manifest.get("dataset")
    known = isinstance(dataset, str) and (schema.folder() / f"item.{dataset}.json").exists()
    yield from _changed(folder, manifest, paths)
    test = folder / "test.jsonl"
    more["more"] = [*more.get("more", ()), *([("test", test)] if test.is_file() else [])]
    yield from given(present, dataset=dataset if known else None, **more)


def _changed(
    folder: Path, manifest: Mapping[str, Any], replaced: Mapping[str, Path]
) -> Iterator[Finding]:
    """The findings about files that are not what the manifest says.

    The request is left out: its hyperparameters and suffix are the user's to set, and RFT526 holds
    its grader and response format to the files beside it.
    """
    own = [FILES[role] for role in ("job", *replaced)]
    entries = manifest.get("files")
    for entry in map(inside, entries if isinstance(entries, list) else []):
        name, listed = entry.get("path"), entry.get("sha256", ...)
        if not isinstance(name, str) or listed is ... or name in own:
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
        yield from _findings("digests", {"digests": (listed, digest)}, str(path))


def given(
    paths: Mapping[str, Path],
    *,
    more: Iterable[RowFile] = (),
    summaries: list[FileSummary] | None = None,
    count_tokens: bool = False,
    changed: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Finding]:
    """Every finding about files that are named by role; `-` is the standard input.

    `more` are other files of rows, `changed` documents in place of those of the files, by role,
    `settings` fields of `Files`: dataset, whole and model.
    """
    documents: dict[str, Any] = {}
    yield from _read({role: paths[role] for role in DOCUMENTS if role in paths}, documents)
    if "job" in documents and yaml_jobs.is_yaml(paths["job"]):
        documents["job"], named = yaml_jobs.request_of(documents["job"], paths["job"])
        paths = named | dict(paths)
    documents |= changed or {}
    own = [(role, paths[role]) for role in ("train", "validation") if role in paths]
    rows = [(role, str(path), lines_of(path)) for role, path in (*own, *more)]
    names = {role: str(path) for role, path in paths.items()}
    files = Files(rows, documents, names=names, **settings)
    yield from validate(files, summaries, count_tokens=count_tokens)


def _read(paths: Mapping[str, Path], documents: dict[str, Any]) -> Iterator[Finding]:
    """Read documents into `documents`, by role; the findings about those that are not JSON."""
    for role, path in paths.items():
        kind, load = ("YAML", yaml_jobs.load) if yaml_jobs.is_yaml(path) else ("JSON", orjson.loads)
        try:
            documents[role] = load(content(path))
        except ValueError as error:
            message = f"not {kind}: {error}"
            yield Finding("RFT102", "error", str(path), 0, "", message, f"write one {kind} object")
