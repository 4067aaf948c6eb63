"""What rich draws: a console on which text is text, and the bar of the task at work."""

from __future__ import annotations

from threading import RLock
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from pipelines.cli import terminal
from pipelines.findings import printable

_COLUMNS: dict[str, tuple[type[ProgressColumn], ...]] = {
    "rows": (MofNCompleteColumn, TimeElapsedColumn),
    "bytes": (DownloadColumn, TransferSpeedColumn, TimeRemainingColumn),
    "answers": (MofNCompleteColumn,),
    "": (TimeElapsedColumn,),
}
# Seconds between two moves of a bar: each takes 10 µs, and there may be millions.
_PAUSE = 0.1


class Screen(Console):
    """A console on which text is text: no markup, and no control characters of its own."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        if soft_wrap and self.is_terminal:
            objects = tuple(
                Text(terminal.fitted(printable(each), self.width))
                if isinstance(each, str)
                else each
                for each in objects
            )
        super().print(*objects, soft_wrap=soft_wrap, **options)


def lines(*texts: str) -> Text:
    """A cell of several lines."""
    return Text("\n".join(map(printable, texts)))


class Bars(terminal.Lines):
    """A bar for the task at work, and above it the lines of those that are done."""

    def __init__(self, console: Console) -> None:
        self._lock = RLock()
        self._console = console
        self._bar: Progress | None = None
        self._total: int | None = None
        self._count, self._moved = 0, 0.0

    def begin(self, title: str, total: int | None = None, unit: str = "rows") -> None:
        with self._lock:
            self.end()
            self._total, self._count, self._moved = total, 0, 0.0
            self._bar = Progress(
                TextColumn(f"{printable(title):<26}", markup=False),
                # Beside a bar that says more, 80 columns leave less for the bar.
                BarColumn(16 if unit == "answers" else 40),
                *(column() for column in _COLUMNS[unit]),
                TextColumn("{task.fields[words]}", markup=False),
                console=self._console,
                transient=True,
            )
            # Without a total a bar is in motion until the first of its rows is through.
            self._task = self._bar.add_task(
                title, total=total if unit == "bytes" else None, words=""
            )
            self._bar.start()

    def expect(self, count: int) -> None:
        with self._lock:
            self._total = (self._total or 0) + count
            self._move()

    def advance(self, count: int = 1) -> None:
        with self._lock:
            self._count += count
            self._move()

    def tell(self, text: str) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.update(self._task, words=printable(text))

    def end(self, line: str = "") -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None
        super().end(line)

    def note(self, line: str) -> None:
        self._console.print(printable(line), soft_wrap=True)

    def _move(self) -> None:
        if self._bar is not None and (now := monotonic()) - self._moved > _PAUSE:
            self._bar.update(self._task, completed=self._count, total=self._total)
            self._moved = now
