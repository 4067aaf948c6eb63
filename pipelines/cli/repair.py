"""`rft validate --fix`: repaired copies of files, and every change on the standard error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from pipelines.cli import terminal
from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.rules.check import RowFile
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
    documents: dict[str, object] = {}
    for role, path in [*more, *paths.items()]:
        if role in ("grader", "response_format", "job"):
            changes = _copy_document(role, path, copies[path], documents)
        else:
            changes = _copy_rows(path, copies[path])
        for change in changes:
            place = f"{path}:{change.line}" if change.line else str(path)
            pointer = f" {change.pointer}" if change.pointer else ""
            terminal.say(f"fixed: {place}: {change.code}{pointer}: {change.what}", stderr=True)
    return copies


def _copy_rows(path: Path, copy: Path) -> list[Change]:
    """Write one repaired file of rows, at once or not at all; the changes made."""
    changes: list[Change] = []

    def fill(out: BinaryIO) -> None:
        with path.open("rb") as lines:
            for line, made in fix_lines(lines, str(path)):
                out.write(line)
                changes.extend(made)

    files.write(copy, fill)
    return changes


def _copy_document(role: str, path: Path, copy: Path, documents: dict[str, object]) -> list[Change]:
    """Write one repaired document; the changes made. `documents` holds those before it, by role."""
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
