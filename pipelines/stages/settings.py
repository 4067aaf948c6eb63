"""What a user may choose for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.io.engine import Engine, local


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose. A stage's own settings are its keyword-only parameters, by name."""

    source: str | None  # the description decides
    out: Path
    instruction: str | None
    model: str  # empty: the description's, or DEFAULT_MODEL
    seed: int
    validation_share: float
    rows: int
    validation_rows: int
    max_bytes: int
    max_prompt_bytes: int
    against: tuple[str, ...] = ()
    test_share: float = 0.0
    threshold: float | None = None  # the dataset's
    previous: Path | None = None
    grader: str | None = None  # the dataset's first
    min_pass_rate: float | None = None
    max_pass_rate: float | None = None
    # What is downloaded, where it is not the recipe's: `revision`, `config`, `shards`.
    choices: Mapping[str, Any] = field(default_factory=dict)
    offline: bool = False
    # What runs functions over parts of the rows; in no receipt, for all make the same bytes.
    engine: Engine = local
    # What becomes of files that a person edited: "keep", "replace", or None: the run stops.
    edits: Literal["keep", "replace"] | None = None
