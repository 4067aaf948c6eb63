"""docs/road.md: every command is run as it stands there, and what it prints is compared.

RFT_WRITE_ROAD=1 writes the page anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from conftest import ROOT
from model_server import FILTERED, KEY, ModelServer, Reply
from service_server import ServiceServer

from pipelines.cli import main
from pipelines.rules import tokens

PAGE = ROOT / "docs" / "road.md"
BLOCK = re.compile(r"```\n\$ (rft [^\n]*)\n(.*?)```", re.DOTALL)
# How often the models are right, and the mistake that one of them always makes.
SKILL = {"gpt-5.4-mini": 0.4, "tuned": 0.9}
MISTAKE = {"gpt-5.4-mini": ("A jacket costs 80 euros", "96")}


def answer(model: str, question: str, times: int) -> Reply:
    """The answer of a model, drawn by a hash."""
    drawn = hashlib.sha256(f"{model} {question} {times}".encode()).digest()
    chance, other = drawn[0] / 256, drawn[1] % 90 + 10
    references = {
        row["messages"][-1]["content"]: row["reference_answer"]
        for split in ("train", "validation", "test")
        for row in map(
            json.loads, Path(f"processed/questions/{split}.jsonl").read_text().splitlines()
        )
    }
    begin, mistake = MISTAKE.get(model, ("\0", ""))
    if question.startswith(begin):
        return Reply(f"I take 20 percent more. \\boxed{{{mistake}}}")
    if drawn[2] < 3:
        return Reply("Let me think, step by", "length")
    if drawn[2] == 3:
        return FILTERED
    text = references[question] if chance < SKILL[model] else str(other)
    return Reply(f"That gives \\boxed{{{text}}}.")


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The models and the service, by their URLs, and the example in an empty folder."""
    models, service = ModelServer(answer), ServiceServer()
    service.key = KEY
    models.prompt_tokens = None
    # As where the vocabulary cannot be had, which the page says.
    monkeypatch.setattr(tokens, "_encoding", lambda: None)
    for server in (models, service):
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Path("questions.csv").write_bytes((ROOT / "docs/example/questions.csv").read_bytes())
    yield {"models": models.url, "service": service.url}
    for server in (models, service):
        server.shutdown()
        server.server_close()


def test_the_road(
    servers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    commands = 0

    def run(match: re.Match[str]) -> str:
        nonlocal commands
        commands += 1
        words = shlex.split(match[1])
        jobs = words[1] in ("submit", "job")
        url = servers["service" if jobs else "models"]
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", url if jobs else "")
        monkeypatch.setenv("OPENAI_BASE_URL", "" if jobs else url)
        # Of the page's way, only the pauses between two looks are left out.
        pauses = ["--poll-interval", "0"] if jobs else []
        monkeypatch.setattr(sys, "argv", [*words, *pauses])
        with pytest.raises(SystemExit) as left:
            main.main()
        shown = "".join(reversed(capfd.readouterr()))  # what goes to the standard error is first
        assert not left.value.code, shown
        return f"```\n$ {match[1]}\n{_shown(shown, url)}```"

    written = BLOCK.sub(run, text)
    assert commands >= 10
    if os.environ.get("RFT_WRITE_ROAD"):
        PAGE.write_text(written, encoding="utf-8")
    assert written == text


def _shown(text: str, url: str) -> str:
    """What a command printed, as the page has it."""
    root = url if url.endswith("/") else f"{url}/"
    documented = "https://NAME.openai.azure.com/openai/v1/"
    longer = " " * (len(documented) - len(root))
    text = re.sub(f"(?m)(^│.*){re.escape(root)}(.*){longer} │$", rf"\g<1>{documented}\g<2> │", text)
    text = text.replace(root, documented)
    text = re.sub(r"(?m)^(seconds +)[\d.]+$", r"\g<1>  …", text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
