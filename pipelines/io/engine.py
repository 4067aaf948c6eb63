"""Who runs pure functions over parts of the rows: this process, or a cluster.

A stage hands an engine the function and the parts, and gets the results in the order of the parts.
So what it makes of them cannot depend on how many workers there are, or on which of them died.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class Engine(Protocol):
    """Like `map`, but that function, parts and results must be what `pickle` takes."""

    def __call__(self, function: Callable[[A], B], parts: Iterable[A], /) -> Iterator[B]: ...


def local(function: Callable[[A], B], parts: Iterable[A], /) -> Iterator[B]:
    """One part after the other, in this process, each when its result is wanted."""
    return map(function, parts)
