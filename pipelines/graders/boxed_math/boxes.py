r"""Where the answer stands: the last balanced `\boxed{…}`."""

from __future__ import annotations

import re

_BRACE = re.compile(r"\\boxed\s*\{|\\.|[{}]", re.DOTALL)


def spans(text: str) -> tuple[list[tuple[int, int]], int]:
    r"""Where the contents of all balanced `\boxed{…}` begin and end, and how many are opened.

    In the order in which they close. Places and not contents: nested boxes hold each other.
    """
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    count = 0
    for brace in _BRACE.finditer(text):
        if brace[0] == "}":
            begin = opened.pop() if opened else -1
            if begin >= 0:
                found.append((begin, brace.start()))
        elif brace[0] == "{":
            opened.append(-1)
        elif brace[0].startswith("\\boxed"):
            opened.append(brace.end())
            count += 1
    return found, count


def boxes(text: str) -> tuple[str | None, bool]:
    r"""The content of the last balanced `\boxed{…}`, and whether it is the only `\boxed`."""
    found, count = spans(text)
    begin, end = max(found, default=(0, -1))
    return None if end < 0 else text[begin:end], count == 1
