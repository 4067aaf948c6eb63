"""A prepared folder, by its path or by its dataset's name: what leaves the pipeline from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.io import bounds, schema
from pipelines.io.jsonl import content, objects

# The splits that a job takes, and all that a prepared folder may have.
SPLITS = ("train", "validation")
ALL_SPLITS = (*SPLITS, "test")

# The files of a prepared folder, by their roles.
FILES = {
    "train": "train.jsonl",
    "validation": "validation.jsonl",
    "grader": "grader.json",
    "response_format": "response_format.json",
    "job": "job.json",
}

# Of each row outside training that is near to training: `split`, `line`, `train_line` and
# `similarity` of the nearest training row, the nearest first.
NEAREST = "stages/nearest.parquet"

# The columns of dropped.parquet: one row for every raw row that is in neither output file.
LEDGER = ("id", "stage", "reason", "detail", "prompt")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder with the files that `FILES` lists.

    dataset, threshold: the name and the certificate's threshold of its manifest; None where it was
    made by hand.
    """

    folder: Path
    dataset: str | None
    threshold: float | None = None
    separators: tuple[str, ...] = ()

    def path(self, role: str) -> Path:
        """Where the file of a role is: a split, grader, response_format or job."""
        return self.folder / FILES.get(role, f"{role}.jsonl")

    @property
    def splits(self) -> list[str]:
        """The splits that are there; of a folder of ours training and validation always are."""
        return [split for split in ALL_SPLITS if self.path(split).is_file()]

    def items(self, split: str) -> Iterator[dict[str, Any]]:
        """The items of a split, in the order of its file; read as they are asked for."""
        for _, item in objects(self.path(split)):
            yield item

    def document(self, role: str) -> Any:
        """The grader, the response format or the job request; None where there is none."""
        path = self.path(role)
        return orjson.loads(content(path)) if path.is_file() else None

    def manifest(self) -> dict[str, Any] | None:
        """How the folder was made; None where `rft prepare` did not make it."""
        found: dict[str, Any] | None = schema.document(self.folder / "manifest.json", "manifest")
        return found


# Where prepared datasets are, a folder each.
PROCESSED = Path("processed")


def folder_of(word: str) -> Path:
    """The folder that a word of the command line names: a path, or a dataset's name."""
    for folder in (Path(word), PROCESSED / word):
        if folder.is_dir():
            return folder
    raise BadInput(
        f"{word}: neither a file or folder nor prepared in {PROCESSED}; "
        "`rft prepare` prepares the datasets that `rft datasets` lists"
    )


def is_supervised(folder: Path) -> bool:
    """Whether a folder is of a supervised job, as its request says."""
    path = folder / FILES["job"]
    try:
        job = orjson.loads(path.read_bytes() if path.is_file() else b"")
        return bool(job["method"]["type"] == "supervised")
    except (OSError, orjson.JSONDecodeError, LookupError, TypeError):
        return False


def find(word: str) -> Prepared:
    """The prepared folder that a word of the command line names.

    Raises BadInput where there is none or where it lacks a training or validation file; that of a
    supervised job may lack the second.
    """
    folder = folder_of(word)
    for split in SPLITS[:1] if is_supervised(folder) else SPLITS:
        path = folder / FILES[split]
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file; run `rft prepare` first")
    try:
        bounds.regular(folder / "manifest.json")
        made = orjson.loads((folder / "manifest.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        made = None
    made = made if isinstance(made, dict) else {}
    name, audited = made.get("dataset"), made.get("certificate")
    threshold = audited.get("threshold") if isinstance(audited, dict) else None
    separators = made.get("separators")
    return Prepared(
        folder,
        name if isinstance(name, str) else None,
        threshold if isinstance(threshold, float) else None,
        tuple(
            part
            for part in (separators if isinstance(separators, list) else ())
            if isinstance(part, str)
        ),
    )
