"""What a user may choose for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.findings import BadInput
from pipelines.graders.select import band
from pipelines.io.prepared import PROCESSED
from pipelines.rules.tables import limit


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose, as `rft prepare --help` explains it; BadInput where that is nothing.

    A stage's own settings are its keyword-only parameters, by name.
    """

    source: str | None = None  # the description decides
    out: Path = PROCESSED
    instruction: str | None = None
    seed: int = 0
    validation_share: float = 0.1
    test_share: float = 0.0
    rows: int = limit("train_rows")
    validation_rows: int = limit("validation_rows")
    max_bytes: int = limit("file_bytes")
    max_prompt_bytes: int = limit("prompt_bytes")
    benchmarks: tuple[str, ...] = ()
    threshold: float | None = None  # the dataset's
    previous: Path | None = None
    grader: str | None = None  # the dataset's first
    min_pass_rate: float | None = None
    max_pass_rate: float | None = None
    # What is downloaded, where it is not the recipe's: `revision`, `config`, `shards`.
    choices: Mapping[str, Any] = field(default_factory=dict)
    # Settings of the job that are set for this run; None takes away what an earlier run was given.
    job: Mapping[str, Any] = field(default_factory=dict)
    offline: bool = False
    # What runs functions over parts of the rows; in no receipt, for all make the same bytes.
    engine: str = "local"
    # What becomes of files that a person edited: "keep", "replace", or None: the run stops.
    edits: Literal["keep", "replace"] | None = None

    def __post_init__(self) -> None:
        """BadInput for what no run could go by, in the words of the command line."""
        held, tested = self.validation_share, self.test_share
        if not 0 < held < 1:
            raise BadInput(f"--validation-share {held}: give a share between 0 and 1")
        if not 0 <= tested < 1 - held:
            raise BadInput(f"--test-share {tested}: give a share that leaves rows to train on")
        if self.threshold is not None and not 0.5 <= self.threshold <= 1:
            raise BadInput(f"--threshold {self.threshold}: give a similarity from 0.5 to 1")
        for name in ("rows", "validation_rows", "max_bytes", "max_prompt_bytes"):
            if getattr(self, name) < 1:
                raise BadInput(f"--{name.replace('_', '-')}: give 1 at least")
        band(self.min_pass_rate, self.max_pass_rate)
        if self.instruction is not None and not self.instruction.strip():
            raise BadInput("--instruction: is empty; give a text, or leave the option out")
