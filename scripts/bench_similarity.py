"""The exact near-duplicate join against MinHash: CPU seconds, peak memory, recall, false pairs.

    python scripts/bench_similarity.py [--scale 1 4] [--threshold 0.8] [--folder DIR] [--real DIR]

The keys of the rows that `bench_data` makes: 27,000 math problems and 180,000 multiple-choice
questions, times the scale. Each program runs in a process of its own on the same texts. rensa and
datasketch, measured where they are installed, find candidates in 24 bands of 5 of 120 permutations,
which are checked exactly. `planted` is the share that was found of the planted near copies that are
at the threshold; our pairs are judged by brute force on the first 500 texts, too, and those of the
others by ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from bench import measure
from rich.console import Console
from rich.table import Table

ROWS = {"openr1-math": 27_000, "medmcqa": 180_000}
PERMUTATIONS, BANDS = 120, 24
DEMO = 500
HERE = Path(__file__)


def make(name: str, folder: Path) -> dict[str, list[Any]]:
    """The distinct keys of the made rows of a dataset, and the planted pairs of near copies."""
    import polars as pl

    sys.path.insert(0, str(HERE.parents[1]))
    from pipelines.similarity.keys import key

    options = ["opa", "opb", "opc", "opd"]
    question, more, named = (
        ("problem", [], "uuid") if name == "openr1-math" else ("question", options, "id")
    )
    columns = [named, question, *more]
    paths = sorted((folder / name / "data").glob("train-*.parquet"))
    rows = pl.concat(pl.read_parquet(path, columns=columns) for path in paths).select(columns)
    key_of = {row[0]: key(row[1], row[2:] or None) for row in rows.iter_rows()}
    texts = list(dict.fromkeys(key_of.values()))
    place = {text: n for n, text in enumerate(texts)}
    near = orjson.loads((folder / "truth.json").read_bytes())[name]["near"]
    pairs = {tuple(sorted((place[key_of[a]], place[key_of[b]]))) for a, b in near}
    return {"texts": texts, "planted": sorted(pair for pair in pairs if pair[0] != pair[1])}


def shingles(text: str) -> frozenset[bytes]:
    """The 5-byte windows of a text's UTF-8; the whole of a shorter one."""
    data = text.encode()
    return frozenset(data[i : i + 5] for i in range(max(len(data) - 4, 1)))


def checked(
    texts: list[str], threshold: float, pairs: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The candidates that are near, each once."""
    of = lru_cache(maxsize=100_000)(lambda i: shingles(texts[i]))
    exact = Fraction(str(threshold))
    for i, j in sorted(pairs):
        shared = len(of(i) & of(j))
        union = len(of(i)) + len(of(j)) - shared
        if shared * exact.denominator >= union * exact.numerator:
            yield i, j


def ours(texts: list[str], threshold: float) -> Iterable[tuple[int, int]]:
    """This project's join."""
    sys.path.insert(0, str(HERE.parents[1]))
    from pipelines.similarity.near_pairs import near_pairs

    return near_pairs(texts, threshold).pairs.select("left", "right").iter_rows()


def rensa(texts: list[str], threshold: float) -> Iterable[tuple[int, int]]:
    """The package rensa, then an exact check."""
    from rensa import RMinHash, RMinHashLSH

    sketches = RMinHash.from_token_sets(
        (list(shingles(text)) for text in texts), num_perm=PERMUTATIONS, seed=42
    )
    index = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=BANDS)
    index.insert_many(sketches)
    found = enumerate(index.query_all(sketches))
    return checked(texts, threshold, {(j, i) for i, near in found for j in near if j < i})


def datasketch(texts: list[str], threshold: float) -> Iterable[tuple[int, int]]:
    """The package datasketch, then an exact check."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, PERMUTATIONS // BANDS))
    found = set()
    sketches = MinHash.generator(map(shingles, texts), num_perm=PERMUTATIONS, seed=42)
    for i, sketch in enumerate(sketches):
        found.update((j, i) for j in index.query(sketch))
        index.insert(i, sketch, check_duplication=False)
    return checked(texts, threshold, found)


def brute_force(texts: list[str], threshold: float) -> Iterable[tuple[int, int]]:
    """Every pair of one of the first DEMO texts, counted shingle by shingle."""
    exact = Fraction(str(threshold))
    sets = [shingles(text) for text in texts[:DEMO]]
    numbers = {one: n for n, one in enumerate(sorted(frozenset().union(*sets)))}
    has = np.zeros((len(numbers), len(sets)), np.uint16)
    for column, own in enumerate(sets):
        has[[numbers[shingle] for shingle in own], column] = 1
    sizes = has.sum(axis=0, dtype=np.int64)
    for j, text in enumerate(texts):
        own = shingles(text)
        known = [numbers[shingle] for shingle in own if shingle in numbers]
        shared = has[known].sum(axis=0, dtype=np.int64)
        near = shared * exact.denominator >= (len(own) + sizes - shared) * exact.numerator
        yield from ((i, j) for i in np.flatnonzero(near).tolist() if i < j)


RIVALS = ("rensa", "datasketch")
PROGRAMS = {program.__name__: program for program in (brute_force, ours, rensa, datasketch)}


def run(program: str, texts: Path, threshold: float, out: Path) -> None:
    """One program on one file of texts; its pairs, places in the file, go to `out`."""
    found = PROGRAMS[program](orjson.loads(texts.read_bytes())["texts"], threshold)
    out.write_bytes(orjson.dumps(sorted(found)))


def compare(
    folder: Path, name: str, scale: float, threshold: float, real: Path | None, table: Table
) -> None:
    """One row a program; the rows and texts are made where there are none."""
    raw, texts, out = (
        folder / f"raw-{scale:g}",
        folder / f"{name}-{scale:g}.json",
        folder / "pairs.json",
    )
    if not raw.exists():
        counts = (str(int(count * scale)) for count in ROWS.values())
        more = ["--real", real] if real else []
        words = (HERE.with_name("bench_data.py"), raw, "--rows", next(counts))
        measure(sys.executable, *words, "--mcq-rows", next(counts), *more)
    # In a process of its own, for a child's peak begins at what its parent holds.
    measure(sys.executable, HERE, "make", name, raw, texts)
    made = orjson.loads(texts.read_bytes())
    planted = set(checked(made["texts"], threshold, map(tuple, made["planted"])))
    true: set[tuple[int, int]] | None = None
    for program in PROGRAMS:
        if program in RIVALS and not importlib.util.find_spec(program):
            table.add_row(f"{name} {scale:g}x", program, f"not installed: pip install {program}")
            continue
        cost = measure(sys.executable, HERE, "run", program, texts, threshold, out)
        found = {(i, j) for i, j in orjson.loads(out.read_bytes())}
        row = [f"{name} {scale:g}x", program, f"{len(found):,}", "", "", ""]
        if true is not None:
            judged = found if program in RIVALS else {pair for pair in found if pair[0] < DEMO}
            row[3] = f"{len(found & planted) / len(planted):.4f}"
            row[4:] = f"{len(judged & true) / max(len(true), 1):.4f}", f"{len(judged - true):,}"
        table.add_row(*row, f"{cost.cpu:.1f}", f"{cost.memory:,.0f}")
        if program not in RIVALS:
            true = found
    table.add_section()


def main() -> None:
    """Parse the words, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, nargs="+", default=[1])
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--folder", type=Path, help="keep the texts here for the next run")
    parser.add_argument("--real", type=Path, help="rows to begin with, in place of the demo's")
    arguments = parser.parse_args()
    table = Table(
        title=f"near-duplicate pairs, similarity {arguments.threshold} and more",
        title_justify="left",
    )
    for column in ("texts", "program"):
        table.add_column(column)
    for column in ("pairs", "planted", "recall", "false", "CPU s", "MB"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for scale in arguments.scale:
            for name in ROWS:
                compare(folder, name, scale, arguments.threshold, arguments.real, table)
    Console(width=110).print(table)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", name, folder, out]:
            Path(out).write_bytes(orjson.dumps(make(name, Path(folder))))
        case ["run", program, texts, threshold, out]:
            run(program, Path(texts), float(threshold), Path(out))
        case _:
            main()
