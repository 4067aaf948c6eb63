"""`rft` beside a prepared folder, with a fine-tuning service on loopback in the environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from service_server import KEY, ServiceServer, prepared

from pipelines.cli import main as entry
from pipelines.io.retry import RetryPolicy
from pipelines.service import client, endpoint

QUICK = RetryPolicy(delays=(0, 0, 0), silence=10)
VARIABLES = (
    *(name for names in endpoint.VARIABLES.values() for name in names),
    "OPENAI_CUSTOM_HEADERS",
)


@dataclass
class Done:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    def field(self, name: str) -> str:
        """A field of the table of a job; the last table counts."""
        rows = [line.split("│") for line in self.stdout.splitlines() if line.startswith("│")]
        return [row[2].strip() for row in rows if row[1].strip() == name][-1]


Rft = Callable[..., Done]


@pytest.fixture
def rft(
    server: ServiceServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Rft:
    """Run a command beside the prepared folder `data`, with the server in the environment."""
    prepared(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(client, "RETRY", QUICK)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("COLUMNS", "220")

    def run(*words: str, yes: bool = True) -> Done:
        if words[0] == "submit" or "--follow" in words:
            words = (*words, "--poll-interval", "0")
        if words[0] == "submit" and yes:
            words = (*words, "--yes")
        monkeypatch.setattr(sys, "argv", ["rft", *words])
        with pytest.raises(SystemExit) as left:
            entry.main()
        return Done(int(left.value.code or 0), *capfd.readouterr())

    return run
