"""Make raw parquet in the published schemas, with planted copies whose truth is kept, for benches.

    python scripts/bench_data.py FOLDER [--rows 27000] [--mcq-rows 180000] [--real FOLDER]

Each row is a row of the demo, or of real files in the same layout, in which nine of ten words of
two letters and more, and all numbers, are exchanged: for words of the other rows by Zipf's law,
and in a third of the places for a new one, so that the vocabulary grows with the rows as it does in
real text. Rows are as long as the published ones: math rows have a solution and two generations,
54 kB in all (5.1 GB for 93,733), and multiple-choice rows an explanation (85.9 MB for 182,822).

Of the rows 2 % are near copies (typography lost or other, a word misspelt or another), 0.5 % exact
copies, 0.2 % have the text of another and another answer, and 0.1 % are a question of the benchmark
that is written beside them, in a disguise. `truth.json` holds their ids by dataset and kind.
Same arguments, same files.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
DEMO = HERE.parent / "raw" / "demo"
_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z]{2,}|\d+|.", re.DOTALL)
_LETTERS = "eeetttaaooiinnssrrhhddllccuummffppggwwyybbvkxjqz"
_SHARES = {"near": 0.02, "exact": 0.005, "conflict": 0.002, "contaminated": 0.001}
_PAGE = "Last week our class went through some old questions, and one of them was hard: {} We drew "
_PAGE += "a picture first, but then we were stuck; does anyone have an idea how to begin?"


class Words:
    """Words by Zipf's law over those that were there, and new ones."""

    def __init__(self, texts: list[str], seed: int) -> None:
        self.random = np.random.default_rng(seed)
        known = re.findall(r"[A-Za-z]{2,}", " ".join(texts))
        self.known = sorted(set(known), key=lambda word: (-known.count(word), word))
        self.made = 0

    def exchanged(self, text: str) -> str:
        """A text with other words and numbers."""
        tokens = _TOKEN.findall(text)
        draws = self.random.random((len(tokens), 3))
        for n, token in enumerate(tokens):
            if token.isdigit():
                tokens[n] = str(int(draws[n, 0] * 10 ** min(len(token) + 1, 9)) + 1)
            elif len(token) > 1 and token[0] != "\\" and draws[n, 0] < 0.9:
                word = self._new() if draws[n, 1] < 1 / 3 else self._old(draws[n, 2])
                tokens[n] = word.capitalize() if token[0].isupper() else word
        return "".join(tokens)

    def _old(self, draw: float) -> str:
        return self.known[min(int(len(self.known) ** draw), len(self.known)) - 1]

    def _new(self) -> str:
        """The beginning of a word, some letters, and the end of another word."""
        one, other = (self._old(draw) for draw in self.random.random(2))
        cut, letters = self.random.integers(2, 5), self.random.integers(0, len(_LETTERS), 2)
        word = one[:cut] + "".join(_LETTERS[n] for n in letters) + other[-cut:]
        self.known.append(word)
        return word


def _misspelt(text: str, random: np.random.Generator) -> str:
    words = text.split(" ")
    for _ in range(1 + len(words) // 30):
        place = int(random.integers(len(words)))
        words[place] += "e"
    return " ".join(words)


def _unicode(text: str) -> str:
    for tex, sign in (
        ("\\le ", "≤ "),
        ("\\cdot", "·"),
        ("\\ldots", "…"),
        ("^2", "²"),
        ("\\pi", "π"),
    ):
        text = text.replace(tex, sign)
    return text.replace("$", "").replace("\\left", "").replace("\\right", "")


# Ways in which a copy is another text.
DISGUISES: tuple[Callable[[str, np.random.Generator], str], ...] = (
    lambda text, _: text.replace("$", ""),
    lambda text, _: _unicode(text),
    lambda text, _: text.replace(",", " ,").replace(".", " .").replace("{", "{ "),
    lambda text, _: text.replace("$", "", 1).replace("\\frac", "\\dfrac"),
    _misspelt,
)


def made(
    rows: list[dict[str, Any]],
    fields: tuple[str, ...],
    count: int,
    words: Words,
    name: str,
    benchmark: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, list[list[str]]]]:
    """So many rows with other words in `fields`, and the planted pairs by kind."""
    random = words.random
    out: list[dict[str, Any]] = []
    truth: dict[str, list[list[str]]] = {kind: [] for kind in _SHARES}
    bounds = np.cumsum(list(_SHARES.values()))
    for n, draw in enumerate(random.random(count)):
        kind = next((k for k, bound in zip(_SHARES, bounds, strict=True) if draw < bound), None)
        if kind is None or len(out) < 100:
            row = dict(rows[n % len(rows)])
            row |= {field: words.exchanged(row[field]) for field in fields}
            row["answer_"] = int(random.integers(10_000))
            kind = None
        else:
            row = dict(
                benchmark[int(random.integers(len(benchmark)))]
                if kind == "contaminated"
                else out[int(random.integers(len(out)))]
            )
        first = row.get("id_", "")
        row["id_"] = f"{name}-{n:08}"
        if kind:
            truth[kind].append([first, row["id_"]])
        if kind in ("near", "contaminated"):
            disguise = DISGUISES[int(random.integers(len(DISGUISES)))]
            # A misspelt question has the same options.
            for field in fields[:1] if disguise is _misspelt else fields:
                row[field] = disguise(row[field], random)
            if kind == "contaminated" and random.random() < 0.5:
                row[fields[0]] = _PAGE.format(row[fields[0]])
        if kind == "conflict":
            row["answer_"] = row["answer_"] + 1
        out.append(row)
    return out, truth


def _piece(text: str, length: int, random: np.random.Generator) -> str:
    begin = int(random.integers(len(text) - length))
    return text[begin : begin + length]


def _math(row: dict[str, Any], text: str, random: np.random.Generator) -> dict[str, Any]:
    one, other = (_piece(text, 17_500, random) for _ in range(2))
    verdicts = [bool(v) for v in random.random(2) < 0.9]
    verdicts[0] = True
    return {
        "problem": row["problem"],
        "solution": one[:1500],
        "answer": str(row["answer_"]),
        "problem_type": "Algebra",
        "question_type": "math-word-problem",
        "source": row["source"],
        "uuid": row["id_"],
        "is_reasoning_complete": [True, True],
        "generations": [one, other],
        "correctness_math_verify": verdicts,
        "correctness_llama": None,
        "finish_reasons": None,
        "correctness_count": sum(verdicts),
        "messages": [
            {"content": row["problem"], "role": "user"},
            {"content": one, "role": "assistant"},
        ],
    }


_OPTIONS = ("opa", "opb", "opc", "opd")


def _mcq(row: dict[str, Any], text: str, random: np.random.Generator) -> dict[str, Any]:
    # Seven of eight rows have an explanation, of 550 characters on average.
    length = int(random.integers(100, 1_000))
    explanation = _piece(text, length, random) if random.random() < 7 / 8 else None
    named = {name: row[name] for name in ("question", *_OPTIONS, "subject_name", "topic_name")}
    return named | {
        "id": row["id_"],
        "cop": row["answer_"] % 4,
        "choice_type": "single",
        "exp": explanation,
    }


def _rows(folder: Path, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    frames = [pl.read_parquet(path) for path in sorted(folder.glob("train-*.parquet"))]
    frame = (
        pl.concat(frames, how="diagonal_relaxed")
        .drop_nulls(fields)
        .unique(fields, keep="first", maintain_order=True)
    )
    rows = [row for row in frame.iter_rows(named=True) if all(row[f].strip() for f in fields)]
    if folder.is_relative_to(DEMO):  # whose questions are longer than those that are published
        rows = sorted(rows, key=lambda row: sum(len(row[f]) for f in fields))[: len(rows) // 2]
    return rows


def make(folder: Path, math: int, mcq: int, real: Path = DEMO) -> None:
    """Write `openr1-math/data` in shards of 9,000 rows, `medmcqa/data`, and the truth."""
    truth = {}
    for name, fields, count in (
        ("openr1-math", ("problem",), math),
        ("medmcqa", ("question", *_OPTIONS), mcq),
    ):
        base = _rows(real / name / "data", fields)
        for row in base:
            row["source"] = row.get("source") or "olympiads"
        words = Words([row[field] for row in base for field in fields], 0)
        random = words.random
        # Of which long texts are pieces, no two of them alike.
        stock = [words.exchanged((row[fields[0]] + " ") * 40)[:14_000] for row in base[:300]]
        text = " ".join(stock * (1 + 300 // len(stock)))
        questions = []
        for n in range(500):
            row = dict(base[n % len(base)])
            row |= {field: words.exchanged(row[field]) for field in fields}
            questions.append(
                row | {"id_": f"benchmark-{n}", "answer_": int(random.integers(0, 10_000))}
            )
        rows, truth[name] = made(base, fields, count, words, name, questions)
        data = folder / name / "data"
        data.mkdir(parents=True)
        if name == "openr1-math":
            (folder / name / "benchmarks").mkdir()
            with (folder / name / "benchmarks" / "planted.jsonl").open("w") as file:
                file.writelines(json.dumps({"problem": row["problem"]}) + "\n" for row in questions)
            shards = -(-count // 9000)
            for shard in range(shards):
                part = rows[shard * 9000 : shard * 9000 + 9000]
                path = data / f"train-{shard:05}-of-{shards:05}.parquet"
                with pq.ParquetWriter(
                    path, _SCHEMA, use_dictionary=False, compression="zstd"
                ) as writer:
                    for begin in range(0, len(part), 1000):
                        some = [_math(row, text, random) for row in part[begin : begin + 1000]]
                        writer.write_table(pa.Table.from_pylist(some, _SCHEMA))
        else:
            for path, some in (("train", rows), ("validation", questions)):
                table = pa.Table.from_pylist([_mcq(row, text, random) for row in some])
                pq.write_table(
                    table, data / f"{path}-00000-of-00001.parquet", row_group_size=100_000
                )
    (folder / "truth.json").write_text(json.dumps(truth))


_SCHEMA = pa.schema(
    {
        **dict.fromkeys(
            ("problem", "solution", "answer", "problem_type", "question_type", "source", "uuid"),
            pa.string(),
        ),
        "is_reasoning_complete": pa.list_(pa.bool_()),
        "generations": pa.list_(pa.string()),
        "correctness_math_verify": pa.list_(pa.bool_()),
        "correctness_llama": pa.list_(pa.bool_()),
        "finish_reasons": pa.list_(pa.string()),
        "correctness_count": pa.int64(),
        "messages": pa.list_(pa.struct({"content": pa.string(), "role": pa.string()})),
    }
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=27_000, help="of OpenR1-Math")
    parser.add_argument("--mcq-rows", type=int, default=180_000, help="of MedMCQA")
    parser.add_argument("--real", type=Path, default=DEMO, help="rows to begin with; the demo")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.rows, arguments.mcq_rows, arguments.real)
