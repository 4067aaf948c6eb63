"""What a run tells while it goes on, and what it leaves to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.findings import Finding


class Reporter:
    """What the driver tells of its progress; this one keeps silent."""

    def begin(self, dataset: str, stage: str, rows: int | None) -> None:
        """A stage begins; `rows` is how many it has before it, where that is known."""

    def advance(self, rows: int) -> None:
        """So many more rows are through the stage."""

    def expect(self, count: int) -> None:
        """So many more bytes are to come."""

    def came(self, count: int) -> None:
        """So many bytes came; a negative number where some must come again."""

    def end(self, dataset: str, stage: str, rows: Mapping[str, Any], done: bool) -> None:
        """A stage is through: rows in, kept and dropped; `done` where it was so before."""

    def note(self, text: str) -> None:
        """Something that takes long, or that a person should know."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one dataset.

    `dropped` counts rows by reason, in the order of the stages; `size` is the bytes of both JSONL
    files; `items` are the first training lines of a run that wrote nothing.
    """

    dataset: str
    folder: Path
    raw: int
    dropped: dict[str, int]
    train: int
    validation: int
    size: int
    findings: list[Finding]
    seconds: float
    unchanged: bool
    items: list[bytes] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether there is no finding of severity error."""
        return all(finding.severity != "error" for finding in self.findings)
