"""Training or validation: decided for a cluster as a whole, by its name and the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.stages import ledger
from pipelines.stages.stage import Context, Stage


def split(records: pl.DataFrame, *, validation_share: float, seed: int) -> pl.DataFrame:
    """Add `split`, `train` or `validation`, for each record. Drops none.

    A cluster is in validation where the first 64 bits of SHA-256 of "seed:cluster", read as a
    fraction, are below `validation_share`. So a record that joins no cluster moves no other, and
    the same cluster is on the same side in every run, on every machine. Where a record of it is
    `pinned` by an earlier split, the whole cluster is on that side.
    """
    limit = int(validation_share * 2**64)
    sides = {
        cluster: "validation" if _place(seed, cluster) < limit else "train"
        for cluster in records["cluster"].unique().to_list()
    }
    sides |= dict(records.drop_nulls("pinned").select("cluster", "pinned").iter_rows())
    side = pl.Series("split", [sides[cluster] for cluster in records["cluster"]], pl.String)
    return ledger.untagged(records).with_columns(side)


def _place(seed: int, cluster: str) -> int:
    return int.from_bytes(sha256(f"{seed}:{cluster}".encode()).digest()[:8])


# An earlier split ---------------------------------------------------------------------------------

_COLUMNS = {"digest": pl.String(), "split": pl.String()}


def splits_file(folder: Path, dataset: Dataset) -> Path:
    """`splits.parquet` of an earlier output: of its folder, or of the one with all datasets."""
    for path in (folder / dataset.name / "splits.parquet", folder / "splits.parquet"):
        if path.is_file():
            return path
    raise BadInput(
        f"{folder}: no splits.parquet of {dataset.name}; name the folder of an earlier output"
    )


def earlier_sides(folder: Path | None, dataset: Dataset) -> pl.DataFrame:
    """`digest` of a prompt and its `split`, as an earlier run wrote them; no rows without one."""
    if folder is None:
        return pl.DataFrame(schema=_COLUMNS)
    path = splits_file(folder, dataset)
    try:
        sides = pl.read_parquet(path, columns=list(_COLUMNS), glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(f"{path}: not readable ({first}); run the earlier output anew") from error
    if sides.schema != _COLUMNS or not sides["split"].is_in(["train", "validation"]).all():
        raise BadInput(f"{path}: not a splits.parquet; name the folder of an earlier output")
    return sides


def _outputs(records: pl.DataFrame, context: Context) -> Iterator[tuple[str, pl.DataFrame]]:
    """The side of every record that was split, chosen later or not."""
    yield "splits.parquet", records.select("id", "digest", "cluster", "split")


STAGE = Stage(
    name="split",
    run=lambda records, context: split(
        records,
        validation_share=context.settings.validation_share,
        seed=context.settings.seed,
    ),
    settings=("seed", "validation_share"),
    outputs=_outputs,
)
