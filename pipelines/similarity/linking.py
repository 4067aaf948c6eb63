"""Which questions of a frame are linked, and how: by their texts, their cells, their stems.

`records` has a row for each record (`row`, `place`), `questions` one for each key (`place`, `key`,
`row`, that of its first record), and `stored` gives what else is read of some records. Links are
between places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

import polars as pl

from pipelines.findings import BadInput
from pipelines.io.engine import Engine
from pipelines.similarity.blocks import near_pairs_by_blocks
from pipelines.similarity.clusters import Link
from pipelines.similarity.columns import plain_texts
from pipelines.similarity.copies import COMPARED, numbers
from pipelines.similarity.keys import answer_key, key
from pipelines.similarity.near_pairs import TooManyPairs, similarities

# Columns of the records of some rows (column `row`) as the first stage made them, in the order of
# the rows; `question` is the prompt where no other stands for it.
Stored = Callable[[Collection[str], pl.Series], pl.DataFrame]

# Records whose texts are held at a time.
_SLICE = 1 << 17


def links(
    records: pl.DataFrame,
    questions: pl.DataFrame,
    threshold: float,
    stored: Stored,
    engine: Engine,
) -> list[Link]:
    """Every link by text between two questions, by their places."""
    # One after the other, for the texts of both take room.
    pairs = [_between(questions.select("place", text="key"), threshold, engine)]
    plain, groups = _asked(records, stored)
    pairs.append(_between(plain, threshold, engine))
    nearest = pl.concat(pairs).group_by("one", "other", maintain_order=True).max()
    near = {(one, other): similarity for one, other, similarity in nearest.iter_rows()}
    found = [Link(a, b, "near-duplicate", similarity) for (a, b), similarity in near.items()]
    # Free answers whose numbers and answers are the same.
    reworded = similarities(questions["key"], groups, COMPARED)
    reworded = reworded.select("left", "right", "similarity")
    return found + [
        Link(a, b, "reworded", s) for a, b, s in reworded.iter_rows() if (a, b) not in near
    ]


def _asked(records: pl.DataFrame, stored: Stored) -> tuple[pl.DataFrame, list[list[int]]]:
    """The different plain texts of each question (`place`, `text`), and groups of places of
    questions with free answers whose numbers, two at least, and answers are the same."""
    plain = [pl.DataFrame(schema={"place": records.schema["place"], "text": pl.String})]
    blocks: dict[tuple[tuple[str, ...], str], set[int]] = defaultdict(set)
    for part in records.iter_slices(_SLICE):
        texts = stored(["question", "options", "reference_answer"], part["row"])
        texts = texts.with_columns(part["place"])
        text = plain_texts(texts["question"], texts["options"]).alias("text")
        plain.append(texts.select("place", text))
        free = texts.filter(pl.col("options").list.len() == 0)
        for place, question, answer in free.select(
            "place", "question", "reference_answer"
        ).iter_rows():
            known = numbers(question)
            if len(known) > 1:
                blocks[known, answer_key(answer, [])].add(place)
    groups = [sorted(group) for group in blocks.values() if len(group) > 1]
    return pl.concat(plain).unique(maintain_order=True), groups


def _between(texts: pl.DataFrame, threshold: float, engine: Engine) -> pl.DataFrame:
    """The near pairs of texts of two questions: `one` before `other`, and their similarity."""
    pairs = _near(texts["text"], threshold, engine)
    left, right = (texts["place"].gather(pairs[side]) for side in ("left", "right"))
    ends = pl.select(one=pl.min_horizontal(left, right), other=pl.max_horizontal(left, right))
    return ends.with_columns(pairs["similarity"]).filter(pl.col("one") != pl.col("other"))


def links_by_parts(
    records: pl.DataFrame,
    questions: pl.DataFrame,
    threshold: float,
    stored: Stored,
    engine: Engine,
) -> list[Link]:
    """The links between questions made of several cells: alike in each of them.

    Two questions on one long text have most of their words in common, and are two questions.
    """
    parts = stored(["parts"], questions["row"])["parts"].to_list()
    columns = [pl.Series([key(cell, []) for cell in cells]) for cells in zip(*parts, strict=True)]
    near: list[dict[tuple[str, str], float]] = []
    for column in columns:
        texts = column.unique().sort()
        pairs = _near(texts, threshold, engine).iter_rows()
        near.append({(texts[a], texts[b]): similarity for a, b, similarity in pairs})
    # By the cells that differ most: few questions share one.
    first = max(range(len(columns)), key=lambda place: columns[place].n_unique())
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(columns[first]):
        places[text].append(place)
    alike = [*((text, text) for text in places), *near[first]]
    found = []
    for one, other in alike:
        for a in places[one]:
            for b in places[other] if one != other else [b for b in places[one] if b > a]:
                degrees = [
                    1.0
                    if column[a] == column[b]
                    else known.get((min(column[a], column[b]), max(column[a], column[b])), 0.0)
                    for column, known in zip(columns, near, strict=True)
                ]
                if min(degrees) > 0:
                    found.append(Link(min(a, b), max(a, b), "near-duplicate", min(degrees)))
    return found


def _near(texts: pl.Series, threshold: float, engine: Engine) -> pl.DataFrame:
    try:
        pairs = near_pairs_by_blocks(texts, threshold, engine)
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {threshold}: {error}, so the prompts share most of their text; "
            "take what they share out of the prompts, or raise the threshold"
        ) from error
    return pairs.select("left", "right", "similarity")


def stems(keys: pl.Series) -> list[list[int]]:
    """The places of the questions with options that share a stem, where several do."""
    named = (
        keys.str.splitn("\n", 2).struct.field("field_0").to_frame("stem").with_row_index("place")
    )
    several = (
        named.filter((pl.col("stem") != "") & (pl.col("stem") != keys))
        .group_by("stem")
        .agg("place")
        .filter(pl.col("place").list.len() > 1)
    )
    return several["place"].to_list()


def groups(records: pl.DataFrame, stored: Stored) -> list[list[int]]:
    """The places of the questions that a user's `group` holds together."""
    return (
        stored(["group"], records["row"])
        .with_columns(records["place"])
        .filter(pl.col("group") != "")
        .group_by("group")
        .agg(pl.col("place").unique().sort())
        .filter(pl.col("place").list.len() > 1)
        .sort("group")["place"]
        .to_list()
    )
