"""Chat messages as people have them, as messages of a prompt that ends with the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

# Roles as other formats call them.
_ROLES = {
    "system": "developer",
    "developer": "developer",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}


def prompt(cell: str, *, answered: bool) -> tuple[str | None, str]:
    """The messages of a conversation as JSON, or None and why it is no prompt.

    cell: a list of turns as JSON, each with `role` and `content` (`from` and `value` are read too).
    answered: whether a last turn of the assistant is the reference answer, and not of the prompt.
    """
    turns: list[Any] = orjson.loads(cell)
    messages = []
    for turn in turns:
        role = _ROLES.get(str(_either(turn, "role", "from")).lower())
        content = _either(turn, "content", "value")
        if role is None or not isinstance(content, str):
            return None, "a turn without a known role, or without a text"
        messages.append({"role": role, "content": content})
    if answered and messages and messages[-1]["role"] == "assistant":
        messages.pop()
    if not messages or messages[-1]["role"] != "user":
        return None, "it does not end with the user"
    if not messages[-1]["content"].strip():
        return None, "its last message is empty"
    return orjson.dumps(messages).decode(), ""


def spoken(messages: str) -> str:
    """What a conversation says without its developer's messages, by which it is compared."""
    turns: list[dict[str, str]] = orjson.loads(messages)
    return "\n\n".join(turn["content"] for turn in turns if turn["role"] != "developer")


def _either(turn: Any, one: str, other: str) -> Any:
    return turn.get(one, turn.get(other)) if isinstance(turn, Mapping) else None
