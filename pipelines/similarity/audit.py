"""Whether training and validation share a question: every pair across, of any two JSONL files.

Nothing here knows how the files were made. Prompts are compared by `text.key`, near-duplicates by
the exact join of `similarity`, so that "no pair" is a statement and no estimate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import orjson
import polars as pl

from pipelines.findings import BadInput
from pipelines.io.items import user_text
from pipelines.io.jsonl import BOM
from pipelines.similarity import ngrams
from pipelines.similarity.keys import key
from pipelines.similarity.near_pairs import TooManyPairs, near_pairs

METHOD = "Jaccard index of the 5-byte shingles of text.key, exact: no pair missed, none estimated"

# Kinds of pairs, the closest first; a pair has the first that holds.
KINDS = ("same text", "same question", "near-duplicate", "same stem")

# Pairs that are listed; all are counted. 50,000 copies on either side would be 2.5 billion.
LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of a file: for each row its line (from 1), the user's words, and their key."""

    name: str
    lines: list[int]
    texts: list[str]
    keys: list[str]

    def add(self, line: int, row: object) -> None:
        """Add a row: the texts of its user messages, joined by line ends."""
        text = user_text(row)
        if not text.strip():
            raise BadInput(
                f"{self.name}:{line}: no user message with text; give chat rows, see `rft validate`"
            )
        self.lines.append(line)
        self.texts.append(text)
        self.keys.append(key(text))

    def without(self, before: int, after: int) -> Prompts:
        """The same rows, compared without so many characters at the beginning and the end."""
        if not before and not after:
            return self
        keys = [key(text[before : len(text) - after]) for text in self.texts]
        return Prompts(self.name, self.lines, self.texts, keys)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that ask the same, one on each side."""

    kind: str
    similarity: float
    train_line: int
    validation_line: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that asks what a benchmark asks; `benchmark` names file and row."""

    kind: str
    similarity: float
    file: str
    line: int
    benchmark: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    pairs, counts: pairs across, as far as they are listed, and how many of each kind there are.
    band: pairs below the threshold that a person should read. candidates: pairs whose shingles were
    counted. left_out: characters that all prompts begin and end with, which were not compared.
    hits: rows that are a question of a benchmark. quotes: rows that have a run of 13 words
    in common with one, for a person to read; how rare a run is depends on the files.
    """

    threshold: float
    rows: tuple[int, int]
    pairs: list[Pair]
    counts: dict[str, int]
    band: list[Pair]
    candidates: int
    left_out: tuple[int, int]
    hits: list[Hit]
    quotes: list[Hit]

    @property
    def sound(self) -> bool:
        """Whether nothing crosses and nothing is a benchmark's."""
        return not self.counts and not self.hits


def prompts(lines: Iterable[bytes], name: str) -> Prompts:
    """The prompts of JSONL lines."""
    found = Prompts(name, [], [], [])
    for number, line in enumerate(lines, 1):
        if not line.removeprefix(BOM).strip():
            continue
        try:
            row = orjson.loads(line.removeprefix(BOM))
        except orjson.JSONDecodeError as error:
            raise BadInput(f"{name}:{number}: not JSON ({error}); see `rft validate`") from None
        found.add(number, row)
    return found


def audit(
    train: Prompts,
    validation: Prompts,
    *,
    threshold: float,
    band: float = 0.0,
    benchmarks: pl.DataFrame | None = None,
) -> Audit:
    """Every pair of rows across, at or above `threshold`; and rows that `benchmarks` ask.

    With `band`, also the pairs from `threshold - band` up to it. `benchmarks` has `key` and `name`.
    What all prompts of both files begin or end with, such as an instruction, tells nothing about
    any of them and is not compared.
    """
    left_out = _template([*train.texts, *validation.texts])
    train, validation = train.without(*left_out), validation.without(*left_out)
    left, right = _Distinct(train.keys), _Distinct(validation.keys)
    low = max(round(threshold - band, 6), 0.000001)
    near, candidates = _near(left.keys, right.keys, low)
    exact = Fraction(str(threshold))
    across: list[tuple[int, int, str, float]] = []
    below: list[tuple[int, int, str, float]] = []
    for a, b, shared, union in near:
        if left.keys[a] != right.keys[b]:
            into = across if shared >= exact * union else below
            into.append((a, b, "near-duplicate", shared / union))
    known = {(a, b) for a, b, _, _ in across}
    places = {one: place for place, one in enumerate(left.keys)}
    for b, one in enumerate(right.keys):
        if one in places:
            across.append((places[one], b, "same question", 1.0))
    stems = defaultdict(list)
    for place, one in enumerate(left.keys):
        stems[one.partition("\n")[0]].append(place)
    for b, one in enumerate(right.keys):
        across.extend(
            (a, b, "same stem", jaccard(left.keys[a], one))
            for a in stems.get(one.partition("\n")[0], ())
            if (a, b) not in known and left.keys[a] != one
        )
    rows = _Rows(train, validation, left, right)
    counts: Counter[str] = Counter()
    for pair in across:
        for kind, count in rows.counts(*pair).items():
            counts[kind] += count
    hits, quotes = _benchmark_hits((train, validation), benchmarks, threshold)
    return Audit(
        threshold=threshold,
        rows=(len(train.lines), len(validation.lines)),
        pairs=rows.listed(across),
        counts={kind: counts[kind] for kind in KINDS if counts[kind]},
        band=rows.listed(below),
        candidates=candidates,
        left_out=left_out,
        hits=hits,
        quotes=quotes,
    )


def _template(texts: list[str]) -> tuple[int, int]:
    """The characters that all of ten texts and more begin and end with: none, or a sentence."""
    if len(texts) < _ROWS:
        return 0, 0
    before = _common(texts)
    after = _common([text[:before:-1] for text in texts])
    return tuple(n if n >= _SENTENCE else 0 for n in (before, after))  # type: ignore[return-value]


_SENTENCE = 40  # characters
_ROWS = 10


def _common(texts: list[str]) -> int:
    """The length of the common beginning, up to the last white space in it."""
    if len(set(texts)) < 2:
        return 0
    first, last = min(texts), max(texts)
    length = next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    shared = first[:length]
    return length - len(shared.split()[-1] if shared[-1:].strip() else "")


def jaccard(one: str, other: str) -> float:
    """The similarity of two keys, the plain way: shared 5-byte shingles by all of them."""
    a, b = (
        {data[i : i + 5] for i in range(max(len(data) - 4, 1))}
        for data in (one.encode(), other.encode())
    )
    return len(a & b) / len(a | b)


class _Distinct:
    """The distinct keys of a file in the order in which they first stand, and the rows of each."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.rows: dict[str, list[int]] = defaultdict(list)
        for row, one in enumerate(keys):
            self.rows[one].append(row)
        self.keys = list(self.rows)


@dataclass(frozen=True, slots=True)
class _Rows:
    """From pairs of keys back to the rows that have them."""

    train: Prompts
    validation: Prompts
    left: _Distinct
    right: _Distinct

    def pairs(self, a: int, b: int, kind: str, similarity: float) -> Iterator[Pair]:
        for row in self.right.rows[self.right.keys[b]]:
            for other in self.left.rows[self.left.keys[a]]:
                same = self.train.texts[other] == self.validation.texts[row]
                yield Pair(
                    "same text" if same else kind,
                    round(similarity, 6),
                    self.train.lines[other],
                    self.validation.lines[row],
                )

    def counts(self, a: int, b: int, kind: str, similarity: float) -> Mapping[str, int]:
        """How many pairs of rows of each kind two keys make, without making them."""
        texts = Counter(self.train.texts[row] for row in self.left.rows[self.left.keys[a]])
        rows = self.right.rows[self.right.keys[b]]
        same = sum(texts[self.validation.texts[row]] for row in rows)
        return {"same text": same, kind: texts.total() * len(rows) - same}

    def listed(self, across: list[tuple[int, int, str, float]]) -> list[Pair]:
        """The pairs of rows: closest first, then by line; the first LISTED of them."""
        closest = sorted(
            across, key=lambda pair: (KINDS.index(pair[2]), -pair[3], pair[1], pair[0])
        )
        every = (one for pair in closest for one in self.pairs(*pair))
        return sorted(
            islice(every, LISTED),
            key=lambda p: (KINDS.index(p.kind), -p.similarity, p.validation_line, p.train_line),
        )


def _near(
    left: list[str], right: list[str], threshold: float
) -> tuple[list[tuple[int, int, int, int]], int]:
    try:
        join = near_pairs(left, threshold, against=right)
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {threshold}: {error}; the prompts share most of their text, so raise it"
        ) from error
    return list(join.pairs.select("left", "right", "shared", "union").iter_rows()), join.candidates


def _benchmark_hits(
    sides: tuple[Prompts, Prompts], benchmarks: pl.DataFrame | None, threshold: float
) -> tuple[list[Hit], list[Hit]]:
    """The rows of either file that are a benchmark's question, and those that quote one."""
    hits: list[Hit] = []
    quotes: list[Hit] = []
    if benchmarks is None or benchmarks.is_empty():
        return hits, quotes
    named = benchmarks.filter(pl.col("key") != "").group_by("key").agg(pl.col("name").min())
    named = named.sort("key")
    questions, names = named["key"], named["name"].to_list()
    for side in sides:
        near, _ = _near(side.keys, questions.to_list(), threshold)
        best: dict[int, tuple[float, int]] = {}
        for row, question, shared, union in near:
            best[row] = max(best.get(row, (0.0, 0)), (shared / union, -question))
        for row, (similarity, question) in sorted(best.items()):
            same = side.keys[row] == questions[-question]
            kind = "same question" if same else "near-duplicate"
            found = Hit(kind, round(similarity, 6), side.name, side.lines[row], names[-question])
            hits.append(found)
        keys = pl.Series(side.keys, dtype=pl.String)
        for row, question, _ in ngrams.quotes(keys, keys, questions).iter_rows():
            if row not in best:
                similarity = round(jaccard(side.keys[row], questions[question]), 6)
                line, name = side.lines[row], names[question]
                quotes.append(Hit("quoted", similarity, side.name, line, name))
    return hits, quotes


def certificate(
    found: Audit, digests: Mapping[str, str], *, band: float, benchmarks: int
) -> dict[str, Any]:
    """An audit as the manifest holds it; `digests` are the sha256 of the two files, by side."""
    return {
        "method": METHOD,
        "threshold": found.threshold,
        "files": {
            side: {"rows": rows, "sha256": digests[side]}
            for side, rows in zip(("train", "validation"), found.rows, strict=True)
        },
        "candidates": found.candidates,
        "pairs": sum(found.counts.values()),
        "band": {"from": round(found.threshold - band, 6), "pairs": len(found.band)},
        "benchmarks": {"questions": benchmarks, "hits": len(found.hits)},
    }
