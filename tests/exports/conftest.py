"""Prepared folders to export: the embedded demo, and small ones made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from conftest import settings
from known import DATASETS

from pipelines.cli.main import app
from pipelines.findings import BadInput
from pipelines.graders import python_grader
from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress
from pipelines.run import driver

Make = Callable[..., Prepared]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    """Both datasets, prepared from the embedded demo."""
    out = tmp_path_factory.mktemp("prepared")
    for dataset in DATASETS.values():
        driver.prepare(dataset, settings(out), Progress())
    return {name: find(str(out / name)) for name in DATASETS}


def item(n: int, **more: object) -> dict:
    """An item whose prompt and answer are its number."""
    return {
        "messages": [
            {"role": "developer", "content": "Answer in \\boxed{}."},
            {"role": "user", "content": f"Which number is the square root of {n * n}?"},
        ],
        "reference_answer": str(n),
        "options": [],
        "id": f"n{n}",
        **more,
    }


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a prepared folder by hand; fields that are given stand in every item."""

    def folder(
        train: int = 120,
        validation: int = 20,
        *,
        name: str = "squares",
        change: Callable[[dict], object] = lambda item: None,
        **documents: object,
    ) -> Prepared:
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        documents = {"grader": python_grader("boxed_math"), **documents}
        for file, first, count in (("train", 0, train), ("validation", train, validation)):
            items = [item(n) for n in range(first, first + count)]
            for each in items:
                change(each)
            (path / f"{file}.jsonl").write_bytes(
                b"".join(orjson.dumps(each) + b"\n" for each in items)
            )
        for file, value in documents.items():
            (path / f"{file}.json").write_bytes(orjson.dumps(value))
        return find(str(path))

    return folder


@dataclass(frozen=True)
class Done:
    """What a run of the command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command in an empty folder; what a user can mend is one line and exit code 2."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")

    def run(*words: str | Path) -> Done:
        result = CliRunner().invoke(app, ["export", *map(str, words)])
        if isinstance(result.exception, BadInput):
            return Done(2, result.stdout, f"rft: {result.exception}\n")
        if not isinstance(result.exception, SystemExit | None):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return run
