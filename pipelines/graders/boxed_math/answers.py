"""An answer: its values and their names."""

from __future__ import annotations

from functools import lru_cache

from pipelines.graders.boxed_math.bounds import MAX_TEXT, MAX_VALUES, Unreadable
from pipelines.graders.boxed_math.brackets import closing, split
from pipelines.graders.boxed_math.declarations import without_congruences, without_declaration
from pipelines.graders.boxed_math.spelling import spell
from pipelines.graders.boxed_math.tokens import Token, tokens
from pipelines.graders.boxed_math.trees import Node, either
from pipelines.graders.boxed_math.values import is_name, read_item
from pipelines.graders.boxed_math.words import as_text, words_of

# Of the names there are none, one common name of all values, or one each.
Answer = tuple[str, tuple[Node, ...], tuple[Node, ...]]  # "", "common" or "each"; names; values


def read(text: str, grouped: bool = True) -> Answer:
    """A text as names and values; one value of kind text where it cannot be read."""
    return ("", (), (as_text(text),)) if len(text) > MAX_TEXT else _read(text, grouped)


@lru_cache(maxsize=1024)
def _read(text: str, grouped: bool) -> Answer:
    try:
        return _answer(_items(tokens(spell(text), grouped)))
    except Unreadable:
        return "", (), (as_text(text),)


def _items(found: list[Token]) -> list[Node]:
    """The values that an answer lists. "1, 2; 3, 4" are two lists, "1, 2 or 3" is one."""
    while found[:1] == [("sign", "{")] and closing(found, 0) == len(found) - 1:
        found = found[1:-1]
    found = without_declaration(without_congruences(found))
    groups = [
        [part for part in split(group, (",", "and"))[0] if part]
        for group in split(found, (";", "or"))[0]
        if group
    ]
    if sum(map(len, groups)) > MAX_VALUES:
        raise Unreadable
    read_groups = []
    for group in groups:
        items = []
        for part in group:
            try:
                items += either(read_item(part, 0))
            except Unreadable:
                items.append(words_of(part))
        read_groups.append(items)
    if len(read_groups) > 1 and all(len(items) > 1 for items in read_groups):
        return [("list", *items) for items in read_groups]
    return [item for items in read_groups for item in items]


def _answer(items: list[Node]) -> Answer:
    """Values with the names that they are given."""
    if len(items) == 1 and items[0][0] == "list":
        items = list(items[0][1:])
    if len(items) == 1:
        item = items[0]
        if item[0] == "set":
            return "", (), item[1:]
        if item[0] == "rel" and set(item[1]) == {"="}:
            *lefts, right = item[2]
            if len(lefts) > 1 and all(map(is_name, lefts)):  # x = y = 1
                return "each", tuple(lefts), (right,) * len(lefts)
            left = lefts[0]
            pair = left[0] == right[0] == "tuple" and len(left) == len(right)
            if pair and is_name(left):  # (x, y) = (1, 2)
                return "each", left[3:], right[3:]
    named = [name_and_value(item) for item in items]
    names = [name for name, _ in named]
    values = tuple(value for _, value in named)
    given = tuple(name for name in names if name is not None)
    if given and names[0] and set(given) == {names[0]}:
        if len(values) == 1 and values[0][0] == "set":
            values = values[0][1:]
        return "common", given[:1], values
    if given and len(given) == len(names):
        return "each", given, values
    return "", (), tuple(items)


def name_and_value(node: Node) -> tuple[Node | None, Node]:
    """The name and the value of `x = 5`, `5 = x`, `f(x) = 2x`, `x ∈ {1, 2}`."""
    if node[0] == "rel" and node[1][0] in ("=", "in") and len(set(node[1])) == 1:
        left, *rest = node[2]
        if is_name(left):
            return left, rest[0] if len(rest) == 1 else ("rel", node[1][1:], tuple(rest))
        if node[1] == ("=",) and is_name(rest[0]):
            return rest[0], left
    return None, node
