"""What a stranger's file may ask of this machine: every reader calls these before it goes on.

A few kilobytes of parquet, gzip or zstd can stand for gigabytes. Published data decodes to at most
20 times its bytes on the disk (snappy), text in zstd to 50 times: what is both large and far
beyond that is made to fill a memory.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.findings import BadInput

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

# Decoded bytes that any file may have, and how many times its own bytes a larger one may.
FREE_BYTES = 1 << 30
MOST_TIMES = 200
MOST_COLUMNS = 10_000
MOST_LEVELS = 100  # pyarrow's own, for parquet

_KINDS = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


def regular(path: Path) -> int:
    """The bytes of a regular file; BadInput for what is none, which may never end or never begin.

    OSError where there is nothing.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "device")
        raise BadInput(f"{path}: is a {kind}; give a file")
    return found.st_size


def decoded(name: Path | str, size: int, stored: int) -> None:
    """BadInput where `stored` bytes of a file stand for `size` that are far too many."""
    if size > max(FREE_BYTES, MOST_TIMES * stored):
        raise BadInput(
            f"{name}: its {stored:,} bytes stand for {size:,}; it is made to fill the memory, or "
            "damaged: give it in smaller files if it is sound"
        )


def parquet(name: Path | str, stored: int, opened: ParquetFile, columns: Collection[str]) -> None:
    """BadInput where the footer tells of too many columns, or of too much in those to be read.

    A string of a dictionary may stand in many rows, of which the footer tells nothing: what was
    read is to be measured too, where it shares its strings (`polars.DataFrame.estimated_size`).
    """
    metadata = opened.metadata
    if metadata.num_columns > MOST_COLUMNS:
        raise BadInput(f"{name}: has {metadata.num_columns:,} columns, more than {MOST_COLUMNS:,}")
    leaves = [
        at
        for at in range(metadata.num_columns)
        if metadata.schema.column(at).path.partition(".")[0] in columns
    ]
    size = 8 * metadata.num_rows * len(leaves)
    for group in range(metadata.num_row_groups):
        chunks = (metadata.row_group(group).column(at) for at in leaves)
        size += sum(max(0, chunk.total_uncompressed_size) for chunk in chunks)
        decoded(name, size, stored)


def inflated(name: Path | str, stored: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """What a decompressor gives, as long as it is in proportion to the file's own bytes."""
    size = 0
    for block in blocks:
        size += len(block)
        decoded(name, size, stored)
        yield block


def too_deep(value: object) -> bool:
    """Whether a JSON value has more levels than a recursion, as of frames, should follow."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            part
            for each in level
            if isinstance(each, dict | list)
            for part in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
