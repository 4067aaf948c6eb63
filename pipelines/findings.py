"""What is reported to a person: findings about data, and the one-line error that ends a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]

# Longest value shown in a message, in characters: enough to recognise it, short for a line.
VALUE_WIDTH = 80

# Findings shown for each rule before they are only counted.
SHOWN = 5


def printable(text: str) -> str:
    """The text with every character escaped that would not print as itself.

    Those are line ends, control characters (escape sequences begin with one), marks that turn the
    direction of text, and halves of surrogate pairs. What a file or a server holds can then neither
    start a line of its own nor move a terminal's cursor.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The remedy for a word that is none of the names: the nearest where one is near, else all."""
    from difflib import get_close_matches  # only for an error

    every = list(names)
    near = get_close_matches(word.lower().replace("_", "-"), every, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(every)}"


def install(extra: str) -> str:
    """The command that brings an optional dependency, to a checkout or an installed copy."""
    return f"pip install 'rft-data[{extra}]'"


class BadInput(Exception):
    """Something the user can mend. Its text is one line: place, what is wrong; what to do.

    The command line prints it without a traceback and exits with 2.
    """

    def __str__(self) -> str:
        """The line, printable whatever file or server its words come from."""
        return printable(super().__str__())


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place.

    `line` counts from 1 and is 0 where the finding concerns the whole file; `pointer` is a JSON
    Pointer (RFC 6901) into the row or document.
    """

    code: str
    severity: Severity
    path: str
    line: int
    pointer: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """The finding as a line of text."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        pointer = f" {self.pointer}" if self.pointer else ""
        fault = f"{self.code}{pointer}: {self.message}; {self.remedy}"
        return printable(f"{place}: {self.severity}: {fault}")

    def as_dict(self) -> dict[str, object]:
        """The finding as the JSON output and the manifest hold it."""
        return asdict(self)

    def as_annotation(self) -> str:
        """The finding as a workflow command that a GitHub run shows beside the file."""
        level = {"error": "error", "warning": "warning", "info": "notice"}[self.severity]
        pointer = f" {self.pointer}" if self.pointer else ""
        text = _escaped(f"{self.code}{pointer} {self.message}; {self.remedy}")
        path = _escaped(self.path).replace(":", "%3A").replace(",", "%2C")
        return f"::{level} file={path},line={max(self.line, 1)}::{text}"


def _escaped(text: str) -> str:
    """Text inside a workflow command, of which a line end would start another."""
    return printable(text).replace("%", "%25")


def show(value: object) -> str:
    """A value as a message quotes it, cut at VALUE_WIDTH: text by its repr, the rest as JSON."""
    try:
        text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"


# Characters of a key that a pointer shows.
_KEY = 200


def pointer(path: list[str | int]) -> str:
    """A path of keys and indexes as a JSON Pointer (RFC 6901); a key of a line's length is cut."""
    parts = (
        part if isinstance(part, int) or len(part) <= _KEY else f"{part[:_KEY]}…" for part in path
    )
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
