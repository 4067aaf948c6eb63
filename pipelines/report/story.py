"""One row's whole story: the raw row, its repairs, what it is linked to, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.jsonl import objects
from pipelines.io.prepared import ALL_SPLITS, Prepared
from pipelines.report import results, rows
from pipelines.sources.rows import loose, opened, suffix
from pipelines.stages.download import DEMO, RAW

# Rows of one name whose stories are shown, and linked rows that are named.
MOST, _LINKED = 5, 20

# Hex digits of a digest that name a row.
_DIGEST = 8

Story = dict[str, Any]


def stories(prepared: Prepared, word: str, raw: Path | None = None) -> list[Story]:
    """The stories of the rows that a word names, at most MOST; BadInput where it names none.

    The word is an id, a digest or the first 8 or more of its digits, `SPLIT:LINE`, or `FILE:ROW` of
    a raw file. raw: the folder of the raw files; where they are known to lie by default.
    """
    every = rows.Rows(prepared)
    chosen = _named(every, word)
    if not chosen.height:
        raise BadInput(
            f"{word}: no row of {prepared.folder} has this id or digest, or this place; give an "
            "id, 8 digits of a digest, train:LINE, or FILE:ROW of a raw file"
        )
    return [_story(prepared, every, row, raw) for row in chosen.head(MOST).iter_rows(named=True)]


def _named(every: rows.Rows, word: str) -> pl.DataFrame:
    chosen = every.read(where=pl.col("id") == word)
    if not chosen.height and len(word) >= _DIGEST:
        chosen = every.read(where=pl.col("digest").str.starts_with(word.lower()))
    place, _, number = word.rpartition(":")
    if chosen.height or not number.isdecimal():
        return chosen
    line = int(number) if len(number) < 19 else 0
    split = Path(place).name.removesuffix(".jsonl")
    if split in ALL_SPLITS:
        at = (pl.col("split") == split) & (pl.col("line") == line)
    else:
        path = pl.lit("/") + pl.col("file")
        at = path.str.ends_with(f"/{place}") & (pl.col("file_row") == line)
    return every.read(where=at)


def _story(prepared: Prepared, every: rows.Rows, row: Mapping[str, Any], raw: Path | None) -> Story:
    grades = {}
    if row["judged"]:
        grades["published"] = {"verified": row["verified"], "judged": row["judged"]}
    if row["split"] == "train" and row["line"] in (rates := results.rates(prepared)):
        grades["pass_rate"] = dict(zip(("passed", "n"), rates[row["line"]], strict=True))
    item = None
    if row["line"]:
        lines = objects(prepared.path(row["split"]))
        item = next((item for line, item in lines if line == row["line"]), None)
    return {
        "id": row["id"],
        "digest": row["digest"],
        "cluster": row["cluster"],
        "became": _became(row),
        "raw": _raw(prepared, row, raw) if row["file"] else None,
        "prompt": row["prompt"],
        "reference_answer": row["answer"],
        "options": row["options"] or [],
        "repairs": row["repairs"] or [],
        "published": row["published"],
        "counted": row["findings"] or [],
        "links": _links(every, row),
        "suspects": row["suspects"] or [],
        "item": item,
        "grades": grades,
    }


def _became(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line that a row came to, or the stage that dropped it, and why."""
    names = ("split", "line") if row["line"] else ("stage", "reason", "detail")
    return {name: row[name] for name in names}


def _links(every: rows.Rows, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows that a row is linked to in its cluster, and those that are linked to it."""
    if row["cluster"] is None:
        return []
    linked = []
    others = (pl.col("cluster") == row["cluster"]) & (pl.col("row") != row["row"])
    for other in every.read(where=others).sort("row").iter_rows(named=True):
        towards = row["linked_to"] == other["row"]
        if towards or other["linked_to"] == row["row"]:
            by = row if towards else other
            how = {"link": by["link"], "similarity": by["similarity"]}
            place = {"file": other["file"], "row": other["file_row"]}
            answer = {"reference_answer": other["answer"], "prompt": other["prompt"]}
            linked.append({"id": other["id"], **how, **place, **_became(other), **answer})
    return linked[:_LINKED]


def _raw(prepared: Prepared, row: Mapping[str, Any], given: Path | None) -> dict[str, Any]:
    """The raw row as its file holds it, or why it cannot be shown."""
    made = prepared.manifest() or {}
    listed = (made.get("source") or {}).get("files") or []
    digest = next((one["sha256"] for one in listed if one["path"] == row["file"]), None)
    name, folder = prepared.dataset or "", prepared.folder.resolve()
    guesses = (
        DEMO / name,
        RAW / name,
        Path(),
        *folder.parents[:3],
        *((given and (given / name, given)) or ()),
    )
    place = {"file": row["file"], "row": row["file_row"]}
    for path in (root / row["file"] for root in reversed(guesses)):
        if path.is_file() and files.sha256(path) == digest:
            return {**place, "columns": _columns(path, row["file_row"])}
    fault = "the raw file is not here, or has changed; name its folder with --raw"
    return {**place, "columns": None, "fault": fault}


def _columns(path: Path, number: int) -> dict[str, Any]:
    """A row of a raw file, by its number from 1."""
    if suffix(path) != ".parquet":
        return dict(next(islice((row for _, row in loose(path)), number - 1, None), {}))
    file = opened(path)
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        if number <= size:
            columns: dict[str, Any] = file.read_row_group(group).slice(number - 1, 1).to_pylist()[0]
            return columns
        number -= size
    return {}
