"""`rft sample` against models on loopback, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from model_server import FILTERED, KEY, Model, ModelServer, Reply, throttled
from service_server import prepared

from pipelines.cli import main
from pipelines.service.sampling import ask, replies
from pipelines.service.sampling.settings import Api

ROWS = 12


def right(model: str, question: str, times: int) -> Reply:
    return Reply(f"{question} {times}")


@pytest.fixture
def serve() -> Iterator[Callable[[Model], ModelServer]]:
    servers = []

    def start(answer: Model = right) -> ModelServer:
        server = ModelServer(answer)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    prepared(tmp_path / "data", ROWS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(ask, "RETRY", replace(ask.RETRY, delays=(0.01,) * 8))
    return tmp_path


def rft(*words: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rft", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.main()
    return int(left.value.code or 0)


def sample(server: ModelServer, *words: object) -> int:
    return rft("sample", "data", "--model", "m", "--endpoint", server.url, *words)


def answers(path: str = "samples/data.train.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_every_item_is_answered_n_times(serve: Any) -> None:
    server = serve(right)
    assert sample(server, "-n", 3) == 0
    rows = answers()
    assert len(rows) == len({(row["item"], row["number"]) for row in rows}) == 3 * ROWS
    assert {row["number"] for row in rows} == {0, 1, 2}
    assert rows[0]["usage"]["reasoning"] == 7
    assert rows[0]["date"] == "2026-11-21"
    assert set(server.answered.values()) == {3}
    assert list(Path("samples").iterdir()) == [Path("samples/data.train.jsonl")]


def test_the_file_is_the_same_whatever_the_concurrency(serve: Any) -> None:
    def steady(model: str, question: str, times: int) -> Reply:
        return Reply(question)

    files = []
    for most in (1, 16):
        assert sample(serve(steady), "-n", 3, "--concurrency", most, "--out", f"{most}.jsonl") == 0
        files.append(Path(f"{most}.jsonl").read_bytes())
    assert files[0] == files[1]


def test_more_answers_and_other_models_join_the_file(serve: Any) -> None:
    server = serve(right)
    assert sample(server, "-n", 1) == 0
    assert sample(server, "-n", 2) == 0
    assert sum(server.answered.values()) == 2 * ROWS
    assert rft("sample", "data", "--model", "b", "--endpoint", server.url, "-n", 1) == 0
    assert sample(server, "-n", 2) == 0
    assert sum(server.answered.values()) == 3 * ROWS
    assert sample(server, "-n", 1, "--temperature", 0.5) == 0  # other settings, other answers
    assert len(answers()) == 4 * ROWS


def test_it_asks_less_where_it_is_throttled(serve: Any) -> None:
    server = serve(right)
    server.at_once, server.delay = 3, 0.02
    assert sample(server, "-n", 6, "--concurrency", 32) == 0
    assert len(answers()) == 6 * ROWS
    assert server.refused > 0
    # Without going down, all that are allowed would be out until the end.
    assert server.most < 16


def test_it_waits_as_long_as_the_service_wants(serve: Any) -> None:
    times: list[float] = []

    def once(model: str, question: str, number: int) -> Reply:
        times.append(time.monotonic())
        return throttled("1") if len(times) == 1 else right(model, question, number)

    assert sample(serve(once), "-n", 1, "--limit", 1) == 0
    assert len(times) == 2
    assert times[1] - times[0] >= 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (throttled("86400"), "wants no request for 86,400 s"),
        (throttled("0"), "throttled 8 times without an answer"),
        (throttled("0", "insufficient_quota"), "insufficient_quota"),
        (Reply(status=401, error={"code": "401", "message": "no"}), "check OPENAI_API_KEY"),
        (Reply(status=404, error={"code": "DeploymentNotFound", "message": "no"}), "deployed"),
        (Reply(status=400, error={"code": "x", "message": "no temperature"}), "no temperature"),
        (Reply(status=500, error={"code": "x", "message": "no"}), "answers 500"),
        (Reply(broken=True), "the connection broke"),
    ],
)
def test_it_ends_where_asking_is_of_no_use(
    reply: Reply, message: str, serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(serve(lambda *_: reply)) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert message in last
    assert KEY not in last


def test_a_broken_connection_is_asked_again(serve: Any) -> None:
    def twice(model: str, question: str, times: int) -> Reply:
        return Reply(broken=True) if times < 2 else right(model, question, times)

    server = serve(twice)
    assert sample(server, "-n", 1) == 0
    assert set(server.times.values()) == {3}


ODD: dict[str, dict[str, Any]] = {
    "text": {"content": 5},
    "parts": {"content": [{"type": "text", "text": "a"}]},
    "refusal": {"refusal": {"a": 1}},
    "calls": {"content": "x", "tool_calls": 5},
    "call": {"content": "x", "tool_calls": [5]},
    "deep": {"content": "x", "tool_calls": [json.loads("[" * 300 + "]" * 300)]},
}


@pytest.mark.parametrize("message", ODD.values(), ids=ODD)
def test_what_is_no_answer_is_not_kept(message: dict[str, Any]) -> None:
    with pytest.raises(replies.Unreadable):
        replies.read(Api.chat, {"choices": [{"message": message}]})


@pytest.mark.parametrize(
    "content",
    [5, [{"type": "output_text"}], [{"type": "output_text", "text": 5}], [{"type": "refusal"}]],
    ids=str,
)
def test_nor_is_a_response_without_text(content: Any) -> None:
    output = [{"type": "message", "content": content}]
    if content == 5:
        assert replies.read(Api.responses, {"output": output})["output_text"] == ""
        return
    with pytest.raises(replies.Unreadable):
        replies.read(Api.responses, {"output": output})


@pytest.mark.parametrize("made", [1e300, 2**62, -(2**60), True, "x", None])
def test_a_date_that_is_none_and_tokens_below_zero(made: Any) -> None:
    usage = {"prompt_tokens": -5, "completion_tokens": 2**62}
    reply = {"choices": [{"message": {"content": "x"}}], "created": made, "usage": usage}
    answer = replies.read(Api.chat, reply)
    assert (answer["output_text"], answer["usage"], "date" in answer) == ("x", {}, False)


def test_an_answer_has_an_end(
    serve: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ask, "_MOST_BYTES", 20_000)
    assert sample(serve(lambda *words: Reply("y" * 30_000)), "-n", 1) == 2
    assert "goes on for over 20,000 bytes" in capsys.readouterr().err
    assert not Path("samples/data.train.jsonl").exists()


def test_money_is_not_held_where_tokens_are_not_told(
    serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(right)
    server.prompt_tokens = -1
    assert sample(server, "-n", 1, "--price", "1,2", "--max-cost", 1) == 2
    assert "--max-cost: the service does not tell the tokens" in capsys.readouterr().err
    assert len(server.asked) == 1
    assert sample(server, "-n", 1) == 0
    assert len(server.asked) == ROWS


def test_an_edited_file_without_its_last_line_end(serve: Any) -> None:
    server = serve(right)
    assert sample(server, "-n", 1) == 0
    path = Path("samples/data.train.jsonl")
    before = path.read_bytes()
    path.write_bytes(before.removesuffix(b"\n"))
    assert sample(server, "-n", 1) == 0
    assert len(server.asked) == ROWS
    assert path.read_bytes() == before


def test_how_an_answer_ended_is_kept(serve: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    replies = [
        Reply("cut", "length"),
        FILTERED,
        Reply("", "content_filter"),
        Reply(refusal="I will not"),
        Reply(tools=[call]),
    ]

    def model(name: str, question: str, times: int) -> Reply:
        number = int(question.split()[2])
        return replies[number] if number < len(replies) else Reply("4")

    server = serve(model)
    for api in ("chat", "responses"):
        assert sample(server, "-n", 1, "--api", api, "--out", f"{api}.jsonl") == 0
        by_end: dict[str, list[Any]] = {}
        for row in answers(f"{api}.jsonl"):
            by_end.setdefault(row["finish"], []).append((row["output_text"], row["output_tools"]))
        assert {end: len(rows) for end, rows in by_end.items()} == {
            "stop": ROWS - 5,
            "length": 1,
            "content_filter": 2,
            "refusal": 1,
            "tool_calls": 1,
        }
        assert by_end["refusal"] == [("I will not", [])]
        assert by_end["tool_calls"] == [("", [call])]
    capsys.readouterr()
    Path("g.json").write_text(Path("data/grader.json").read_text())
    assert rft("grade", "--items", "data/train.jsonl", "--grader-file", "g.json",
               "--samples", "chat.jsonl", "--format", "json") == 0  # fmt: skip
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["unfinished"] == {"content_filter": 2, "length": 1, "refusal": 1}
    assert summary["scored"] == ROWS - 4


def test_what_the_folder_says_is_asked(serve: Any, folder: Path) -> None:
    form = {
        "type": "json_schema",
        "json_schema": {"name": "a", "strict": True, "schema": {"type": "object"}},
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    job = json.loads((folder / "data/job.json").read_text())
    job["method"]["reinforcement"] |= {
        "response_format": form,
        "tools": [tool],
        "hyperparameters": {"reasoning_effort": "high"},
    }
    (folder / "data/job.json").write_text(json.dumps(job))
    server = serve(right)
    words = ("-n", 1, "--limit", 1, "--max-tokens", 99, "--temperature", 0.5)
    for api in ("chat", "responses"):
        assert sample(server, *words, "--api", api) == 0
    (_, chat), (_, response) = server.asked
    assert (chat["response_format"], chat["tools"]) == (form, [tool])
    assert (chat["reasoning_effort"], chat["max_completion_tokens"]) == ("high", 99)
    assert response["text"]["format"] == {"type": "json_schema", **form["json_schema"]}
    assert response["tools"] == [{"type": "function", **tool["function"]}]
    assert (response["reasoning"], response["max_output_tokens"]) == ({"effort": "high"}, 99)
    assert chat["temperature"] == response["temperature"] == 0.5
    assert response["store"] is False


def test_limit_chooses_the_same_items_whatever_their_order(serve: Any, folder: Path) -> None:
    server = serve(right)
    assert sample(server, "-n", 1, "--limit", 5, "--out", "a.jsonl") == 0
    path = folder / "data/train.jsonl"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    assert sample(server, "-n", 1, "--limit", 5, "--out", "b.jsonl") == 0
    one, other = ({row["item"] for row in answers(name)} for name in ("a.jsonl", "b.jsonl"))
    assert len(one) == 5
    assert one == other


def test_money_ends_a_run_which_goes_on_later(
    serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(lambda *_: Reply("x" * 90))  # 50 tokens in, 100 out: 0.45 cents
    price = ("--price", "10,40")
    assert sample(server, "-n", 1, *price, "--max-cost", 0.02) == 1
    assert "8 answers not asked for" in capsys.readouterr().err
    assert sum(server.answered.values()) == 4
    assert not Path("samples/data.train.jsonl").exists()
    assert sample(server, "-n", 1, *price) == 0
    assert sum(server.answered.values()) == len(answers()) == ROWS
    assert sample(server, "-n", 2, "--max-cost", 1) == 2
    assert "no price of m is known" in capsys.readouterr().err


def test_a_killed_run_asks_nothing_twice(serve: Any, folder: Path) -> None:
    server = serve(right)
    server.delay = 0.05
    words = [sys.executable, "-m", "pipelines", "sample", "data", "--model", "m"]
    words += ["--endpoint", server.url, "-n", "4", "--concurrency", "2"]
    for answered in (5, 12):
        process = subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL)
        while sum(server.answered.values()) < answered:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.2)
    journal = folder / "samples/data.train.jsonl.journal"
    kept = journal.read_bytes()
    assert kept
    journal.write_bytes(kept + b'{"model":"m","sett')  # as a kill in the middle of a write
    assert sample(server, "-n", 4) == 0
    rows = answers()
    assert len(rows) == len({(row["item"], row["number"]) for row in rows}) == 4 * ROWS
    # At most those that were under way at each kill came twice.
    assert 4 * ROWS <= sum(server.answered.values()) <= 4 * ROWS + 2 * 2
    assert not journal.exists()


def test_a_dry_run_asks_nothing(serve: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server = serve(right)
    words = ("-n", 5, "--max-tokens", 1000, "--price", "1,10", "--dry-run")
    assert sample(server, *words) == 0
    shown = capsys.readouterr().out
    assert server.asked == []
    assert f"POST {server.url}/chat/completions" in shown
    assert "12 items, 5 answers each, 60 calls a model" in shown
    assert "at most $0.60 (--max-tokens 1,000)" in shown
    assert not Path("samples").exists()


def test_without_the_client_there_is_one_line(
    serve: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    server = serve(right)
    assert sample(server, "--dry-run") == 0
    assert sample(server) == 2
    assert "pip install 'rft-data[sample]'" in capsys.readouterr().err


def test_a_file_of_something_else_is_left_alone(
    serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own.jsonl").write_text('{"line": 1, "output_text": "x"}\n')
    assert sample(serve(right), "--out", "own.jsonl") == 2
    assert "own.jsonl:1: is no answer" in capsys.readouterr().err
    assert Path("own.jsonl").read_text() == '{"line": 1, "output_text": "x"}\n'
