"""Which questions of a frame are linked, and how: by their texts, their cells, their stems.

`records` has a row for each record (`row`, `key`, `question`, `options`, `reference_answer`),
`questions` one for each key (`place`, `key`, `row`, that of its first record). Links are between
places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from pipelines.findings import BadInput
from pipelines.similarity.clusters import Link
from pipelines.similarity.copies import COMPARED, numbers
from pipelines.similarity.keys import answer_key, key, plain_text
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs, similarities


def links(records: pl.DataFrame, questions: pl.DataFrame, threshold: float) -> list[Link]:
    """Every link by text between two questions, by their places."""
    place_of = dict(questions.select("key", "place").iter_rows())
    near: dict[tuple[int, int], float] = {}
    for spell in (_keys_of, _plain_of):  # one after the other, for the texts of both take room
        keys, texts = spell(records, questions)
        places = [place_of[key] for key in keys]
        for a, b, similarity in _near(texts, threshold).iter_rows():
            pair = (min(places[a], places[b]), max(places[a], places[b]))
            if pair[0] != pair[1]:
                near[pair] = max(near.get(pair, 0.0), similarity)
    found = [Link(a, b, "near-duplicate", similarity) for (a, b), similarity in near.items()]
    return [*found, *_reworded(records, questions, near)]


def _keys_of(records: pl.DataFrame, questions: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    return questions["key"], questions["key"]


def _plain_of(records: pl.DataFrame, questions: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    asked = records.select("question", "options").iter_rows()
    texts = pl.Series("text", [plain_text(*parts) for parts in asked], pl.String)
    plain = records.select("key", texts).unique(maintain_order=True)
    return plain["key"], plain["text"]


def links_by_parts(records: pl.DataFrame, questions: pl.DataFrame, threshold: float) -> list[Link]:
    """The links between questions made of several cells: alike in each of them.

    Two questions on one long text have most of their words in common, and are two questions.
    """
    parts = (
        questions.select("row").join(records.select("row", "parts"), on="row")["parts"].to_list()
    )
    columns = [pl.Series([key(cell, []) for cell in cells]) for cells in zip(*parts, strict=True)]
    near: list[dict[tuple[str, str], float]] = []
    for column in columns:
        texts = column.unique().sort()
        pairs = _near(texts, threshold).iter_rows()
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


def _near(texts: pl.Series, threshold: float) -> pl.DataFrame:
    try:
        pairs = near_pairs(texts.to_list(), threshold).pairs
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {threshold}: {error}, so the prompts share most of their text; "
            "take what they share out of the prompts, or raise the threshold"
        ) from error
    return pairs.select("left", "right", "similarity")


def _reworded(
    records: pl.DataFrame, questions: pl.DataFrame, near: dict[tuple[int, int], float]
) -> Iterator[Link]:
    """Links between questions with free answers whose numbers and answers are the same."""
    free = (
        records.filter(pl.col("options").list.len() == 0)
        .join(questions.select("key", "place"), on="key")
        .select("place", "question", "reference_answer")
    )
    blocks: dict[tuple[tuple[str, ...], str], set[int]] = defaultdict(set)
    for place, question, answer in free.iter_rows():
        known = numbers(question)
        if len(known) > 1:
            blocks[known, answer_key(answer, [])].add(place)
    groups = [sorted(group) for group in blocks.values() if len(group) > 1]
    pairs = similarities(questions["key"].to_list(), groups, COMPARED)
    for a, b, similarity in pairs.select("left", "right", "similarity").iter_rows():
        if (a, b) not in near:
            yield Link(a, b, "reworded", similarity)


def stems(keys: pl.Series) -> list[list[int]]:
    """The places of the questions with options that share a stem, where several do."""
    named = pl.DataFrame({"stem": keys.str.split("\n").list.first()}).with_row_index("place")
    several = (
        named.filter((pl.col("stem") != "") & (pl.col("stem") != keys))
        .group_by("stem")
        .agg("place")
        .filter(pl.col("place").list.len() > 1)
    )
    return several["place"].to_list()


def groups(records: pl.DataFrame, questions: pl.DataFrame) -> list[list[int]]:
    """The places of the questions that a user's `group` holds together."""
    return (
        records.filter(pl.col("group") != "")
        .join(questions.select("key", "place"), on="key")
        .group_by("group")
        .agg(pl.col("place").unique().sort())
        .filter(pl.col("place").list.len() > 1)
        .sort("group")["place"]
        .to_list()
    )
