"""Clusters of records that ask the same thing; one record for each question, its copies gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.similarity.clusters import Pair, roots, spanning_ties, tying
from pipelines.similarity.keys import answer_key, answer_text, answer_value, marks
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs
from pipelines.stages import ledger
from pipelines.stages.stage import Context, Stage


def dedupe(
    records: pl.DataFrame, previous: pl.DataFrame, *, dataset: Dataset, threshold: float
) -> pl.DataFrame:
    """Cluster the records that ask the same thing, and keep one of those that are the same.

    Tied are records with one text, with one key, near-duplicates (Jaccard of the 5-byte shingles of
    their keys at least `threshold`, exactly) and records with one stem (the same question with
    other options). Adds `cluster`, the digest of its first record; `tied_to` (a `row`), `tie` and
    `similarity`, a spanning tree of each cluster; `near`, how many near-duplicates the question
    has; `pinned`, the side in `previous` (`digest`, `split`), an earlier split.

    Of records with one key, and of near-duplicates whose numbers, negations and answers agree, one
    stays: one that is pinned before others, then the one with the most verified generations, then
    the one with the smallest digest. The others are `duplicate` and `near_duplicate`. Records with
    one key whose answers differ, to the dataset's grader too, are all `conflicting_answers`: none
    can be trusted. Every other
    near-duplicate stays, in its cluster. A record that would tie a training cluster of `previous`
    to one of validation is `split_conflict`.
    """
    sides = previous.select("digest", pinned="split").unique("digest", keep="first")
    records = ledger.untagged(records).join(sides, on="digest", how="left", maintain_order="left")
    questions = (
        records.group_by("key")
        .agg(pl.col("row").min(), pl.col("pinned").drop_nulls().unique().sort())
        .sort("row")
    )
    near = _near(questions["key"], threshold)
    stems = _stems(questions["key"])
    pinned = {
        place: sides[-1]  # "validation" where a key was on both sides
        for place, sides in enumerate(questions["pinned"])
        if len(sides)
    }
    out = tying(near, stems, pinned) if pinned else set()
    records = _with_ties(records, questions, near, stems, out)
    records = _tag_ties_splits(records, questions, out, pinned)
    records = _tag_same_key(records, dataset)
    return _tag_near(records, questions, near).drop("key_row")


def facts(records: pl.DataFrame) -> dict[str, Any]:
    """What clustering found, for the manifest.

    `chained` is the largest number of questions that near-duplicates alone hold together: a long
    chain of small steps may tie questions that have nothing in common.
    """
    sizes = records["cluster"].value_counts()["count"]
    tied = records.drop_nulls("tied_to")
    counts = Counter(tied["tie"].to_list())
    chain = tied.filter(pl.col("tie") == "near-duplicate")
    links = spanning_ties(((a, b, 1.0) for a, b in chain.select("row", "tied_to").iter_rows()), [])
    chained = Counter(roots(links).values())
    return {
        "clusters": sizes.len(),
        "largest": sizes.max() or 0,
        "chained": max(chained.values(), default=0) + bool(chained),
        "ties": dict(sorted(counts.items())),
        "near_pairs": int(records["near"].sum() or 0) // 2,
    }


def _near(keys: pl.Series, threshold: float) -> list[Pair]:
    try:
        found = near_pairs(keys.to_list(), threshold).pairs
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {threshold}: {error}, so the prompts share most of their text; "
            "take what they share out of the prompts, or raise the threshold"
        ) from error
    return list(found.select("left", "right", "similarity").iter_rows())


def _stems(keys: pl.Series) -> list[list[int]]:
    """The places of the questions that share a stem, where several do."""
    stems = pl.DataFrame({"stem": keys.str.split("\n").list.first()}).with_row_index("place")
    groups = stems.group_by("stem").agg("place").filter(pl.col("place").list.len() > 1)
    return groups["place"].to_list()


def _with_ties(
    records: pl.DataFrame,
    questions: pl.DataFrame,
    near: list[Pair],
    stems: list[list[int]],
    out: set[int],
) -> pl.DataFrame:
    """The records with `cluster`, `tied_to`, `tie`, `similarity` and `near`.

    The first record of a key bears the tie of its question, the first of a text is tied to the
    first of its key, and a copy to the first of its text. Rows stand by digest, so the first is the
    one with the smallest.
    """
    ties = spanning_ties(
        [pair for pair in near if pair[0] not in out and pair[1] not in out],
        [[one for one in group if one not in out] for group in stems],
    )
    root, rows = roots(ties), questions["row"].to_list()
    degree = Counter(place for a, b, _ in near for place in (a, b))
    of_question = pl.DataFrame(
        {
            "row": rows,
            "root_row": [rows[root.get(place, place)] for place in range(len(rows))],
            "near": [degree[place] for place in range(len(rows))],
        },
        schema={"row": records.schema["row"], "root_row": records.schema["row"], "near": pl.UInt32},
    )
    of_tie = pl.DataFrame(
        [
            (rows[place], rows[tie.to], tie.kind, tie.similarity)
            for place, tie in sorted(ties.items())
        ],
        schema={
            "row": records.schema["row"],
            "tied_to": records.schema["row"],
            "tie": pl.String,
            "similarity": pl.Float64,
        },
        orient="row",
    )
    names = records.select("digest", root_row="row")
    records = records.with_columns(
        key_row=pl.col("row").min().over("key"), text_row=pl.col("row").min().over("digest")
    )
    return (
        records.join(of_question.drop("near"), left_on="key_row", right_on="row", how="left")
        .join(of_question.select("row", "near"), on="row", how="left")
        .join(names.rename({"digest": "cluster"}), on="root_row", how="left")
        .join(of_tie, on="row", how="left")
        .with_columns(
            tied_to=pl.when(pl.col("row") != pl.col("text_row"))
            .then("text_row")
            .when(pl.col("row") != pl.col("key_row"))
            .then("key_row")
            .otherwise("tied_to"),
            tie=pl.when(pl.col("row") != pl.col("text_row"))
            .then(pl.lit("same text"))
            .when(pl.col("row") != pl.col("key_row"))
            .then(pl.lit("same question"))
            .otherwise("tie"),
            near=pl.col("near").fill_null(0),
        )
        .drop("root_row", "text_row")
        .sort("row")
    )


def _tag_ties_splits(
    records: pl.DataFrame, questions: pl.DataFrame, out: set[int], pinned: dict[int, str]
) -> pl.DataFrame:
    """Tag what ties the sides of an earlier split, and a key's training rows where it had both."""
    keys = questions.with_row_index("place").filter(pl.col("place").is_in(out))["key"]
    records = ledger.tag(
        records,
        "split_conflict",
        pl.col("key").is_in(keys.implode()),
        pl.lit("near to training and to validation of the earlier split"),
    )
    both = questions.filter(pl.col("pinned").list.len() > 1)["key"]
    return ledger.tag(
        records,
        "split_conflict",
        pl.col("key").is_in(both.implode()) & (pl.col("pinned") == "train"),
        pl.lit("the same question was in validation of the earlier split"),
    )


# Records in the order in which they are preferred.
_PREFERRED = [pl.col("pinned").is_null(), -pl.col("verified").fill_null(0), pl.col("row")]


def _tag_same_key(records: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Tag all but one of the records with one key, or all of them where their answers differ."""
    several = ledger.kept(records).filter(pl.len().over("key") > 1)
    answers = several.select("reference_answer", "options").rows()
    groups = (
        several.select(
            "key",
            "row",
            "digest",
            "id",
            preferred=pl.struct(_PREFERRED[0].alias("a"), _PREFERRED[1].alias("b"), "row"),
            answer=pl.Series([answer_key(*answer) for answer in answers], dtype=pl.String),
            value=pl.Series([answer_value(*answer) for answer in answers], dtype=pl.String),
            text=pl.Series([answer_text(*answer) for answer in answers], dtype=pl.String),
        )
        .sort("preferred")
        .group_by("key", maintain_order=True)
        .agg(
            pl.struct("answer", "value").unique(maintain_order=True).alias("answers"),
            pl.col("text").sort_by("row").unique(maintain_order=True).alias("texts"),
            pl.col("id").sort_by("row").first().alias("first_id"),
            pl.col("row").first().alias("kept_row"),
            pl.col("id").first().alias("kept_id"),
            pl.col("digest").first().alias("kept_digest"),
        )
    )
    differ = [_differ(answers, dataset) for answers in groups["answers"]]
    groups = groups.drop("answers").with_columns(pl.Series("differ", differ, pl.Boolean))
    records = records.join(groups, on="key", how="left", maintain_order="left")
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


def _differ(answers: pl.Series, dataset: Dataset) -> bool:
    """Whether one of the answers is another than the first, to `answer_key` and to the grader."""
    first, *others = answers
    equal = dataset.equal or (lambda one, other: False)
    return any(
        other["answer"] != first["answer"] and not equal(first["value"], other["value"])
        for other in others
    )


def _tag_near(records: pl.DataFrame, questions: pl.DataFrame, near: list[Pair]) -> pl.DataFrame:
    """Tag the near-duplicates that say the same as one that stays.

    In the order of preference each question is kept, unless it is near to one that was kept and
    agrees with it in numbers, negations and answer; the nearest such one is named.
    """
    neighbours: dict[int, list[tuple[int, float]]] = {}
    rows = questions["row"].to_list()
    for a, b, similarity in near:
        neighbours.setdefault(rows[a], []).append((rows[b], similarity))
        neighbours.setdefault(rows[b], []).append((rows[a], similarity))
    wanted = pl.col("key_row").is_in(list(neighbours))
    candidates = ledger.kept(records).filter(wanted).sort(_PREFERRED)
    kept: dict[int, tuple[str, tuple[object, ...]]] = {}
    copies = []
    told = candidates.select("row", "key_row", "id", "key", "reference_answer", "options")
    for row, question, name, key, answer, options in told.iter_rows():
        says = (*marks(key), answer_key(answer, options))
        same = [
            (-similarity, other)
            for other, similarity in neighbours[question]
            if other in kept and kept[other][1] == says
        ]
        if same:
            similarity, other = min(same)
            copies.append((row, f"similarity {-similarity:.3f} to {kept[other][0]}"))
        else:
            kept[question] = (name, says)
    hits = pl.DataFrame(
        copies, schema={"row": records.schema["row"], "kept_near": pl.String}, orient="row"
    )
    records = records.join(hits, on="row", how="left", maintain_order="left")
    found = pl.col("kept_near").is_not_null()
    return ledger.tag(records, "near_duplicate", found, pl.col("kept_near")).drop("kept_near")


def _outputs(records: pl.DataFrame, context: Context) -> Iterator[tuple[str, pl.DataFrame]]:
    """The records that are not alone, by cluster, and what ties each to it."""
    ids = records.select(tied_to="row", tied_to_id="id")
    together = (
        records.filter(pl.len().over("cluster") > 1)
        .join(ids, on="tied_to", how="left", maintain_order="left")
        .sort("cluster", "row")
    )
    columns = ("tie", "similarity", "dropped", "reference_answer", "prompt")
    tied_to = pl.col("tied_to_id").alias("tied_to")
    yield "clusters.parquet", together.select("cluster", "id", tied_to, *columns)


STAGE = Stage(
    name="dedupe",
    run=lambda records, context: dedupe(
        records,
        context.previous(),
        dataset=context.dataset,
        threshold=context.threshold,
    ),
    settings=("dataset", "threshold"),
    reads=("previous",),
    facts=facts,
    outputs=_outputs,
)
