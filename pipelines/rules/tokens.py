"""How many tokens a row has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.rules.shapes import texts_of
from pipelines.rules.tables import limit

# Tokens of a row, and "" or "about " where they are estimated.
Count = Callable[[Mapping[str, Any]], tuple[int, str]]


@dataclass(slots=True)
class Tokens:
    """The tokens of a file's rows: their sum, the longest row and its line."""

    rows: int = 0
    total: int = 0
    longest: int = 0
    line: int = 0
    estimated: bool = False

    def add(self, line: int, tokens: int, how: str) -> None:
        """Take note of one row."""
        self.rows += 1
        self.total += tokens
        self.estimated |= bool(how)
        if tokens > self.longest:
            self.longest, self.line = tokens, line

    @property
    def about(self) -> str:
        """What stands before a number that is estimated."""
        return "about " if self.estimated else ""


# English text and LaTeX have 3 to 4.5 bytes a token in o200k; used where its vocabulary, which is
# fetched at the first use, cannot be had.
_BYTES_A_TOKEN = 4

# Characters that are encoded at once: the encoder takes 27 bytes a character, 0.4 GB for 15 MB. A
# token over the edge of a piece is counted twice.
_PIECE = 500_000


def count(item: Mapping[str, Any]) -> tuple[int, str]:
    """Tokens of a row's messages in o200k_base, the encoding of the o and gpt-5 series.

    The handful of tokens that the chat format adds to a message are not counted. What follows the
    first half million characters is estimated once they hold more tokens than a row may have.
    """
    text = "\n".join(text for _, text in texts_of(item))
    encoding = _encoding()
    tokens = 0
    for start in range(0, len(text), _PIECE):
        if encoding is None or tokens > limit("row_tokens"):
            rest = len(text[start:].encode("utf-8", "replace"))
            return tokens + rest // _BYTES_A_TOKEN, "about "
        tokens += len(encoding.encode_ordinary(text[start : start + _PIECE]))
    return tokens, "about " if len(text) > _PIECE else ""


@cache
def _encoding() -> Any:
    try:
        import tiktoken

        return tiktoken.get_encoding("o200k_base")
    except Exception:  # no network, no vocabulary: whatever the client raises, an estimate is left
        return None
