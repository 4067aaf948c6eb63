"""Findings as SARIF 2.1.0, which code scanning shows beside the lines."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from pipelines.cli.terminal import Tally
from pipelines.findings import Finding, printable
from pipelines.rules.catalogue import RULES

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def document(tally: Tally) -> dict[str, Any]:
    """The log of one run: the rules that found something, and what is held of their findings."""
    codes = sorted(tally.counts)
    driver = {
        "name": "rft",
        "version": version("rft-data"),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "results": [_result(finding, codes.index(finding.code)) for finding in tally.held],
        "columnKind": "unicodeCodePoints",
        "properties": tally.totals(),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    rule = RULES[code]
    return {
        "id": code,
        "name": rule.test.__name__,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": inspect.getdoc(rule.test) or rule.title},
        "help": {"text": f"Source: {rule.source}, read {rule.read}. See `rft rules {code}`."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    place = f"{finding.pointer}: " if finding.pointer else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(f"{place}{finding.message}; {finding.remedy}")},
    }
    if finding.path == "-" or finding.path.startswith("--"):  # no file that could be shown
        return result
    path = PurePath(finding.path)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="replace")
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": printable(finding.pointer)}]
    return result | {"locations": [location]}
