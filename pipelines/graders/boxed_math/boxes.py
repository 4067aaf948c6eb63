r"""Where the answer stands: the last balanced `\boxed{…}`."""

from __future__ import annotations

import re

_BRACE = re.compile(r"\\boxed\s*\{|\\.|[{}]", re.DOTALL)


def boxes(text: str) -> tuple[str | None, bool]:
    r"""The content of the last balanced `\boxed{…}`, and whether it is the only `\boxed`."""
    start, content, count = -1, None, 0
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "}":
            begin = opened.pop() if opened else -1
            if begin > start:
                start, content = begin, text[begin : brace.start()]
        elif brace[0] == "{":
            opened.append(-1)
        elif brace[0].startswith("\\boxed"):
            opened.append(brace.end())
            count += 1
    return content, count == 1
