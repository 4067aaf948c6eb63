"""The rows of a report by facets: what is counted, and the address that shows the rows counted.

A number on the page and the filter that its link sets are made of the same words, so that they
cannot tell different things. A facet is a column of texts, or of lists of texts: `split` (`dropped`
for a row that is in none), `stage` and `reason` of a drop, `past` (the stages that kept the row),
`kind` of the answer, `stratum`, `tokens`, `near` (similarity to the nearest training row),
`passes` (share of a model's answers), `judged` (share of the published generations that are right),
`repair`, `note` (what was counted of a row), `link`, `cluster`, `suspect`, `line`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import numpy as np
import polars as pl
from markupsafe import Markup, escape
from numpy.typing import NDArray

from pipelines.findings import printable
from pipelines.io.prepared import Prepared
from pipelines.report.mathematics import html, mathml
from pipelines.report.results import rates
from pipelines.report.rows import Rows, kind, tokens_of
from pipelines.similarity.nearest import Nearest
from pipelines.stages.order import NAMES

FACETS = (
    "split",
    "stage",
    "reason",
    "past",
    "kind",
    "stratum",
    "tokens",
    "near",
    "passes",
    "judged",
    "repair",
    "note",
    "link",
    "cluster",
    "suspect",
    "line",
)

# Strata that have a row of their own; the others are one.
_STRATA = 20

# Characters that are shown of a prompt, and of a name.
PROMPT, _NAME = 1_500, 80

# A row that a page shows: its COLUMNS, its number `n`, its `tokens`, and how many answers `passed`
# `of` how many; empty until `Table.shown` reads it.
Row = dict[str, Any]

_PASSING = {"split": pl.String, "line": pl.Int64, "passed": pl.Int64, "of": pl.Int64}

# Rows by their numbers, a bit each.
Mask = NDArray[np.uint8]


class Table:
    """The rows of a folder by their facets, in bits; `named` are those that a section shows.

    A row's number is its place by digest. What rows hold is read of those alone that are shown.
    """

    def __init__(self, prepared: Prepared, near: Nearest) -> None:
        self.named: dict[int, Row] = {}
        self._source = Rows(prepared)
        # An answer has a sign before it, + where its row has options.
        listed = pl.when(pl.col("options").list.len() > 0).then(pl.lit("+")).otherwise(pl.lit("-"))
        rows = self._source.read(
            *("row", "split", "line", "stage", "reason", "repairs", "findings", "link"),
            *("verified", "judged", pl.col("stratum").fill_null("").str.slice(0, _NAME)),
            pl.col("suspects").list.len() > 0,
            several=pl.col("cluster").is_duplicated() & pl.col("cluster").is_not_null(),
            answer=pl.concat_str(listed, "answer"),
        )
        passing = (("train", line, *rate) for line, rate in rates(prepared).items())
        for known in (
            tokens_of(prepared, rows),
            near.rows.select("split", "line", nearest="similarity"),
            pl.DataFrame(list(passing), schema=_PASSING, orient="row"),
        ):
            rows = rows.join(known, on=["split", "line"], how="left", maintain_order="left")
        self._facets = _facets(rows, near.lowest)
        self._masks = {name: dict(_masks(self._facets[name])) for name in self._facets.columns}
        self._all = np.packbits(np.ones(rows.height, np.bool_))
        self._lines = rows["line"].fill_null(0).to_numpy()
        self._rows = rows.select("row", "several", "tokens", "passed", "of")

    def _mask(self, facet: str, value: str) -> Mask:
        if facet == "past":
            return self._all & ~self._where(stage=NAMES[: _dropped_at(value) + 1])
        if facet == "line":
            split, _, line = value.rpartition(":")
            return self._where(split=split) & np.packbits(self._lines == int(line))
        return self._masks[facet].get(value, np.zeros_like(self._all))

    def _where(self, **where: Any) -> Mask:
        """The rows for which each facet has the value, or one of the values."""
        chosen = self._all
        for facet, value in where.items():
            values = [value] if isinstance(value, str) else list(value)
            masks = (self._mask(facet, one) for one in values)
            chosen = chosen & reduce(np.bitwise_or, masks, np.zeros_like(self._all))
        return chosen

    def count(self, **where: Any) -> int:
        """How many rows there are."""
        return int(np.bitwise_count(self._where(**where)).sum())

    def address(self, **where: Any) -> str:
        """The address that shows them."""
        return f"#rows?{urlencode({**where, 'of': self.count(**where)}, doseq=True)}"

    def number(self, **where: Any) -> Markup:
        """How many there are, as a link to them."""
        count = self.count(**where)
        if not count:
            return Markup("0")
        return Markup('<a href="{}">{}</a>').format(self.address(**where), f"{count:,}")

    def values(self, facet: str, **where: Any) -> list[str]:
        """The values of a facet, the most frequent first."""
        chosen = self._where(**where)
        masks = self._masks[facet].items()
        counts = {value: int(np.bitwise_count(mask & chosen).sum()) for value, mask in masks}
        return sorted(filter(counts.get, counts), key=lambda value: (-counts[value], value))

    def ranges(self, facet: str) -> list[str]:
        """The values of a facet that are ranges, the lowest first."""
        return sorted(self.values(facet), key=lambda value: float(value.partition("–")[0]))

    def first(self, most: int, **where: Any) -> list[Row]:
        """The first rows by digest; they will be on the page."""
        places = np.flatnonzero(np.unpackbits(self._where(**where)))[:most].tolist()
        return [self.named.setdefault(n, {}) for n in places]

    def at(self, split: str, line: int) -> Row | None:
        """The row of a line, which will be on the page."""
        return next(iter(self.first(1, line=f"{split}:{line}")), None)

    def called(self, names: Iterable[str]) -> list[Row | None]:
        """For each id the first row in a file that has it, which will be on the page."""
        names = list(names)
        kept = pl.col("id").is_in(names) & pl.col("line").is_not_null()
        at = self._source.read("id", "split", "line", where=kept).reverse()
        places = {name: place for name, *place in at.iter_rows()}
        return [self.at(*places[name]) if name in places else None for name in names]

    def shown(self, most: int) -> dict[int, Row]:
        """The rows that are named, then the first others, `most` in all if not more are named.

        From here on they hold what the folder tells of them.
        """
        others = (n for n in range(self._rows.height) if n not in self.named)
        numbers = [*self.named, *islice(others, max(most - len(self.named), 0))]
        shown = {n: self.named.get(n, {}) for n in numbers}
        own = self._rows[numbers]
        held = self._source.read(where=pl.col("row").is_in(own["row"].to_list()))
        rows = own.join(held, on="row", how="left", maintain_order="left")
        for n, row in zip(numbers, rows.iter_rows(named=True), strict=True):
            shown[n].update(row, n=n)
        return shown

    def facets(self, row: Row) -> dict[str, str]:
        """The facets of a row, several values parted by line ends."""
        values = self._facets.row(row["n"], named=True)
        values["past"] = NAMES[: _dropped_at(row["stage"])]
        values["cluster"] = row["cluster"][:12] if row["several"] else None
        values["line"] = row["line"] and f"{row['split']}:{row['line']}"
        return {
            name: value if isinstance(value, str) else "\n".join(value)
            for name in FACETS
            if (value := values[name]) not in (None, [])
        }


def _dropped_at(stage: str | None) -> int:
    """The place of the stage that dropped a row; of one that was kept, that after the last."""
    return NAMES.index(stage) if stage in NAMES else len(NAMES)


def _facets(rows: pl.DataFrame, lowest: float | None) -> pl.DataFrame:
    """The facets of rows, but `past`, `cluster` and `line`."""
    # A line end would part two values, and other control characters are in no SVG.
    stratum = _mapped(
        rows["stratum"], lambda text: one if (one := printable(text)).strip() else "(none)"
    )
    first = stratum.value_counts().sort(["count", "stratum"], descending=[True, False])["stratum"]
    head = first.head(_STRATA)
    rows = rows.with_columns(
        stratum=pl.when(stratum.is_in(head.implode()))
        .then(stratum)
        .otherwise(pl.lit(f"{first.len() - head.len()} more"))
    )
    held_out = pl.col("split").is_in(["validation", "test"])
    near = _mapped(rows["nearest"], tenth).fill_null(f"0–{lowest}")
    judged = pl.when(pl.col("judged") > 0).then(pl.col("verified") / pl.col("judged"))
    values = rows.select(
        "stage",
        "reason",
        "stratum",
        "link",
        split=pl.col("split").fill_null("dropped"),
        kind=_mapped(rows["answer"], lambda one: kind(one[1:], one[0] == "+")).fill_null("none"),
        tokens=_mapped(rows["tokens"], doubling),
        near=pl.when(held_out & pl.lit(lowest is not None)).then(near),
        passes=_mapped(rows.select(pl.col("passed") / pl.col("of")).to_series(), tenth),
        judged=_mapped(rows.select(judged).to_series(), tenth),
        suspect=pl.when("suspects").then(pl.lit("yes")),
    )
    # A byte or four for each value, of which there are few.
    values = values.select(one.cast(pl.Enum(one.unique().drop_nulls().sort())) for one in values)
    return values.with_columns(
        repair=rows["repairs"].list.eval(pl.element().str.split(" ").list.first()),
        note=rows["findings"],
    )


def _mapped(column: pl.Series, name: Callable[[Any], str]) -> pl.Series:
    """A column by a function that is called once for each of its values."""
    values = column.drop_nulls().unique()
    names = [name(value) for value in values]
    return column.replace_strict(values, names, default=None, return_dtype=pl.String)


def _masks(column: pl.Series) -> Iterator[tuple[str, Mask]]:
    """The values of a facet, and the rows that have each."""
    pairs = column.alias("value").to_frame().with_row_index("n")
    if column.dtype == pl.List:
        pairs = pairs.explode("value")
    for (value,), part in pairs.drop_nulls().partition_by("value", as_dict=True).items():
        flags = np.zeros(column.len(), np.bool_)
        flags[part["n"].to_numpy()] = True
        yield str(value), np.packbits(flags)


def doubling(count: int) -> str:
    """The range of a count, two to each doubling: 16–23, 24–31, 32–47, …"""
    if count < 16:
        return "0–15"
    low = 1 << (count.bit_length() - 1)
    middle = low + low // 2
    return f"{low}–{middle - 1}" if count < middle else f"{middle}–{2 * low - 1}"


def tenth(share: float) -> str:
    """The tenth in which a share from 0 to 1 is; 1 is in the last."""
    place = min(int(share * 10 + 1e-9), 9)
    return f"{place / 10:.1f}–{(place + 1) / 10:.1f}"


def cut(text: str | None, most: int = PROMPT) -> Markup:
    """The beginning of a text as HTML, and how much more there is."""
    text = text or ""
    if len(text) <= most:
        return html(text)
    more = Markup(' <span class="more">… {:,} more characters</span>').format(len(text) - most)
    return html(text[:most]) + more


def answer(text: str | None) -> Markup:
    """A reference answer as HTML; one that is LaTeX without its signs is mathematics, too."""
    latex = text or ""
    shown = mathml(latex) if "\\" in latex and "$" not in latex else None
    return shown or cut(latex, 200)


def short(text: object) -> Markup:
    """A short text such as an id, cut."""
    shown = str(text)
    return escape(shown if len(shown) <= _NAME else f"{shown[:_NAME]}…")
