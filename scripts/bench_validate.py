"""Rows per CPU second and peak memory of `rft validate` against a validator in the usual shape.

    python scripts/bench_validate.py [--folder DIR]

27,000 rows of 16 kB (440 MB) of plain words and of texts with escapes as mathematics has them, and
180,000 rows of 400 bytes, with a grader; each program in a process of its own, on the same files,
medians of paired runs in CPU seconds. The usual shape: `json.loads` a line, dict checks, lists of
findings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import orjson
from bench import measure
from rich.console import Console
from rich.table import Table

GRADER = {
    "type": "string_check",
    "name": "same",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
    "operation": "eq",
}
HERE = Path(__file__).parent


PLAIN = "A number of plain words stands here, as long as a prompt of that size would be. "
# Backslashes, quotes and line ends, which are escaped in JSON, and letters beyond ASCII.
ESCAPED = (
    'Let $x \\in \\mathbb{R}$ and "f" be\n\\[ f(x) = \\frac{x^2}{1+x} \\]\n'
    "for all $x$, as Gauß did.\n"
)


def make(path: Path, rows: int, size: int, words: str) -> None:
    """Write sound rows of about `size` bytes, each with another prompt."""
    body = (words * (size // len(words) + 1))[:size]
    with path.open("wb") as file:
        for n in range(rows):
            item = {
                "messages": [
                    {"role": "developer", "content": "Answer with the letter of the best option."},
                    {"role": "user", "content": f"Question {n}. {body}"},
                ],
                "reference_answer": "ABCD"[n % 4],
                "options": ["one", "two", "three", "four"],
                "subject": "Anatomy",
                "id": f"{n:032x}",
            }
            file.write(orjson.dumps(item) + b"\n")


SHAPES = (
    ("plain", 27_000, 16_000, PLAIN),
    ("escaped", 27_000, 14_000, ESCAPED),
    ("short", 180_000, 150, PLAIN),
)


def main() -> None:
    """Make the files, measure both, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="keep the files here for the next run")
    parser.add_argument("--runs", type=int, default=5, help="paired runs of each")
    arguments = parser.parse_args()
    table = Table(title="validate against a validator in the usual shape", title_justify="left")
    table.add_column("rows")
    for name in ("MB of rows", "rows/CPU s", "MB", "usual rows/CPU s", "usual MB", "ratio"):
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "grader.json").write_bytes(orjson.dumps(GRADER))
        for name, rows, size, words in SHAPES:
            path = folder / f"rows-{name}.jsonl"
            if not path.exists():
                make(path, rows, size, words)
            command = [sys.executable, "-m", "pipelines", "validate", "--train", path]
            ignored = ["--ignore", "RFT112", "--ignore", "RFT120"]
            pairs = [
                (
                    measure(*command, "--grader-file", folder / "grader.json", *ignored),
                    measure(sys.executable, HERE / "bench_usual_validator.py", path),
                )
                for _ in range(arguments.runs)
            ]
            ours, usual = sorted(pairs, key=lambda pair: pair[1].cpu / pair[0].cpu)[len(pairs) // 2]
            table.add_row(
                f"{rows:,} {name}",
                f"{path.stat().st_size / 1e6:,.0f}",
                f"{rows / ours.cpu:,.0f}",
                f"{ours.memory:,.0f}",
                f"{rows / usual.cpu:,.0f}",
                f"{usual.memory:,.0f}",
                f"{usual.cpu / ours.cpu:.1f}",
            )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
