"""Letters that stand for any integer: `k ∈ Z`, "where k is an integer", `x ≡ 3 (mod 5)`."""

from __future__ import annotations

import re

from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.brackets import split
from pipelines.graders.boxed_math.tokens import Token

INTEGER = "ℤ"  # the symbol that a letter becomes of which it is said that it is any integer
NATURAL = "ℕ"  # and of which it is said that it is a natural number, or a positive integer
_ANY: Token = ("symbol", INTEGER)
_MODULO: Token = ("sign", "mod")
_IN_WORDS = re.compile(
    r"[,;(]? ?(?:where|for|with)? ?"
    r"(?:([A-Za-z]) is (?:an|any) integer|(?:any|all|every)? ?integers? ([A-Za-z])) ?\)?"
)


def without_declaration(found: list[Token]) -> list[Token]:
    """An answer without a last "k ∈ Z", which says what k is; k becomes INTEGER or NATURAL.

    A natural number keeps its letter where names have it as an index: a_n.
    """
    at = max((index for index, token in enumerate(found) if token == ("sign", "in")), default=0)
    rest = [text for _, text in found[at + 1 :]]
    if at < 2 or not rest or rest[0] not in ("Z", "N") or not set(rest[1:]) <= set("^_{}+*)"):
        return _without_words(found)
    letter, end = found[at - 1], at - 1
    while end and (found[end - 1][1] in (",", ";", "(") or found[end - 1][0] == "word"):
        end -= 1
    if found[:2] == [letter, ("sign", "=")]:
        return found[:end]  # x = 5, x ∈ Z
    if rest in (["Z"], ["Z", ")"]):
        return _replaced(found[:end], letter, _ANY) or found
    indexed = any(
        token == letter and found[place - 1][1] in ("_", "{") for place, token in enumerate(found)
    )
    return found[:end] if indexed else _replaced(found[:end], letter, ("symbol", NATURAL)) or found


def _without_words(found: list[Token]) -> list[Token]:
    """The same for "where k is an integer" and "for any integer k"."""
    if not any(text.startswith("integer") for _, text in found[-3:]):
        return found
    for start in range(max(1, len(found) - 8), len(found) - 1):
        said = _IN_WORDS.fullmatch(" ".join(text for _, text in found[start:]).replace("( ", "("))
        if said:
            return _replaced(found[:start], ("symbol", said[1] or said[2]), _ANY)
    return found


def _replaced(found: list[Token], letter: Token, by: Token) -> list[Token]:
    return [
        by if token[1] == letter[1] and token[0] in ("symbol", "word") else token for token in found
    ]


def without_congruences(found: list[Token]) -> list[Token]:
    """An answer in which `x ≡ 3 (mod 5)` is x = 3 + 5 · INTEGER.

    Of several residues only the last may have the modulus, and only the first the name. As text
    stay those with several moduli, unless "or" stands between them: they may all have to hold.
    """
    if _MODULO not in found or ("sign", "≡") not in found:
        return found
    parts, between = split(found, (",", ";", "and", "or"))
    residues: list[list[Token]] = []
    moduli: list[list[Token]] = []
    for part in reversed(parts):
        sides = split(part, ("mod",))[0]
        if not sides[0] or len(sides) > 2 or not (len(sides) == 2 or moduli):
            raise Unreadable
        residues.append(sides[0])
        moduli.append(sides[1] if len(sides) == 2 else moduli[-1])
    if any(each != moduli[0] for each in moduli) and set(between) != {"or"}:
        return found
    name: list[Token] = []
    told: list[Token] = []
    for residue, modulus, sign in zip(
        reversed(residues), reversed(moduli), ["or", *between], strict=True
    ):
        sides = split(residue, ("≡",))[0]
        name = sides[0] if len(sides) == 2 else name
        if not name or len(sides) > 2:
            raise Unreadable
        told += [("sign", sign), *name, ("sign", "="), *sides[-1], ("sign", "+")]
        told += [("sign", "("), *modulus, ("sign", ")"), _ANY]
    return told[1:]
