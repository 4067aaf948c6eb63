"""What ends an answer and says what its letters are: `k ∈ Z`, `for all x`."""

from __future__ import annotations

import re

from pipelines.graders.boxed_math.brackets import joined
from pipelines.graders.boxed_math.samples import INTEGER
from pipelines.graders.boxed_math.tokens import Token

_FOR_ALL = re.compile(
    r"(?:for|where|with) (?:[A-Za-z] is (?:an|any) integer|(?:(?:all|any|every)"
    r"(?: real| integers?)?(?: numbers?)?|integers?) [A-Za-z](?: in ℝ)?)"
)


def without_declaration(found: list[Token]) -> list[Token]:
    """An answer without a last "k ∈ Z", k being INTEGER then, and without "for all x"."""
    for end in range(max(1, len(found) - 7), len(found) - 2):
        said = _FOR_ALL.fullmatch(" ".join(text for _, text in found[end:]))
        # f(x) = 1 for all integers x says less than f(x) = 1.
        if said and not ("integer" in said[0] and f"({said[0][-1]})" in joined(found[:end])):
            return found[:end]
    at = max((index for index, token in enumerate(found) if token == ("sign", "in")), default=0)
    if at < 2:
        return found
    domain = joined(found[at + 1 :])
    letter, end = found[at - 1], at - 1
    while end > 0 and (found[end - 1][1] in (",", ";", "(") or found[end - 1][0] == "word"):
        end -= 1
    before = joined(found[:end])
    indexed = any(each in before for each in (f"_{letter[1]}=", f"_{{{letter[1]}}}="))
    if found[:2] == [letter, ("sign", "=")] or (indexed and domain[:1] == "N"):
        return found[:end]  # x = 5, x ∈ Z; a_n = 2n, n ∈ N
    if domain not in ("Z", "Z)"):
        return found
    return [("symbol", INTEGER) if token == letter else token for token in found[:end]] or found
