"""Rows of the embedded demo, known by their words wherever they stand: nobody is to pay for them.

The demo (`raw/demo/`) is questions of our own writing that try the commands out; a model learns
nothing from it. `demo.toml`, written by `scripts/demo`, has a line for each of its prompts, and for
each question without its options: the CRC-32 of the first twelve words, how many words it has, and
the digest of them all. A row is the demo's where these words follow one another in its messages,
whatever the instruction, the grader, and what else the messages say. What has fewer words may well
be asked elsewhere and is not looked for.

Of 34,000 rows of collections of mathematics and of MedMCQA none is taken for the demo's.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import orjson

from pipelines.graders.templates import strings
from pipelines.io.jsonl import BOM, lines
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.similarity.keys import fold
from pipelines.similarity.options import split_options

# The words by which a prompt is looked for, and the fewest that one has.
_FIRST = 12
_WORD = re.compile(r"[^\W_]+")


def refusal(place: str, count: int) -> str:
    """What is said of a folder of which `rows` told."""
    return (
        f"{place}: a row of the demo ({count:,} in all), our own writing, which teaches a model "
        "nothing and is not sent; prepare real rows: rft prepare DATASET --source huggingface"
    )


def rows(prepared: Prepared) -> tuple[str, int] | None:
    """Where the first row of the demo is, as file:line, and how many there are; None without."""
    places = [
        f"{path}:{number}"
        for path in map(prepared.path, SPLITS)
        if path.is_file()
        for number, line in enumerate(lines(path), 1)
        if any(_asks_the_demos(_words(text)) for text in _texts(line))
    ]
    return (places[0], len(places)) if places else None


def _texts(line: bytes) -> Iterator[str]:
    """What the messages of a row say; of content in parts also with those joined within words."""
    try:
        row = orjson.loads(line.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list):
        return
    texts = [text for path, text in strings(messages) if path[-1:] not in (("role",), ("type",))]
    yield "\n".join(texts)
    if len(texts) > len(messages):
        yield "".join(texts)


def _asks_the_demos(words: list[str]) -> bool:
    return any(
        _digest(words[at : at + count]) == digest
        for at in range(len(words) - _FIRST + 1)
        for count, digest in _table().get(_code(words[at : at + _FIRST]), ())
    )


# The table ---------------------------------------------------------------------------------------


def entries(prompt: str) -> Iterator[str]:
    """The lines of the table for a prompt: as it is, and without its options."""
    for text in (prompt, split_options(prompt)[0]):
        words = _words(text)
        if len(words) >= _FIRST:
            yield f"{_code(words[:_FIRST]):08x} {len(words)} {_digest(words)}"


@cache
def _table() -> dict[int, list[tuple[int, str]]]:
    """Of each prompt how many words it has and their digest, by the code of its first words."""
    text = Path(__file__).with_name("demo.toml").read_text(encoding="utf-8")
    table = defaultdict(list)
    for line in tomllib.loads(text)["prompts"]:
        code, count, digest = line.split()
        table[int(code, 16)].append((int(count), digest))
    return dict(table)


def _words(text: str) -> list[str]:
    # The line ends of a text that is quoted in JSON are two characters.
    return _WORD.findall(fold(text.replace("\\n", "\n")))


def _code(words: list[str]) -> int:
    return crc32(" ".join(words).encode())


def _digest(words: list[str]) -> str:
    return sha256(" ".join(words).encode()).hexdigest()[:12]
