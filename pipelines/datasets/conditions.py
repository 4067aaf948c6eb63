"""The conditions of `[drop]`: SQL expressions that are true or false of one row by itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.findings import BadInput, show

# What makes an expression look at other rows than its own, as polars writes expressions in JSON.
_OTHER_ROWS = {"Agg", "Over", "Rolling", "SubPlan", "Window", "AnonymousFunction", "Sort", "Len"}


@cache
def expression(path: Path, reason: str, condition: str) -> pl.Expr:
    """A condition as an expression over a file's columns; BadInput where it cannot be one."""
    place = f"{path}: drop.{reason} = {show(condition)}"
    try:
        made = pl.sql_expr(condition)
        tree = orjson.loads(made.meta.serialize(format="json"))
        columns = made.meta.root_names()
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise BadInput(
            f"{place}: not SQL ({first}); as in \"level < 3 OR source = 'web'\""
        ) from None
    if not columns or _OTHER_ROWS & set(_words(tree)):
        raise BadInput(f"{place}: does not look at one row by itself; compare its columns only")
    return made


def columns(path: Path, reason: str, condition: str) -> list[str]:
    """The columns that a condition reads."""
    return list(dict.fromkeys(expression(path, reason, condition).meta.root_names()))


def holds(path: Path, reason: str, condition: str, rows: pl.DataFrame) -> pl.Series:
    """Whether a condition is true of each row; `rows` has the columns that it reads."""
    place = f"{path}: drop.{reason} = {show(condition)}"
    try:
        result = rows.select(expression(path, reason, condition).alias("result")).to_series()
    except pl.exceptions.PolarsError as error:
        first = str(error).partition("\n")[0]
        kinds = ", ".join(f"{name} is {dtype}" for name, dtype in rows.schema.items())
        remedy = "cells of CSV are texts: CAST(level AS INT) < 3"
        raise BadInput(f"{place}: {first} ({kinds}); {remedy}") from None
    if result.dtype != pl.Boolean or result.len() != rows.height:
        raise BadInput(f"{place}: is neither true nor false, but {result.dtype}; compare it")
    return result


def _words(tree: Any) -> list[str]:
    """Every word of an expression's tree, but for what a user wrote: columns and texts."""
    if isinstance(tree, dict):
        inner = [value for key, value in tree.items() if key not in ("Column", "String")]
        return [*tree, *(word for value in inner for word in _words(value))]
    if isinstance(tree, list):
        return [word for value in tree for word in _words(value)]
    return [tree] if isinstance(tree, str) else []
