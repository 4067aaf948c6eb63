"""Sound documents with one fault at a time: its own rule alone finds it, in the right place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import faults_grader
import faults_job
import orjson
import pytest

from pipelines.rules.catalogue import RULES, of_scope
from pipelines.rules.check import given

SOUND = faults_grader.SOUND | faults_job.SOUND
FAULTS = faults_grader.FAULTS | faults_job.FAULTS


def findings(documents: dict[str, Any], folder: Path) -> list[tuple[str, str, str, str]]:
    """Severity, file, code and pointer of what is found in the documents, written to files."""
    paths = {role: folder / f"{role}.json" for role in documents}
    for role, document in documents.items():
        paths[role].write_bytes(orjson.dumps(document))
    return [(f.severity, Path(f.path).stem, f.code, f.pointer) for f in given(paths, whole=False)]


@pytest.mark.parametrize("base", SOUND)
def test_it_is_sound(tmp_path: Path, base: str) -> None:
    beside = {"RFT403"} if base == "multi with labels" else set()
    assert {code for _, _, code, _ in findings(SOUND[base], tmp_path)} == beside


def test_there_are_enough_faults() -> None:
    grader, others = len(faults_grader.FAULTS), len(faults_job.FAULTS)
    assert grader >= 60
    assert others >= 60
    assert len(FAULTS) == grader + others  # a name stands for one fault


def test_every_rule_has_its_fault() -> None:
    rules = [rule for scope in ("grader", "response_format", "job") for rule in of_scope(scope)]
    assert {code for _, _, code, _ in FAULTS.values()} == {rule.code for rule in rules}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault(tmp_path: Path, name: str) -> None:
    base, change, code, pointer = FAULTS[name]
    before = findings(SOUND[base], tmp_path)
    after = findings(change(copy.deepcopy(SOUND[base])), tmp_path)
    role = next(iter(SOUND[base]))
    (found,) = (finding for finding in after if finding not in before)
    assert found == (RULES[code].severity, role, code, pointer)
