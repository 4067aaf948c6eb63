"""One cell of a row, whatever kind of file it comes from, as the pipeline needs it.

A cell is named by a column or by a dotted path into it: `reward_model.ground_truth`,
`prompt.-1.content`. Cells of one kind have one type in every file format: the same rows as CSV,
JSONL and parquet give the same records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson
import polars as pl

from pipelines.findings import show
from pipelines.similarity.options import LETTERS

Kind = Literal["text", "texts", "plain", "chat", "json", "native"]


class BadCell(ValueError):
    """A cell that holds something else than its kind; the text says what."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is read of a row.

    path: a column's name, or a dotted path. kind: `text` (numbers spelled out), `texts` (a list, or
    the values of a mapping), `json` (anything, as one JSON text), `native` (as the file has it); of
    a prompt `plain`, a text that is no conversation, and `chat`, a conversation as JSON. optional:
    whether a file may lack its column, which then is null.
    """

    path: str
    kind: Kind
    optional: bool = False

    def __str__(self) -> str:
        """The name of its column in a frame."""
        return f"{self.kind} {self.path}"

    def column(self, columns: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
        """The column of a file that the path begins with, and the steps that remain; None if none.

        A column whose name holds points is found by its whole name first.
        """
        parts = self.path.split(".")
        for count in range(len(parts), 0, -1):
            name = ".".join(parts[:count])
            if name in columns:
                return name, tuple(parts[count:])
        return None

    def value(self, value: Any, steps: tuple[str, ...]) -> Any:
        """The cell, from the value of its column."""
        for step in steps:
            value = _step(value, step)
        return None if value is None else _READ[self.kind](value)

    @property
    def dtype(self) -> pl.DataType | None:
        """The column's type in a frame; None where it is the file's."""
        if self.kind == "native":
            return None
        return pl.List(pl.String()) if self.kind == "texts" else pl.String()


def _step(value: Any, step: str) -> Any:
    """A field of a mapping, or an element of a list, from the end where negative."""
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and re.fullmatch(r"-?\d{1,6}", step):
        place = int(step)
        return value[place] if -len(value) <= place < len(value) else None
    return None


def text(value: Any) -> str:
    """A text as it is, a number as it is written without an exponent, a truth value in letters."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f") if abs(value) < float("inf") else repr(value)
    if isinstance(value, (list, Mapping)):
        raise BadCell(f"expected a text, got {show(value)}; give a dotted path into it")
    return str(value)


# "A)", "(A)", "A." or "A:" before the text of an option.
_LABEL = re.compile(r"\s*\(?([A-J])[).:]\s*")


def texts(value: Any) -> list[str]:
    """The texts of a list, or of a mapping in its own order, without the letters before them.

    A text that is a JSON list is one: cells of CSV have no other way to hold it.
    """
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise BadCell(f"expected a list of texts, got {show(value)}") from None
    if isinstance(value, Mapping):
        value = [one for one in value.values() if one is not None]
    if not isinstance(value, list):
        raise BadCell(f"expected a list of texts, got {show(value)}")
    found = ["" if one is None else text(one) for one in value]
    labels = [_LABEL.match(one) for one in found]
    letters = "".join(label[1] for label in labels if label)
    if len(found) > 1 and len(letters) == len(found) and LETTERS.startswith(letters):
        return [one[label.end() :] for one, label in zip(found, labels, strict=True) if label]
    return found


def _turns(value: Any) -> list[Any] | None:
    """The turns of a conversation, or of a text that holds one as JSON; None where it is none."""
    if isinstance(value, str) and value.startswith("[{"):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(value)
    return value if isinstance(value, list) else None


def _plain(value: Any) -> str | None:
    return text(value) if _turns(value) is None else None


def _chat(value: Any) -> str | None:
    turns = _turns(value)
    return None if turns is None else _json(turns)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


_READ: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "texts": texts,
    "plain": _plain,
    "chat": _chat,
    "json": _json,
    "native": lambda value: value,
}
