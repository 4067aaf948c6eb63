"""Every row of a prepared folder as a frame: where it came from, what became of it, what it asks.

A folder of ours tells of every raw row, by its stage files and its trace; of any other folder there
are the items alone.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import orjson
import polars as pl

from pipelines.datasets import known
from pipelines.findings import BadInput
from pipelines.io.items import user_text
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared
from pipelines.report import results
from pipelines.rules import tokens
from pipelines.similarity.keys import digest

# Columns of the frame, empty where a folder does not tell. `file` and `file_row` are the place of
# the raw row, from 1; `linked_to` is a `row`; `stage`, `reason` and `detail` say why a row is in no
# file, `split` and `line` in which one it is; `tokens` are those of an item's messages.
COLUMNS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "id": pl.String(),
    "digest": pl.String(),
    "prompt": pl.String(),
    "answer": pl.String(),
    "options": pl.List(pl.String()),
    "kind": pl.String(),
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
    "tokens": pl.Int64(),
}

# What is read of the records, and of what links them.
_RECORD = (
    *("row", "raw_row", "id", "digest", "prompt", "reference_answer", "options", "repairs"),
    *("published", "findings", "verified", "judged"),
)
_LINK = ("row", "cluster", "linked_to", "link", "similarity", "suspects")

# Items whose tokens are counted, those with the smallest digests.
COUNTED = 5_000

# A field of items that stands for a stratum has so many values.
_FEW = range(2, 51)

_NUMBER = re.compile(r"[-+−]?\$?\d[\d,  ]*")
_DECIMAL = re.compile(r"[-+−]?\$?[\d,]*\.\d+")
_FRACTION = re.compile(r"[-+−]?(\d+\s*/\s*\d+|\\[dt]?frac\s*\{?\d+\}?\s*\{?\d+\}?)")


def read(prepared: Prepared, *, counted: bool = True) -> pl.DataFrame:
    """The rows of a folder, with the columns of COLUMNS, by digest and row; tokens if `counted`.

    BadInput where its files do not go together.
    """
    ours = results.made(prepared) and (prepared.folder / "trace.parquet").is_file()
    frame = _recorded(prepared) if ours else _items(prepared)
    kinds = map(kind, frame["answer"].to_list(), frame["options"].to_list())
    frame = frame.with_columns(kind=pl.Series(list(kinds), dtype=pl.String))
    if counted:
        frame = _with_tokens(frame, prepared)
    missing = [name for name in COLUMNS if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, COLUMNS[name]).alias(name) for name in missing)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()).sort(
        "digest", "row"
    )


def kind(answer: str | None, options: list[str] | None) -> str:
    """What kind of answer a reference is, by its form."""
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


def _recorded(prepared: Prepared) -> pl.DataFrame:
    """The rows of a folder that the pipeline made, by its stage files and its trace."""
    folder = prepared.folder
    try:
        trace = pl.read_parquet(folder / "trace.parquet", glob=False)
        dataset = known(prepared.dataset)
        stratum = (dataset.stratum if dataset else "stratum") or ""
        path = folder / "stages" / "normalize.parquet"
        columns = [one for one in (*_RECORD, stratum) if one in pl.read_parquet_schema(path)]
        records = pl.read_parquet(path, columns=columns, glob=False)
        links = pl.read_parquet(folder / "stages" / "dedupe.parquet", columns=[*_LINK], glob=False)
        places = trace.drop("id")[records["raw_row"].to_list()].rename({"row": "file_row"})
        return records.join(links, on="row", how="left", maintain_order="left").with_columns(
            *places.get_columns(),
            answer="reference_answer",
            stratum=pl.col(stratum).cast(pl.String) if stratum in columns else pl.lit(None),
        )
    except (OSError, pl.exceptions.PolarsError, IndexError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(
            f"{folder}: its stages cannot be read ({first}); run `rft prepare` again"
        ) from error


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


def _with_tokens(frame: pl.DataFrame, prepared: Prepared) -> pl.DataFrame:
    """The rows with the tokens of their items, of the COUNTED with the smallest digests."""
    kept = frame.drop_nulls("line").sort("digest", "row").head(COUNTED)
    wanted = set(kept.select("split", "line").iter_rows())
    counts = [
        (split, line, tokens.count(item)[0])
        for split in prepared.splits
        for line, item in objects(prepared.path(split))
        if (split, line) in wanted
    ]
    counted = pl.DataFrame(
        counts, schema={"split": pl.String, "line": pl.Int64, "tokens": pl.Int64}, orient="row"
    )
    return frame.join(counted, on=["split", "line"], how="left", maintain_order="left")


def _text(value: object) -> str | None:
    """A field's value as text; None where there is none."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
