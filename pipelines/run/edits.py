"""What a person changed in a prepared folder, which no run replaces without a word.

A receipt says with which digests a run left its files. While a stage writes, its receipt is open:
it holds the digests that the files had and will have, so that a run that is killed is told from a
person who edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import orjson

from pipelines.findings import BadInput, show
from pipelines.io import bounds, files
from pipelines.io.prepared import FILES


def kept(
    folder: Path,
    documents: Mapping[str, Any],
    edits: Literal["keep", "replace"] | None,
    note: Callable[[str], None],
    job: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The documents that stay as a person left them, by name: those of which that was once said.

    documents: as this run would write them; a file that says the same is no edit.
    job: settings of the job that are given for this run, and cannot change a file that stays.
    BadInput where anything else was edited, unless it is to be written anew.
    """
    if edits == "replace":
        return {}
    kept = {}
    for name, kept_before in edited(folder).items():
        path = folder / name
        if _says(path, documents.get(name)):
            continue
        reason = "is not as `rft prepare` wrote it"
        if name not in documents:
            raise BadInput(f"{path}: {reason}; move it away, or give --replace-edits")
        if not kept_before and edits != "keep":
            raise BadInput(f"{path}: {reason}; give --keep-edits or --replace-edits")
        if job and path.name == FILES["job"]:
            raise BadInput(f"--job: {path} is kept as it was edited; set it there")
        note(f"{path}: kept as it was edited; --replace-edits makes it anew")
        kept[name] = _document(path)
    return kept


def _says(path: Path, made: object) -> bool:
    """Whether a file holds what would be written there."""
    with suppress(orjson.JSONDecodeError):
        return made is not None and bool(orjson.loads(path.read_bytes()) == made)
    return False


def edited(folder: Path) -> dict[str, bool]:
    """The documents and JSONL files of a folder that are not as a run of ours wrote them last.

    Those that no receipt names were put there by hand. The value is true where an earlier run was
    told to keep the file as it was edited.
    """
    ours: dict[str, list[str]] = {}
    kept = set()
    for path in (*folder.glob("stages/*.json"), folder / "manifest.json"):
        for name, digests, edited_before in _written(path):
            ours.setdefault(name, []).extend(digests)
            if edited_before:
                kept.add(name)
    paths = {name: folder / name for name in FILES.values()}
    return {
        name: name in kept
        for name, path in paths.items()
        if path.is_file() and (name in kept or files.sha256(path) not in ours.get(name, ()))
    }


def outputs_of(receipt: Path) -> dict[str, list[str]]:
    """The digests that the documents and JSONL files of a receipt had, by name."""
    return {name: digests for name, digests, _ in _written(receipt) if digests}


def _written(path: Path) -> list[tuple[str, list[str], bool]]:
    """The documents and JSONL files that a receipt or manifest lists: the digests that they had
    when a run of ours wrote them (of an open receipt, several), and whether one was kept as edited.
    """
    with suppress(OSError, orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        content = orjson.loads(path.read_bytes())
        return [
            (
                entry["path"],
                entry["ours"] if "ours" in entry else [entry["sha256"]],
                entry.get("edited", False),
            )
            for entry in content.get("outputs", content.get("files"))
            if entry["path"] in FILES.values()
        ]
    return []


def _document(path: Path) -> Any:
    """A JSON document that a person edited; BadInput where it is no JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path}: not JSON: {error}; mend it, or give --replace-edits") from None


def check_ours(folder: Path) -> None:
    """BadInput where a folder holds files and no run of ours has written there, or a pipe."""
    for path in (*folder.glob("*"), *folder.glob("stages/*")):
        if path.exists() and not path.is_dir():
            bounds.regular(path)
    ours = (*folder.glob("stages/normalize.*"), *folder.glob("manifest.json"))
    strange = sorted(path.name for path in folder.glob("*") if path.name != ".lock")
    if strange and not ours:
        raise BadInput(
            f"{folder}: holds {show(strange[0])}, which `rft prepare` did not make; "
            "give another --out, or move it away"
        )
