"""An answer: its values and their names."""

from __future__ import annotations

from functools import lru_cache
from itertools import dropwhile

from pipelines.graders.boxed_math.bounds import MAX_TEXT, MAX_VALUES, Unreadable, spend
from pipelines.graders.boxed_math.brackets import closing, split
from pipelines.graders.boxed_math.declarations import without_declaration
from pipelines.graders.boxed_math.spelling import spaced, spell
from pipelines.graders.boxed_math.tokens import Token, tokens
from pipelines.graders.boxed_math.trees import Node, either, symbols
from pipelines.graders.boxed_math.values import is_name, read_item
from pipelines.graders.boxed_math.words import as_text, words_of

# Of the names there are none, one common name of all values, or one each.
_NO_LABELS = frozenset(spaced("at least most than not no about over under above below from to"))
_I: Node = ("qty", ("sym", "i"), "")  # a name in i = 3, not in i = 1 + i
Answer = tuple[str, tuple[Node, ...], tuple[Node, ...]]  # "", "common" or "each"; names; values


def read(text: str, grouped: bool = True) -> Answer:
    """A text as names and values; one value of kind text where it cannot be read."""
    spend(min(len(text), MAX_TEXT) // 2)
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
    found = without_declaration(found)
    groups = [
        [part for part in split(group, (",", "and"))[0] if part]
        for group in split(found, (";", "or"))[0]
        if group
    ]
    if sum(map(len, groups)) > MAX_VALUES:
        raise Unreadable
    if labels := _labelled([part for group in groups for part in group]):
        return labels
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


def _labelled(parts: list[list[Token]]) -> list[Node]:
    """The values of "Minimum 1, maximum 2"; none where not each has its words."""
    items: list[Node] = []
    for part in parts:
        value = [*dropwhile(lambda token: token[0] == "word", part)]
        label = part[: len(part) - len(value)]
        if not label or _NO_LABELS & {text.casefold() for _, text in label}:
            return []
        try:
            items.append(("label", words_of(label), read_item(value, 0)))
        except Unreadable:
            return []
    return items if len(items) > 1 else []


def _answer(items: list[Node]) -> Answer:
    """Values with the names that they are given."""
    if len(items) == 1 and items[0][0] == "list":
        items = list(items[0][1:])
    if len(items) == 1:
        item = items[0]
        if item[0] == "set":
            return "", (), item[1:]
    named = [name_and_value(item) for item in items]
    if len(named) == 1:
        name, value = named[0]
        if name and name[0] == value[0] == "tuple" and len(name) == len(value):
            return "each", name[3:], value[3:]  # (x, y) = (1, 2)
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
    """The name and the value of `x = 5`, `5 = x`, `f(x) = 2x`, `x ∈ {1, 2}`, `Minimum 1`."""
    if node[0] == "label":
        return node[:2], node[2]
    if node[0] == "rel" and node[1][0] in ("=", "in") and len(set(node[1])) == 1:
        left, *rest = node[2]
        if is_name(left) and not (left == _I and "i" in symbols(*rest)):
            return left, rest[0] if len(rest) == 1 else ("rel", node[1][1:], tuple(rest))
        if node[1] == ("=",) and is_name(rest[0]):
            return rest[0], left
    return None, node
