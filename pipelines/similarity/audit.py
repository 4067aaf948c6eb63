"""Whether training and validation share a question: every pair across, of any two JSONL files.

Nothing here knows how the files were made. What most prompts of a file share is taken off; then two
measures are taken exactly, on the plain words and on the skeletons (`keys.key`), and the larger
counts. Both come from the join that made the files, so some rows are compared with all by brute
force, too, on the plain words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from pipelines.findings import BadInput
from pipelines.similarity.brute_force import near_by_counting
from pipelines.similarity.contained import benchmark_hits
from pipelines.similarity.keys import digest, fold, plain_text
from pipelines.similarity.near_pairs import TooManyPairs
from pipelines.similarity.nearest import Joined, joined
from pipelines.similarity.ngrams import quotes
from pipelines.similarity.prompts import Prompts
from pipelines.similarity.shingles import I64
from pipelines.similarity.wrappings import Wrapping, wrappings

# Kinds of pairs, the closest first; a pair has the first that holds.
KINDS = ("same text", "same question", "near-duplicate", "same stem")

# Pairs that are listed; all are counted. 50,000 copies on either side would be 2.5 billion.
LISTED = 10_000

# Validation rows that are compared with all training rows by brute force, too.
SAMPLED = 200


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

    files: the names of the two. pairs, counts: pairs across, as far as they are listed, and how
    many of each kind there are. band: pairs below the threshold that a person should read.
    wrappings: by file, what most of its prompts share, which was not compared. hits: rows that are
    a question of a benchmark or share most of one. quotes: rows that have a run of 13 words in
    common with one, for a person to read; how rare a run is depends on the files. sampled: rows
    that were compared by brute force, the pairs that this found, and how many of them were not
    known before.
    """

    files: tuple[str, str]
    threshold: float
    rows: tuple[int, int]
    pairs: list[Pair]
    counts: dict[str, int]
    band: list[Pair]
    wrappings: dict[str, list[Wrapping]]
    hits: list[Hit]
    quotes: list[Hit]
    sampled: tuple[int, int, int]

    @property
    def sound(self) -> bool:
        """Whether nothing crosses and nothing is a benchmark's."""
        return not self.counts and not self.hits and not self.sampled[2]


def audit(train: Prompts, validation: Prompts, **settings: Any) -> Audit:
    """What `audit_joined` finds, alone."""
    return audit_joined(train, validation, **settings)[0]


def audit_joined(
    train: Prompts,
    validation: Prompts,
    *,
    threshold: float,
    band: float = 0.0,
    benchmarks: pl.DataFrame | None = None,
    quoted: bool = True,
    separators: Sequence[str] = (),
    lowest: Sequence[float] = (),
) -> tuple[Audit, Joined]:
    """Every pair of rows across, at or above `threshold`; and rows that `benchmarks` ask.

    With `band`, also the pairs from `threshold - band` up to it. `benchmarks` has `key`, `question`
    and `name`. What most prompts of a file begin or end with, such as an instruction, tells nothing
    about any of them and is compared in neither file. `separators` part a prompt into cells, as the
    template that it was made of has them: near-duplicates are alike in each.
    The pairs of texts that this is taken from come with it: from the first similarity of `lowest`
    on that takes little work, where that is below.
    """
    sides = (train, validation)
    texts = {side.name: side.texts for side in sides}
    texts["both files"] = [*train.texts, *validation.texts]
    shared = {name: wrappings(some) for name, some in texts.items()}
    for side in sides:
        side.compare(list(dict.fromkeys(one for some in shared.values() for one in some)))
    low = max(round(threshold - band, 6), 0.000001)
    try:
        join = joined(train, validation, [one for one in lowest if one < low], low)
    except TooManyPairs as error:
        raise BadInput(
            f"--threshold {low}: {error}; the prompts share most of their text, so raise it"
        ) from error
    near = _near(join, low)
    exact = Fraction(str(threshold))
    apart = _apart(train, validation, near, separators, exact - Fraction(str(band)))
    across = {pair: ("near-duplicate", float(s)) for pair, s in near.items() if s >= exact}
    below = {pair: ("near-duplicate", float(s)) for pair, s in near.items() if s < exact}
    sampled = _sampled(train, validation, {*across, *apart}, exact)
    stems = defaultdict(list)
    for one in train.rows:
        stems[one.partition("\n")[0]].append(one)
    for other in validation.rows:
        if other in train.rows:
            across[other, other] = ("same question", 1.0)
        stem, _, options = other.partition("\n")
        for one in stems.get(stem, ()) if stem and options else ():
            if one != other:
                across.setdefault((one, other), ("same stem", jaccard(one, other)))
    counts: Counter[str] = Counter()
    for (one, other), (kind, _) in across.items():
        same = Counter(train.texts[row] for row in train.rows[one])
        rows = validation.rows[other]
        alike = sum(same[validation.texts[row]] for row in rows)
        counts.update({"same text": alike, kind: same.total() * len(rows) - alike})
    hits, quotations = _benchmark_hits(sides, benchmarks, threshold, quoted=quoted)
    audited = Audit(
        files=(train.name, validation.name),
        threshold=threshold,
        rows=(len(train.lines), len(validation.lines)),
        pairs=_listed(train, validation, across),
        counts={kind: counts[kind] for kind in KINDS if counts[kind]},
        band=_listed(train, validation, below),
        wrappings={name: some for name, some in shared.items() if some},
        hits=hits,
        quotes=quotations,
        sampled=sampled,
    )
    return audited, join


# Two keys, one on each side.
_Keys = tuple[str, str]


def _near(join: Joined, threshold: float) -> dict[_Keys, Fraction]:
    """The similarity of every two different keys that are near by their own or by plain words."""
    near: dict[_Keys, Fraction] = {}
    exact = Fraction(str(threshold))
    union, shared = (pl.col(name).cast(pl.Int64) for name in ("union", "shared"))
    for measure in join.measures:
        pairs = measure.pairs.filter(shared * exact.denominator >= union * exact.numerator)
        left_keys = _keys_of(join.train, measure.left, pairs["left"])
        right_keys = _keys_of(join.held, measure.right, pairs["right"])
        for a, b, count, both in pairs.select("left", "right", "shared", "union").iter_rows():
            for pair in ((one, other) for one in left_keys[a] for other in right_keys[b]):
                if pair[0] != pair[1]:
                    near[pair] = max(Fraction(count, both), near.get(pair, Fraction(0)))
    return near


def _keys_of(side: Prompts, text_of: I64, texts: pl.Series) -> dict[int, set[str]]:
    """The keys of the rows that have some texts, by the texts' numbers."""
    keys: dict[int, set[str]] = defaultdict(set)
    for row in np.flatnonzero(np.isin(text_of, texts.to_numpy())).tolist():
        keys[text_of[row]].add(side.keys[row])
    return keys


def _apart(
    train: Prompts,
    validation: Prompts,
    near: dict[_Keys, Fraction],
    separators: Sequence[str],
    threshold: Fraction,
) -> set[_Keys]:
    """Take the pairs out of `near` that differ in one of their cells; those that were taken."""
    taken = set()
    for pair in list(near) if separators else ():
        one = _cells(train.texts[train.rows[pair[0]][0]], separators)
        other = _cells(validation.texts[validation.rows[pair[1]][0]], separators)
        if len(one) == len(other) > 1 and any(
            jaccard(plain_text(a, []), plain_text(b, [])) < threshold
            for a, b in zip(one, other, strict=True)
        ):
            taken.add(pair)
            del near[pair]
    return taken


def _cells(text: str, separators: Sequence[str]) -> list[str]:
    """The cells of a prompt: each but the last ends at the last place of its separator."""
    cells: list[str] = []
    for separator in reversed(separators):
        text, found, cell = text.rpartition(separator)
        if not found:
            return []
        cells.append(cell)
    return [text, *reversed(cells)]


def _sampled(
    train: Prompts, validation: Prompts, known: set[_Keys], threshold: Fraction
) -> tuple[int, int, int]:
    """Some validation rows, the training rows that are near by plain words, and those not known."""
    order = sorted(range(len(validation.texts)), key=lambda row: digest(validation.texts[row]))
    chosen = order[:SAMPLED]
    others = [validation.plain[row] for row in chosen]
    pairs = missed = 0
    for row, place in near_by_counting(train.plain, others, threshold):
        one, other = train.keys[row], validation.keys[chosen[place]]
        pairs += 1
        missed += one != other and (one, other) not in known
    return len(chosen), pairs, missed


def jaccard(one: str, other: str) -> float:
    """The similarity of two keys, the plain way: shared 5-byte shingles by all of them."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b)


def _shingles(text: str) -> set[bytes]:
    data = text.encode()
    return {data[i : i + 5] for i in range(max(len(data) - 4, 1))}


def _listed(
    train: Prompts, validation: Prompts, across: dict[_Keys, tuple[str, float]]
) -> list[Pair]:
    """The pairs of rows: closest first, then by line; the first LISTED of them."""

    def closeness(pair: tuple[_Keys, tuple[str, float]]) -> tuple[Any, ...]:
        (one, other), (kind, similarity) = pair
        return KINDS.index(kind), -similarity, validation.rows[other][0], train.rows[one][0]

    every = (
        Pair(
            "same text" if train.texts[a] == validation.texts[b] else kind,
            round(similarity, 6),
            train.lines[a],
            validation.lines[b],
        )
        for (one, other), (kind, similarity) in sorted(across.items(), key=closeness)
        for b in validation.rows[other]
        for a in train.rows[one]
    )
    return sorted(
        islice(every, LISTED),
        key=lambda p: (KINDS.index(p.kind), -p.similarity, p.validation_line, p.train_line),
    )


def _benchmark_hits(
    sides: tuple[Prompts, Prompts],
    benchmarks: pl.DataFrame | None,
    threshold: float,
    *,
    quoted: bool,
) -> tuple[list[Hit], list[Hit]]:
    """The rows of either file that are or hold a benchmark's question, and those that quote one."""
    hits: list[Hit] = []
    quotations: list[Hit] = []
    if benchmarks is None or benchmarks.is_empty():
        return hits, quotations
    questions = benchmarks.sort("key", "name").unique("key", keep="first", maintain_order=True)
    for side in sides:
        near = benchmark_hits(side.keys, questions, threshold)
        for text, name, similarity, share in near.iter_rows():
            kind = "same question" if similarity == 1 else "near-duplicate"
            kind, degree = (kind, similarity) if similarity >= threshold else ("shares", share)
            hits.append(Hit(kind, round(degree, 6), side.name, side.lines[text], name))
        known = set(near["text"])
        plain = [fold(question) for question in questions["question"]]
        for text, place in quotes(side.plain, plain) if quoted else ():
            if text not in known:
                degree = round(jaccard(side.keys[text], questions["key"][place]), 6)
                line, name = side.lines[text], questions["name"][place]
                quotations.append(Hit("quoted", degree, side.name, line, name))
    return hits, quotations
