"""The rooms of `pipelines/`, and the one direction in which they import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

HOUSE = ROOT / "pipelines"
# Each imports from those before it, and from its own room.
FLOORS = (
    {"findings"},
    {"io"},
    {"similarity", "graders"},
    {"rules", "datasets"},
    {"sources", "service"},
    {"stages"},
    {"run"},
    {"exports", "report"},
    {"cli"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(HOUSE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The rooms that a module imports from, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            beside = node.module == "pipelines"
            names = [f"pipelines.{alias.name}" if beside else node.module for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("pipelines."))


def room(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def test_there_are_few_rooms_and_every_one_is_on_a_floor() -> None:
    rooms = {room(path) for path in MODULES} - {"__init__", "__main__"}
    assert len(rooms) <= 13
    assert rooms <= FLOOR.keys()


def test_imports_run_one_way() -> None:
    against = [
        (path.relative_to(ROOT).as_posix(), other)
        for path in MODULES
        if room(path) in FLOOR
        for other in imported(path)
        if other != room(path) and FLOOR[other] >= FLOOR[room(path)]
    ]
    assert len(MODULES) > 100
    assert against == []


def test_no_module_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path.name: length for path, length in lengths.items() if length > 400} == {}


def test_the_reader_of_lines_and_the_rule_agree() -> None:
    from pipelines.io.jsonl import MOST_LINE_BYTES
    from pipelines.rules.tables import limit

    assert limit("line_bytes") == MOST_LINE_BYTES
