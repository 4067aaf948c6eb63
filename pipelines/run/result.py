"""What a run over one dataset leaves to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.findings import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one dataset.

    `dropped` counts rows by reason, in the order of the stages, `splits` those of each split;
    `size` is the bytes of the JSONL files; `items` are the first training lines of a run that
    keeps no files.
    """

    dataset: str
    folder: Path
    raw: int
    dropped: dict[str, int]
    splits: dict[str, int]
    size: int
    findings: list[Finding]
    seconds: float
    unchanged: bool
    items: list[bytes] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether there is no finding of severity error."""
        return all(finding.severity != "error" for finding in self.findings)
