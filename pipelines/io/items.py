"""Items, the rows of training and validation files: where they lie, and what their users say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from pipelines.io.jsonl import BOM, content, json_object, unreadable


class Place(NamedTuple):
    """Where an item is: the number of its file, its line in it, from 1, and the line's offset."""

    file: int
    line: int
    offset: int


class Items:
    """The items of some files, by number from 0, of which only the places are held; to be closed.

    `-` is the standard input, which is held, for items are read more than once.
    """

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self.places: list[Place] = []
        self._open = ExitStack()
        self._files = [self._open.enter_context(self._file(path)) for path in paths]
        for number, file in enumerate(self._files):
            offset = 0
            for line, data in enumerate(file, 1):
                if data.removeprefix(BOM).strip():
                    self.places.append(Place(number, line, offset))
                offset += len(data)

    def __len__(self) -> int:
        """How many items there are in all files."""
        return len(self.places)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """An item, read from its file; BadInput where its line holds no JSON object."""
        file, line, offset = self.places[number]
        self._files[file].seek(offset)
        return json_object(self._files[file].readline(), self.paths[file], line)

    def where(self, number: int) -> str:
        """The item's file and line, as a message has them."""
        file, line, _ = self.places[number]
        return f"{self.paths[file]}:{line}"

    def close(self) -> None:
        """Close the files."""
        self._open.close()

    def _file(self, path: Path) -> IO[bytes]:
        if str(path) == "-":
            return BytesIO(content(path))
        try:
            return path.open("rb", buffering=1 << 20)
        except OSError as error:
            raise unreadable(path, error) from error


def item_digest(item: Mapping[str, Any]) -> str:
    """The name of what an item asks a model, its messages and tools: 32 hex digits.

    Its reference is no part of it, so that an answer stays an answer when a reference is mended.
    """
    asked = [item.get("messages"), item.get("tools")]
    return sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def texts(message: Mapping[str, Any]) -> Iterator[tuple[list[str | int], str]]:
    """The texts of a message with their paths below it: a string, or the parts of type text."""
    content = message.get("content")
    if isinstance(content, str):
        yield ["content"], content
    elif isinstance(content, list):
        for i, part in enumerate(content):
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield ["content", i, "text"], part["text"]


def user_text(item: object) -> str:
    """The texts of an item's user messages, joined by line ends; empty where it has none."""
    messages = item.get("messages") if isinstance(item, dict) else None
    return "\n".join(
        text
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict) and message.get("role") == "user"
        for _, text in texts(message)
    )
