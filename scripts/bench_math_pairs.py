"""Pairs of a reference answer and an answer, made by rule, so that the truth of each is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import bench_math_different  # noqa: F401  its rules are registered as it is loaded
import bench_math_equal  # noqa: F401
import polars as pl
from bench_math_rules import DIFFERENT, EQUAL

from pipelines.similarity.latex import balanced


class Pair(NamedTuple):
    """A reference and an answer, whether they mean the same, and the rule that made them."""

    rule: str
    truth: bool
    reference: str
    answer: str


def references(folder: Path) -> list[str]:
    """The distinct, balanced reference answers below a folder, in order."""
    found: dict[str, None] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            frame = pl.read_parquet_schema(path)
            answers = (
                pl.read_parquet(path, columns=["answer"])["answer"] if "answer" in frame else ()
            )
        elif path.suffix == ".jsonl" and "benchmarks" in path.parts:
            answers = (json.loads(line).get("answer") for line in path.read_text().splitlines())
        else:
            continue
        texts = (str(answer).strip() for answer in answers if answer is not None)
        found.update((text, None) for text in texts if text and balanced(text))
    return list(found)


def pairs(folder: Path) -> list[Pair]:
    """All pairs; one that two rules make stands once, with the first."""
    made: dict[tuple[str, str], Pair] = {}
    for reference in references(folder):
        for truth, rules in ((True, EQUAL), (False, DIFFERENT)):
            for name, rule in rules.items():
                for answer in rule(reference):
                    made.setdefault((reference, answer), Pair(name, truth, reference, answer))
    return list(made.values())
