"""What the pipeline knows of one dataset: a value, with two pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.datasets.cells import Cell
from pipelines.findings import BadInput
from pipelines.graders.grading import Grading

Record = Mapping[str, object]
Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to drop a record of a dataset, or to count it where it `drops` none.

    `where` is true for the records that have it; `why` is its row in the docs; `detail` is what
    the ledger shows beside it. Both expressions see what `Dataset.record` returns.
    """

    reason: str
    why: str
    where: pl.Expr
    detail: pl.Expr | None = None
    drops: bool = True


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A public test set: its repository of the hub, the pinned commit, and the file in it.

    The question is in `problem`, `question` or `prompt`.
    """

    name: str
    hub: str
    revision: str
    path: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset and how its rows become items.

    name: as the command line and the folders have it. title, page: what people know it by.
    tried: what the description was tried on. path: its file. shipped: whether that is one of ours.
    own_files: whether it names files, which are read where they are beside it.
    hub, revision: repository of the Hugging Face hub and the pinned commit (40 hex digits); without
        a commit the newest one is pinned when it is first downloaded. kaggle: slug of the copy on
        Kaggle. config: what stands for `{config}` in the patterns.
    files: patterns of the files of each split, as the hub lays them; those of `train` are split
        where `validation` has none. benchmark_files: patterns of test sets among them, in the
        dataset's own columns or with a question. benchmarks: test sets of other repositories.
    cells: what is read of a row, by the names that columns of a frame have; None where the raw
        `columns` are read as they are, and `schemas/raw.<name>.json` says which are required.
    fields: the item fields after `messages`, in order, that are columns of a record. kept: those
        that may hold any value; a record has them as one JSON text, `kept`, and an item before its
        `id`. carried: columns of a record that stages need and items do not hold.
    stratum: the record's column over which rows are chosen evenly, and the item field that holds
        it; None: over none, no field.
    grouped: whether records with the same `group` stay on one side of the split.
    separators: what stands between the cells of a prompt that is made of several.
    shortened: what is kept of a long raw column, by its name.
    gradings: the ways of scoring, the one that is used first.
    instruction: the developer message in place of the grading's. tools: what every item offers.
    job: settings of the job, by name; `metadata.KEY` of its metadata.
    equal: whether two answers are the same; None where only equal texts are.
    threshold: the similarity from which two prompts are near-duplicates; 0.8 is a reworded sentence
        in a problem of five, 0.7 a reworded question with its four options.
    record: raw rows to records. Renames, casts, repairs and derives; never drops a row.
    faults: the reasons to drop a record, in order; the first that holds stands.
    """

    name: str
    title: str
    page: str | None
    tried: str
    path: Path
    license: str | None
    fields: tuple[str, ...]
    gradings: tuple[Grading, ...]
    record: Callable[[pl.DataFrame], pl.DataFrame]
    faults: tuple[Fault, ...]
    threshold: float
    files: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Cell] | None = None
    columns: tuple[str, ...] = ()
    shipped: bool = False
    own_files: bool = False
    hub: str | None = None
    revision: str | None = None
    kaggle: str | None = None
    config: str | None = None
    benchmark_files: tuple[str, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    kept: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    stratum: str | None = None
    stratum_field: str | None = None
    grouped: bool = False
    separators: tuple[str, ...] = ()
    shortened: Mapping[str, pl.Expr] = field(default_factory=dict)
    instruction: str | None = None
    tools: list[Any] | None = None
    job: Mapping[str, Any] = field(default_factory=dict)
    equal: Callable[[str, str], bool] | None = None

    def check_test_share(self, share: float) -> None:
        """BadInput where test rows are to be drawn from a dataset that has some."""
        if share and self.files["test"]:
            raise BadInput(f"--test-share: {self.path} has a test split; leave one of them out")

    def graded_by(self, name: str | None) -> Dataset:
        """The same dataset with the grading of that name in use; None: as it is."""
        if name is None:
            return self
        first = [grading for grading in self.gradings if grading.name == name]
        if not first:
            names = [grading.name for grading in self.gradings]
            raise BadInput(
                f"--grader {name}: {self.name} has {', '.join(names)}; to check or run a file, "
                "see --grader-file of `rft validate` and `rft grade`"
            )
        others = (grading for grading in self.gradings if grading.name != name)
        return replace(self, gradings=(*first, *others))

    def patterns(self, config: str | None = None) -> dict[str, tuple[str, ...]]:
        """The patterns of the files by role: `train`, `validation`, `test`, `benchmark`."""
        chosen = config or self.config or ""
        roles = {**self.files, "benchmark": self.benchmark_files}
        return {
            role: tuple(pattern.replace("{config}", chosen) for pattern in patterns)
            for role, patterns in roles.items()
        }

    def __reduce__(self) -> tuple[Callable[..., Dataset], tuple[str, str, str]]:
        """Where it is described, for a description has code: another process reads it there."""
        from pipelines.datasets import again

        word = self.name if self.shipped else str(self.path)
        return again, (word, self.grading.name, self.digest)

    @property
    def digest(self) -> str:
        """Of the description and of what it names: 32 hex digits."""
        total = sha256(self.path.read_bytes())
        # Without `wrap`: the repr of a function has its address, another in every process.
        gradings = [
            (each.name, each.instruction, each.grader, each.response_format, each.local)
            for each in self.gradings
        ]
        total.update(repr((gradings, self.tools)).encode())
        return total.hexdigest()[:32]

    @property
    def item_columns(self) -> list[str]:
        """The columns of a record of which an item is made."""
        own = ["kept"] if self.kept else []
        chat = ["messages"] if "messages" in self.carried else []
        return ["prompt", *self.fields, *own, *chat]

    @property
    def item_fields(self) -> tuple[str, ...]:
        """The fields of an item after `messages`, in order."""
        *first, last = self.fields
        return (*first, *self.kept, last)

    @property
    def grading(self) -> Grading:
        """The grading in use."""
        return self.gradings[0]

    def item(self, record: Record, instruction: str | None = None) -> Item:
        """One record as the service sees it: the chat, then the fields that the grader may read.

        A conversation's own developer message stays, after the instruction.
        """
        if instruction is None:
            instruction = self.instruction
        if instruction is None:
            instruction = self.grading.instruction
        own = record.get("messages")
        if own is None:
            messages = [{"role": "user", "content": record["prompt"]}]
        else:
            messages = orjson.loads(str(own))
            if messages[0]["role"] == "developer":
                first = messages.pop(0)["content"]
                instruction = f"{instruction}\n\n{first}" if instruction else first
        if instruction:
            messages.insert(0, {"role": "developer", "content": instruction})
        values = {name: record[name] for name in self.fields}
        if self.kept:
            name = values.pop("id")
            values |= {**orjson.loads(str(record["kept"])), "id": name}
        if self.grading.prompt_field:
            values[self.grading.prompt_field] = record["prompt"]
        return {"messages": messages, **values, **({"tools": self.tools} if self.tools else {})}


def columns_or_null(rows: pl.DataFrame, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """The named columns of the raw rows, cast; a column that a copy lacks is all null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in columns.items()
    )
