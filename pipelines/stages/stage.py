"""What a stage is, and what it may see of a run: values that the driver walks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.io.engine import Engine
from pipelines.similarity.linking import Stored
from pipelines.stages.settings import Settings

# What a stage writes beside its frame: rows as parquet, lines (binary) as they are, a document as
# JSON; None where there is no such file in this run.
Content = pl.DataFrame | pl.Series | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Context:
    """What a stage may see of the run besides the records.

    engine: runs pure functions over parts of the rows. advance: is told how many more rows are
    through. raw_rows, benchmarks, previous: frames, read when they are asked for. stored: columns
    of some records. edited: the documents that stay as a person left them, by file name.
    """

    dataset: Dataset
    settings: Settings
    engine: Engine
    advance: Callable[[int], None]
    raw_rows: Callable[[], pl.DataFrame]
    benchmarks: Callable[[], pl.DataFrame]
    previous: Callable[[], pl.DataFrame]
    stored: Stored
    edited: Mapping[str, Any]

    @property
    def threshold(self) -> float:
        """The similarity from which two prompts are near-duplicates."""
        return self.settings.threshold or self.dataset.threshold


def nothing(records: pl.DataFrame, context: Context) -> Iterable[tuple[str, Content]]:
    """The files of a stage that writes none."""
    return ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A frame of records in, the same records out, tagged and never fewer.

    settings: by name, what its frame and its files depend on; `dataset` stands for the recipe and
    its grader. columns: what it gets of the records beside `row`, where they have it; `stratum`
    stands for the dataset's. Few and narrow, for they are held while it runs. reads: what it reads
    of the context: `raw`, `previous`, `benchmarks`; a stage that reads `raw` gets no records.
    facts: what the frame shows, for the manifest. outputs: the files for the user, by name.
    """

    name: str
    run: Callable[[Any, Context], pl.DataFrame]
    settings: tuple[str, ...]
    columns: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    facts: Callable[[pl.DataFrame], dict[str, Any]] | None = None
    outputs: Callable[[pl.DataFrame, Context], Iterable[tuple[str, Content]]] = nothing
