"""What a description says of the columns of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.datasets import conditions
from pipelines.datasets.cells import Cell
from pipelines.findings import BadInput
from pipelines.similarity.options import LETTERS

# Fields of an item that `keep` cannot name.
_OWN_FIELDS = {"messages", "reference_answer", "options", "id", "tools"}
_PLACE = re.compile(r"\{([^{}]+)\}")


def names(value: Any) -> tuple[Any, ...]:
    """One or several values of a key, as several."""
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)


@dataclass(frozen=True)
class Columns:
    """The cells that a description names, and what they are for.

    values: the description. In a frame of its rows a column is named by the kind of its cells and
    their path, as `text question`. shipped: whether copies of the dataset may lack columns that
    only name or sort its rows.
    """

    path: Path
    values: Mapping[str, Any]
    shipped: bool = False

    @cached_property
    def template(self) -> list[str]:
        """The prompt's parts: plain text in the even places, paths of cells in the odd ones."""
        prompt = self.values["prompt"]
        parts = _PLACE.split(prompt)
        return parts if len(parts) > 1 else ["", prompt, ""]

    @property
    def separators(self) -> tuple[str, ...]:
        """What stands between the cells of the prompt; nothing where two of them touch."""
        between = tuple(self.template[2:-1:2]) if "options" not in self.template[1::2] else ()
        return between if all(between) else ()

    @property
    def alone(self) -> bool:
        """Whether the prompt is one cell, which may hold a conversation."""
        return self.template[::2] == ["", ""] and not self.option_paths

    @property
    def prompt_paths(self) -> list[str]:
        """The cells of the prompt."""
        return [path for path in self.template[1::2] if path != "options"]

    @cached_property
    def option_paths(self) -> tuple[str, ...]:
        """The columns of the options: several with one each, or one with all."""
        return names(self.values.get("options"))

    @property
    def grader(self) -> str:
        """`math`, `letter`, `text`, or the name of a file."""
        return str(self.values.get("grader", "letter" if self.option_paths else "math"))

    @property
    def lettered(self) -> bool:
        """Whether the reference answer is the letter of an option."""
        said = self.values.keys() & {"answer_is", "option_labels"}
        return self.grader == "letter" or (bool(said) and self.grader == "math")

    @property
    def letters(self) -> str:
        """The letters that an option may have."""
        labels = str(self.values.get("option_labels", ""))
        if len(labels) > 1 and LETTERS.startswith(labels):
            return labels
        return LETTERS[: len(self.option_paths)] if len(self.option_paths) > 1 else LETTERS

    @property
    def label_path(self) -> str | None:
        """The column with the labels of a row's options."""
        labels = str(self.values.get("option_labels", ""))
        return None if LETTERS.startswith(labels) else labels

    @property
    def kept(self) -> dict[str, str]:
        """Fields of the items, each with the path of its cell."""
        keep = self.values.get("keep", {})
        kept = dict(keep) if isinstance(keep, dict) else {path: path for path in names(keep)}
        if taken := sorted(_OWN_FIELDS & kept.keys()):
            remedy = f'give it another name, keep = {{ my_{taken[0]} = "{kept[taken[0]]}" }}'
            raise BadInput(f"{self.path}: keep: {taken[0]} is a field of every item; {remedy}")
        return kept

    def field_of(self, path: str | None) -> str | None:
        """The field of the items that holds the cell of a path."""
        return next((field for field, kept in self.kept.items() if kept == path), None)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """What is read of a row, by the names that the columns of a frame have."""
        wanted = [Cell(path, "plain" if self.alone else "text") for path in self.prompt_paths]
        wanted += [Cell(path, "chat") for path in self.prompt_paths if self.alone]
        several = len(self.option_paths) > 1
        wanted += [Cell(path, "text" if several else "texts") for path in self.option_paths]
        wanted += [Cell(self.label_path, "texts")] if self.label_path else []
        for key in ("answer", "id", "group", "stratum"):
            if key in self.values:
                wanted.append(Cell(self.values[key], "text", self.shipped and key != "answer"))
        wanted += [Cell(path, "json", self.shipped) for path in self.kept.values()]
        wanted += [Cell(path, "text", self.shipped) for path in names(self.values.get("columns"))]
        for reason, condition in self.values.get("drop", {}).items():
            found = conditions.columns(self.path, reason, condition)
            wanted += [Cell(name, "native") for name in found]
        return {str(cell): cell for cell in wanted}
