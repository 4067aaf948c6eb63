r"""The math grader on answers that models gave, and on other projects' test cases.

    python scripts/bench_answers.py FOLDER [--math-verify PYTHON] [--show]

FOLDER holds `recorded.jsonl` (reference, answer, n: how often it occurred, accepted and refused:
how often its own evaluation did so) and may hold `peers.jsonl` (reference, output, expected).
Neither an evaluation nor a test case is truth: `tests/graders/verdicts.tsv` holds, by the digest of
reference and answer, what a reader decided wherever a judge differed from another. What it does not
hold was judged alike by all; a pair that nobody judged is wrong if it is not in the table.

A change is tuned on one half of the pairs, by their digest; the other half is what to read. (The
first ones were made by a reader of both.) Prints for each judge and half the wrong answers that
were paid and the right ones that were
refused, in pairs and outputs, with Wilson's 95 % interval of the outputs. Exit code 1 where a wrong
answer is paid. PYTHON is an interpreter that has math-verify.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
VERDICTS = HERE.parent.parent / "tests" / "graders" / "verdicts.tsv"


class Case(NamedTuple):
    """A reference, the output of a model, how often it occurred, and whether it is right."""

    id: str
    suite: str
    reference: str
    output: str
    count: int
    right: bool

    @property
    def half(self) -> str:
        """The half of the pairs that a pair belongs to."""
        return "tuned" if int(self.id[-1], 16) % 2 else "held out"


def digest(reference: str, answer: str) -> str:
    """The id of a pair."""
    return sha256(f"{reference}\0{answer}".encode()).hexdigest()[:16]


def cases(folder: Path) -> Iterator[Case]:
    """The pairs of a folder with the truth of each."""
    with VERDICTS.open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        verdicts = {row["id"]: row["right"] == "1" for row in rows}
    for suite in ("recorded", "peers"):
        path = folder / f"{suite}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            row = json.loads(line)
            answer = row["answer"] if suite == "recorded" else row["output"]
            said = row["accepted"] > row["refused"] if suite == "recorded" else row["expected"]
            key = digest(row["reference"], answer)
            output = rf"\boxed{{{answer}}}" if suite == "recorded" else answer
            right = verdicts.get(key, said)
            yield Case(key, suite, row["reference"], output, row.get("n", 1), right)


def ours() -> Callable[[str, str], bool]:
    """The grader of this checkout."""
    sys.path.insert(0, str(HERE.parent.parent))
    from pipelines.graders.boxed_math import grade

    return lambda reference, output: bool(
        grade({"output_text": output}, {"reference_answer": reference})
    )


def math_verify() -> Callable[[str, str], bool]:
    """Math-Verify, as its documentation has it."""
    from math_verify import parse, verify

    return lambda reference, output: bool(
        verify(parse(rf"\boxed{{{reference}}}"), parse(output))  # the reference is first
    )


def judge(name: str, source: Path, target: Path) -> None:
    """Write the verdict and the CPU seconds of each pair, a line each."""
    accepts = math_verify() if name == "math-verify" else ours()
    lines = []
    for line in source.read_text(encoding="utf-8").splitlines():
        start = time.process_time()
        try:
            verdict = accepts(*json.loads(line))
        except Exception:  # whatever a judge raises pays nothing
            verdict = False
        lines.append(f"{verdict:d} {time.process_time() - start}")
    target.write_text("\n".join(lines))


def interval(count: int, total: int) -> str:
    """A share in percent with Wilson's 95 % interval."""
    if not total:
        return "-"
    z, share = 1.96, count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    width = z / (1 + z * z / total) * sqrt(share * (1 - share) / total + (z / total / 2) ** 2)
    low, high = max(middle - width, 0), min(middle + width, 1)
    return f"{share:.2%} ({low:.2%} to {high:.2%})"


def report(name: str, made: list[Case], verdicts: list[bool], show: bool) -> int:
    """Print what a judge did in each half; how many wrong answers it paid."""
    paid_wrong = 0
    for suite in dict.fromkeys(case.suite for case in made):
        for half in ("tuned", "held out"):
            rows = [
                (case, paid)
                for case, paid in zip(made, verdicts, strict=True)
                if case.suite == suite and case.half == half
            ]
            for right, kind in ((False, "wrong paid"), (True, "right refused")):
                of_kind = [(case, paid) for case, paid in rows if case.right is right]
                errors = [case for case, paid in of_kind if paid is not right]
                total = sum(case.count for case, _ in of_kind)
                outputs = sum(case.count for case in errors)
                print(
                    f"{name:12} {suite:9} {half:9} {kind:14} {len(errors):4} of {len(of_kind):5,} "
                    f"pairs, {outputs:5,} of {total:6,} outputs, {interval(outputs, total)}"
                )
                paid_wrong += len(errors) * (not right and suite == "recorded")
                for case in errors if show else ():
                    print(f"  {case.id} {case.count} {case.reference!r} {case.output[-160:]!r}")
    return paid_wrong


def main() -> None:
    """Let each judge decide, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--math-verify", metavar="PYTHON", help="an interpreter that has it")
    parser.add_argument("--show", action="store_true", help="list the errors")
    parser.add_argument("--judge", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.judge:
        name, target = arguments.judge
        judge(name, arguments.folder, Path(target))
        return
    made = list(cases(arguments.folder))
    judges = {"ours": sys.executable}
    if arguments.math_verify:
        judges["math-verify"] = arguments.math_verify
    paid_wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch, "pairs"), Path(scratch, "verdicts")
        lines = (json.dumps([case.reference, case.output]) for case in made)
        source.write_text("\n".join(lines), encoding="utf-8")
        for name, python in judges.items():
            subprocess.run([python, HERE, source, "--judge", name, target], check=True)
            rows = [line.split() for line in target.read_text().splitlines()]
            wrong = report(name, made, [row[0] == "1" for row in rows], arguments.show)
            paid_wrong += wrong if name == "ours" else 0
            seconds = sorted(float(row[1]) for row in rows)
            print(f"{name:12} {sum(seconds):.1f} CPU s in all, {seconds[-1]:.3f} s the slowest")
    sys.exit(1 if paid_wrong else 0)


if __name__ == "__main__":
    main()
