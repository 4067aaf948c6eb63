"""The letter that a text gives as its answer.

The prompt asks for a line "Answer: B", so an oddly phrased answer may be lost, but a second letter
is never overlooked. Repetitions are bounded: the time is in proportion to the text.
"""

from __future__ import annotations

import re
from typing import Any

from pipelines.graders.thinking import given

# Ｂ and ： of fonts as wide as Chinese signs; an underline is a sign as any other.
_PLAIN = {0xFF01 + n: 0x21 + n for n in range(94)} | {ord("_"): " "}
_BOLD = re.compile(r"<(b|strong|i|em)>([^<>\n]*)</\1>")
# A capital, or a small letter before a bracket or at the end of its line.
_LETTER = r"(?:[A-HJ]|[a-hj](?=\)|\W{0,9}$))(?!\w)"
# What names the answer, and all that may stand between that and the letter.
_STATED = re.compile(
    r"(?i:(?:\b(?:answers?|ans)\b\.?|\b(?:option|choice)\W{0,9}(?:is\b|:)|\\f?boxed\b)"
    r"[^\w.!?,;~≠¬]{0,20}"
    r"(?:(?:to|this|the|question|for|one|most|choice|option|letter|is|be|will|would|must|likely"
    r"|probably|therefore|thus|it|i|think|text\w*|math\w*)\b[^\w.!?~≠¬]{1,20}){0,8})"
    rf"(?P<letter>{_LETTER})",
    re.MULTILINE,
)
# The letter with which a line begins: "(B)", "Option B", "B. beriberi", "B is correct".
_HEAD = re.compile(
    r"\W{0,20}(?i:(?:option|correct|hence|thus|therefore)\W{1,9}){0,2}(?P<letter>[A-HJ])(?!\w)"
    r"(?=\s?[^\w\s]|\W{0,9}$|\W{1,3}is (?:the )?(?:correct|right|best|answer)\b(?!-))"
)
_CLAUSE = re.compile(r"(?i)[.,;:!?\n]|\b(?:so|thus|hence|therefore)\b")
_DENIED = re.compile(r"(?i)\b(?:not|never|cannot|\w{2,6}n['’]t|wrong|incorrect|if)\b")
_WRONG = re.compile(
    r"(?i)[^\w,]{0,9}(?:(?:is|was|can|could)\W)?"
    r"(?:not\b(?!\W{1,3}(?-i:[A-J])\b)|(?:never|cannot|\w{2,6}n['’]t|wrong|incorrect|ruled)\b)"
)
_REASON = re.compile(r"(?i)\b(?:because|since|not)\b")
_OTHER = re.compile(rf"(?<!\w){_LETTER}")
_NEXT = re.compile(
    r"\W{0,40}(?:(?i:answer|or|and|maybe|however|option)\W{1,9}){0,2}([A-HJ])"
    r"(?=[^\w\s:]|\s*(?:\n|$)|\s(?:is|can|could|may|might)\s(?:also|possible)\b)"
)


def grade(sample: Any, item: Any) -> float:
    """Whether the letter of a sample is that of an item's reference answer."""
    text, item = given(sample, item)
    letter = _chosen(_BOLD.sub(r"\2", text.translate(_PLAIN)), item.get("options", []))
    reference = item.get("reference_answer")
    return 1.0 if letter and letter == reference else 0.0


def _chosen(text: str, options: Any) -> str:
    """The one letter that a text gives as its answer; none where there is none, or another too."""
    stated = [found for found in _STATED.finditer(text) if not _denied(text, found.start())]
    if stated:
        begin = text.rfind("\n", 0, stated[-1].start("letter"))
        first = next(found for found in stated if found.start("letter") > begin)
        return _only(text, first.start("letter"), options)
    lines = [line for line in text.split("\n") if line.strip()]
    heads = [found for line in lines if (found := _HEAD.match(line))]
    alone = [found for found in heads if not re.search(r"\w", found.string[found.end() :])]
    heads = alone or heads  # a list of the options may stand before the letter
    if len({found["letter"] for found in heads}) != 1:
        return ""
    line, at = heads[-1].string, heads[-1].start("letter")
    return _only(line, at, options) if line in (lines[0], lines[-1]) else ""


def _denied(text: str, at: int) -> bool:
    """Whether the clause before a place denies or supposes: "I do not think the answer"."""
    return bool(_DENIED.search(_CLAUSE.split(text[max(at - 80, 0) : at])[-1]))


def _only(text: str, at: int, options: Any) -> str:
    """The letter at a place, if it is not said to be wrong and no other stands beside it."""
    letter, after = text[at].upper(), at + 1
    number = ord(letter) - ord("A")
    if isinstance(options, list) and options[number:] and isinstance(options[number], str):
        words = re.findall(r"\w+", options[number].translate(_PLAIN))
        own = re.compile(r"[^\w\n]{0,9}" + r"\W{1,9}".join(words) + r"(?!\w)", re.IGNORECASE)
        if words and (found := own.match(text, after)):
            after = found.end()
    end = after + len(text[after:].partition("\n")[0])
    if _WRONG.match(text, after, end):
        return ""
    beside = {found[0].upper() for found in _OTHER.finditer(_REASON.split(text[after:end])[0])}
    if following := _NEXT.match(text, end):
        beside.add(following[1])
    return "" if beside - {letter} else letter
