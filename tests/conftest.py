"""What many tests need: the command as a user runs it, and raw rows in the published schemas."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Any

import hypothesis
import polars as pl
import pytest
import tiktoken
import tiktoken.registry
from hub_server import serving
from service_server import ServiceServer

from pipelines.cli import main
from pipelines.datasets import find
from pipelines.io.progress import Progress
from pipelines.similarity.keys import digest
from pipelines.similarity.linking import Stored
from pipelines.sources.rows import from_frame
from pipelines.stages.settings import Settings

# A machine that is busy is slow; nothing here is tested by the clock.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "raw" / "demo"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def rft(tmp_path: Path) -> Run:
    """Run `rft` in an empty folder, in this process."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["rft", *map(str, words)])
            for name, value in {"COLUMNS": "110", **environment}.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main.main()
        texts = (stream.buffer.getvalue().decode() for stream in (out, err))
        return subprocess.CompletedProcess(words, int(left.value.code or 0), *texts)

    return run


@pytest.fixture
def rft_process(tmp_path: Path) -> Run:
    """Run `rft` in an empty folder, in a process of its own."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "110", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


class Heard(Progress):
    """Keeps what it is told: lines (those at an end too), and what was to come and came."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun: list[tuple[str, int | None]] = []
        self.to_come = self.came = 0
        self._lock = Lock()

    def begin(self, title: str, total: int | None = None, unit: str = "rows") -> None:
        self.begun.append((title, total))

    def expect(self, count: int) -> None:
        with self._lock:
            self.to_come += count

    def advance(self, count: int = 1) -> None:
        with self._lock:
            self.came += count

    def end(self, line: str = "") -> None:
        if line:
            self.lines.append(line)

    def note(self, line: str) -> None:
        self.lines.append(line)


@contextmanager
def guarded(seconds: int = 10) -> Iterator[None]:
    """Fail what takes so many CPU seconds: far more than it should, far less than n² steps do."""

    def stop(*_: object) -> None:
        raise AssertionError(f"it still ran after {seconds} CPU s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.fixture
def server() -> Iterator[ServiceServer]:
    """The fine-tuning service on loopback."""
    server = ServiceServer()
    with serving(server):
        yield server


@pytest.fixture
def bubblewrap() -> None:
    """Skip where bubblewrap does not work; fail where `RFT_REQUIRE_SANDBOX` says it must."""
    from pipelines.graders.sandbox import Refused, Sandbox

    try:
        Sandbox("")
    except Refused as reason:
        if os.environ.get("RFT_REQUIRE_SANDBOX"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture
def no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without bubblewrap, and without anything else."""
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))


def settings(out: Path, source: str | Path = "demo", **changes: Any) -> Settings:
    """The settings of a plain run."""
    return Settings(source=str(source), out=out, **changes)


def problem(n: int) -> str:
    """A text of its own: two of them have a seventh of their shingles in common."""
    return f"Find the number {digest(str(n))}"


def math(problem: str | None = "What is $1+1$?", answer: str | None = "2", **more: Any) -> dict:
    """A raw row of OpenR1-Math with the columns that the pipeline reads."""
    row = {
        "problem": problem,
        "answer": answer,
        "problem_type": "Algebra",
        "question_type": "math-word-problem",
        "source": "olympiads",
        "uuid": None,
        "correctness_math_verify": [True, True],
        "correctness_llama": None,
        "solution": "We add.",
    }
    return row | more


def reason(problem: str, answer: str, **more: Any) -> str | None:
    """The reason with which a math row is dropped that nobody judged; None where it is kept."""
    from pipelines.stages import ledger

    unjudged = {"correctness_math_verify": None, **more}
    records = ledger.untagged(record("openr1-math", frame(math(problem, answer, **unjudged))))
    for fault in find("openr1-math").faults:
        if fault.drops:
            records = ledger.tag(records, fault.reason, fault.where, fault.detail)
    return records["dropped"].item()


def findings(problem: str, answer: str, **more: Any) -> list[str]:
    """What is counted of a math row that nobody judged."""
    row = math(problem, answer, **{"correctness_math_verify": None, **more})
    records = record("openr1-math", frame(row))
    counted = [fault for fault in find("openr1-math").faults if not fault.drops]
    return [one.reason for one in counted if records.select(one.where.fill_null(False)).item()]


def mcq(
    question: str | None = "Which?", options: str = "w|x|y|z", cop: int | None = 0, **more: Any
) -> dict:
    """A raw row of MedMCQA; options parted by `|`, an empty one stays empty."""
    row = {
        "id": None,
        "question": question,
        **dict(zip(("opa", "opb", "opc", "opd"), options.split("|"), strict=True)),
        "cop": cop,
        "subject_name": "Anatomy",
        "topic_name": "Limbs",
    }
    return row | more


_TYPES = {
    "cop": pl.Int64,
    "correctness_math_verify": pl.List(pl.Boolean),
    "correctness_llama": pl.List(pl.Boolean),
    "generations": pl.List(pl.String),
}


def stored_in(records: pl.DataFrame) -> Stored:
    """Columns of some of the records, as the driver reads them of the first stage's file."""
    return lambda names, rows: (
        rows.to_frame().join(records, on="row", maintain_order="left").select(names)
    )


def frame(*rows: dict) -> pl.DataFrame:
    """Raw rows as a frame with the published types."""
    schema = {name: _TYPES.get(name, pl.String) for name in rows[0]}
    return pl.DataFrame(list(rows), schema=schema)


def read(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Published rows of a shipped dataset as it reads them from a file."""
    cells = find(name).cells
    return rows if cells is None else from_frame(Path(f"{name}.parquet"), rows, cells)


def record(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Published rows of a shipped dataset as records."""
    return find(name).record(read(name, rows))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(autouse=True, scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A small vocabulary in the place of o200k's, which only a network has, cut as o200k cuts.

    Bytes, a few words, numbers, and runs of up to 128 spaces; processes of their own have none.
    """
    words = ["hello", "world", "one", "two", "three", "What", "is", "Is", "four", *"abc"]
    texts = [*words, *(f" {word}" for word in words), " " * 128]
    texts += map(str, range(1000))
    ranks = {bytes([each]): each for each in range(256)}
    for text in texts:
        for end in range(2, len(text) + 1):
            ranks.setdefault(text[:end].encode(), len(ranks))
    pattern = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s+"
    made = tiktoken.Encoding(
        "o200k_base", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
    )
    tiktoken.registry.ENCODINGS["o200k_base"] = made
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tmp_path_factory.mktemp("tiktoken"))
