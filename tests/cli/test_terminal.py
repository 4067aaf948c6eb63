"""What a person sees while a run goes on: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
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


def on_terminal(width: int, folder: Path, *words: str) -> str:
    """What `rft` writes to a terminal of a width, without colours; lines as they were written."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    ):
        os.close(follower)
        written = b""
        with suppress(OSError):  # the end of a terminal on Linux
            while block := os.read(leader, 1 << 16):
                written += block
    os.close(leader)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_screens_fit_their_terminal_and_part_no_word(width: int, tmp_path: Path) -> None:
    """Lines that a bar drew over end in a carriage return or begin anew; they are measured too."""
    train = {"messages": [{"role": "assistant", "content": "2 + 2?"}], "reference_answer": "4"}
    (tmp_path / "rows.jsonl").write_text(f"{json.dumps(train)}\n" * 3)
    screens = [
        on_terminal(width, tmp_path, *words)
        for words in (
            ("--help",),
            ("prepare", "medmcqa", "--rows", "50"),
            ("validate", "medmcqa", "rows.jsonl"),
            ("audit", "medmcqa"),
            ("estimate", "medmcqa"),
            ("datasets",),
            ("rules",),
            ("rules", "RFT301"),
        )
    ]
    lines = [part for text in screens for line in text.split("\n") for part in line.split("\r")]
    assert len(lines) > 80
    assert [line for line in lines if cell_len(line) > width and " " in line.strip()] == []
    assert "not needed" in screens[1]
