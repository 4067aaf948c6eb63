"""Long overlaps: runs of words that a text has in common with one question of a benchmark.

For a person to read. A run of 13 words is a quotation, unless it is a stock phrase ("where m and n
are relatively prime positive integers"), which stands in several questions or in many texts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

WORDS = 13

# A run in more different texts than this is a stock phrase. Of 3,280 math rows against the 500
# questions of MATH-500 two quote one, with any bound up to 3; from 4 on, four more have "m and n
# are relatively prime positive integers" in common with the one question there that says so.
MOST_TEXTS = 2

_WORD = re.compile(r"\w+")


def quotes(
    texts: Sequence[str],
    questions: Sequence[str],
    *,
    words: int = WORDS,
    most_texts: int = MOST_TEXTS,
) -> list[tuple[int, int]]:
    """(text, question), as places, for each text that has a run of words of one question, in order.

    A run counts where it stands once in one of `questions`, which are distinct, and in at most
    `most_texts` different texts.
    """
    owners: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        for run in _runs(question, words):
            owners[run].append(place)
    having: dict[str, set[int]] = defaultdict(set)
    for place, text in enumerate(texts):
        for run in _runs(text, words):
            if len(owners.get(run, ())) == 1:
                having[run].add(place)
    rare = (
        (run, places)
        for run, places in having.items()
        if len({texts[place] for place in places}) <= most_texts
    )
    return sorted({(place, owners[run][0]) for run, places in rare for place in places})


def _runs(text: str, words: int) -> Iterator[str]:
    """Each run of so many words; punctuation is passed over."""
    found = _WORD.findall(text)
    return (" ".join(found[n : n + words]) for n in range(len(found) - words + 1))
