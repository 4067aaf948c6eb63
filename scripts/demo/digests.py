"""The digests by which rows of the demo are known: `pipelines/service/demo.toml`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipelines.service.demo import entries

_HEAD = """\
# Prompts of the demo (raw/demo), with and without their options, as pipelines/service/demo.py knows
# them: the CRC-32 of the first twelve words, how many words there are, the SHA-256 of all of them.
# Written by `make demo`.
prompts = [
"""


def table(folder: Path) -> str:
    """The table for the demo in a folder: its raw questions, and what is prepared of them."""
    prompts = [*_raw(folder), *_prepared(folder)]
    lines = sorted({line for prompt in prompts if prompt for line in entries(prompt)})
    return _HEAD + "".join(f'    "{line}",\n' for line in lines) + "]\n"


def _raw(folder: Path) -> Iterator[str | None]:
    for path in sorted(folder.rglob("*.parquet")):
        for row in pl.read_parquet(path).iter_rows(named=True):
            options = (f"{name[-1].upper()}. {row[name]}" for name in row if name.startswith("op"))
            yield (
                row["problem"] if "problem" in row else "\n".join([str(row["question"]), *options])
            )
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["problem"]


def _prepared(folder: Path) -> Iterator[str | None]:
    with tempfile.TemporaryDirectory() as out:
        command = ("-m", "pipelines", "prepare", "--quiet", "--source", str(folder), "--out", out)
        subprocess.run([sys.executable, *command], check=True)
        for path in Path(out).glob("*/dropped.parquet"):
            yield from pl.read_parquet(path)["prompt"]
        for path in Path(out).glob("*/*.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield json.loads(line)["messages"][-1]["content"]
