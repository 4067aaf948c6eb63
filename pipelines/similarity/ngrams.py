"""Long overlaps: runs of words that a text has in common with one question of a benchmark.

A text that quotes a question and goes on is not similar to it as a whole. What gives it away is a
run of 13 words, unless the run is a stock phrase ("where m and n are relatively prime positive
integers"), which stands in several questions of the benchmark, or in many of the texts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

WORDS = 13

# A run in more clusters than this is a stock phrase. Of 3,280 math rows against the 500 questions
# of MATH-500 two quote one, with any bound up to 3; from 4 on, four more have "m and n are
# relatively prime positive integers" in common with the one question there that says so.
MOST_CLUSTERS = 2

_SLICE = 16_384
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Codes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


def quotes(keys: pl.Series, clusters: pl.Series, questions: pl.Series) -> pl.DataFrame:
    """The keys that quote a benchmark question: `text`, `question` (places) and `windows`.

    Only stems are compared, for two questions may offer the same options.
    """
    stems = pl.DataFrame({"stem": questions.str.split("\n").list.first()}).with_row_index("place")
    distinct = stems.group_by("stem").agg(pl.col("place").min()).sort("place")
    found = shared_windows(keys.str.split("\n").list.first(), clusters, distinct["stem"])
    places = distinct["place"].cast(pl.Int64)
    return found.with_columns(question=places.gather(found["question"]))


def shared_windows(
    texts: pl.Series,
    clusters: pl.Series,
    questions: pl.Series,
    *,
    words: int = WORDS,
    most_clusters: int = MOST_CLUSTERS,
) -> pl.DataFrame:
    """The texts that have a run of `words` words in common with a question, and how many runs.

    A run counts where it stands in one of `questions`, which are distinct, and in the texts of at
    most `most_clusters` clusters. Returns `text` and `question`, places in the two series, and
    `windows`, in order. A word is a run of letters, digits and underscores; punctuation is skipped.
    """
    told = _words(questions, 0)
    vocabulary = told.select("word").unique().sort("word").with_row_index("code", offset=1)
    owners, codes = _coded(told, vocabulary)
    starts = _starts(owners, words)
    hashes, first, count = np.unique(
        _hashes(codes, starts, words), return_index=True, return_counts=True
    )
    # A run twice in one question is left out with the stock phrases; its neighbours remain.
    hashes, starts = hashes[count == 1], starts[first[count == 1]]
    found = []
    for begin in range(0, len(texts), _SLICE):
        part_owners, part = _coded(_words(texts.slice(begin, _SLICE), begin), vocabulary)
        at = _starts(part_owners, words)
        part_hashes = _hashes(part, at, words)
        place = np.minimum(np.searchsorted(hashes, part_hashes), max(len(hashes) - 1, 0))
        hit = hashes[place] == part_hashes if len(hashes) else np.zeros(len(at), bool)
        at, place = at[hit], place[hit]
        run = np.arange(words)
        same = (part[at[:, None] + run] == codes[starts[place][:, None] + run]).all(axis=1)
        at, place = at[same], place[same]
        found.append(
            pl.DataFrame(
                {"text": part_owners[at], "question": owners[starts[place]], "window": place}
            )
        )
    hits = pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(_HITS, pl.Int64))
    cluster = clusters.to_frame("cluster").with_row_index("text").cast({"text": pl.Int64})
    return (
        hits.join(cluster, on="text")
        .filter(pl.col("cluster").n_unique().over("window") <= most_clusters)
        .group_by("text", "question")
        .agg(windows=pl.col("window").n_unique())
        .sort("text", "question")
    )


_HITS = ("text", "question", "window")


def _words(texts: pl.Series, offset: int) -> pl.DataFrame:
    """One row a word, in order, with the place of its text."""
    return (
        pl.DataFrame({"word": texts.str.extract_all(r"\w+")})
        .with_row_index("owner", offset=offset)
        .explode("word")
        .drop_nulls("word")
    )


def _coded(told: pl.DataFrame, vocabulary: pl.DataFrame) -> tuple[Places, Codes]:
    """The text of each word, and the word's number; 0 where no question has the word."""
    coded = told.join(vocabulary, on="word", how="left", maintain_order="left")
    codes = coded["code"].fill_null(0).to_numpy().astype(np.uint64)
    return coded["owner"].to_numpy().astype(np.int64), codes


def _starts(owners: Places, words: int) -> Places:
    """Where a run of so many words begins that ends in the same text."""
    if len(owners) < words:
        return np.zeros(0, np.int64)
    return np.flatnonzero(owners[: len(owners) - words + 1] == owners[words - 1 :])


def _hashes(codes: Codes, starts: Places, words: int) -> Codes:
    """A 64-bit number for each run; equal runs have equal ones, and what hits is compared."""
    total = np.zeros(len(starts), np.uint64)
    for step in range(words):
        total = total * _MULTIPLIER + codes[starts + step]
    return total
