"""What is compared as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from pipelines.graders.boxed_math.bounds import MAX_TEXT, Unreadable
from pipelines.graders.boxed_math.brackets import split
from pipelines.graders.boxed_math.spelling import spaced, spell
from pipelines.graders.boxed_math.tokens import Token, tokens
from pipelines.graders.boxed_math.trees import Node

_ARTICLES = [("word", word) for word in ("a", "A", "an", "An", "the", "The")]
_NO_SOLUTION = re.compile(
    r"none|(?:thereisno|thereareno|no)(?:real|integer)?(?:solution|root|value)s?(?:exists?)?"
    r"|(?:thereisno|thereareno|no)such[a-zA-Z]{1,20}(?:exists?)?|(?:the)?emptyset"
)
_ALL_NUMBERS = re.compile(r"(?:[a-z](?:is|canbe))?(?:all|any|every)real(?:s|numbers?)?")
_NUMBERS = spaced("zero one two three four five six seven eight nine ten eleven twelve")


def words_of(part: Sequence[Token]) -> Node:
    """What is compared as text. The case of words does not count, nor the order of a sum."""
    try:
        summands = split(part, "+")[0]
    except Unreadable:
        summands = []
    if len(summands) > 1:
        terms = [words_of(term) for term in summands]
        if all(term[0] == "text" and term[1] for term in terms):
            return ("text", "+".join(sorted(term[1] for term in terms)))
    if len(part) > 1 and part[0] in _ARTICLES:
        part = part[1:]
    key, last = "", ""
    for kind, text in (token for token in part if token != ("sign", ".")):
        if kind == "word":
            key = key.removesuffix("-") if last == "hyphen" else key  # Winnie-the-Pooh
            text = text.casefold()
        elif kind == last == "number":
            text = " " + text
        elif text == "}" and key[-2:-1] == "{":  # x^{2} is x^2
            key, text = key[:-2], key[-1]
        key, last = key + text, "hyphen" if text == "-" and last == "word" else kind
    if _NO_SOLUTION.fullmatch(key):
        return ("empty",)
    if _ALL_NUMBERS.fullmatch(key):
        return ("reals",)
    if key in _NUMBERS:
        return ("qty", ("num", Fraction(_NUMBERS.index(key))), "")
    return ("text", "doesnotexist" if key == "dne" else key)


def as_text(text: str) -> Node:
    """A text that is compared as text."""
    if len(text) <= MAX_TEXT:
        try:
            return words_of(tokens(spell(text)))
        except Unreadable:
            pass
    return ("text", "".join(text.split()))
