"""How far a run is: what long work calls while it goes on. What is shown of it is `cli`'s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Progress:
    """One task after another, each from `begin` to `end`; this one keeps silent.

    It may be called from several threads.
    """

    def begin(self, title: str, total: int | None = None, unit: str = "rows") -> None:
        """A task begins: of so many rows, `bytes` or `answers`, where known; "" counts nothing."""

    def expect(self, count: int) -> None:
        """So many more are to come."""

    def advance(self, count: int = 1) -> None:
        """So many more are done; a negative number where some must be done again."""

    def tell(self, text: str) -> None:
        """A few words on the task, which stand beside its bar."""

    def end(self, line: str = "") -> None:
        """The task is done; `line` says what came of it."""

    def note(self, line: str) -> None:
        """Something that takes long, or that a person should know."""

    def track(self, rows: Iterable[T], title: str, total: int | None = None) -> Iterator[T]:
        """The rows, as a task that is as far as they are taken."""
        self.begin(title, total)
        try:
            for row in rows:
                yield row
                self.advance()
        finally:
            self.end()

    def close(self) -> None:
        """Nothing more is to come, even of a task that is not done."""
        self.end()


# The reason of rows that nothing is wrong with, beyond the number that was asked for.
NOT_NEEDED = "row_limit"


def stage_line(
    dataset: str, stage: str, rows: Mapping[str, Any], *, done_before: bool = False
) -> str:
    """What a stage says at its end: the rows that came in and those that it kept."""
    kept = "" if stage in ("download", "split", "validate") else f", {rows['kept']:,} kept"
    if spared := rows.get("dropped", {}).get(NOT_NEEDED):
        kept += f", {spared:,} not needed"
    before = " (done before)" if done_before else ""
    return f"{dataset:<12} {stage:<13} {rows['in']:,} rows{kept}{before}"
