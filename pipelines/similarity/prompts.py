"""The prompts of a file of chat rows, and what of them is compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.findings import BadInput
from pipelines.io.items import user_text
from pipelines.io.jsonl import BOM, json_object
from pipelines.similarity import columns
from pipelines.similarity.options import LETTERS, split_options
from pipelines.similarity.wrappings import Wrapping, without


@dataclass(slots=True)
class Prompts:
    """The prompts of a file: for each row its line (from 1), the user's words, its options if any.

    keys, plain: what is compared of them, and the rows that have each key, the first one first.
    own: how many of the rows are this file's; those of another one may stand after them.
    """

    name: str
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    own: int = 0

    def add(self, line: int, row: Mapping[str, Any]) -> None:
        """Add a row: the texts of its user messages, joined by line ends."""
        text = user_text(row)
        if not text.strip():
            raise BadInput(
                f"{self.name}:{line}: no user message with text; give chat rows, see `rft validate`"
            )
        options = row.get("options")
        known = isinstance(options, list) and all(isinstance(one, str) for one in options)
        self.lines.append(line)
        self.texts.append(text)
        self.options.append(options if known and options else [])
        self.own += 1

    def with_rows_of(self, other: Prompts) -> Prompts:
        """The rows of both, to be compared with a third file."""
        return Prompts(
            f"{self.name} and {other.name}",
            self.lines + other.lines,
            self.texts + other.texts,
            self.options + other.options,
            own=self.own,
        )

    def compare(self, shared: Sequence[Wrapping]) -> None:
        """Make what is compared, without what most prompts share."""
        texts = (without(text, shared) for text in self.texts)
        asked = list(map(_parts, texts, self.options))
        questions = pl.Series([question for question, _ in asked], dtype=pl.String)
        options = columns.lists([options for _, options in asked])
        self.keys = columns.keys(questions, options).to_list()
        self.plain = columns.plain_texts(questions, options).to_list()
        self.rows = defaultdict(list)
        for row, one in enumerate(self.keys):
            self.rows[one].append(row)


def prompts(lines: Iterable[bytes], name: str) -> Prompts:
    """The prompts of JSONL lines."""
    read = Prompts(name)
    for number, line in enumerate(lines, 1):
        if line.removeprefix(BOM).strip():
            read.add(number, json_object(line, name, number))
    return read


def _parts(text: str, options: list[str]) -> tuple[str, list[str]]:
    """A prompt's question and options: those that its row lists, where it ends with them."""
    listed = "\n".join(f"{letter}. {one}" for letter, one in zip(LETTERS, options, strict=False))
    if listed and text.endswith(listed):
        return text.removesuffix(listed), options
    return split_options(text)
