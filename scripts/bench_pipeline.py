"""What `rft prepare` costs, stage by stage, and what it finds of what was planted.

    python scripts/bench_pipeline.py [--scale 0.5 1 4] [--folder DIR] [--real DIR] [--json FILE]

Rows are made by `bench_data`: 27,000 of mathematics and 180,000 of multiple choice, times the
scale. Each program runs in a process of its own; beside ours, of which each stage is measured as it
ends, a naive script (pandas, `iterrows`) and a plain conversion (polars and orjson), which find
nothing. Of what was planted a near copy is found where it is in the cluster of its original, an
exact copy where one of both is dropped, a conflict where both are, a benchmark's question where it
is dropped; all of them count only where normalize kept both rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from bench import measure
from rich.console import Console
from rich.table import Table

ROWS = {"openr1-math": 27_000, "medmcqa": 180_000}
HERE = Path(__file__).parent
_TICK = os.sysconf("SC_CLK_TCK")


def staged(name: str, raw: Path, out: Path) -> list[dict[str, Any]]:
    """CPU seconds and the highest memory so far of each stage of `rft prepare`, as it ends.

    The last one is what follows the stages: the page and the card.
    """
    command = [sys.executable, "-u", "-m", "pipelines", "prepare", name, "--source", str(raw)]
    # polars, which is loaded here, tells its allocator what to keep, and all children with it.
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    process = subprocess.Popen(
        [*command, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    stages: list[dict[str, Any]] = []
    before = 0.0
    for line in process.stdout:
        words = line.split()
        if words[:1] != [name] or len(words) < 3 or not words[2].replace(",", "").isdigit():
            continue
        try:
            times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            continue
        cpu = (int(times[11]) + int(times[12])) / _TICK
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
        stages.append({"stage": words[1], "cpu": round(cpu - before, 2), "mb": round(peak)})
        before = cpu
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    page = usage.ru_utime + usage.ru_stime - before
    peak = usage.ru_maxrss * 1024 / 1e6
    return [*stages, {"stage": "page", "cpu": round(page, 2), "mb": round(peak)}]


def found(name: str, truth: dict[str, list[list[str]]], out: Path) -> dict[str, list[int]]:
    """Of each planted kind how many were found, of how many."""
    stages = {
        stage: pl.read_parquet(out / name / "stages" / f"{stage}.parquet")
        for stage in ("normalize", "dedupe", "decontaminate")
    }
    records = stages["normalize"].filter(pl.col("dropped").is_null()).select("row", "id")
    dedupe = records.join(stages["dedupe"].select("row", "cluster", "dropped"), on="row")
    cluster = dict(dedupe.select("id", "cluster").iter_rows())
    reason = dict(dedupe.select("id", "dropped").iter_rows())
    hits = records.join(
        stages["decontaminate"].filter(pl.col("dropped").is_not_null()), on="row", how="semi"
    )
    contaminated = set(hits["id"])
    tests = {
        "near": lambda a, b: cluster[a] == cluster[b],
        "exact": lambda a, b: reason[a] is not None or reason[b] is not None,
        "conflict": lambda a, b: None not in (reason[a], reason[b]),
        "contaminated": lambda _, b: b in contaminated or reason[b] is not None,
    }
    counts = {}
    for kind, test in tests.items():
        pairs = [(a, b) for a, b in truth[kind] if b in cluster]
        pairs = [(a, b) for a, b in pairs if kind == "contaminated" or a in cluster]
        counts[kind] = [sum(bool(test(a, b)) for a, b in pairs), len(pairs)]
    return counts


def plain(name: str, folder: Path, out: Path) -> None:
    """The rows as chat JSONL with polars and orjson, and no check at all."""
    import orjson

    columns = ["problem", "answer"] if name == "openr1-math" else None
    paths = sorted((folder / name / "data").glob("train-*.parquet"))
    with (out / f"{name}-plain.jsonl").open("wb") as file:
        for row in pl.concat(pl.read_parquet(p, columns=columns) for p in paths).iter_rows(
            named=True
        ):
            if columns:
                prompt, answer = row["problem"], row["answer"]
            else:
                options = [row[column] for column in ("opa", "opb", "opc", "opd")]
                lettered = [f"{x}. {o}" for x, o in zip("ABCD", options, strict=True)]
                prompt, answer = "\n".join([row["question"], "", *lettered]), "ABCD"[row["cop"]]
            message = {"role": "user", "content": prompt}
            item = {"messages": [message], "reference_answer": answer}
            file.write(orjson.dumps(item) + b"\n")


def compare(folder: Path, scale: float, real: Path | None) -> Iterator[dict[str, Any]]:
    """One result a dataset."""
    raw = folder / f"raw-{scale:g}"
    if not raw.exists():
        # In a process of its own, for a child's peak begins at what its parent holds.
        math, mcq = (str(int(count * scale)) for count in ROWS.values())
        more = ["--real", str(real)] if real else []
        measure(
            sys.executable, HERE / "bench_data.py", raw, "--rows", math, "--mcq-rows", mcq, *more
        )
    truth = json.loads((raw / "truth.json").read_text())
    for name, count in ROWS.items():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            out = Path(scratch)
            stages = staged(name, raw, out)
            others = {
                "naive": measure(sys.executable, HERE / "bench_naive.py", name, raw, out),
                "plain": measure(sys.executable, __file__, "plain", name, raw, out),
            }
            yield {
                "dataset": name,
                "scale": scale,
                "rows": int(count * scale),
                "stages": stages,
                "cpu": round(sum(stage["cpu"] for stage in stages), 2),
                "mb": max(stage["mb"] for stage in stages),
                "found": found(name, truth[name], out),
                **{who: {"cpu": cost.cpu, "mb": cost.memory} for who, cost in others.items()},
            }


def tables(results: list[dict[str, Any]]) -> Iterator[Table]:
    """Stage by stage, and what was found."""
    costs = Table(title="CPU seconds by stage", title_justify="left")
    names = [stage["stage"] for stage in results[0]["stages"]]
    for column in ("dataset", "rows", *names, "all", "MB", "naive", "plain"):
        costs.add_column(column, justify="left" if column == "dataset" else "right")
    recall = Table(title="planted and found", title_justify="left")
    for column in ("dataset", "rows", *results[0]["found"]):
        recall.add_column(column, justify="left" if column == "dataset" else "right")
    for one in results:
        head = (one["dataset"], f"{one['rows']:,}")
        each = {stage["stage"]: f"{stage['cpu']:.1f}" for stage in one["stages"]}
        costs.add_row(
            *head,
            *(each.get(name, "") for name in names),
            f"{one['cpu']:.1f}",
            f"{one['mb']:,}",
            f"{one['naive']['cpu']:.1f}",
            f"{one['plain']['cpu']:.1f}",
        )
        recall.add_row(*head, *(f"{some} of {of}" for some, of in one["found"].values()))
    return iter((costs, recall))


def main() -> None:
    """Parse the words, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, nargs="+", default=[0.5, 1])
    parser.add_argument("--folder", type=Path, help="keep the raw files here for the next run")
    parser.add_argument("--real", type=Path, help="rows to begin with, in place of the demo's")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        results = [
            one for scale in arguments.scale for one in compare(folder, scale, arguments.real)
        ]
    for table in tables(results):
        Console(width=130).print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["plain", name, folder, out]:
            plain(name, Path(folder), Path(out))
        case _:
            main()
