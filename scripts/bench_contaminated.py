r"""How many questions of a benchmark are found among other rows when they are set otherwise.

    python scripts/bench_contaminated.py [--benchmark FILE] [--rows FOLDER] [--field problem]

Each question is planted once in each disguise among the rows; beside ours a common check, which
takes a row that has a run of 8 words in common with a question. `flagged` are rows that nobody
planted: without `--rows` some made ones, none of which is a question of the benchmark.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import polars as pl
from bench_data import make
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from pipelines.similarity.contained import benchmark_hits
from pipelines.similarity.keys import key

_SIGNS = r"""
\leq ≤ \le ≤ \geq ≥ \ge ≥ \pi π \theta θ \alpha α \beta β \times × \cdot · \infty ∞ \ldots … \dots …
^\circ ° ^{\circ} ° \angle ∠ \triangle △ \neq ≠ \pm ± \cup ∪ \cap ∩ \to → \lfloor ⌊ \rfloor ⌋
"""
_SMALL = str.maketrans("0123456789-+()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ⁿ")
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SYNONYMS = {
    **{"find": "determine", "compute": "calculate", "what is": "give", "evaluate": "work out"},
    **{"determine": "find", "positive integers": "natural numbers", "integers": "whole numbers"},
    **{"integer": "whole number", "how many": "what number of", "such that": "so that"},
    **{"let": "suppose", "suppose": "assume", "value": "quantity", "smallest": "least"},
    **{"largest": "greatest", "express": "write", "number": "amount", "each": "every"},
    **{"sum": "total", "given": "known", "function": "map", "points": "marks"},
    **{"simplify": "reduce", "answer": "result", "equation": "relation"},
}


def _bare(text: str) -> str:
    return (
        text.replace("$", "").replace(r"\left", "").replace(r"\right", "").replace("dfrac", "frac")
    )


def _unicode(text: str) -> str:
    text = _bare(text)
    words = _SIGNS.split()
    for command, sign in zip(words[::2], words[1::2], strict=True):
        text = text.replace(command, sign)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", text)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
    text = re.sub(
        r"\^\{([0-9+\-()n]+)\}|\^([0-9n])", lambda m: (m[1] or m[2]).translate(_SMALL), text
    )
    text = re.sub(r"_\{([0-9]+)\}|_([0-9])", lambda m: (m[1] or m[2]).translate(_LOW), text)
    return re.sub(r"\\[,;!]|\\q?quad|[{}]", " ", text).replace("\\", "")


def _reworded(text: str) -> str:
    words = "|".join(_SYNONYMS)
    return re.sub(rf"(?i)\b({words})\b", lambda m: _SYNONYMS[m[0].lower()], text)


def _instructed(text: str) -> str:
    return f"Solve this step by step, and put the result in \\boxed{{}}.\n\n{text}\n\nThink first."


def _paged(text: str) -> str:
    return (
        f"Last week our class went through some old questions. This one was hard: {text} I tried "
        "it with a friend, and we drew a picture, but then we were stuck. Any hint is welcome."
    )


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "`$` and sizes gone": _bare,
    "Unicode mathematics": _unicode,
    "an instruction around it": _instructed,
    "inside a page": _paged,
    "inside a page, in Unicode": lambda text: _paged(_unicode(text)),
    "reworded by 25 synonyms": _reworded,
    "reworded, without `$`": lambda text: _bare(_reworded(text)),
}


def grams(text: str, words: int = 8) -> set[str]:
    """The runs of so many words of a text."""
    found = re.findall(r"\w+", text.lower())
    return {" ".join(found[n : n + words]) for n in range(len(found) - words + 1)}


def main() -> None:
    """Parse the words, plant, search, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--benchmark", type=Path, help="JSONL; without it a made one")
    parser.add_argument("--rows", type=Path, help="a folder of parquet, with --benchmark")
    parser.add_argument("--field", default="problem")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        benchmark, folder = arguments.benchmark, arguments.rows
        if benchmark is None:
            make(Path(scratch) / "made", 10_000, 100)
            folder = Path(scratch) / "made" / "openr1-math" / "data"
            benchmark = folder.with_name("benchmarks") / "planted.jsonl"
        lines = benchmark.read_bytes().splitlines()
        questions = [orjson.loads(line)[arguments.field] for line in lines]
        rows = pl.read_parquet(folder / "*.parquet")[arguments.field].to_list()
    names = [str(n) for n in range(len(questions))]
    asked = pl.DataFrame({"key": list(map(key, questions)), "question": questions, "name": names})
    keys, runs = list(map(key, rows)), [grams(question) for question in questions]
    every = set().union(*runs)
    table = Table(title=f"{len(questions)} questions, {len(rows):,} other rows")
    for column in ("disguise", "found", "8-grams", "flagged", "8-grams flag", "CPU s"):
        table.add_column(column, justify="left" if column == "disguise" else "right")
    flagged = sum(bool(grams(row) & every) for row in rows)
    for name, disguise in DISGUISES.items():
        planted = [disguise(question) for question in questions]
        start = time.process_time()
        hits = benchmark_hits([*keys, *map(key, planted)], asked, 0.8)
        seconds = time.process_time() - start
        pairs = set(hits.select("text", "name").iter_rows())
        found = sum((len(keys) + n, str(n)) in pairs for n in range(len(planted)))
        usual = sum(bool(grams(text) & own) for text, own in zip(planted, runs, strict=True))
        others = hits.filter(pl.col("text") < len(keys)).height
        shares = (f"{100 * count / len(planted):.1f} %" for count in (found, usual))
        table.add_row(name, *shares, f"{others:,}", f"{flagged:,}", f"{seconds:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
