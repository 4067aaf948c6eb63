"""`rft validate --fix`: repaired copies of files, and every change on the standard error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import orjson

from pipelines.cli import terminal
from pipelines.findings import BadInput
from pipelines.graders.templates import item_fields
from pipelines.io import files
from pipelines.io.jsonl import content
from pipelines.rules.check import DOCUMENTS, RowFile
from pipelines.rules.fix import Change, fix_document, fix_lines, rebuild_job


def repair(paths: Mapping[str, Path], more: Sequence[RowFile], folder: Path) -> dict[Path, Path]:
    """Write repaired copies to a folder that holds none of them; the copy of each file.

    `paths` are the files by role, the job last: it is built anew from the copies beside it.
    """
    copies: dict[Path, Path] = {}
    for path in [*paths.values(), *(path for _, path in more)]:
        copy = folder / path.name
        if str(path) == "-" or copy.exists() or copy in copies.values():
            raise BadInput(f"{path}: its copy would be {copy}; give an empty folder to --fix")
        copies[path] = copy
    if (folder / "manifest.json").exists():
        raise BadInput(f"{folder}: is a prepared folder; give another to --fix")
    graded = _graded(paths)
    documents: dict[str, object] = {}
    for role, path in [*more, *paths.items()]:
        if role in DOCUMENTS:
            _show(_copy_document(role, path, copies[path], documents))
        else:
            _show(_copy_rows(path, copies[path], graded))
    return copies


def _graded(paths: Mapping[str, Path]) -> set[str]:
    """The fields that the grader reads; a row's `item` may be one."""
    fields: set[str] = set()
    for role in ("grader", "job"):
        with suppress(orjson.JSONDecodeError):
            fields |= item_fields(orjson.loads(content(paths[role]))) if role in paths else set()
    return fields


def _show(changes: Iterable[Change]) -> None:
    """The changes of a file, those of one kind in one line."""
    alike: dict[tuple[str, str, str], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.path, change.code, change.what), []).append(change)
    for (path, code, what), several in alike.items():
        first = several[0]
        place = f"{path}:{first.line}" if first.line else path
        pointer = f" {first.pointer}" if first.pointer else ""
        more = f" (and {len(several) - 1:,} more like it)" if len(several) > 1 else ""
        terminal.say(f"{place}: fixed: {code}{pointer}: {what}{more}", stderr=True)


def _copy_rows(path: Path, copy: Path, graded: set[str]) -> list[Change]:
    """Write one repaired file of rows, at once or not at all; the changes made."""
    changes: list[Change] = []

    def fill(out: BinaryIO) -> None:
        with path.open("rb") as lines:
            for line, made in fix_lines(lines, str(path), graded):
                out.write(line)
                changes.extend(made)

    files.write(copy, fill)
    return changes


def _copy_document(role: str, path: Path, copy: Path, documents: dict[str, object]) -> list[Change]:
    """Write one repaired document; the changes made. `documents` holds those before it, by role."""
    data = content(path)
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
