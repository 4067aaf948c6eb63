"""`rft job results` and `rft job deploy`, as a user runs them, on loopback services."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hub_server import serving
from service_server import ServiceServer
from submitting import Rft, rft

from pipelines.service import deployment
from pipelines.service.results import Curve, Point, Spent, of_file, trend, warnings
from pipelines.service.results import files as result_files

__all__ = ["rft"]  # a fixture

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def ended(rft: Rft, server: ServiceServer) -> Callable[..., Rft]:
    """A job that has ended, after so many steps and with this curve."""

    def run(steps: int, curve: Callable[[int], tuple[float, float, float]]) -> Rft:
        server.steps, server.curve = steps, curve
        assert rft("submit", "data", "--follow").code == 0
        return rft

    return run


def test_training_and_validation_side_by_side(ended: Callable[..., Rft]) -> None:
    rft = ended(12, lambda n: (n / 20, 0.5 + (0.2 if n < 8 else 0.1), 1_000))
    done = rft("job", "results", "data")
    assert done.code == 0
    path = Path("results/ftjob-1/results.csv")
    assert f"in {path}" in done.stdout
    assert path.read_text(encoding="utf-8").startswith("step,train_reward_mean,")
    row = next(line for line in done.stdout.splitlines() if line.startswith("│    7"))
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["7", "0.350", "0.700"]
    assert "while that of validation falls (0.700 to 0.600)" in done.stdout
    told = rft("job", "results", "data", "--format", "json").json
    assert told["steps"][6] == {"step": 7, "train": 0.35, "validation": 0.7, "tokens": 1_000.0}
    assert (told["measure"], len(told["steps"]), len(told["warnings"])) == ("reward", 12, 1)
    path.write_bytes(b"mine")
    refused = rft("job", "results", "data")
    assert (refused.code, path.read_bytes()) == (2, b"mine")
    assert rft("job", "results", "data", "--out", "other").code == 0


def test_results_in_base64(ended: Callable[..., Rft], server: ServiceServer) -> None:
    server.encoded = True
    rft = ended(3, lambda n: (0.5, 0.5, 100))
    assert len(rft("job", "results", "ftjob-1", "--format", "json").json["steps"]) == 3
    assert Path("results/ftjob-1/results.csv").read_bytes().startswith(b"step,")


def test_a_job_that_runs_is_read_from_its_events(rft: Rft, server: ServiceServer) -> None:
    server.steps = 50
    rft("submit", "data")
    for _ in range(8):
        rft("job", "data")
    done = rft("job", "results", "data")
    assert done.code == 0
    assert "no result files yet: the job is running; read from its events" in done.stdout
    assert not Path("results").exists()
    assert rft("job", "results", "ftjob-9").code == 2


def curve(
    train: Callable[[int], float],
    validation: Callable[[int], float],
    tokens: Callable[[int], float] = lambda n: 1_000,
    measure: str = "reward",
) -> Curve:
    points = (Point(n, train(n), validation(n), tokens(n)) for n in range(1, 31))
    return Curve(tuple(points), measure)


def wave(n: int) -> float:
    return 0.02 * math.sin(n * 2.4)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (curve(lambda n: 0.4 + n / 100 + wave(n), lambda n: 0.4 + n / 100), []),
        (curve(lambda n: 0.5 + wave(n), lambda n: 0.5 + wave(n + 1)), ["best validation"]),
        (curve(lambda n: 0.7 - n / 100 + wave(n), lambda n: 0.5), ["diverges", "best"]),
        (curve(lambda n: 0.5 if n < 30 else 0.1, lambda n: n / 99), ["diverges"]),
        (curve(lambda n: 0.4 + n / 100, lambda n: 0.5 - n / 100), ["while that of validation"]),
        (
            curve(lambda n: 0.4 + n / 100, lambda n: 0.4 + n / 100, lambda n: 3_000 - 80 * n),
            ["answers shrink, from 2,560 to 960"],
        ),
        (
            curve(lambda n: 2 - n / 30, lambda n: 1 + n / 30, measure="loss"),
            ["the training loss falls (1.817 to 1.150) while that of validation rises"],
        ),
        (Curve(()), []),
        (Curve((Point(1, 0.5, None),)), []),
    ],
)
def test_what_is_warned_of(seen: Curve, words: list[str]) -> None:
    told = list(warnings(seen))
    assert [word in line for word, line in zip(words, told, strict=True)] == [True] * len(words)


def test_a_trend_is_more_than_noise() -> None:
    assert trend([0.5, 0.6, 0.4, 0.6, 0.5, 0.4, 0.6, 0.5, 0.5]) == 0
    assert trend([0.1, 0.9]) == 0
    assert trend([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) == pytest.approx(0.4)


def test_a_supervised_result_file() -> None:
    read = of_file(b"\xef\xbb\xbfstep,train_loss,valid_loss\n1,0.5,\n2,0.4,0.6\nx,,\n")
    assert read == Curve((Point(1, 0.5, None), Point(2, 0.4, 0.6)), "loss")
    assert of_file(b"\x00\xff") is None


# Money -------------------------------------------------------------------------------------------


def test_a_result_file_that_is_none() -> None:
    for data in (b"", b"\0\r\xff", b"step\rx\r", b'step,"' + b"a" * 200_000):
        assert of_file(data) is None


def test_a_result_file_has_a_name_that_a_disk_takes() -> None:
    class Files:
        def file(self, id: str) -> dict[str, Any]:
            return {"id": id, "filename": "../a\0b\x1b.csv"}

        def content(self, id: str) -> bytes:
            return b"step\n"

    files: Any = Files()
    assert list(result_files(files, {"result_files": ["f"]})) == [("a_b_.csv", b"step\n")]


def test_a_job_is_paused_before_it_costs_more(rft: Rft, server: ServiceServer) -> None:
    """A step of 720 s is $20; the first event has no data, and its time is taken from the clock."""
    server.steps = 50
    done = rft("submit", "data")
    done = rft("job", "data", "--follow", "--max-cost", "70")
    (job,) = server.jobs.values()
    assert (done.code, job["status"]) == (0, "paused")
    (line,) = [line for line in done.stdout.splitlines() if "one more step" in line]
    assert "may cost over $70" in line
    assert "at $100 an hour" in line
    assert len(server.checkpoints["ftjob-1"]) <= 5
    assert [path for path in server.paths("POST") if path.endswith("pause")][1:] == []
    assert rft("job", "data", "--max-cost", "70").code == 2


def test_how_money_is_measured() -> None:
    spent = Spent(100)
    spent.add({"created_at": 1_000, "message": "Job started."})
    spent.add({"created_at": 4_600, "message": "Step 1/9 , train mean reward=0.4"})
    assert (spent.usd, spent.next) == (100, 200)
    graders = [{"model": "o3-mini", "train_prompt_tokens_count": 5e6}]
    graders[0] |= {"valid_completion_tokens_count": 4.9e6}
    data = {"step": 2, "train_mean_reward": 0.5, "timing": {"step": {"full_iteration": 1_800}}}
    spent.add({"created_at": 9_000, "data": data | {"usage": {"graders": graders}}})
    assert spent.usd == pytest.approx(150 + 5 * 1.10 + 4.9 * 4.40)
    assert "2 steps, 1.50 h at $100 an hour, graders $27.06" in str(spent)
    spent.add({"data": {**data, "step": 3, "usage": {"graders": [5, None, "x", [graders]]}}})
    assert spent.steps == 3


# Deployments -------------------------------------------------------------------------------------


class _Manager(BaseHTTPRequestHandler):
    """Azure Resource Manager, as far as a deployment goes: made, then there at the second look."""

    asked: ClassVar[list[tuple[str, str, Any]]] = []
    refusal: ClassVar[dict[str, Any] | None] = None
    looks = 0

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(("PUT", self.path, body))
        if self.refusal:
            return self._send(400, {"error": self.refusal})
        return self._send(201, self._deployment(body, "Creating"))

    def do_GET(self) -> None:
        body = self.asked[0][2]
        self.asked.append(("GET", self.path, None))
        state = "Succeeded" if len(self.asked) > 2 else "Creating"
        self._send(200, self._deployment(body, state))

    def _deployment(self, body: dict[str, Any], state: str) -> dict[str, Any]:
        properties = body["properties"] | {"provisioningState": state}
        return body | {"id": self.path, "name": "pilot", "properties": properties}

    def _send(self, status: int, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Manager]]:
    """The real management client, led to a server on loopback: without HTTPS, without a key."""
    policies = pytest.importorskip("azure.core.pipeline.policies")
    _Manager.asked, _Manager.refusal = [], None
    real = deployment.client
    with ThreadingHTTPServer(("127.0.0.1", 0), _Manager) as listening, serving(listening):
        url = f"http://127.0.0.1:{listening.server_port}"
        more = {"base_url": url, "authentication_policy": policies.SansIOHTTPPolicy()}
        monkeypatch.setattr(
            deployment, "client", lambda name: real(name, credential=object(), **more)
        )
        yield _Manager


PLACE = ("--subscription", SUBSCRIPTION, "--resource-group", "models", "--poll-interval", "0")


def test_a_checkpoint_is_deployed(
    ended: Callable[..., Rft], manager: type[_Manager], monkeypatch: pytest.MonkeyPatch
) -> None:
    rft = ended(3, lambda n: (0.5, 0.5, 100))
    words = ("job", "deploy", "data", "--checkpoint", "2", "--name", "pilot", *PLACE)
    shown = rft(*words, "--dry-run", "--format", "json").json
    assert (shown["method"], manager.asked) == ("PUT", [])
    refused = rft(*words)
    assert (refused.code, manager.asked) == (2, [])
    assert "give --yes" in refused.stderr
    done = rft(*words, "--yes")
    assert done.code == 0
    assert "deployed as pilot: Succeeded" in done.stdout
    method, path, body = manager.asked[0]
    assert (method, body) == ("PUT", shown["body"])
    assert body == {
        "sku": {"name": "GlobalStandard", "capacity": 1},
        "properties": {
            "model": {
                "format": "OpenAI",
                "name": "gpt-5.4-mini-2026-03-17.ft-ftjob-1:ckpt-step-2",
                "version": "1",
            }
        },
    }
    assert shown["url"] == f"{deployment.MANAGEMENT}{path}"
    wrong = rft("job", "deploy", "data", "--checkpoint", "9", *PLACE)
    assert (wrong.code, "there are 1, 2, 3" in wrong.stderr) == (2, True)


def test_what_azure_refuses_is_one_line(ended: Callable[..., Rft], manager: type[_Manager]) -> None:
    rft = ended(3, lambda n: (0.5, 0.5, 100))
    manager.refusal = {"code": "InsufficientQuota", "message": "The quota is\nused up."}
    done = rft("job", "deploy", "data", "--yes", *PLACE)
    assert (done.code, done.stderr.count("\n")) == (1, 1)
    assert "Azure answers 400" in done.stderr
    assert "The quota is used up." in done.stderr


def test_a_dry_run_needs_neither_extra_nor_service(
    rft: Rft, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("openai", "azure.identity", "azure.mgmt.cognitiveservices"):
        monkeypatch.setitem(sys.modules, name, None)
    done = rft("job", "deploy", "ftjob-7", "--checkpoint", "3", "--dry-run")
    assert done.code == 0
    assert done.stdout.startswith("PUT https://management.azure.com/subscriptions/AZURE_SUB")
    assert '"name": "MODEL-OF-ftjob-7-STEP-3"' in done.stdout
    assert done.stderr.count("\n") == 1
    real = rft("job", "deploy", "ftjob-7", "--yes", *PLACE)
    assert (real.code, "pip install" in real.stderr) == (2, True)


def test_what_a_deployment_needs(rft: Rft, server: ServiceServer) -> None:
    rft("submit", "data")
    assert "AZURE_SUBSCRIPTION_ID" in rft("job", "deploy", "data").stderr
    assert "has no model yet" in rft("job", "deploy", "data", *PLACE).stderr
    openai = rft("job", "deploy", "data", *PLACE, "--endpoint", server.openai)
    assert openai.code == 2
