"""Every row of a prepared folder: where it came from, what became of it, what it asks.

A folder of ours tells of every raw row, by its stage files and its trace; of any other folder there
are the items alone.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.datasets import known
from pipelines.findings import BadInput
from pipelines.io.items import user_text
from pipelines.io.jsonl import json_object, numbered, objects
from pipelines.io.prepared import Prepared
from pipelines.report import results
from pipelines.rules import tokens
from pipelines.similarity.keys import digest

# Columns of the frame, empty where a folder does not tell. `file` and `file_row` are the place of
# the raw row, from 1; `linked_to` is a `row`; `stage`, `reason` and `detail` say why a row is in no
# file, `split` and `line` in which one it is.
COLUMNS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "id": pl.String(),
    "digest": pl.String(),
    "prompt": pl.String(),
    "answer": pl.String(),
    "options": pl.List(pl.String()),
    "stratum": pl.String(),
    "file": pl.String(),
    "file_row": pl.Int64(),
    "repairs": pl.List(pl.String()),
    "published": pl.String(),
    "findings": pl.List(pl.String()),
    "verified": pl.Int64(),
    "judged": pl.Int64(),
    "cluster": pl.String(),
    "linked_to": pl.UInt32(),
    "link": pl.String(),
    "similarity": pl.Float64(),
    "suspects": pl.List(pl.String()),
    "stage": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
    "split": pl.String(),
    "line": pl.Int64(),
}

# Items whose tokens are counted, those with the smallest digests.
COUNTED = 5_000

# A field of items that stands for a stratum has so many values.
_FEW = range(2, 51)

_NUMBER = re.compile(r"[-+−]?\$?\d[\d,  ]*")
_DECIMAL = re.compile(r"[-+−]?\$?[\d,]*\.\d+")
_FRACTION = re.compile(r"[-+−]?(\d+\s*/\s*\d+|\\[dt]?frac\s*\{?\d+\}?\s*\{?\d+\}?)")


class Rows:
    """The rows of a folder, by digest and row, of which only what is asked for is read."""

    def __init__(self, prepared: Prepared) -> None:
        self._folder = prepared.folder
        ours = results.made(prepared) and (prepared.folder / "trace.parquet").is_file()
        self._items = None if ours else _items(prepared).lazy()
        dataset = known(prepared.dataset)
        self._stratum = (dataset.stratum if dataset else "stratum") or ""

    def read(
        self, *columns: str | pl.Expr, where: pl.Expr | bool = True, **made: pl.Expr
    ) -> pl.DataFrame:
        """COLUMNS, or some of them and what is `made` of them, of the rows for which `where` holds.

        BadInput where the folder's files do not go together.
        """
        try:
            rows = _recorded(self._folder, self._stratum) if self._items is None else self._items
            have = rows.collect_schema()
            rows = rows.select(
                (pl.col(name) if name in have else pl.lit(None)).cast(dtype).alias(name)
                for name, dtype in COLUMNS.items()
            )
            return (
                rows.filter(where)
                .sort("digest", "row")
                .select(*(columns or COLUMNS), **made)
                .collect()
            )
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            first = str(error).partition("\n")[0]
            raise BadInput(
                f"{self._folder}: its stages cannot be read ({first}); run `rft prepare` again"
            ) from error


def kind(answer: str | None, options: object) -> str:
    """What kind of answer a reference is, by its form; `options` is true where there are some."""
    text = (answer or "").strip().strip("$").strip()
    if not text:
        return "none"
    if options and len(text.strip("() .")) == 1:
        return "letter"
    if text.lower() in ("yes", "no", "true", "false"):
        return "yes or no"
    for name, form in (("integer", _NUMBER), ("decimal", _DECIMAL), ("fraction", _FRACTION)):
        if form.fullmatch(text):
            return name
    if "\\" in text or re.search(r"[=^_{}]|\d\s*[-+*/]|[-+*/]\s*\d", text):
        return "formula"
    return "text"


def _recorded(folder: Path, stratum: str) -> pl.LazyFrame:
    """The rows of a folder that the pipeline made, by its stage files and its trace."""
    stages = folder / "stages"
    paths = (stages / "normalize.parquet", stages / "dedupe.parquet", folder / "trace.parquet")
    records, links, trace = (pl.scan_parquet(path, glob=False) for path in paths)
    counts = [frame.select(pl.len()).collect().item() for frame in (records, trace)]
    if counts[0] != counts[1]:
        raise ValueError("{} records of {} raw rows".format(*counts))
    spread = stratum in records.collect_schema()
    records = records.with_columns(
        answer="reference_answer", stratum=pl.col(stratum) if spread else pl.lit(None)
    )
    places = trace.drop("id").rename({"row": "file_row"}).with_row_index("raw_row")
    return (
        records.drop("dropped", "detail")
        .join(links.drop("dropped", "detail"), on="row", how="left", maintain_order="left")
        .join(places, on="raw_row", how="left", maintain_order="left")
    )


def _items(prepared: Prepared) -> pl.DataFrame:
    """The items of a folder, whoever made it."""
    rows: list[dict[str, Any]] = []
    fields: list[dict[str, str]] = []
    for split in prepared.splits:
        for line, item in objects(prepared.path(split)):
            options = item.get("options")
            known = isinstance(options, list) and all(isinstance(one, str) for one in options)
            text = user_text(item)
            rows.append(
                {
                    "row": len(rows),
                    "id": _text(item.get("id")),
                    "digest": digest(text),
                    "prompt": text,
                    "answer": _text(item.get("reference_answer")),
                    "options": options if known else [],
                    "split": split,
                    "line": line,
                }
            )
            fields.append({k: v for k, v in item.items() if isinstance(v, str)})
    name = _stratum(fields)
    for row, texts in zip(rows, fields, strict=True):
        row["stratum"] = texts.get(name)
    names = ("row", "id", "digest", "prompt", "answer", "options", "split", "line", "stratum")
    return pl.DataFrame(rows, schema={name: COLUMNS[name] for name in names})


def _stratum(fields: list[dict[str, str]]) -> str:
    """The first text field with few values, each of which several items have; empty: none."""
    names = dict.fromkeys(name for texts in fields[:100] for name in texts)
    for name in names:
        if name not in ("id", "reference_answer"):
            values = Counter(texts.get(name) for texts in fields)
            if len(values) in _FEW and len(values) * 2 <= len(fields):
                return name
    return ""


def tokens_of(prepared: Prepared, rows: pl.DataFrame) -> pl.DataFrame:
    """`split`, `line` and `tokens`, those of an item's messages: of the first COUNTED rows that are
    in a file."""
    chosen = rows.select("split", "line").drop_nulls("line").head(COUNTED)
    wanted = {split: set(chosen.filter(split=split)["line"]) for split in prepared.splits}
    counts = [
        (split, line, tokens.count(json_object(data, prepared.path(split), line))[0])
        for split, lines in wanted.items()
        for line, data in numbered(prepared.path(split))
        if line in lines
    ]
    schema = {"split": pl.String, "line": pl.Int64, "tokens": pl.Int64}
    return pl.DataFrame(counts, schema=schema, orient="row")


def _text(value: object) -> str | None:
    """A field's value as text; None where there is none."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
