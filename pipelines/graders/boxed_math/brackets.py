"""Tokens between brackets and between signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.tokens import CLOSING, OPENING, Token


def closing(part: Sequence[Token], at: int) -> int:
    """Where the bracket that opens at a place is closed; a half-open interval's close differs."""
    depth = 0
    for index in range(at, len(part)):
        kind, text = part[index]
        if kind == "begin" or (kind == "sign" and text in OPENING):
            depth += 1
        elif kind == "end" or (kind == "sign" and text in CLOSING):
            depth -= 1
            if depth == 0:
                return index
    raise Unreadable


def split(part: Sequence[Token], signs: Iterable[str]) -> tuple[list[list[Token]], list[str]]:
    """The parts between signs that stand outside all brackets, and these signs."""
    parts: list[list[Token]] = [[]]
    between: list[str] = []
    depth = 0
    for token in part:
        kind, text = token
        if kind == "begin" or (kind == "sign" and text in OPENING):
            depth += 1
        elif kind == "end" or (kind == "sign" and text in CLOSING):
            depth -= 1
        if depth == 0 and kind == "sign" and text in signs:
            between.append(text)
            parts.append([])
        else:
            parts[-1].append(token)
    if depth:
        raise Unreadable
    return parts, between


def joined(part: Iterable[Token]) -> str:
    """The texts of tokens in one."""
    return "".join(text for _, text in part)
