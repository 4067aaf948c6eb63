"""CPU seconds and peak memory of the supervised export against a naive script, in one run.

    python scripts/bench_sft.py [--rows 27000] [--folder DIR]

Makes raw parquet in the shape of OpenR1-Math (two to four traces of about 16 kB a problem, some
wrong, cut or long), prepares it, then writes a file of supervised rows two ways, each in a process
of its own: ours, with every check, and pandas that reads all columns and takes the first trace that
`correctness_math_verify` holds correct. Once in row groups of 1,000 rows, as it is published, and
once in one row group a file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench import measure
from bench_data import _SCHEMA
from rich.console import Console
from rich.table import Table

OURS = """
import sys
from pathlib import Path
from pipelines.io import prepared
from pipelines.exports import sft
from pipelines.rules.tables import limit
from pipelines.io.progress import Progress
source, folder, out = sys.argv[1:]
sft.write(
    prepared.find(folder), Path(out), max_bytes=limit("file_bytes"), samples=[], grader_file=None,
    keep_ratio=None, source=source, report=Progress(),
)
"""

NAIVE = """
import json, sys
from pathlib import Path
import pandas as pd
source, _, out = sys.argv[1:]
paths = sorted(Path(source, "openr1-math", "data").glob("*.parquet"))
rows = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
with open(out, "w") as file:
    for _, row in rows.iterrows():
        for text, right in zip(row["generations"], row["correctness_math_verify"]):
            if right:
                chat = [{"role": "user", "content": row["problem"]}]
                chat.append({"role": "assistant", "content": text})
                file.write(json.dumps({"messages": chat}) + "\\n")
                break
"""

_LETTERS = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
_SOURCES = ["olympiads", "cn_k12", "cn_contest", "aops_forum", "amc_aime", "number_theory"]


class Words:
    """A source of text: `text(n)` is n words, drawn by Zipf's law."""

    def __init__(self, seed: int, size: int = 50_000) -> None:
        self.random = np.random.default_rng(seed)
        lengths = self.random.integers(2, 11, size)
        letters = _LETTERS[np.minimum(self.random.geometric(0.12, lengths.sum()) - 1, 25)]
        ends = np.cumsum(lengths)
        self.words = ["".join(letters[e - n : e]) for n, e in zip(lengths, ends, strict=True)]
        weights = 1 / np.arange(1, size + 1)
        self.edges = np.cumsum(weights / weights.sum())

    def text(self, n: int) -> str:
        picks = np.searchsorted(self.edges, self.random.random(n))
        return " ".join(self.words[min(i, len(self.words) - 1)] for i in picks)


def math_rows(words: Words, count: int, start: int, pool: list[str]) -> pa.Table:
    """Rows of OpenR1-Math; two generations of about 14 kB each, from a pool of distinct ones."""
    draw = words.random
    problems = [
        f"{words.text(int(n))}. Find ${i + start}x + {int(n) * 7}$."
        for i, n in enumerate(draw.integers(20, 70, count))
    ]
    answers = [str(int(n)) for n in draw.integers(0, 10_000, count)]
    for i in range(0, count, 20):
        j = (i * 7 + 1) % count
        problems[i], answers[i] = f"{i}. {problems[j].upper()} ", answers[j]
    picks = draw.integers(0, len(pool), (count, 2))
    generations = [[pool[a], pool[b]] for a, b in picks]
    verdicts = draw.random((count, 2)) < 0.8
    return pa.table(
        {
            "problem": problems,
            "solution": [pool[a][:1500] for a, _ in picks],
            "answer": answers,
            "problem_type": ["Algebra"] * count,
            "question_type": ["math-word-problem"] * count,
            "source": [_SOURCES[i] for i in draw.integers(0, len(_SOURCES), count)],
            "uuid": [f"{start + i:032x}" for i in range(count)],
            "is_reasoning_complete": [[True, True]] * count,
            "generations": generations,
            "correctness_math_verify": verdicts.tolist(),
            "correctness_llama": pa.nulls(count, pa.list_(pa.bool_())),
            "finish_reasons": pa.nulls(count, pa.list_(pa.string())),
            "correctness_count": verdicts.sum(axis=1),
            "messages": [
                [{"content": problem, "role": "user"}, {"content": pair[0], "role": "assistant"}]
                for problem, pair in zip(problems, generations, strict=True)
            ],
        }
    )


# Rows of a file, and of a batch that is made at a time.
_FILE, _BATCH = 2_700, 900


def traces(words: Words, table: pa.Table, pool: list[str]) -> pa.Table:
    """The rows with two to four traces each: 70 % right, 10 % cut, the rest with a wrong answer."""
    draw = words.random
    generations, verdicts, complete = [], [], []
    for answer in table["answer"].to_pylist():
        texts = [pool[int(n)] for n in draw.integers(0, len(pool), int(draw.integers(2, 5)))]
        kinds = draw.random(len(texts))
        generations.append(
            [
                f"<think>\n{text}"
                if kind > 0.9
                else f"<think>\n{text}\n</think>\n\nThe answer is "
                f"\\boxed{{{answer if kind < 0.7 else int(answer) + 1}}}."
                for text, kind in zip(texts, kinds, strict=True)
            ]
        )
        verdicts.append([bool(kind < 0.7) for kind in kinds])
        complete.append([bool(kind <= 0.9) for kind in kinds])
    columns = {
        "generations": generations,
        "correctness_math_verify": verdicts,
        "is_reasoning_complete": complete,
    }
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.array(values, _SCHEMA.field(name).type))
    return table.cast(_SCHEMA)


def make(folder: Path, rows: int, group: int) -> None:
    """Write `openr1-math/data`, in files of 2,700 rows and row groups of `group` rows."""
    words = Words(0)
    pool = [words.text(int(n)) for n in words.random.integers(1_200, 4_200, 4_000)]
    data = folder / "openr1-math" / "data"
    data.mkdir(parents=True)
    files = -(-rows // _FILE)
    for number in range(files):
        first, last = number * _FILE, min((number + 1) * _FILE, rows)
        parts = [
            traces(words, math_rows(words, min(_BATCH, last - start), start, pool), pool)
            for start in range(first, last, _BATCH)
        ]
        path = data / f"train-{number:05}-of-{files:05}.parquet"
        pq.write_table(pa.concat_tables(parts), path, row_group_size=group, use_dictionary=False)


def _lines(path: Path) -> int:
    # Line by line, for a child's peak begins at what its parent has held.
    with path.open("rb") as file:
        return sum(1 for _ in file)


def main() -> None:
    """Parse the words, make what is not there, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=27_000)
    parser.add_argument("--folder", type=Path, help="keep the raw files here for the next run")
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.folder, arguments.rows, arguments.make)
        return
    table = Table(title="supervised rows of traces against a naive script", title_justify="left")
    table.add_column("row groups of")
    for name in ("rows", "raw MB", "written MB", "CPU s", "MB", "naive CPU s", "naive MB"):
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        for group in (1_000, _FILE):
            folder = (arguments.folder or Path(scratch)) / f"groups-{group}"
            raw, prepared, out = folder / "raw", folder / "prepared", folder / "out"
            if not raw.exists():
                words = ("--folder", raw, "--rows", str(arguments.rows), "--make", str(group))
                measure(sys.executable, __file__, *words)
            prepare = ("prepare", "openr1-math", "--quiet", "--source", raw, "--out", prepared)
            measure(sys.executable, "-m", "pipelines", *prepare)
            words = (raw, prepared / "openr1-math")
            ours = measure(sys.executable, "-c", OURS, *words, out)
            naive = measure(sys.executable, "-c", NAIVE, *words, folder / "naive.jsonl")
            size = sum(path.stat().st_size for path in raw.rglob("*.parquet"))
            written = list(out.glob("*.jsonl"))
            rows = sum(_lines(path) for path in written)
            table.add_row(
                f"{group:,}",
                f"{rows:,}",
                f"{size / 1e6:,.0f}",
                f"{sum(path.stat().st_size for path in written) / 1e6:,.0f}",
                *(f"{number:,.1f}" for number in (ours.cpu, ours.memory)),
                *(f"{number:,.1f}" for number in (naive.cpu, naive.memory)),
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
