"""Run the graders over the golden items in an environment with the service's packages.

    python scripts/test_sandbox.py [--environment .venv-sandbox]

The versions are those of `pipelines/graders/graders.toml`; they want Python 3.11, 700 MB and some
minutes. Every reference answer must score in full there, and every wrong one must not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import orjson

from pipelines.datasets import DEMO, find

ROOT = Path(__file__).parents[1]


def install(environment: Path) -> Path:
    """The Python of an environment that holds the service's packages."""
    table = ROOT / "pipelines" / "graders" / "graders.toml"
    modules = tomllib.loads(table.read_text(encoding="utf-8"))["sandbox"]["modules"]
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pinned = sorted(module.replace(" ", "==") for module in modules.values())
    subprocess.run([python, "-m", "pip", "install", "--quiet", *pinned], check=True)
    return python


def scores(python: Path, grader: dict[str, object], items: Path, outputs: list[str]) -> list[float]:
    """What `rft grade` gives the outputs, one an item, with that Python."""
    with tempfile.TemporaryDirectory() as folder:
        told, samples = Path(folder, "grader.json"), Path(folder, "samples.jsonl")
        told.write_bytes(orjson.dumps(grader))
        samples.write_bytes(b"".join(orjson.dumps({"output_text": o}) + b"\n" for o in outputs))
        command = [sys.executable, "-m", "pipelines", "grade", "--python", python, "--quiet"]
        files = ["--grader-file", told, "--items", items, "--samples", samples]
        got = subprocess.run([*command, *files], check=True, stdout=subprocess.PIPE)
    return [orjson.loads(line)["score"] for line in got.stdout.splitlines()]


def main() -> int:
    """Install, grade, and say what did not score as it should."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-sandbox")
    python = install(parser.parse_args().environment.absolute())
    failed = 0
    for dataset in map(find, DEMO):
        path = ROOT / "tests" / "golden" / f"{dataset.name}.jsonl"
        references = [orjson.loads(line)["reference_answer"] for line in path.open("rb")]
        for grading in dataset.gradings:
            grader = dict(grading.local or grading.grader)
            right = scores(python, grader, path, [grading.wrap(one) for one in references])
            wrong = scores(python, grader, path, [grading.wrap(f"{one}0") for one in references])
            fine = all(score == 1.0 for score in right) and all(score < 1.0 for score in wrong)
            failed += not fine
            print(f"{dataset.name} {grading.name}: {'as it should' if fine else (right, wrong)}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
