"""Items as other trainers take them: a chat of texts, and the fields beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.findings import show

Item = dict[str, Any]
Row = dict[str, Any]


class Misfit(Exception):
    """One item that cannot become a row: JSON Pointer, what is wrong, what to do."""

    def __init__(self, pointer: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.pointer, self.message, self.remedy = pointer, message, remedy


def chat(item: Item) -> list[dict[str, str]]:
    """The messages of an item, each a role and a text, with `developer` as `system`.

    Raises Misfit for anything but text that a user, an assistant or an instruction says, and for an
    instruction that is not the first message: most trainers know neither.
    """
    if "tools" in item:
        raise Misfit("/tools", "this target takes no tools", "export to openai or foundry")
    messages = []
    for place, message in enumerate(item["messages"]):
        at = f"/messages/{place}"
        role = "system" if message["role"] == "developer" else message["role"]
        if role not in ("system", "user", "assistant") or (role == "system" and place):
            raise Misfit(
                f"{at}/role", f"a {message['role']} message here", "export to openai or foundry"
            )
        messages.append({"role": role, "content": _text(message, at)})
    return messages


def _text(message: Mapping[str, Any], at: str) -> str:
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if "tool_calls" in message or not isinstance(parts, list):
        raise Misfit(at, "a message without text", "export to openai or foundry")
    for part in parts:
        if part.get("type") != "text":
            raise Misfit(
                f"{at}/content", f"{show(part.get('type'))} is no text", "this target takes text"
            )
    return "".join(part["text"] for part in parts)


def fields(item: Item) -> dict[str, Any]:
    """What an item has beside its messages."""
    return {name: value for name, value in item.items() if name != "messages"}
