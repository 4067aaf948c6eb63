"""Rows of the embedded demo, known by digests wherever they stand: nobody is to pay for them.

The demo (`raw/demo/`) is questions of our own writing that try the commands out; a model learns
nothing from it. `demo.toml`, written by `scripts/demo`, has a line for each question: its digest,
and the codes of the three words with which it begins and of the longest word of each option. A row
is the demo's where the words of a question follow one another in its messages, and those of the
options stand there too: whatever the instruction, the grader, the order and the labels of the
options, and what else the messages say.

Of 45,000 rows of nine collections of mathematics and of MedMCQA none is taken for the demo's. But
a question of few words ("How many positive divisors does 360 have?") may well be asked elsewhere:
these count only where they are two or more, and a hundredth of the rows.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from pipelines.io.jsonl import BOM, lines
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.similarity.keys import fold
from pipelines.similarity.options import split_options

# Words of a question and its options from which it is nobody else's.
_TELLING = 12
# The share of the rows from which questions of fewer words are not there by chance.
_SHARE = 0.01

_WORD = re.compile(r"[^\W_]+")
# The digest of a question, how many words it has, whether it tells, and the codes of its options.
Question = tuple[str, int, bool, frozenset[int]]


def refusal(place: str, count: int) -> str:
    """What is said of a folder of which `rows` told."""
    return (
        f"{place}: a row of the demo ({count:,} in all), our own writing, which teaches a model "
        "nothing and is not sent; prepare real rows: rft prepare DATASET --source huggingface"
    )


def rows(prepared: Prepared) -> tuple[str, int] | None:
    """Where the first row of the demo is, as file:line, and how many there are; None without."""
    places, telling, whole = [], False, 0
    for split in SPLITS:
        path = prepared.path(split)
        for number, line in enumerate(lines(path), 1):
            whole += 1
            question = _question(_text(line))
            if question is not None:
                places.append(f"{path}:{number}")
                telling = telling or question[2]
    if telling or (len(places) > 1 and len(places) >= _SHARE * whole):
        return places[0], len(places)
    return None


def _question(text: str) -> Question | None:
    """The question of the demo that a text asks."""
    words = _words(text)
    codes = [_code(word) for word in words]
    table = _table()
    for beginning in table.keys() & set(zip(codes, codes[1:], codes[2:], strict=False)):
        for at in range(len(words)):
            if tuple(codes[at : at + 3]) == beginning:
                for question in table[beginning]:
                    digest, count, _, options = question
                    if options.issubset(codes) and _digest(words[at : at + count]) == digest:
                        return question
    return None


def _text(line: bytes) -> str:
    """All that the messages of a row say; of a line that is no row, the line."""
    try:
        row = orjson.loads(line.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return line.decode(errors="replace")
    return "\n".join(_strings(row.get("messages") if isinstance(row, dict) else row))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        parts = list(value.values() if isinstance(value, dict) else value)
        for each in parts:
            yield from _strings(each)
        if len(parts) > 1 and all(isinstance(each, dict) and "text" in each for each in parts):
            yield "".join(str(each["text"]) for each in parts)  # which may part a word


# The table ---------------------------------------------------------------------------------------


def entry(prompt: str) -> str | None:
    """A question's line in the table; None where it has too few words to be looked for."""
    stem, texts = split_options(prompt)
    words = _words(stem)
    options = [option for text in texts if (option := _words(text))]
    if len(words) < 3:
        return None
    telling = len(words) + sum(map(len, options)) >= _TELLING
    longest = sorted({_code(max(option, key=len)) for option in options})
    codes = [*map(_code, words[:3]), *longest]
    return " ".join(
        [_digest(words), str(len(words)), "+" if telling else "-", *(f"{n:04x}" for n in codes)]
    )


@cache
def _table() -> dict[tuple[int, ...], list[Question]]:
    """The questions of the demo, by their beginnings."""
    text = Path(__file__).with_name("demo.toml").read_text(encoding="utf-8")
    table: dict[tuple[int, ...], list[Question]] = defaultdict(list)
    for line in tomllib.loads(text)["questions"]:
        digest, count, telling, *rest = line.split()
        codes = tuple(int(code, 16) for code in rest)
        question = digest, int(count), telling == "+", frozenset(codes[3:])
        table[codes[:3]].append(question)
    return dict(table)


def _words(text: str) -> list[str]:
    # The line ends of a text that is quoted in JSON are two characters.
    return _WORD.findall(fold(text.replace("\\n", "\n")))


def _digest(words: list[str]) -> str:
    return sha256(" ".join(words).encode()).hexdigest()[:12]


@lru_cache(1 << 17)
def _code(word: str) -> int:
    return crc32(word.encode()) & 0xFFFF
