"""Whether one of two records that are near may go: what must be equal, as read before folding."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.similarity.keys import answer_key, answer_value, without_labels
from pipelines.similarity.latex import spelled

# From here on records with the same numbers and the same answer are compared, and from `REWORDED`
# on one of two goes. Of the pairs that were read 86 of 86 were one problem, 63 of them from 0.6 on.
COMPARED, REWORDED = 0.5, 0.6

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIGN = (
    r"[+=<>^!%±]|(?<![-\w\n])-(?=\S)|(?<=[\d)}\]])\s*-(?!\s*[a-z]{2})|n't\b"
    r"|\b(?:not?|non|none|never|neither|nor|cannot|without|except|excluding|least|most|half|twice"
    r"|double|thrice|triple|false|incorrect|wrong|untrue|odd|even|first|last|more|less|fewer"
    r"|smallest|largest|greatest|min\w+|max\w+|positive|negative|inside|outside|before|after"
    r"|un(?!i|der)\w+|in(?:correct|valid|accurate|appropriate)\w*|(?:in|de)creas\w*"
    r"|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_SIGNS = re.compile(_SIGN)
# Where fewer than two numbers tell problems apart, letters do too: variables and kinds ("vitamin
# A"), and commands.
_MARKS = re.compile(rf"{_NUMBER.pattern}|{_SIGN}|[/|]|\\[a-z]+|\b[^\W\d_]\b")

_WORD = re.compile(r"[^\W_]+|[-+=<>%^/]")
_STOP = frozenset(
    """
    a an the of in on at by to for with from and as is are was were be been being it its has have
    had do does did can may which what follow these this that those known call term
    """.split()  # noqa: SIM905
)
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|es|(?<!s)s|e|d)$")


def numbers(prompt: str) -> tuple[str, ...]:
    """The numbers of a prompt, sorted."""
    return tuple(sorted(_NUMBER.findall(spelled(without_labels(prompt)))))


def marks(prompt: str) -> tuple[str, ...]:
    """What two prompts must have in common to say the same: numbers, signs, negations, opposites.

    A word changed is a synonym or a misprint; one of these changed is another question. Two numbers
    and more count in any order; where there are fewer, everything counts in the order in which it
    stands, with single letters.
    """
    text = spelled(without_labels(prompt))
    known = _NUMBER.findall(text)
    if len(known) < 2:
        return tuple(_MARKS.findall(text))
    return (*sorted(known), *sorted(sign.strip() for sign in _SIGNS.findall(text)))


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says, in the parts that are compared."""

    numbers: tuple[str, ...]
    marks: tuple[str, ...]
    answer: str
    stem: tuple[str, ...]  # of a multiple-choice question only
    options: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, question: str, options: list[str], answer: str) -> Said:
        """What a question with its options, none where the answer is free, and its answer say."""
        if not options:
            key = answer_key(answer, [])
            return cls(numbers(question), marks(question), key, (), ())
        value = answer_value(answer, options)
        words = sorted(_words(option) for option in options)
        return cls((), (), "".join(_words(value)), _words(question), tuple(words))

    def asks_the_same(self, other: Said) -> bool:
        """Whether free answers to both questions depend on the same numbers."""
        return not self.stem and not other.stem and self.numbers == other.numbers

    def is_copy(self, other: Said, similarity: float) -> bool:
        """Whether two records that are linked by their texts say the same.

        Free answers: the same marks and answer. Multiple choice: the same options, and stems that
        differ in spelling, inflection or stop words.
        """
        if not self.stem and not other.stem:
            return similarity >= REWORDED and (self.marks, self.answer) == (
                other.marks,
                other.answer,
            )
        return (
            _alike_joined(self.answer, other.answer)
            and len(self.options) == len(other.options)
            and all(map(_alike, self.options, other.options))
            and _alike(self.stem, other.stem)
        )


def _words(text: str) -> tuple[str, ...]:
    """The words of a text without stop words and inflection; the text where nothing is left."""
    words = _WORD.findall(spelled(text).replace("ae", "e").replace("oe", "e"))
    stems = [(word, _ENDING.sub("", word)) for word in words if word != "-"]
    kept = [stem for word, stem in stems if word not in _STOP and stem not in _STOP]
    return tuple(kept) or tuple(words)


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether words are the same but for misprints, and for where a compound is parted."""
    if "".join(one) == "".join(other):
        return True
    return len(one) == len(other) and all(map(_alike_joined, one, other))


def _alike_joined(one: str, other: str) -> bool:
    """Whether two words are one, with one letter of seven and more misprinted past the fourth.

    Opposites differ before: afferent and efferent, abduction and adduction.
    """
    if one == other:
        return True
    if min(len(one), len(other)) < 7 or one[:4] != other[:4] or not (one + other).isalpha():
        return False
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    same = min(len(one), len(other)) if same is None else same
    rest, more = one[same:], other[same:]
    return rest[1:] == more[1:] or rest[1:] == more or rest == more[1:]
