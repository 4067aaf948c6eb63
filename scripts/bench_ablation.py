r"""What each part of the math grader is for: what changes where it is taken out.

    python scripts/bench_ablation.py FOLDER [--all]

FOLDER has `answers/recorded.jsonl` and, anywhere below, Parquet files with a column `answer`. A
part is a module, a function, a branch of an `if` or an arm of a `match` of two lines and more, or a
rule of spelling; the words of tables, which cost their letters only, and branches that raise, which
bound the work, are not tried. A part is taken out of the source that is sent, and every pair that
runs through it is judged anew: recorded answers, and references against the answers that the rules
of bench_math make of them and against the references next in order. A part earns its place where 1
in 1,000 references or 5 recorded outputs are judged otherwise without it, either way: right answers
that were paid, wrong ones that were not. Prints the modules and the parts that earn none, with
`--all` all parts. Counting stops where a part has earned its place.
"""

from __future__ import annotations

import argparse
import ast
import copy
import signal
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import bench_math_different  # noqa: F401  its rules are registered as it is loaded
import bench_math_equal  # noqa: F401
import polars as pl
from bench_answers import cases
from bench_math_rules import DIFFERENT, EQUAL

from pipelines.graders import python_grader
from pipelines.similarity.latex import balanced

FILE = "<bundle>"
OUTPUTS = 5


class Pair(NamedTuple):
    """A reference and an output; how many rows or outputs it stands for; a recorded one or not."""

    reference: str
    output: str
    weight: int
    recorded: bool


class Part(NamedTuple):
    """A part of the source: its name, the lines that run through it, the nodes to take out."""

    name: str
    module: str
    lines: frozenset[int]
    needle: str
    nodes: tuple[ast.AST, ...]
    index: int = -1

    @property
    def size(self) -> int:
        """How many lines it has."""
        if self.index >= 0:
            return 1
        return sum(n.end_lineno - n.lineno + 1 for n in self.nodes)  # type: ignore[attr-defined]


def references(folder: Path) -> Counter[str]:
    """The reference answers of all rows, the benchmarks' left out."""
    count: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.parquet")):
        if "answer" in pl.read_parquet_schema(path):
            answers = pl.read_parquet(path, columns=["answer"])["answer"].drop_nulls()
            texts = (text.strip() for text in answers.cast(pl.String))
            count.update(text for text in texts if text and balanced(text))
    return count


def pairs(folder: Path) -> Iterator[Pair]:
    """Recorded pairs, and references with what the rules make of them."""
    for case in cases(folder / "answers"):
        if case.suite == "recorded":
            yield Pair(case.reference, case.output, case.count, True)
    count = references(folder)
    texts = sorted(count)
    for place, text in enumerate(texts):
        answers = {texts[(place + step) % len(texts)] for step in (1, -1)}
        for rules in (EQUAL, DIFFERENT):
            for name, rule in rules.items():
                if name != "expanded":  # needs sympy
                    answers.update(rule(text))
        for answer in sorted(answers):
            yield Pair(text, rf"\boxed{{{answer}}}", count[text], False)


def run(tree: ast.Module) -> dict[str, Any]:
    """The names of a source."""
    names: dict[str, Any] = {"__name__": "bundle"}
    exec(compile(tree, FILE, "exec"), names)
    return names


def judged(names: dict[str, Any], pair: Pair) -> float:
    """The score of a pair; a part that is taken out may make the grader fail."""
    item = {"reference_answer": pair.reference}
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)  # what is taken out may have bounded the work
    try:
        return float(names["grade"]({"output_text": pair.output}, item))
    except Exception:
        return 0.0
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _late(*_: object) -> None:
    raise TimeoutError


def traced(tree: ast.Module, made: list[Pair]) -> tuple[dict[int, array[int]], list[float]]:
    """The pairs that run through each line, and the score of each."""
    names = run(tree)
    caches = [each for each in names.values() if hasattr(each, "cache_clear")]
    through: dict[int, array[int]] = defaultdict(lambda: array("I"))
    seen: set[int] = set()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            seen.add(frame.f_lineno)
        return local

    def trace(frame: FrameType, *_: Any) -> Any:
        return local if frame.f_code.co_filename == FILE else None

    scores = []
    for place, pair in enumerate(made):
        seen.clear()
        for cached in caches:
            cached.cache_clear()
        sys.settrace(trace)
        scores.append(judged(names, pair))
        sys.settrace(None)
        for line in seen:
            through[line].append(place)
    return through, scores


def parts(tree: ast.Module, source: str) -> Iterator[Part]:
    """All parts of a source."""
    modules: dict[int, str] = {}
    module = ""
    for number, line in enumerate(source.splitlines(), start=1):
        module = line.split()[2] if line.startswith("# --- ") else module
        modules[number] = module
    for name in dict.fromkeys(modules.values()):
        functions = [
            node
            for top in tree.body
            if modules[getattr(top, "lineno", 1)] == name
            for node in ast.walk(top)
            if isinstance(node, ast.FunctionDef) and node.name != "grade"
        ]
        lines = frozenset(line for node in functions for line in _first(node))
        yield Part("the module", name, lines, "", tuple(functions))
    for top in tree.body:
        at = modules[getattr(top, "lineno", 1)]
        for node in ast.walk(top):
            match node:
                case ast.FunctionDef(name=name) if name != "grade":
                    yield Part(f"{name}()", at, _first(node), "", (node,))
                case ast.If() if _lines_of(node.body) > 1 and not _raises(node.body):
                    name = f"if {ast.unparse(node.test)}"
                    yield Part(name, at, _lines(node.body), "", (node,))
                case ast.Match():
                    for index, arm in enumerate(node.cases):
                        if _lines_of(arm.body) < 2:
                            continue
                        name = f"case {ast.unparse(arm.pattern)}"
                        yield Part(name, at, _lines(arm.body), "", (node,), index)
        if isinstance(top, ast.Assign | ast.AnnAssign):
            target = ast.unparse(top.targets[0] if isinstance(top, ast.Assign) else top.target)
            yield from _rules(top, at) if target == "_RULES" else ()


def _lines_of(body: list[ast.stmt]) -> int:
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def _raises(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise)


def _first(function: ast.FunctionDef) -> frozenset[int]:
    return _lines(function.body[1:] if ast.get_docstring(function) else function.body)


def _lines(body: list[ast.stmt]) -> frozenset[int]:
    return frozenset(statement.lineno for statement in body[:1])


def _rules(top: ast.stmt, module: str) -> Iterator[Part]:
    """The rules of spelling: what a text must hold for one, its pattern, what takes its place."""
    for node in ast.walk(top):
        for index, rule in enumerate(node.elts if isinstance(node, ast.Tuple) else ()):
            if isinstance(rule, ast.Tuple) and len(rule.elts) == 3:
                needle, pattern = rule.elts[:2]
                text = str(needle.value) if isinstance(needle, ast.Constant) else ""
                name = f"rule {ast.unparse(pattern)}"
                yield Part(name, module, frozenset(), text, (node,), index)


def without(tree: ast.Module, part: Part) -> ast.Module:
    """A source without a part."""
    wanted = {id(node) for node in part.nodes}
    places = {place for place, node in enumerate(ast.walk(tree)) if id(node) in wanted}
    changed = copy.deepcopy(tree)
    for node in [node for place, node in enumerate(ast.walk(changed)) if place in places]:
        match node:
            case ast.FunctionDef():
                node.body = list(ast.parse("raise Unreadable").body)
            case ast.If():
                node.test = ast.Constant(value=False)
            case ast.Match() if len(node.cases) > 1:
                del node.cases[part.index]
            case ast.Tuple():
                del node.elts[part.index]
    return ast.fix_missing_locations(changed)


class Need(NamedTuple):
    """What is judged otherwise without a part."""

    refused: int  # references whose right answers are refused without it
    paid: int  # references whose wrong answers are paid without it
    outputs_refused: int
    outputs_paid: int

    def earned(self, least: int) -> bool:
        """Whether a part earns its place."""
        rows, outputs = self.refused + self.paid, self.outputs_refused + self.outputs_paid
        return rows >= least or outputs >= OUTPUTS


def need(tree: ast.Module, part: Part, made: list[Pair], places: Any, scores: Any, n: int) -> Need:
    """Judge the pairs of a part without it, until it has earned its place."""
    try:
        names = run(without(tree, part))
    except Exception:  # the source does not even load without it
        return Need(n, 0, OUTPUTS, 0)
    counts = [0, 0, 0, 0]
    known: set[str] = set()  # a reference counts once
    for place in places:
        pair = made[place]
        score = judged(names, pair)
        if score != scores[place] and (pair.recorded or pair.reference not in known):
            if not pair.recorded:
                known.add(pair.reference)
            counts[2 * pair.recorded + (score > scores[place])] += pair.weight
            if Need(*counts).earned(n):
                break
    return Need(*counts)


def main() -> None:
    """Take each part out, print what that changes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--all", action="store_true", help="print the parts that earn a place too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGVTALRM, _late)
    source = str(python_grader("boxed_math")["source"])
    tree = ast.parse(source)
    made = list(pairs(arguments.folder))
    rows = references(arguments.folder).total()
    least = -(-rows // 1000)
    print(
        f"{len(made):,} pairs, {rows:,} references: a place is {least} of them or {OUTPUTS} outputs"
    )
    through, scores = traced(tree, made)
    translate = run(tree)["_UNICODE"]
    spelled = [(p.reference + p.output).translate(translate) for p in made]
    for part in parts(tree, source):
        if part.lines:
            places = sorted({place for line in part.lines for place in through.get(line, ())})
        else:
            places = [i for i, text in enumerate(spelled) if part.needle in text]
        change = need(tree, part, made, places, scores, least)
        earned = change.earned(least)
        if arguments.all or not earned or part.name == "the module":
            print(
                f"{'+' if earned else '-'} {part.module:13} {part.name[:70]:70} "
                f"{part.size:3} lines, {len(places):6,} pairs; refs {change.refused:3} refused "
                f"{change.paid:3} paid; outputs {change.outputs_refused:3} {change.outputs_paid:3}",
                flush=True,
            )


if __name__ == "__main__":
    main()
