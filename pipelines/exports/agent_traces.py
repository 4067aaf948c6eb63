"""Supervised rows of an agent's traces: the best of whole conversations, with calls and tools.

    {"messages": [{"role": "user", …}, {"role": "assistant", "tool_calls": […]},
                  {"role": "tool", …}, {"role": "assistant", …}], "tools": […], "reward": 0.9}

Of all traces with a reward the best share is kept, ⌈keep_ratio · n⌉, and none whose reward is 0 or
less; between equal rewards the smaller digest decides. What agents and clients write beside a
message (nulls, indexes, ids of runs) is left out, arguments that are objects become the JSON text
that the service wants. Traces that begin with the same request are on one side of the split.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import polars as pl

from pipelines.exports.target import Exported
from pipelines.findings import BadInput
from pipelines.graders import select
from pipelines.io import files, schema
from pipelines.io.jsonl import objects
from pipelines.io.prepared import SPLITS
from pipelines.io.progress import Progress
from pipelines.rules import catalogue, job_settings
from pipelines.rules.messages import SPECIAL
from pipelines.rules.request import supervised_request
from pipelines.rules.shapes import texts_of
from pipelines.rules.tables import limit
from pipelines.similarity.keys import digest, key

LEFT_OUT = "left_out.parquet"
FILES = ("train.jsonl", "validation.jsonl", "job.json", LEFT_OUT)
# Names under which the reward of a trace is found, the first counts.
_REWARDS = ("reward", "score")
# One request in ten is for validation, as `rft prepare` has it.
_VALIDATION = 10


class _Trace(NamedTuple):
    """What is held of a trace; sorted, the best is first. task: the digest of its request."""

    loss: float
    name: str
    task: str
    line: int


def write(path: Path, out: Path, *, report: Progress, keep_ratio: float | None) -> Exported:
    """Write the rows of a file of traces, a job, and `left_out.parquet` (line, reason, detail).

    Reasons: `no_reward`, `unfit` (no supervised row: the rule that it breaks), `special_token`,
    `duplicate_trace`, `rejected` (a reward of 0 or less), `over_keep_ratio`. BadInput where too few
    rows are left.
    """
    share = select.share(keep_ratio)
    left_out: list[tuple[int, str, str]] = []
    traces: list[_Trace] = []
    rows: dict[str, bytes] = {}
    for line, item in report.track(objects(path), f"{path.stem} traces"):
        row, reward = _row(item), _reward(item)
        data = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        name = sha256(data).hexdigest()
        reason, detail = _fault(row, reward)
        if reason:
            left_out.append((line, reason, detail))
            continue
        rows[name] = orjson.dumps(row) + b"\n"
        traces.append(_Trace(-(reward or 0), name, _task(row), line))
    best: dict[str, _Trace] = {}
    for trace in sorted(traces):
        if trace.name in best:
            left_out.append((trace.line, "duplicate_trace", f"of line {best[trace.name].line}"))
        best.setdefault(trace.name, trace)
    traces = list(best.values())
    kept = math.ceil((share or Fraction(1)) * len(traces))
    for place, trace in enumerate(traces):
        if trace.loss >= 0:
            left_out.append((trace.line, "rejected", f"reward {-trace.loss:g}"))
        elif place >= kept:
            left_out.append((trace.line, "over_keep_ratio", f"reward {-trace.loss:g}"))
    sides = _sides([trace for trace in traces[:kept] if trace.loss < 0])
    counts = Counter(reason for _, reason, _ in left_out)
    least = limit("rows_at_least")
    if len(sides["train"]) < least:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
        problem = f"{len(sides['train']):,} training rows, and a job needs {least:,}"
        raise BadInput(f"{path}: {problem} ({reasons or 'no more traces'}); give more traces")
    return _written(out, rows, sides, left_out)


def _written(
    out: Path,
    rows: Mapping[str, bytes],
    sides: Mapping[str, list[str]],
    left_out: list[tuple[int, str, str]],
) -> Exported:
    """Write what was chosen; the account of it."""
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    columns = {"line": pl.Int64, "reason": pl.String, "detail": pl.String}
    ledger = pl.DataFrame(sorted(left_out), schema=columns, orient="row")
    files.write_parquet(out / LEFT_OUT, ledger)
    job = supervised_request(validation=bool(sides["validation"]))
    files.write_json(out / "job.json", job_settings.kept(job, out))
    written = [LEFT_OUT, "job.json"]
    for split in reversed(SPLITS):  # a folder with train.jsonl is whole
        if chosen := sides[split]:
            lines = [rows[name] for name in chosen]
            files.write(out / f"{split}.jsonl", lambda file, lines=lines: file.writelines(lines))  # type: ignore[misc]
            written.append(f"{split}.jsonl")
    untold = sum(
        b'"tools":' not in rows[name] and b'"tool_calls":' in rows[name]
        for names in sides.values()
        for name in names
    )
    notes = [f"{untold:,} rows call tools, and no `tools` lists them"] if untold else []
    counts = Counter(reason for _, reason, _ in left_out)
    kept = {split: len(sides[split]) for split in SPLITS}
    return Exported(tuple(written), kept, dict(sorted(counts.items())), tuple(notes))


def _sides(traces: list[_Trace]) -> dict[str, list[str]]:
    """The traces of each side by digest, those of one request together; training keeps enough."""
    tasks = defaultdict(list)
    for trace in traces:
        tasks[trace.task].append(trace.name)
    sides: dict[str, list[str]] = {"train": [], "validation": []}
    room = min(len(traces) // _VALIDATION, len(traces) - limit("rows_at_least"))
    for task in sorted(tasks):
        fits = len(sides["validation"]) + len(tasks[task]) <= room
        sides["validation" if fits else "train"] += tasks[task]
    return {side: sorted(names) for side, names in sides.items()}


def _reward(item: Mapping[str, Any]) -> float | None:
    value = next((item[name] for name in _REWARDS if name in item), None)
    number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if number and value is not None else None


def _task(row: Mapping[str, Any]) -> str:
    """What is asked: all that the user says before the first answer."""
    asked = []
    for message in row["messages"]:
        if message["role"] == "assistant":
            break
        if message["role"] == "user":
            asked += [text for _, text in texts_of({"messages": [message]})]
    return digest(key("\n\n".join(asked)))


def _fault(row: Mapping[str, Any], reward: float | None) -> tuple[str, str]:
    """Why a trace is no row, and of what; two empty texts where it is one."""
    for rule in catalogue.of_scope("supervised"):
        if rule.severity == "error":
            for place, message, _ in rule.faults({"supervised": row}):
                return "unfit", f"{rule.code} {place}: {message}"
    if any(SPECIAL.search(text) for _, text in texts_of(row)):
        return "special_token", ""
    return ("", "") if reward is not None else ("no_reward", "no number in reward or score")


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    """A trace as a supervised row: of its fields those that the service knows."""
    messages = item.get("messages")
    row = {"messages": list(map(_message, messages)) if isinstance(messages, list) else messages}
    for name in ("tools", "parallel_tool_calls"):
        if item.get(name) not in (None, []):
            row[name] = item[name]
    return row


def _message(message: Any) -> Any:
    """A message with the fields that the service knows, without nulls."""
    if not isinstance(message, dict):
        return message
    known = schema.load("supervised")["properties"]["messages"]["items"]["properties"]
    kept = {name: value for name, value in message.items() if name in known and value is not None}
    if kept.get("role") == "developer":
        kept["role"] = "system"
    if kept.get("role") == "tool" and isinstance(kept.get("content"), dict):
        kept["content"] = orjson.dumps(kept["content"]).decode()
    calls = kept.get("tool_calls")
    if calls == []:
        del kept["tool_calls"]
    elif isinstance(calls, list):
        kept["tool_calls"] = list(map(_call, calls))
    return kept


def _call(call: Any) -> Any:
    """A call with its arguments as JSON text, and without what a stream adds."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    arguments = function.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = orjson.dumps(arguments).decode()
    named = {"id": call["id"]} if isinstance(call.get("id"), str) else {}
    called = {"name": function.get("name"), "arguments": arguments}
    return {**named, "type": "function", "function": called}
