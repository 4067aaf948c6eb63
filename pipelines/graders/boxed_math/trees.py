"""The tree of an answer: a tuple whose first entry names its kind.

Arithmetic: num, sym, add, mul, pow, pm (± a term), fn (name, arguments), call (name, arguments).
Values: qty (arithmetic, unit), numeral (digits, base), ratio, inf, tuple, set, list, matrix,
union and its like, reals, empty, text, rel (signs, sides).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

Node = tuple[Any, ...]  # ("add", node, node), ("num", Fraction(1, 2)), …: the name first
MINUS_ONE: Node = ("num", Fraction(-1))


def negative(node: Node) -> Node:
    """The tree with the other sign."""
    return ("num", -node[1]) if node[0] == "num" else ("mul", MINUS_ONE, node)


def either(node: Node) -> list[Node]:
    """A node with ± as its two values, the upper signs together and the lower signs together."""

    def signed(part: Any, sign: int) -> Any:
        if not isinstance(part, tuple):
            return part
        if part[:1] == ("pm",):
            term = signed(part[2], sign)
            return term if part[1] == sign else negative(term)
        return tuple(signed(each, sign) for each in part)

    if all(part[0] != "pm" for part in walk(node)):
        return [node]
    upper, lower = signed(node, 1), signed(node, -1)
    return [upper] if upper == lower else [upper, lower]


def paired(these: Sequence[Any], those: Sequence[Any], same: Callable[[Any, Any], bool]) -> bool:
    """Whether each of these has one of those to itself, in any order, and none is left over."""
    left = list(those)
    if len(these) != len(left):
        return False
    for this in these:
        place = next((i for i, that in enumerate(left) if same(this, that)), -1)
        if place < 0:
            return False
        del left[place]
    return True


def walk(node: Node) -> Iterator[Node]:
    """A tree and all trees in it, in no order that matters."""
    ahead = [node]
    while ahead:
        node = ahead.pop()
        yield node
        ahead += [part for part in node if type(part) is tuple]


def symbols(*nodes: Node) -> set[str]:
    """The names of symbols and of unknown functions."""
    parts = (part for node in nodes for part in walk(node))
    return {part[1] for part in parts if part[0] in ("sym", "call")}


def renamed(node: Any, swaps: dict[Node, Node]) -> Any:
    """A tree with some of its parts replaced."""
    if not isinstance(node, tuple):
        return node
    return swaps[node] if node in swaps else tuple(renamed(part, swaps) for part in node)


def based(node: Any, base: str) -> Any:
    """A tree with the given logarithm, ln or lg, for `log`."""
    if not isinstance(node, tuple):
        return node
    if node[:2] == ("fn", "log"):
        return ("fn", base, based(node[2], base))
    return tuple(based(part, base) for part in node)


def steps_of(relation: Node) -> list[tuple[str, Node, Node]]:
    """The steps of a chain, each as =, !=, <, <= or in."""
    steps = []
    for sign, left, right in zip(relation[1], relation[2], relation[2][1:], strict=False):
        steps.append((sign.replace(">", "<"), *((right, left) if ">" in sign else (left, right))))
    return steps
