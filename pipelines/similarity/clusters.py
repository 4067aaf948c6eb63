"""Which questions belong together, and the links that say why.

A question is what has one `key`. Two are linked where they are near-duplicates, reworded, or have
one stem (the same question with other options); what is linked, directly or over others, is one
cluster, and a cluster is on one side of the split. Questions are numbered so that a smaller number
is a smaller digest; nothing here depends on the order in which anything is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

# The kinds of links between questions, in the order in which they are preferred.
KINDS = ("near-duplicate", "reworded", "same stem", "same group")


class Link(NamedTuple):
    """That two questions belong together: how, and how similar they are; no number for a stem."""

    one: int
    other: int
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


def spanning_links(links: Iterable[Link]) -> dict[int, Link]:
    """For each question that is not the smallest of its cluster: the link on its way to it.

    They are a spanning tree of each cluster, of near-duplicates as far as they reach and the most
    similar ones first; the smallest question is the root, and `other` is the one nearer to it.
    """
    sets = _Sets()
    tree: dict[int, list[Link]] = defaultdict(list)
    for link in sorted(links, key=_closest_first):
        one, other, kind, similarity = link
        if sets.unite(one, other):
            tree[one].append(Link(other, one, kind, similarity))
            tree[other].append(link)
    towards: dict[int, Link] = {}
    for root in sorted({sets.of(member) for member in tree}):
        reached, waiting = {root}, [root]
        for here in waiting:
            for link in tree[here]:
                if link.one not in reached:
                    reached.add(link.one)
                    waiting.append(link.one)
                    towards[link.one] = link
    return towards


def _closest_first(link: Link) -> tuple[int, float, int, int]:
    return KINDS.index(link.kind), -(link.similarity or 0), link.one, link.other


def roots(towards: Mapping[int, Link]) -> dict[int, int]:
    """The smallest question of each linked question's cluster."""
    known: dict[int, int] = {}
    for start in towards:
        way = []
        one = start
        while one in towards and one not in known:
            way.append(one)
            one = towards[one].other
        root = known.get(one, one)
        known.update(dict.fromkeys(way, root))
    return known


def star(group: Sequence[int], centre: int, kind: str = "same stem") -> list[Link]:
    """Links that hold together the questions of a group, which share a stem or what a user says."""
    return [Link(centre, one, kind, None) for one in group if one != centre]


def conflicting(
    links: Iterable[Link], stems: Iterable[Sequence[int]], pinned: Mapping[int, str]
) -> set[int]:
    """The questions that must go so that no cluster has pins on both sides.

    `pinned` says on which side a question was in an earlier split, `stems` are the groups that
    share one. Questions come back one by one: those of validation, those of training, then the
    others, by number; one that would tie the two sides stays out. So a pinned question goes only
    where it is linked to a validation question itself, and nothing changes sides.
    """
    neighbours: dict[int, set[int]] = defaultdict(set)
    # A stem is a place of its own, below every question, which holds where one of them is out.
    stem_links = (link for group in stems for link in star(group, -1 - min(group)))
    for one, other, _, _ in (*links, *stem_links):
        neighbours[one].add(other)
        neighbours[other].add(one)
    sets = _Sets()
    side: dict[int, str] = {}
    there = {one for one in neighbours if one < 0}
    out: set[int] = set()
    order = {"validation": 0, "train": 1}
    several = neighbours.keys() - there
    for one in sorted(several, key=lambda one: (order.get(pinned.get(one, ""), 2), one)):
        near_by = [other for other in neighbours[one] if other in there]
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
