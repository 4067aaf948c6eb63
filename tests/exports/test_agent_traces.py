"""Traces of agents to supervised rows, and to a supervised job on a service on loopback."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from service_server import ServiceServer
from submitting import Rft, rft

from pipelines.rules import check

__all__ = ["rft"]  # a fixture

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


def trace(n: int, reward: object = 1.0, **more: Any) -> dict[str, Any]:
    """A trace as an agent's client writes it: nulls, indexes, arguments as an object."""
    call = {
        "id": f"call_{n}",
        "index": 0,
        "type": "function",
        "function": {"name": "weather", "arguments": {"city": f"Town {n}"}},
    }
    messages = [
        {"role": "developer", "content": "You may call tools.", "name": None},
        {"role": "user", "content": f"How warm is it in the town of number {n * 7919}?"},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            "tool_calls": [call],
        },
        {"role": "tool", "tool_call_id": f"call_{n}", "content": {"celsius": n}},
        {"role": "assistant", "content": f"It is {n} degrees.", "tool_calls": None},
    ]
    return {"messages": messages, "tools": [WEATHER], "reward": reward, "run": f"r{n}", **more}


def write(traces: list[dict[str, Any]], name: str = "traces.jsonl") -> str:
    lines = "".join(json.dumps(each) + "\n" for each in traces)
    Path(name).write_text(lines, encoding="utf-8")
    return name


def rows(split: str, name: str = "traces") -> list[dict[str, Any]]:
    path = Path("exports/sft") / name / f"{split}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ledger() -> list[tuple[int, str]]:
    left_out = pl.read_parquet("exports/sft/traces/left_out.parquet")
    return list(left_out.select("line", "reason").iter_rows())


def test_every_trace_is_a_row(rft: Rft) -> None:
    """Twelve of twelve, with their tools, and the row is what the service documents."""
    done = rft("export", write([trace(n) for n in range(12)]), "--to", "sft")
    assert done.code == 0
    kept = [*rows("train"), *rows("validation")]
    assert len(kept) == 12
    assert ledger() == []
    assert {tuple(row) for row in kept} == {("messages", "tools")}
    row = next(row for row in kept if "call_3" in json.dumps(row))
    assert row["messages"][0] == {"role": "system", "content": "You may call tools."}
    assert row["messages"][2] == {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "call_3",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Town 3"}'},
            }
        ],
    }
    assert row["messages"][3]["content"] == '{"celsius":3}'
    findings = list(check.check(Path("exports/sft/traces")))
    assert [f for f in findings if f.severity == "error"] == []


def test_the_best_share_by_reward_is_kept(rft: Rft) -> None:
    rewards = [*(n / 40 for n in range(40)), 0, -1]
    traces = [trace(n, reward) for n, reward in enumerate(rewards)]
    assert rft("export", write(traces), "--to", "sft", "--keep-ratio", "0.5").code == 0
    kept = {row["messages"][4]["content"] for row in [*rows("train"), *rows("validation")]}
    assert kept == {f"It is {n} degrees." for n in range(19, 40)}  # 21 of 42
    assert len(rows("validation")) == 2
    reasons = {line: reason for line, reason in ledger()}  # noqa: C416
    assert reasons == {
        **{n + 1: "over_keep_ratio" for n in range(1, 19)},
        **{n + 1: "rejected" for n in (0, 40, 41)},
    }


def test_what_is_no_row_is_told_with_its_line(rft: Rft) -> None:
    good = [trace(n) for n in range(11)]
    cut = trace(20)
    cut["messages"] = cut["messages"][:-1]
    unknown = trace(21, tools=[])
    del unknown["tools"]
    other = trace(22)
    other["messages"][2]["tool_calls"][0]["function"]["name"] = "winds"
    special = trace(23)
    special["messages"][1]["content"] = "What is <|endoftext|>?"
    bad = [cut, trace(24, None), trace(25, "good"), other, special, {"messages": "?"}, good[0]]
    done = rft("export", write([*good, *bad, unknown]), "--to", "sft")
    assert done.code == 0
    assert ledger() == [
        (12, "unfit"),
        (13, "no_reward"),
        (14, "no_reward"),
        (15, "unfit"),
        (16, "special_token"),
        (17, "unfit"),
        (18, "duplicate_trace"),
    ]
    assert "1 rows call tools, and no `tools` lists them" in done.stdout
    few = rft("export", write(good[:9], "few.jsonl"), "--to", "sft")
    assert (few.code, few.stderr.count("\n")) == (2, 1)
    assert "9 training rows, and a job needs 10" in few.stderr


def test_order_of_the_traces_does_not_matter(rft: Rft) -> None:
    traces = [trace(n % 30, 0.5 + n / 100) for n in range(50)]
    rft("export", write(traces, "one.jsonl"), "--to", "sft", "--keep-ratio", "0.8")
    random.Random(1).shuffle(traces)
    rft("export", write(traces, "other.jsonl"), "--to", "sft", "--keep-ratio", "0.8")
    for name in ("train.jsonl", "validation.jsonl", "job.json"):
        one, other = (Path(f"exports/sft/{folder}/{name}") for folder in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()


def test_one_request_is_on_one_side(rft: Rft) -> None:
    """Each is answered four times, in other words."""
    traces = [trace(n // 4) for n in range(120)]
    for n, each in enumerate(traces):
        each["messages"][4]["content"] += f" Run {n}."
    rft("export", write(traces), "--to", "sft")
    sides = [{row["messages"][1]["content"] for row in rows(s)} for s in ("train", "validation")]
    assert len(sides[1]) == 3
    assert sides[0] & sides[1] == set()


@pytest.mark.parametrize("count", [12, 200])
def test_a_supervised_job(rft: Rft, server: ServiceServer, count: int) -> None:
    rft("export", write([trace(n) for n in range(count)]), "--to", "sft")
    words = ("--job", "n_epochs=2", "--job", "suffix=agent")
    shown = rft("submit", "exports/sft/traces", *words, "--dry-run", "--format", "json").json
    assert [request["url"].rpartition("/v1/")[2] for request in shown["requests"]][-1] == (
        "fine_tuning/jobs"
    )
    done = rft("submit", "exports/sft/traces", *words)
    assert done.code == 0
    assert "tokens" in done.stderr
    (job,) = server.jobs.values()
    assert job["method"] == {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 2}},
    }
    assert job["suffix"] == "agent"
    assert ("validation_file" in job) == (count > 12 or bool(rows("validation")))
    assert not [path for path in server.paths("POST") if "graders" in path]
    assert rft("submit", "exports/sft/traces").code == 0
    assert len(server.jobs) == 1
    for word, error in {
        "eval_interval=2": "is for reinforcement; a supervised job has batch_size",
        "model=o4-mini-2025-04-16": "expected 'reinforcement'",
    }.items():
        wrong = rft("submit", "exports/sft/traces", "--job", word)
        assert (wrong.code, error in wrong.stderr + wrong.stdout) in {(2, True), (1, True)}
    assert rft("estimate", "exports/sft/traces").code == 2
    assert rft("export", "traces.jsonl", "--to", "sft").code == 0  # the settings stay
    path = Path("exports/sft/traces/job.json")
    assert json.loads(path.read_bytes())["suffix"] == "agent"
    path.write_bytes(path.read_bytes().replace(b"agent", b"mine!"))
    assert rft("export", "traces.jsonl", "--to", "sft").code == 2


def test_traces_go_with_sft_alone(rft: Rft) -> None:
    name = write([trace(n) for n in range(12)])
    assert "goes with --to sft alone" in rft("export", name, "--to", "trl").stderr
    wrong = rft("export", name, "--to", "sft", "--max-bytes", "100")
    assert "--max-bytes: goes with a prepared folder" in wrong.stderr
