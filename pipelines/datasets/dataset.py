"""What the pipeline knows of one dataset: a value, with two pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from pipelines.findings import BadInput
from pipelines.graders.grading import Grading

Record = Mapping[str, object]
Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to drop a record of a dataset.

    `where` is true for the records that have it; `why` is its row in the docs; `detail` is what
    the ledger shows beside it. Both expressions see what `Dataset.record` returns.
    """

    reason: str
    why: str
    where: pl.Expr
    detail: pl.Expr | None = None


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
    """One published dataset and how its rows become items.

    name: as the command line and the folders have it.
    hub, revision: repository of the Hugging Face hub and the pinned commit (40 hex digits).
    kaggle: slug of the Kaggle copy, None where no parquet copy is known.
    train, benchmark: patterns of the published files, as the hub lays them; the benchmark split is
        compared against and never trained on, None where the dataset has none.
    benchmarks: other test sets that it is compared against; brought with it from the hub, and read
        from `benchmarks/` beside its files.
    columns: the raw columns that are read; `schemas/raw.<name>.json` says which are required.
    fields: the item fields after `messages`, in order; all are columns of a record.
    stratum: the field over which rows are chosen evenly.
    configs: the pattern of the train files of each configuration, where there are several.
    shortened: what is kept of a long raw column, by its name.
    gradings: the ways of scoring, the one that is used first.
    equal: whether two answers are the same; None where only equal texts are.
    threshold: the similarity from which two prompts are near-duplicates; 0.8 is a reworded sentence
        in a problem of five, 0.7 a reworded question with its four options.
    record: raw rows to records. Renames, casts, repairs and derives; never drops a row.
    faults: the reasons to drop a record, in order; the first that holds stands.
    """

    name: str
    title: str
    page: str
    hub: str
    revision: str
    kaggle: str | None
    licence: str
    train: str
    benchmark: str | None
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    stratum: str
    threshold: float
    gradings: tuple[Grading, ...]
    record: Callable[[pl.DataFrame], pl.DataFrame]
    faults: tuple[Fault, ...]
    benchmarks: tuple[Benchmark, ...] = ()
    configs: Mapping[str, str] = field(default_factory=dict)
    shortened: Mapping[str, pl.Expr] = field(default_factory=dict)
    equal: Callable[[str, str], bool] | None = None

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

    @property
    def grading(self) -> Grading:
        """The grading in use."""
        return self.gradings[0]

    def item(self, record: Record, instruction: str | None = None) -> Item:
        """One record as the service sees it: the chat, then the fields that the grader may read."""
        return {
            "messages": [
                {"role": "developer", "content": instruction or self.grading.instruction},
                {"role": "user", "content": record["prompt"]},
            ],
            **{field: record[field] for field in self.fields},
            **({self.grading.prompt_field: record["prompt"]} if self.grading.prompt_field else {}),
        }


def columns_or_null(rows: pl.DataFrame, columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """The named columns of the raw rows, cast; a column that a copy lacks is all null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in columns.items()
    )
