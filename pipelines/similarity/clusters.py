"""Which questions belong together, and the ties that say why.

A question is what has one `key`. Two are tied where they are near-duplicates or have one stem (the
same question with other options); what is tied, directly or over others, is one cluster, and a
cluster is on one side of the split. Questions are numbered so that a smaller number is a smaller
digest; nothing here depends on the order in which anything is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# Two questions, and how similar they are; 1.0 and no more where they share a stem.
Pair = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class Tie:
    """Why a question is in its cluster: the question that it is tied to, how, how similar."""

    to: int
    kind: str
    similarity: float | None


class _Sets:
    """Disjoint sets of numbers; a set is named by its smallest member."""

    def __init__(self) -> None:
        self.above: dict[int, int] = {}

    def of(self, member: int) -> int:
        root = member
        while (above := self.above.get(root, root)) != root:
            root = above
        while (above := self.above.get(member, member)) != root:
            self.above[member] = root
            member = above
        return root

    def unite(self, one: int, other: int) -> bool:
        """Make two sets one; false where they were."""
        a, b = self.of(one), self.of(other)
        if a != b:
            self.above[max(a, b)] = min(a, b)
        return a != b


def spanning_ties(near: Iterable[Pair], stems: Iterable[Sequence[int]]) -> dict[int, Tie]:
    """For each question that is not the smallest of its cluster: the tie on its way to it.

    Ties form a spanning tree of each cluster, of near pairs as far as they reach and the most
    similar ones first; the smallest question is the root. `stems` are the groups that share one.
    """
    sets = _Sets()
    tree: dict[int, list[tuple[int, str, float | None]]] = defaultdict(list)
    links: list[tuple[int, int, str, float | None]] = [
        (a, b, "near-duplicate", similarity)
        for a, b, similarity in sorted(near, key=lambda pair: (-pair[2], pair[0], pair[1]))
    ]
    links += [
        (min(group), other, "same stem", None)
        for group in sorted(map(sorted, stems))
        for other in group[1:]
    ]
    for a, b, kind, similarity in links:
        if sets.unite(a, b):
            tree[a].append((b, kind, similarity))
            tree[b].append((a, kind, similarity))
    ties: dict[int, Tie] = {}
    for root in sorted({sets.of(member) for member in tree}):
        reached, waiting = {root}, [root]
        for one in waiting:
            for other, kind, similarity in tree[one]:
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
                    ties[other] = Tie(one, kind, similarity)
    return ties


def roots(ties: Mapping[int, Tie]) -> dict[int, int]:
    """The smallest question of each tied question's cluster."""
    found: dict[int, int] = {}
    for start in ties:
        way = []
        one = start
        while one in ties and one not in found:
            way.append(one)
            one = ties[one].to
        root = found.get(one, one)
        found.update(dict.fromkeys(way, root))
    return found


def tying(
    near: Iterable[Pair], stems: Iterable[Sequence[int]], pinned: Mapping[int, str]
) -> set[int]:
    """The questions that must go so that no cluster has pins on both sides.

    `pinned` says on which side a question was in an earlier split. Questions come back one by one:
    those of validation, those of training, then the others, by number; one that would tie the
    two sides stays out. So a pinned question goes only where it is tied to a validation question
    itself, and nothing changes sides.
    """
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b, _ in near:
        neighbours[a].add(b)
        neighbours[b].add(a)
    stem_of = {}
    for group in stems:
        for one in group:
            stem_of[one] = -1 - min(group)  # below every question, so that the two never meet
    sets = _Sets()
    side: dict[int, str] = {}
    there: set[int] = set()
    out: set[int] = set()
    order = {"validation": 0, "train": 1}
    several = neighbours.keys() | stem_of.keys()
    for one in sorted(several, key=lambda one: (order.get(pinned.get(one, ""), 2), one)):
        near_by = [other for other in neighbours.get(one, ()) if other in there]
        if one in stem_of:
            near_by.append(stem_of[one])
        sides = {side[root] for other in near_by if (root := sets.of(other)) in side}
        if one in pinned:
            sides.add(pinned[one])
        if len(sides) > 1:
            out.add(one)
            continue
        there.add(one)
        for other in near_by:
            sets.unite(one, other)
        if sides:
            side[sets.of(one)] = sides.pop()
    return out
