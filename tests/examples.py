"""The examples that `rft rules CODE` shows, made of the cases of the tests.

    python tests/examples.py

writes them to `pipelines/rules/tables/examples.json`; a test holds the file to the cases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
from cases_grader import CASES as GRADER_CASES
from cases_job import CASES as JOB_CASES
from cases_rows import CASES as ROW_CASES

from pipelines.rules.catalogue import RULES
from pipelines.rules.fix import fix_document, fix_lines

PATH = Path(__file__).parents[1] / "pipelines" / "rules" / "tables" / "examples.json"
CASES = ROW_CASES | GRADER_CASES | JOB_CASES
LONGEST = 1500
ROWS, DOCUMENTS = ("item", "supervised"), ("grader", "response_format", "job")


def shown(known: dict[str, Any], scope: str) -> Any:
    """The row, line or document of a case; None where it is a whole file, or long."""
    value = known.get(scope) if scope in (*ROWS, *DOCUMENTS, "line", "raw") else None
    if isinstance(value, bytes):
        value = value[: LONGEST + 1].decode("utf-8", "backslashreplace")
    return None if len(json.dumps(value)) > LONGEST else value


def is_fixed(value: Any, scope: str, code: str) -> bool:
    """Whether `--fix` repairs it."""
    if scope in DOCUMENTS:
        return code in {change.code for change in fix_document(scope, value)[1]}
    line = value.encode() if isinstance(value, str) else orjson.dumps(value)
    return code in {change.code for _, changes in fix_lines([line], "") for change in changes}


def examples() -> dict[str, dict[str, Any]]:
    """Of each rule what fails, what passes, what is said of it, and whether `--fix` repairs it."""
    made = {}
    for code in sorted(RULES):
        passes, fails, _ = CASES[code]
        scope = RULES[code].scope
        place, message, remedy = next(iter(RULES[code].faults(fails)))
        value = shown(fails, scope)
        made[code] = {
            "fails": value,
            "passes": shown(passes, scope),
            "finding": f"{place}: {message}; {remedy}" if place else f"{message}; {remedy}",
            "fixed": value is not None and is_fixed(value, scope, code),
        }
    return made


def text() -> str:
    """The examples as they are written: a rule a line."""
    lines = (f'"{code}": {json.dumps(each)}' for code, each in examples().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
