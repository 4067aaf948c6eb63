"""A real browser without a window, and folders to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import settings
from known import DATASETS
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.io.files import sha256
from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress
from pipelines.report import page
from pipelines.run import driver

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; skip where there is none, fail where RFT_REQUIRE_BROWSER is set."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        if os.environ.get("RFT_REQUIRE_BROWSER"):
            pytest.fail(f"none of {', '.join(NAMES)} is installed")
        pytest.skip("no Chromium")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    """Both datasets, prepared from the embedded demo, each with its report."""
    out = tmp_path_factory.mktemp("prepared")
    for dataset in DATASETS.values():
        driver.prepare(dataset, settings(out), Progress())
    folders = {name: find(str(out / name)) for name in DATASETS}
    for folder in folders.values():
        page.write(folder, folder.folder / page.NAME)
    return folders


@contextmanager
def opened(browser: Browser, path: Path, address: str = "", width: int = 1400) -> Iterator[Page]:
    """A page; it fails with whatever the browser complains of or asks of a network."""
    faults: list[str] = []
    shown = browser.new_page(viewport={"width": width, "height": 900})
    shown.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.on("request", lambda one: None if one.url.startswith("file:") else faults.append(one.url))
    shown.goto(f"{path.as_uri()}{address}")
    yield shown
    assert faults == []
    shown.close()


def visible(shown: Page) -> int:
    """How many rows of the table are shown."""
    return shown.locator("#table tbody tr:not([hidden])").count()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Prepared]:
    """Write a folder that the pipeline did not make."""

    def write(train: list[dict[str, Any]], validation: list[dict[str, Any]]) -> Prepared:
        path = tmp_path / "mine"
        path.mkdir(exist_ok=True)
        for name, items in (("train", train), ("validation", validation)):
            lines = b"".join(orjson.dumps(item) + b"\n" for item in items)
            (path / f"{name}.jsonl").write_bytes(lines)
        return find(str(path))

    return write


def item(prompt: str, answer: str = "1", **more: Any) -> dict[str, Any]:
    """An item whose prompt says just that."""
    chat = [{"role": "user", "content": prompt}]
    return {"messages": chat, "reference_answer": answer, **more}


def of(prepared: Prepared, split: str) -> dict[str, str]:
    return {"split": split, "sha256": sha256(prepared.path(split))}


def calibration(prepared: Prepared) -> dict[str, Any]:
    """What `rft calibrate` leaves, of which one reference is in doubt."""
    rate = {"mean": 0.5, "at_zero": 4, "at_one": 4, "no_signal": 8}
    suspect = {"line": 2, "id": None, "reference": "2", "answer": "17", "agree": 3, "n": 4}
    shares = {"fail_share": 0.5, "fail_share_advised": [0.25, 0.5], "pass_threshold": 1.0}
    return {
        **{"items": 20, "answers": 80, "pass_rate": rate, "suspect_references": [suspect]},
        **{**shares, "of": of(prepared, "train")},
    }
