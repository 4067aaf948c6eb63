"""The rows of a report by facets: what is counted, and the address that shows the rows counted.

A number on the page and the filter that its link sets are made of the same words, so that they
cannot tell different things. A facet is a column of texts, or of lists of texts: `split` (`dropped`
for a row that is in none), `stage` and `reason` of a drop, `past` (the stages that kept the row),
`kind` of the answer, `stratum`, `tokens`, `near` (similarity to the nearest training row),
`passes` (share of a model's answers), `judged` (share of the published generations that are right),
`repair`, `note` (what was counted of a row), `link`, `cluster`, `suspect`, `line`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import polars as pl
from markupsafe import Markup, escape

from pipelines.findings import printable
from pipelines.report.leakage import Nearness
from pipelines.report.mathematics import html, mathml
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

Row = Mapping[str, Any]


class Table:
    """The rows of a folder with their facets; `named` are those that a section shows."""

    def __init__(
        self, rows: pl.DataFrame, near: Nearness, rates: Mapping[int, tuple[int, int]]
    ) -> None:
        self.named: dict[int, None] = {}
        self._lowest = near.lowest
        nearest = pl.DataFrame(
            [(one.split, one.line, one.similarity) for one in near.pairs],
            schema={"split": pl.String, "line": pl.Int64, "nearest": pl.Float64},
            orient="row",
        )
        passing = pl.DataFrame(
            [("train", line, *rate) for line, rate in rates.items()],
            schema={"split": pl.String, "line": pl.Int64, "passed": pl.Int64, "of": pl.Int64},
            orient="row",
        )
        on = ["split", "line"]
        rows = rows.join(nearest, on=on, how="left", maintain_order="left")
        self.rows = rows.join(passing, on=on, how="left", maintain_order="left").with_row_index("n")
        self._facets = self._with_facets()

    def _with_facets(self) -> pl.DataFrame:
        dropped_at = pl.col("stage").replace_strict(
            {name: place for place, name in enumerate(NAMES)}, default=len(NAMES)
        )
        several = pl.col("cluster").is_not_null() & (pl.len().over("cluster") > 1)
        stratum = pl.col("stratum").fill_null("").str.slice(0, _NAME)
        # A line end would part two values, and other control characters are in no SVG.
        stratum = stratum.map_elements(printable, return_dtype=pl.String)
        stratum = pl.when(stratum.str.strip_chars() == "").then(pl.lit("(none)")).otherwise(stratum)
        first = (
            self.rows.select(stratum=stratum)["stratum"]
            .value_counts()
            .sort(["count", "stratum"], descending=[True, False])["stratum"]
        )
        others = max(0, first.len() - _STRATA)
        head = first.head(_STRATA).to_list()
        held_out = pl.col("split").is_in(["validation", "test"])
        return self.rows.select(
            "n",
            split=pl.col("split").fill_null("dropped"),
            stage="stage",
            reason="reason",
            past=pl.concat_list(
                pl.when(dropped_at > place).then(pl.lit([name])).otherwise([])
                for place, name in enumerate(NAMES)
            ),
            kind="kind",
            stratum=pl.when(stratum.is_in(head)).then(stratum).otherwise(pl.lit(f"{others} more")),
            tokens=pl.col("tokens").map_elements(doubling, return_dtype=pl.String),
            near=pl.when(held_out & pl.lit(self._lowest is not None)).then(
                pl.col("nearest")
                .map_elements(tenth, return_dtype=pl.String)
                .fill_null(f"0–{self._lowest}")
            ),
            passes=(pl.col("passed") / pl.col("of")).map_elements(tenth, return_dtype=pl.String),
            judged=pl.when(pl.col("judged") > 0)
            .then(pl.col("verified") / pl.col("judged"))
            .map_elements(tenth, return_dtype=pl.String),
            repair=pl.col("repairs").list.eval(pl.element().str.split(" ").list.first()),
            note="findings",
            link="link",
            cluster=pl.when(several).then(pl.col("cluster").str.slice(0, 12)),
            suspect=pl.when(pl.col("suspects").list.len() > 0).then(pl.lit("yes")),
            line=pl.format("{}:{}", "split", "line"),
        )

    def _where(self, where: Mapping[str, Any]) -> pl.DataFrame:
        """The rows for which each facet has the value, or one of the values."""
        chosen = self._facets
        for name, value in where.items():
            values = [value] if isinstance(value, str) else list(value)
            column = pl.col(name)
            if self._facets.schema[name] == pl.List:
                test = pl.any_horizontal(column.list.contains(one) for one in values)
            else:
                test = column.is_in(values)
            chosen = chosen.filter(test.fill_null(False))
        return chosen

    def count(self, **where: Any) -> int:
        """How many rows there are."""
        return self._where(where).height

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
        column = self._where(where)[facet]
        column = column.explode() if column.dtype == pl.List else column
        counts = column.drop_nulls().value_counts().sort(["count", facet], descending=[True, False])
        values: list[str] = counts[facet].to_list()
        return values

    def ranges(self, facet: str) -> list[str]:
        """The values of a facet that are ranges, the lowest first."""
        return sorted(self.values(facet), key=lambda value: float(value.partition("–")[0]))

    def first(self, most: int, **where: Any) -> list[Row]:
        """The first rows by digest; they will be on the page."""
        return [self.row(n) for n in self._where(where)["n"].head(most)]

    def row(self, n: int) -> Row:
        """A row by its number, which will be on the page."""
        self.named[n] = None
        return self.rows.row(n, named=True)

    def at(self, split: str, line: int) -> Row | None:
        """The row of a line, which will be on the page."""
        n = self._lines.get((split, line))
        return None if n is None else self.row(n)

    def called(self, name: str) -> Row | None:
        """The first row that has an id and is in a file."""
        n = self._ids.get(name)
        return None if n is None else self.row(n)

    def facets(self, n: int) -> dict[str, str]:
        """The facets of a row, several values parted by line ends."""
        values = self._facets.row(n, named=True)
        lists = {name: values[name] for name in FACETS if values[name] not in (None, [])}
        return {
            name: "\n".join(value) if isinstance(value, list) else value
            for name, value in lists.items()
        }

    @cached_property
    def _lines(self) -> dict[tuple[str, int], int]:
        kept = self.rows.drop_nulls("line").select("split", "line", "n")
        return {(split, line): n for split, line, n in kept.iter_rows()}

    @cached_property
    def _ids(self) -> dict[str, int]:
        kept = self.rows.drop_nulls("line").drop_nulls("id").reverse()
        return dict(kept.select("id", "n").iter_rows())


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
