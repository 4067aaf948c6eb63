"""Letters that words of MedMCQA lost, "rt" and "via": "aery", "moality of hea failure", "detion".

The table, made by `scripts/lost_letters.py`, holds words whose damaged form is no word.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, partial
from pathlib import Path

import polars as pl

from pipelines.datasets.dataset import Fault

_TABLE = Path(__file__).with_name("lost_letters.toml")
_LEAST_CAPITALS = 5  # letters of a damaged form in capitals; shorter ones are abbreviations
_WORD = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]{3,}|pa(?= of\b))(?![A-Za-z])")


@cache
def _wholes() -> dict[str, str]:
    """The whole word by its damaged form."""
    lost = tomllib.loads(_TABLE.read_text())["lost"]
    wholes = {
        word.replace(letters, ""): word for letters, words in lost.items() for word in words.split()
    }
    return wholes | {"pa": "part"}  # which `_WORD` takes only in "pa of"


def mended(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Columns of text with the lost letters put back, and each row's repairs.

    A repair names the word: `lost_letters artery`. A Python call a row would take as long as all
    else, so only the texts in which a pattern of polars finds a damaged form get one.
    """
    damaged = rf"(?i)\b(?:{'|'.join(sorted(_wholes()))})\b"
    found = texts.select(pl.any_horizontal(pl.all().str.contains(damaged).fill_null(False)))
    rows = found.to_series().arg_true()
    words: list[dict[str, None]] = [{} for _ in rows]
    mend = {
        name: column.scatter(
            rows,
            [
                _WORD.sub(partial(_whole, words=own), text or "")
                for own, text in zip(words, column.gather(rows), strict=True)
            ],
        )
        for name, column in texts.to_dict().items()
    }
    repairs = pl.Series([None], dtype=pl.String).new_from_index(0, texts.height)
    named = ["\n".join(f"lost_letters {word}" for word in own) or None for own in words]
    repairs = repairs.scatter(rows, pl.Series(named, dtype=pl.String)).str.split("\n")
    return pl.DataFrame(mend), repairs.fill_null([]).alias("repairs")


def _whole(found: re.Match[str], words: dict[str, None]) -> str:
    """A word with its letters put back, in its case; the whole word is noted in `words`."""
    word = found[0]
    whole, capitals = _wholes().get(word.lower()), word.isupper()
    if whole is None or not (capitals or word[1:].islower()):
        return word
    if capitals and len(word) < _LEAST_CAPITALS:
        return word
    words[whole] = None
    return whole.upper() if capitals else whole.capitalize() if word[0].isupper() else whole


# "pa" and "repo" may be meant.
_DOUBTFUL = tomllib.loads(_TABLE.read_text())["doubtful"]
FAULT = Fault(
    "lost_letters",
    'a word that may have lost its "rt" stayed as it is',
    pl.col("prompt").str.contains(rf"\b(?:{'|'.join(_DOUBTFUL)})\b"),
    drops=False,
)
