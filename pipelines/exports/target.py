"""One trainer's format, as a value: what it is, where it is described, and the function."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    files: names of the files written, relative to the output folder, in the order written.
    rows: how many rows each split has. left_out: how many rows are in no file, by reason; rows in
    = sum of rows + sum of left_out. notes: what the user should know, a sentence each.
    """

    files: tuple[str, ...]
    rows: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A trainer that rows are exported for.

    name: as `--to` has it. about: its row in the docs. files: what it writes. page: where the
    format is described; source: the same in words; read: the day it was read.
    write: called with the prepared folder, the output folder and `report`, a Progress.
    """

    name: str
    about: str
    files: tuple[str, ...]
    page: str
    source: str
    read: str
    write: Callable[..., Exported]

    @property
    def limits(self) -> dict[str, dict[str, Any]]:
        """Limit by name: value, unit, source, the day it was read; empty where none is known."""
        return _limits().get(self.name, {})

    def limit(self, name: str) -> int | None:
        """The value of a limit; None where none is known."""
        value: int | None = self.limits.get(name, {}).get("value")
        return value


@cache
def _limits() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
