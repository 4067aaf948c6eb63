"""Whether a grader that somebody wrote can be run here at all, before it is."""

from __future__ import annotations

from typing import Any

from pipelines.findings import BadInput
from pipelines.graders import run
from pipelines.rules import catalogue

# Rules without which a grader cannot be run: its fields and type, operation, metric, range, roles,
# templates, source and formula.
NEEDED = frozenset(f"RFT4{n:02}" for n in (1, 2, 5, 6, 11, 12, 20, 21, 30, 31, 32, 40, 41, 42, 43))
# Rules of what may be here and is not there: modules, a network.
_THERE = frozenset({"RFT433", "RFT434"})


def compiled(grader: Any, setup: run.Setup | None = None, *, name: str = "grader") -> run.Grader:
    """The grader, ready to run; BadInput, with the first rule that it breaks, where it is none."""
    known = {"grader": grader, "response_format": None}
    warnings = []
    for rule in catalogue.of_scope("grader"):
        if rule.code in NEEDED | _THERE:
            for pointer, message, remedy in rule.faults(known):
                place = f" {pointer}" if pointer else ""
                fault = f"{name}: {rule.code}{place}: {message}; {remedy}"
                if rule.code in NEEDED:
                    raise BadInput(fault)
                warnings.append(fault)
    ready = run.Grader(grader, setup or run.Setup(), name)
    ready.warnings += warnings
    return ready
