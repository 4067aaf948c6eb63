"""A rule of the service: one function, entered into the catalogue by a decorator.

A rule is a generator of (JSON Pointer, what is wrong, what to do). Its parameters are looked up by
name in what is known; the first is its scope:

    line              the bytes of a line that holds no object or is oddly ended; of several blank
                      lines in a row the last, and `blank`, how many they are
    raw               the bytes of a line that holds an object
    item              one row, and `raw`, its line
    supervised        one row of a supervised file
    file              a FileSummary of one JSONL file
    pair              the training rows' prompts, and the summary of a file that is held out
    same_side         the prompts of files of the same kind, and the summary of another
    given             the roles of the files that are given
    grader, response_format, job
                      one document each
    beside            the documents that are files of their own beside a job, by role
    digests           of one file, what the manifest has and what it is
    provenance        what the pipeline knows of how the files were made

A rule stands alone: it repeats no other, and does not raise whatever it is given. Codes are
permanent; the hundreds are the families: 1 file, 2 messages, 3 item fields, 4 grader, 5 job and
response format, 6 how the data was made, 7 rows against each other, 8 supervised rows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipelines.findings import Severity

Fault = tuple[str, str, str]

SCOPES = (
    *("line", "raw", "item", "supervised", "file", "pair", "same_side", "given"),
    *("grader", "response_format", "job", "beside", "digests", "provenance"),
)


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue: its code, how grave it is, where it is from, and its test."""

    code: str
    severity: Severity
    source: str
    read: str
    test: Callable[..., Iterator[Fault]]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the test's parameters, the scope first."""
        return tuple(inspect.signature(self.test).parameters)

    @property
    def scope(self) -> str:
        """The name of the test's first parameter."""
        return self.parameters[0]

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.test) or "").partition("\n")[0]

    def faults(self, known: Mapping[str, Any]) -> Iterator[Fault]:
        """Run the test on what is known."""
        return self.test(*(known[name] for name in self.parameters))


RULES: dict[str, Rule] = {}


def rule(
    code: str, severity: Severity, *, source: str, read: str = "2026-11-21"
) -> Callable[[Callable[..., Iterator[Fault]]], Callable[..., Iterator[Fault]]]:
    """Enter a test into the catalogue."""

    def enter(test: Callable[..., Iterator[Fault]]) -> Callable[..., Iterator[Fault]]:
        if code in RULES:
            raise ValueError(f"{code} is taken")
        entered = Rule(code, severity, source, read, test)
        if entered.scope not in SCOPES:  # it would be listed, and never run
            raise ValueError(f"{code}: {entered.scope!r} is no scope")
        RULES[code] = entered
        return test

    return enter


def of_scope(scope: str) -> list[Rule]:
    """The rules of one scope, by code."""
    return [RULES[code] for code in sorted(RULES) if RULES[code].scope == scope]
