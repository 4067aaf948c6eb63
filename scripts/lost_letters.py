"""Makes pipelines/datasets/medmcqa/lost_letters.toml: words that lose letters in MedMCQA.

    scripts/lost_letters.py --damaged train.parquet test.parquet --whole medqa.json --english docs/

The published rows lost "rt" and "via" inside words: "aery", "moality", "detion". A word is listed
where its whole form is common in the damaged and whole medical texts, and where its damaged form is
no word: it stands in none of the whole texts, in none of the English ones more than by chance, and
no more often in the damaged ones than one loses. Longer forms are safer, and need less. The table
holds words alone; the damaged form is the word without the letters.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import polars as pl

OUT = Path(__file__).parents[1] / "pipelines/datasets/medmcqa/lost_letters.toml"
LOST = ("rt", "via")
COLUMNS = ("question", "opa", "opb", "opc", "opd")
ENGLISH = (".md", ".rst", ".txt", "copyright")
_WORD = re.compile(r"[^\W\d_]+")

# By the length of the damaged form: how often the whole one has to stand in medical texts, or else
# in how many English ones, and in how many of those, which hold names, the damaged one may.
LEAST = ((6, 1, 40, 1), (5, 2, 80, 1), (4, 2, 160, 3), (3, 6, 10**9, 9))
MOST = 12  # times as often as the whole form a short damaged one stands; half of the rows lost it
COMMON = 8  # of a whole form whose damaged one is a word too: then it is only counted


def texts(path: Path) -> Iterator[str]:
    """The texts of a file, or of the files below a folder."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.name.endswith(ENGLISH):
                yield file.read_text(errors="ignore")
    elif path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        for column in COLUMNS:
            yield from frame[column].drop_nulls()
    else:
        yield path.read_text(errors="ignore")


def count(paths: Iterable[Path], *, once: bool = False) -> Counter[str]:
    """How often each word stands in some files, in small letters; `once`: in how many texts."""
    counts: Counter[str] = Counter()
    for path in paths:
        for text in texts(path):
            words = [word.lower() for word in _WORD.findall(text)]
            counts.update(set(words) if once else words)
    return counts


def listed(
    damaged: Counter[str], whole: Counter[str], english: Counter[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """The whole words by the letters that they lose, and the damaged forms that are doubtful."""
    words: dict[str, list[str]] = {lost: [] for lost in LOST}
    doubtful: set[str] = set()
    for lost in LOST:
        wholes: dict[str, list[str]] = {}
        for word in {*damaged, *whole, *english}:
            if lost in word and word.isascii():
                wholes.setdefault(word.replace(lost, ""), []).append(word)
        for form, candidates in wholes.items():
            medical, word = max((damaged[w] + whole[w], w) for w in candidates)
            others = sum(damaged[w] + whole[w] for w in candidates) - medical
            short_and_frequent = len(form) < 5 and damaged[form] > MOST * max(medical, 1)
            if whole[form] > 1 or short_and_frequent or others > medical / 4:
                continue
            if not medical:
                word = max(candidates, key=lambda w: (english[w], w))
            seen = medical > 1 or whole[word] or english[word] or damaged[form]
            enough = seen and any(
                len(form) >= length
                and (medical >= least or english[word] >= usual)
                and english[form] <= chance
                for length, least, usual, chance in LEAST
            )
            if enough and not whole[form]:
                words[lost].append(word)
            elif damaged[form] and medical >= COMMON:
                doubtful.add(form)
    return {lost: sorted(found) for lost, found in words.items()}, sorted(doubtful)


def main() -> None:
    """Read the texts, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("damaged", "whole", "english"):
        parser.add_argument(f"--{name}", nargs="+", type=Path, required=True)
    chosen = parser.parse_args()
    counts = [count(chosen.damaged), count(chosen.whole), count(chosen.english, once=True)]
    words, doubtful = listed(*counts)
    sizes = [f"{sum(one.values()):,}" for one in counts[:2]]
    lines = [
        "# Words that lose letters in MedMCQA, made by scripts/lost_letters.py; see there.",
        f"# From {sizes[0]} words of MedMCQA, {sizes[1]} of other questions, and English texts.",
        f'date = "{date.today().isoformat()}"',
        f"# No words of their own, or words too: they are counted and stay.\ndoubtful = {doubtful}",
        "[lost]",
    ]
    for lost, found in words.items():
        wrapped, line = [], ""
        for word in found:
            if len(line) + len(word) > 98:
                wrapped.append(line)
                line = ""
            line = f"{line} {word}".strip()
        lines.append(f'{lost} = """\n' + "\n".join([*wrapped, line]) + '\n"""')
    OUT.write_text("\n".join(lines).replace("'", '"') + "\n")
    print(f"{OUT.name}: {', '.join(f'{len(found)} {lost}' for lost, found in words.items())}")


if __name__ == "__main__":
    main()
