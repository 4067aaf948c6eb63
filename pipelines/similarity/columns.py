"""The keys and plain texts of columns: what `keys` makes of a text, for many at once.

Each rule runs once over all texts, joined, or in polars; a text becomes a Python string only where
a rule needs it. 2.6 µs a question with four options, where one by one takes 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import polars as pl

from pipelines.similarity.keys import fold, trim, without_labels
from pipelines.similarity.latex import joined_skeletons, skeleton

# All that may begin with a label, and more: `keys.without_labels` takes its time.
_MAY_BE_LABELED = r"\A[\s\x00-\x20]*[EePpQqTt\dIVX(]"
# Python's white space in ASCII, and where `fold` has something to do with it.
_SPACES = r"[\t-\r\x1c-\x20]+"
_UNEVEN = r"[\t-\r\x1c-\x1f]|  |\A | \z"


def keys(questions: pl.Series, options: pl.Series) -> pl.Series:
    """`keys.key` of each question with its list of options."""
    stems = _trimmed(_skeletons(_changed(questions, _MAY_BE_LABELED, without_labels)))
    several = options.list.len() > 0
    if not several.any():
        return stems
    # One sort of all options by row: `list.sort` takes 7 µs a list.
    rows = pl.DataFrame({"options": options}).with_row_index("row").filter(several)
    flat = rows.explode("options")
    flat = flat.with_columns(options=_trimmed(_skeletons(flat["options"]))).sort("row", "options")
    lists = flat.group_by("row", maintain_order=True).agg("options")["options"].list.join("\n")
    joined = pl.select(pl.concat_str(stems.filter(several), lists, separator="\n")).to_series()
    return _put(stems, several, joined)


def plain_texts(questions: pl.Series, options: pl.Series) -> pl.Series:
    """`keys.plain_text` of each question with its list of options."""
    several = pl.lit(options).list.len() > 0
    joined = pl.concat_str(pl.lit(questions), pl.lit(options).list.join(" "), separator=" ")
    texts = pl.select(pl.when(several).then(joined).otherwise(pl.lit(questions))).to_series()
    ascii_only = texts.str.len_bytes() == texts.str.len_chars()
    lower = texts.filter(ascii_only).str.to_lowercase()
    uneven = lower.str.contains(_UNEVEN)
    even = lower.filter(uneven).str.replace_all(_SPACES, " ").str.strip_chars(" ")
    folded = [fold(text) for text in texts.filter(~ascii_only)]
    return _merged(ascii_only, _put(lower, uneven, even), pl.Series(folded, dtype=pl.String))


def lists(rows: Sequence[Sequence[str]]) -> pl.Series:
    """A column of lists of texts; polars takes 25 µs for a list that Python holds."""
    counts = pl.Series("count", list(map(len, rows)), pl.Int64)
    places = pl.select(place=pl.int_range(len(rows))).to_series()
    flat = pl.DataFrame(
        {
            "place": places.repeat_by(counts).explode().drop_nulls(),
            "text": pl.Series(list(chain.from_iterable(rows)), dtype=pl.String),
        }
    )
    grouped = flat.group_by("place", maintain_order=True).agg("text")
    every = places.to_frame().join(grouped, on="place", how="left", maintain_order="left")
    return every["text"].fill_null([])


def _skeletons(texts: pl.Series) -> pl.Series:
    """`latex.skeleton` of each text."""
    if texts.str.contains("\0", literal=True).any():
        return pl.Series(list(map(skeleton, texts)), dtype=pl.String)
    ascii_only = texts.str.len_bytes() == texts.str.len_chars()
    parts = []
    for some in (texts.filter(ascii_only), texts.filter(~ascii_only)):
        joined = joined_skeletons(some.str.join("\0").item())
        parts.append(pl.Series([joined]).str.split("\0").explode().head(some.len()))
    return _merged(ascii_only, *parts)


def _trimmed(texts: pl.Series) -> pl.Series:
    """`keys.trim` of each text; most begin and end with a letter or digit, and stay as they are."""
    return _changed(texts, r"\A[^0-9a-z]|[^0-9a-z]\z", trim)


def _changed(texts: pl.Series, pattern: str, change: Callable[[str], str]) -> pl.Series:
    """The texts, of which those with the pattern are changed."""
    some = texts.str.contains(pattern)
    changed = [change(text) for text in texts.filter(some).to_list()]
    return _put(texts, some, pl.Series(changed, dtype=pl.String))


def _put(texts: pl.Series, some: pl.Series, others: pl.Series) -> pl.Series:
    """The texts, with the others in the places of `some`."""
    return _merged(some, others, texts.filter(~some)) if others.len() else texts


def _merged(first: pl.Series, ones: pl.Series, others: pl.Series) -> pl.Series:
    """One column of two: where `first` is true the next one of the ones, else of the others."""
    if not ones.len() or not others.len():
        return ones if ones.len() else others
    places = first.cum_sum() - 1
    rest = (~first).cum_sum() - 1 + ones.len()
    return pl.concat([ones, others]).gather(
        pl.select(pl.when(first).then(places).otherwise(rest)).to_series()
    )
