"""What answers cost: tokens in, tokens out, and their prices."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from pipelines.findings import BadInput
from pipelines.rules.tables import prices


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, read and written."""

    input: float
    output: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """USD of so many tokens."""
        return (tokens_in * self.input + tokens_out * self.output) / 1e6


def price(text: str | None, model: str) -> Price | None:
    """The price of `--price INPUT,OUTPUT`, else of the dated table; None where it has none."""
    if text is not None:
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        if len(values) != 2 or not all(0 <= value < 1e6 for value in values):
            raise BadInput(
                f"--price {text}: give two prices in USD per million tokens, of what is read and "
                "of what is written, as --price 1.10,4.40"
            )
        return Price(*values)
    rows = [prices()[kind].get(model) for kind in ("grader_input", "grader_output")]
    return Price(*(row["value"] for row in rows if row)) if all(rows) else None


class Spent:
    """Tokens and USD of the answers so far, and whether one more may be asked for.

    What an answer will cost is not known before it comes: as much as the dearest so far is held
    back for each that is under way, and the first goes alone.
    """

    def __init__(self, price: Price | None, most: float | None) -> None:
        self.price, self.most = price, most
        self.tokens_in = self.tokens_out = self.answers = 0
        self._dearest = 0.0
        self._lock = Lock()

    @property
    def usd(self) -> float | None:
        """USD so far; None where no price is known."""
        return None if self.price is None else self.price.of(self.tokens_in, self.tokens_out)

    def add(self, usage: dict[str, Any]) -> None:
        """Count one answer; BadInput where --max-cost cannot be held, for tokens are not told."""
        if self.most is not None and not {"input", "output"} <= usage.keys():
            problem = "the service does not tell the tokens of an answer; what came is kept"
            raise BadInput(f"--max-cost: {problem}: run it without, and with a --limit")
        with self._lock:
            tokens = usage.get("input") or 0, usage.get("output") or 0
            self.tokens_in += tokens[0]
            self.tokens_out += tokens[1]
            self.answers += 1
            if self.price:
                self._dearest = max(self._dearest, self.price.of(*tokens))

    def allows(self, under_way: int) -> bool | None:
        """Whether one more may be asked for; None: not before one that is under way has come."""
        if self.most is None or self.usd is None:
            return True
        if not self.answers:
            return None if under_way else True
        if self.usd + self._dearest * (under_way + 1) <= self.most:
            return True
        return None if under_way else False

    @property
    def short(self) -> str:
        """Tokens and money in at most 28 characters, for a bar."""
        usd = "" if self.usd is None else f", ${self.usd:,.2f}"
        return f"{_short(self.tokens_in)} in, {_short(self.tokens_out)} out{usd}"

    def __str__(self) -> str:
        """Tokens and money, to the last."""
        usd = "" if self.usd is None else f", ${self.usd:,.2f}"
        return f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out{usd}"


def _short(count: int) -> str:
    """A number in three digits: 87, 8.4k, 120k, 3.4M."""
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.{1 if count < 100 * size else 0}f}{letter}"
    return str(count)
