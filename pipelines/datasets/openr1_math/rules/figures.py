"""Problems that rest on what is not in the prompt: a figure, or the answer to another problem."""

from __future__ import annotations

import re

# "The number you will receive", the answer to the problem before, in relays.
_EARLIER = re.compile(
    r"\bT\s*N\s*(?:Y\s*W\s*R|F\s*T\s*P\s*P)\b|\bnumber you will receive\b"
    r"|\bbe the answer to (?:problem|question)\b|\(Continue from the previous question\)"
    r"|\bfrom the previous (?:problem|question)\b"
)
_GIVEN = re.compile(r"\bT\$?\s*=\s*\$?\s*\d")


def missing_context(prompt: str, answer: str) -> bool:
    """The prompt needs the answer to another problem, `T = TNYWR`, which is nowhere given.

    Report half: 8 of 8 right. An answer in terms of T needs none.
    """
    return (
        _EARLIER.search(prompt) is not None
        and not _GIVEN.search(prompt)
        and not re.search(r"(?<!\\)\bT\b|\dT\b", answer)
    )


_NOUN = r"(?:figures?|diagrams?|pictures?|drawings?|images?|sketch|illustrations?|maps?|charts?)"
_PLACE = r"(?: (?:below|above|here|\$?\d+\$?|(?:on|at|to) the (?:right|left)))?"
# How a figure is spoken of that has to be seen: "the pie chart below shows", "arranged as shown",
# "marked in the figure", "how many triangles are in the picture", "the shaded region".
UNSEEN = (
    rf"(?i)\b(?:{_NOUN}|graph){_PLACE} (?:shows?|represents?|illustrates?|depicts?|relates)\b"
    r"|\b(?:arranged|covered|numbered|labell?ed|colou?red|painted|built|stacked)\b[^.?!\n]{0,80}"
    r"\bas (?:is )?shown\b|\b(?:un)?shaded\b"
    rf"|\b(?:marked|indicated|labell?ed|written|given) (?:in|on) the {_NOUN}\b"
    r"|\b(?:how many|number of)\b[^.?!\n]{0,60}\bin the (?:picture|diagram|drawing|image)\b"
)
SEEN = r"\[asy\]|\\begin\{(?:tikz|picture|asy|array|tabular|\w*matrix)|<svg|\|.*\|.*\|"
