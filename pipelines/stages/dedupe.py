"""Clusters of records that ask the same thing; one record for each question, its copies gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.io.engine import Engine, local
from pipelines.similarity import linking
from pipelines.similarity.clusters import KINDS, Link, conflicting, roots, spanning_links, star
from pipelines.similarity.copies import Said
from pipelines.similarity.keys import (
    answer_key,
    answer_text,
    answer_value,
    exact_key,
)
from pipelines.similarity.linking import Stored
from pipelines.stages import ledger
from pipelines.stages.split import own_rank
from pipelines.stages.stage import Context, Stage

# From this similarity on, two records with the same numbers and answers that the grader tells apart
# are reported: of 22 pairs that were read 18 were one problem with two answers.
SUSPECT = 0.85

# What linked records say.
_TEXTS = ("question", "options", "reference_answer")


def dedupe(
    records: pl.DataFrame,
    previous: pl.DataFrame,
    *,
    stored: Stored,
    dataset: Dataset,
    threshold: float,
    engine: Engine = local,
) -> pl.DataFrame:
    """Cluster the records that ask the same thing, and keep one of those that are the same.

    Of `records` only what is narrow is read; their texts come from `stored`, when they are needed.

    Linked are records with one text; with one key; near-duplicates (Jaccard index of the 5-byte
    shingles of their keys, or of their plain texts, at least `threshold`, exactly); reworded ones
    (free answers: the same two numbers or more, the same answer, keys alike to 0.5); and those with
    one stem (the same question with other options). Adds `cluster`, the digest of its first record;
    `linked_to` (a `row`), `link` and `similarity`, a spanning tree of each cluster; `near`, how
    many near-duplicates the question has; `suspects`, the ids of near-duplicates with the same
    numbers and another answer; `pinned`, the side in `previous` (`digest`, `split`), an earlier
    split.

    Of records that are the same question beyond doubt, and of those linked by their texts that say
    the same (`similarity.copies`), one stays: one of a user's test split, then of their validation
    split, then one that is pinned before others, then the one with the most verified generations,
    then the one with the smallest digest. The others are `duplicate`
    and `near_duplicate`. Records of one question whose answers differ, to the dataset's grader too,
    are all `conflicting_answers`: none can be trusted. Every other linked record stays, in its
    cluster. A record that would tie a training cluster of `previous` to one of validation is
    `split_conflict`.
    """
    # A column at a time, for each join of the whole frame is a copy of it.
    sides = previous.select("digest", pinned="split").unique("digest", keep="first")
    sided = records.select("digest").join(sides, on="digest", how="left", maintain_order="left")
    records = ledger.untagged(records).with_columns(sided["pinned"])
    # Rows stand in order, so the first of a key is that of the smallest digest.
    questions = records.select("key", "row").unique("key", keep="first", maintain_order=True)
    questions = questions.with_row_index("place")
    places = questions.select("key", "place", key_row="row")
    placed = records.select("key").join(places, on="key", maintain_order="left").drop("key")
    records = _with_same(records.drop("key").hstack(placed), stored)
    find = linking.links_by_parts if "parts" in dataset.carried else linking.links
    links = find(records.select("row", "place"), questions, threshold, stored, engine)
    groups = [("same stem", group) for group in linking.stems(questions["key"])]
    if dataset.grouped:
        groups += [("same group", group) for group in linking.groups(records, stored)]
    sides = records.drop_nulls("pinned").group_by("place").agg(pl.col("pinned").unique().sort())
    # "validation" where a key was on both sides
    pinned = dict(sides.select("place", pl.col("pinned").list.last()).iter_rows())
    out = conflicting(links, [group for _, group in groups], pinned) if pinned else set()
    records = _with_links(records, questions, links, groups, out)
    records = _tag_split_conflicts(records, sides, out)
    records = _tag_same_question(records, stored, dataset)
    records = _tag_copies(records, stored, questions, links, dataset)
    return records.drop("same", "place", "key_row")


def _with_same(records: pl.DataFrame, stored: Stored) -> pl.DataFrame:
    """The records with `same`, which those of one key have in common that ask the same beyond
    doubt; null for one that is alone with its key."""
    several = records.select("row", "place").filter(pl.len().over("place") > 1)
    asked = stored(["question", "options"], several["row"]).iter_rows()
    exact = pl.Series([exact_key(*parts) for parts in asked], dtype=pl.String)
    same = several.select("row", same=pl.format("{} {}", "place", exact))
    return records.join(same, on="row", how="left", maintain_order="left")


def facts(records: pl.DataFrame) -> dict[str, Any]:
    """What clustering found, for the manifest.

    `chained` is the largest number of questions that near-duplicates alone hold together: a long
    chain of small steps may tie questions that have nothing in common. `suspect_references` are the
    ids of records that ask the same, as far as their texts tell, with different answers.
    """
    sizes = records["cluster"].value_counts()["count"]
    linked = records.drop_nulls("linked_to")
    chain = linked.filter(pl.col("link") == "near-duplicate").select("row", "linked_to")
    towards = spanning_links(Link(a, b, KINDS[0], 1.0) for a, b in chain.iter_rows())
    chained = Counter(roots(towards).values())
    suspects = ledger.kept(records).select("id", "suspects").explode("suspects").drop_nulls()
    return {
        "clusters": sizes.len(),
        "largest": sizes.max() or 0,
        "chained": max(chained.values(), default=0) + bool(chained),
        "links": dict(sorted(Counter(linked["link"].to_list()).items())),
        "near_pairs": int(records["near"].sum() or 0) // 2,
        "suspect_references": [list(pair) for pair in suspects.sort("id", "suspects").iter_rows()],
    }


def _with_links(
    records: pl.DataFrame,
    questions: pl.DataFrame,
    links: list[Link],
    groups: list[tuple[str, list[int]]],
    out: set[int],
) -> pl.DataFrame:
    """The records with `cluster`, `linked_to`, `link`, `similarity` and `near`.

    The first record of a key bears the link of its question, the first of a text is linked to the
    first of its key, and a copy to the first of its text. Rows stand by digest, so the first is the
    one with the smallest.
    """
    within = [link for link in links if link.one not in out and link.other not in out]
    for name, group in groups:
        left = [one for one in group if one not in out]
        within += star(left, min(left, default=0), name)
    towards = spanning_links(within)
    root, rows = roots(towards), questions["row"].to_list()
    near = (link for link in links if link.kind == "near-duplicate")
    degree = Counter(place for one, other, _, _ in near for place in (one, other))
    kind = records.schema["row"]
    linked = pl.DataFrame(
        [
            (rows[place], rows[root.get(place, place)], degree[place], link and rows[link.other])
            + ((link.kind, link.similarity) if link else (None, None))
            for place in {*root, *degree}
            for link in [towards.get(place)]
        ],
        schema={
            "row": kind,
            "root_row": kind,
            "near": pl.UInt32,
            "linked_to": kind,
            "link": pl.String,
            "similarity": pl.Float64,
        },
        orient="row",
    )
    roots_of = linked.select("root_row", key_row="row")
    names = records.select(cluster="digest", root_row="row")
    row, text_row, key_row = pl.col("row"), pl.col("text_row"), pl.col("key_row")
    return (
        records.with_columns(text_row=row.min().over("digest", "place"))
        .join(roots_of, on="key_row", how="left")
        .with_columns(root_row=pl.coalesce("root_row", "key_row"))
        .join(linked.drop("root_row"), on="row", how="left")
        .join(names, on="root_row", how="left")
        .with_columns(
            linked_to=pl.when(row != text_row)
            .then(text_row)
            .when(row != key_row)
            .then(key_row)
            .otherwise("linked_to"),
            link=pl.when(row != text_row)
            .then(pl.lit("same text"))
            .when(row != key_row)
            .then(pl.lit("same question"))
            .otherwise("link"),
            near=pl.col("near").fill_null(0),
        )
        .drop("root_row", "text_row")
        .sort("row")
    )


def _tag_split_conflicts(records: pl.DataFrame, sides: pl.DataFrame, out: set[int]) -> pl.DataFrame:
    """Tag what ties the sides of an earlier split, and a key's training rows where it had both."""
    records = ledger.tag(
        records,
        "split_conflict",
        pl.col("place").is_in(list(out)),
        pl.lit("near to training and to validation of the earlier split"),
    )
    both = sides.filter(pl.col("pinned").list.len() > 1)["place"]
    return ledger.tag(
        records,
        "split_conflict",
        pl.col("place").is_in(both.implode()) & (pl.col("pinned") == "train"),
        pl.lit("the same question was in validation of the earlier split"),
    )


def _preferred(records: pl.DataFrame) -> list[pl.Expr]:
    """By what records are sorted so that those to keep come first."""
    own = [-own_rank()] if "own_split" in records.columns else []
    return [*own, pl.col("pinned").is_null(), -pl.col("verified").fill_null(0), pl.col("row")]


def _tag_same_question(records: pl.DataFrame, stored: Stored, dataset: Dataset) -> pl.DataFrame:
    """Tag all but one of the records of a question, or all of them where their answers differ."""
    several = ledger.kept(records).drop_nulls("same").filter(pl.len().over("same") > 1)
    several = several.sort(_preferred(records))
    answers = stored(["reference_answer", "options"], several["row"]).rows()
    groups = (
        several.select(
            "same",
            "row",
            "digest",
            "id",
            answer=pl.Series([answer_key(*answer) for answer in answers], dtype=pl.String),
            value=pl.Series([answer_value(*answer) for answer in answers], dtype=pl.String),
            text=pl.Series([answer_text(*answer) for answer in answers], dtype=pl.String),
        )
        .group_by("same", maintain_order=True)
        .agg(
            pl.struct("value", "answer").unique(maintain_order=True).alias("answers"),
            pl.col("text").sort_by("row").unique(maintain_order=True).alias("texts"),
            pl.col("id").sort_by("row").first().alias("first_id"),
            pl.col("row").first().alias("kept_row"),
            pl.col("id").first().alias("kept_id"),
            pl.col("digest").first().alias("kept_digest"),
        )
    )
    differ = [
        _differ([(answer["value"], answer["answer"]) for answer in answers], dataset)
        for answers in groups["answers"]
    ]
    groups = groups.drop("answers").with_columns(pl.Series("differ", differ, pl.Boolean))
    records = records.join(groups, on="same", how="left", maintain_order="left")
    records = ledger.tag(
        records,
        "conflicting_answers",
        pl.col("differ"),
        pl.format("question {}: {}", "first_id", pl.col("texts").list.join(" | ")),
    )
    same_text = pl.col("digest") == pl.col("kept_digest")
    records = ledger.tag(
        records,
        "duplicate",
        pl.col("row") != pl.col("kept_row"),
        pl.format(
            "{} as {}",
            pl.when(same_text).then(pl.lit("same text")).otherwise(pl.lit("same question")),
            "kept_id",
        ),
    )
    return records.drop("differ", "texts", "first_id", "kept_row", "kept_id", "kept_digest")


def _differ(answers: list[tuple[str, str]], dataset: Dataset) -> bool:
    """Whether one of the answers, each with its key, is another than the first one.

    To its key, and to the dataset's grader.
    """
    (first, first_key), *others = answers
    equal = dataset.equal or (lambda one, other: False)
    return any(key != first_key and not equal(first, value) for value, key in others)


def _tag_copies(
    records: pl.DataFrame,
    stored: Stored,
    questions: pl.DataFrame,
    links: list[Link],
    dataset: Dataset,
) -> pl.DataFrame:
    """Tag the linked records that say the same as one that stays, and note suspect references.

    In the order of preference each record is kept, unless it is linked by its text to one that was
    kept and says the same; the nearest such one is named.
    """
    rows = questions["row"].to_list()
    neighbours: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for one, other, _, similarity in links:
        neighbours[rows[one]].append((rows[other], similarity or 0.0))
        neighbours[rows[other]].append((rows[one], similarity or 0.0))
    several = pl.col("key_row").is_in(list(neighbours)) | pl.col("same").is_not_null()
    linked = ledger.kept(records).filter(several).sort(_preferred(records))
    linked = linked.select("row", "key_row", "id").hstack(stored(_TEXTS, linked["row"]))
    kept: dict[int, list[tuple[str, str, Said]]] = defaultdict(list)  # by the row of a key
    copies: list[tuple[int, str]] = []
    suspects: list[tuple[int, str]] = []
    for row, key_row, name, question, options, answer in linked.iter_rows():
        said = Said.of(question, options, answer)
        others = [
            (-similarity, other, *one)
            for other, similarity in [(key_row, 1.0), *neighbours[key_row]]
            for one in kept[other]
        ]
        same = [other for other in others if said.is_copy(other[-1], -other[0])]
        if same:
            similarity, _, other_name, *_ = min(same, key=lambda other: other[:3])
            copies.append((row, f"similarity {-similarity:.3f} to {other_name}"))
            continue
        kept[key_row].append((name, answer, said))
        suspects += [
            (row, other_name)
            for similarity, _, other_name, other_answer, other in others
            if -similarity >= SUSPECT
            and not options
            and said.asks_the_same(other)
            and _differ([(answer, said.answer), (other_answer, other.answer)], dataset)
        ]
    kind = records.schema["row"]
    named = pl.DataFrame(copies, schema={"row": kind, "copy_of": pl.String}, orient="row")
    noted = pl.DataFrame(suspects, schema={"row": kind, "suspects": pl.String}, orient="row")
    noted = noted.group_by("row").agg(pl.col("suspects").sort())
    for more in (named, noted):
        records = records.join(more, on="row", how="left", maintain_order="left")
    copied = pl.col("copy_of").is_not_null()
    return ledger.tag(records, "near_duplicate", copied, pl.col("copy_of")).drop("copy_of")


def _outputs(records: pl.DataFrame, context: Context) -> Iterator[tuple[str, pl.DataFrame]]:
    """The records that are not alone, by cluster, and what links each to it."""
    ids = records.select(linked_to="row", linked_id="id")
    together = (
        records.filter(pl.len().over("cluster") > 1)
        .join(ids, on="linked_to", how="left", maintain_order="left")
        .sort("cluster", "row")
    )
    linked_to = pl.col("linked_id").alias("linked_to")
    links = together.select("cluster", "id", linked_to, "link", "similarity", "dropped")
    texts = context.stored(["reference_answer", "prompt"], together["row"])
    yield "clusters.parquet", links.hstack(texts)


STAGE = Stage(
    name="dedupe",
    run=lambda records, context: dedupe(
        records,
        context.previous(),
        stored=context.stored,
        dataset=context.dataset,
        threshold=context.threshold,
        engine=context.engine,
    ),
    settings=("dataset", "threshold"),
    columns=("id", "digest", "key", "verified", "own_split"),
    reads=("previous",),
    facts=facts,
    outputs=_outputs,
)
