"""What a person sees while a run goes on: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from rich.console import Console

from pipelines.cli import terminal
from pipelines.cli.screen import Bars
from pipelines.io.progress import Progress


@pytest.fixture
def screen() -> Console:
    return Console(file=StringIO(), force_terminal=True, width=100, markup=False, highlight=False)


def shown(screen: Console) -> str:
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def test_a_bar_counts_what_several_threads_bring(
    screen: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.cli.screen._PAUSE", 0)
    bars = Bars(screen)
    bars.begin("demo download", 0, "bytes")
    with ThreadPoolExecutor(4) as pool:
        for _ in range(400):
            pool.submit(bars.expect, 10)
            pool.submit(bars.advance, 25)
            pool.submit(bars.advance, -15)
    assert bars._bar is not None
    (task,) = bars._bar.tasks
    assert (task.completed, task.total) == (4000, 4000)
    bars.end("downloaded")
    assert "downloaded\n" in shown(screen)


@pytest.mark.parametrize("unit", ["rows", "bytes", ""])
def test_a_task_that_fails_leaves_no_bar_and_the_cursor(screen: Console, unit: str) -> None:
    bars = Bars(screen)
    bars.begin("one", None, unit)
    bars.begin("two \x1b[2J [red]", 3, unit)  # ends the first
    bars.note("a [bold] line \x1b[31m")
    bars.close()
    assert bars._bar is None
    text = shown(screen)
    assert text.count("\x1b[?25h") == text.count("\x1b[?25l") == 2
    assert "a [bold] line \\x1b[31m" in text
    assert "\x1b[2J" not in text


def test_rows_taken_in_part_end_their_task(screen: Console) -> None:
    bars = Bars(screen)
    rows = bars.track(range(10), "grade", 10)
    assert [next(rows), next(rows)] == [0, 1]
    rows.close()  # type: ignore[attr-defined]
    assert bars._bar is None


def test_a_pipe_gets_lines_and_quiet_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for progress in (terminal.progress(quiet=False), terminal.progress(quiet=True)):
        progress.begin("grade", 2)
        assert list(progress.track("ab", "rows")) == ["a", "b"]
        progress.note("a note")
        progress.end("done")
    assert type(terminal.progress(quiet=True)) is Progress
    assert capsys.readouterr() == ("", "a note\ndone\n")
