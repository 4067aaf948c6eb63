"""Training, validation or test: for a cluster as a whole, by its name and the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.io.prepared import ALL_SPLITS
from pipelines.stages import ledger
from pipelines.stages.stage import Context, Stage

# Below the first limit, below the second one, and above both.
_SIDES = pl.Series(["validation", "test", "train"])


def split(
    records: pl.DataFrame, *, validation_share: float, test_share: float = 0.0, seed: int
) -> pl.DataFrame:
    """Add `split`, one of ALL_SPLITS, for each record.

    A cluster is in validation where the first 64 bits of SHA-256 of "seed:cluster", read as a
    fraction, are below `validation_share`, and in the test split where they are in the next
    `test_share`: so a test split moves no validation row. A record that joins no cluster moves no
    other, and the same cluster is on the same side in every run, on every machine. Where a record
    of it is `pinned` by an earlier split, the whole cluster is on that side.

    Records of a user's own splits (`own_split`) stay in them, but that the test split is drawn from
    training where they have none. One whose cluster is in a split of theirs that counts for more
    (test before validation before training) is `split_conflict`.
    """
    shares = (validation_share, validation_share + test_share)
    limits = np.array([min(int(share * 2**64), 2**64 - 1) for share in shares], np.uint64)
    clusters = records["cluster"].unique()
    side = _SIDES.gather(np.searchsorted(limits, _places(seed, clusters), "right"))
    sides = pl.DataFrame({"cluster": clusters, "drawn": side})
    pinned = records.select("cluster", "pinned").drop_nulls().unique("cluster", keep="last")
    sides = sides.join(pinned, on="cluster", how="left")
    records = ledger.untagged(records).join(
        sides.select("cluster", split=pl.coalesce("pinned", "drawn")),
        on="cluster",
        how="left",
        maintain_order="left",
    )
    if "own_split" not in records.columns:
        return records
    rank = own_rank()
    drawn = (pl.col("own_split") == "train") & (pl.col("split") == "test")
    records = records.with_columns(
        split=pl.when(drawn).then("split").otherwise(pl.coalesce("own_split", "split")),
        first=rank.max().over("cluster"),
    )
    names = pl.col("first").replace_strict(
        dict(enumerate(ALL_SPLITS)), default="", return_dtype=pl.String
    )
    conflict = (pl.col("first") > 0) & (rank < pl.col("first"))
    detail = pl.format("the same question, or one near to it, is in your {} rows", names)
    return ledger.tag(records, "split_conflict", conflict, detail).drop("first")


def own_rank() -> pl.Expr:
    """How much a record counts by the user's split that it is in; training and none count 0."""
    ranks = {name: rank for rank, name in enumerate(ALL_SPLITS)}
    return pl.col("own_split").replace_strict(ranks, default=0, return_dtype=pl.Int8).fill_null(0)


def _places(seed: int, clusters: pl.Series) -> NDArray[np.uint64]:
    """The first 64 bits of SHA-256 of "seed:cluster"."""
    named = (f"{seed}:{cluster}".encode() for cluster in clusters.to_list())
    digests = b"".join([sha256(name).digest()[:8] for name in named])
    return np.frombuffer(digests, ">u8")


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
    if sides.schema != _COLUMNS or not sides["split"].is_in(list(ALL_SPLITS)).all():
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
        test_share=context.settings.test_share,
        seed=context.settings.seed,
    ),
    settings=("seed", "test_share", "validation_share"),
    outputs=_outputs,
)
