"""Which of several options a text chooses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.graders.boxed_math.bounds import MAX_TEXT
from pipelines.graders.boxed_math.meaning import same

_LETTERS = "ABCDEFGHIJ"
_WRAPPER = re.compile(r"\\(?:text\w*|math\w+|mbox|boldsymbol|bm|bf|rm)(?![A-Za-z])\s*\{([^{}]*)\}")
_BETWEEN = re.compile(r"\\[,;:!> ]|\\q?quad|[\s$~.,;()]|\band\b")
_LABELLED = re.compile(
    r"(?:\(([A-J])\)|([A-J])[.):\s])(?:\\[,;:!> ]|\\q?quad|[\s$~])*(.+)", re.DOTALL
)


def chosen(text: str, options: Sequence[str]) -> str | None:
    """The letters that a text names, in order; "" where letter and text contradict each other.

    None where the text names no letter and is no option's text.
    """
    if len(text) > MAX_TEXT:
        return None
    letters = _LETTERS[: len(options)]
    named = _BETWEEN.sub("", _WRAPPER.sub(r" \1 ", _WRAPPER.sub(r" \1 ", text)))
    if len(named) == 1 and named in letters:
        return named
    for letter, option in zip(letters, options, strict=False):
        if _same_option(option, text):
            return letter
    if len(named) == 1 and named.upper() in letters:  # "c", where no option says just that
        return named.upper()
    head = _WRAPPER.sub(r"\1 ", text, count=1) if text.lstrip(" $").startswith("\\") else text
    labelled = _LABELLED.fullmatch(head.strip(" $"))
    letter = labelled[1] or labelled[2] if labelled else "?"
    if labelled and letter in letters and _same_option(options[letters.index(letter)], labelled[3]):
        return letter
    if len(named) > 1 and set(named) <= set(letters) and len(set(named)) == len(named):
        return "".join(sorted(named))
    return "" if letter in letters else None


def _same_option(option: str, text: str) -> bool:
    """An option's text as given, or its first line: a note or picture may follow the last."""
    return any(same(each, text) for each in dict.fromkeys((option, option.partition("\n")[0])))
