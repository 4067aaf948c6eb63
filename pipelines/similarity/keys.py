"""Text as the pipeline compares it: digests, the keys of prompts and answers.

Everything here is a pure function of strings, so that the stages and the checks on finished files
mean the same thing by "the same question".
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from pipelines.similarity.latex import respelled
from pipelines.similarity.options import LETTERS, split_options

# Punctuation that carries no meaning at the edge of a question or an option. Not in it: `+ - < > =
# % °` and digits, which tell "Rh+" from "Rh-"; `'` and `"`, which are minutes and inches; `!`,
# which is a factorial after a number or a single letter.
_EDGE = " .,;:?…_、。，；：？！“”«»"
_QUOTES = "\"'"
_EXCLAMATION = re.compile(r"(?<=[^\W\d_]{2})!+$")

# What stands before a problem in a problem collection: "Example 16", "Problem 5.8.", "14.",
# "6、", "(6 points)", "II.". A number needs punctuation and no digit after it, so that "2.5 kg" and
# "3 men" stay; a lone I, V or X needs a parenthesis after it, so that "V. cholerae" stays.
_LABEL = re.compile(
    r"""\s*(?:
        (?:[Ee]xample|[Pp]roblem|[Qq]uestion|[Ee]xercise|[Tt]ask)\s*\d+(?:\.\d+)*[.:,)]?(?=\s)
      | \d+(?:\.\d+)*(?:[.):]\s|、)
      | [IVX]{2,}[.)、]\s?
      | [IVX][.)、](?=\s*\()
      | \((?:[Ff]ull\ marks\ )?\d+\ (?:points?|marks?)\)
    )\s*""",
    re.VERBOSE,
)

_LETTER = re.compile(r"\(?([A-J])\)?\.?")
_MARK = re.compile(
    r"\d+(?:[.,/]\d+)*|[-+*/=<>^|!%°≤≥≠±×÷√∈∉∪∩]|\\[a-z]+|\b[^\W\d_]\b|n't\b"
    r"|\b(?:not?|non|none|never|neither|nor|cannot|without|except|excluding|least|false|incorrect"
    r"|wrong|untrue|un\w+|in(?:correct|valid|accurate|appropriate)\w*|half|twice|double|thrice|triple"
    r"|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_LOOSE_SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def digest(text: str) -> str:
    """The name of a text: the first 128 bits of the SHA-256 of its UTF-8, as 32 hex digits."""
    return sha256(text.encode()).hexdigest()[:32]


def fold(text: str) -> str:
    """A text with case, canonically equal spellings and runs of white space made one.

    NFC and not NFKC, for NFKC turns 10² into 102. Folding works on NFD, as Unicode's definition
    D145 of a canonical caseless match has it.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFD", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def trim(folded: str) -> str:
    """A folded text without the punctuation at its edges; the text itself where nothing is left.

    A leading point stays before a digit (".5 mg" is not "5 mg"), and a hyphen goes only where it
    follows other punctuation (":-" ends a question, "Rh-" ends an answer).
    """
    if folded[:1].isalnum() and folded[-1:].isalnum():
        return folded  # most texts, in a third of the time
    body = folded.rstrip(_EDGE)
    if body.endswith("-"):
        head = body.rstrip("-")
        if head and head[-1] != " " and head[-1] in _EDGE:
            body = head.rstrip(_EDGE)
    start = body.lstrip(_EDGE)
    if start[:1].isdigit() and body[: len(body) - len(start)].endswith("."):
        start = "." + start
    body = _EXCLAMATION.sub("", start) if start.endswith("!") else start
    if len(body) > 2 and body[0] == body[-1] and body[0] in _QUOTES:
        body = body[1:-1].strip(_EDGE)
    return body or folded


def without_labels(prompt: str) -> str:
    """A prompt without the labels before it ("Example 16", "3. (6 points)"); never empty."""
    start = 0
    while match := _LABEL.match(prompt, start):
        start = match.end()
    return prompt[start:] if prompt[start:].strip() else prompt


def key(prompt: str) -> str:
    """The text by which two prompts are the same question.

    Case, canonical spelling, LaTeX spelling, white space, edge punctuation and leading labels do
    not count, and neither does the order of lettered options. The question stands in the first line
    and each option in one of its own.
    """
    question, options = split_options(prompt)
    stem = trim(fold(respelled(without_labels(question))))
    if not options:
        return stem
    texts = (respelled(option).strip("$") for option in options)  # $2$ is 2
    return "\n".join([stem, *sorted(trim(fold(text)) for text in texts)])


def marks(key: str) -> tuple[str, ...]:
    """What two keys must have in common to say the same: numbers, signs, LaTeX commands, negations.

    In the order in which they stand, with single letters, which are variables or kinds ("vitamin
    A"). A word changed is a synonym or a misprint; one of these changed is another question.
    """
    return tuple(_MARK.findall(key))


def answer_text(answer: str, options: list[str]) -> str:
    """An answer as a person reads it: an option's text stands beside its letter."""
    value = answer_value(answer, options)
    return answer if value == answer else f"{answer.strip('(). ')} {value}"


def answer_value(answer: str, options: list[str]) -> str:
    """The text of the option that an answer names by its letter; the answer itself otherwise."""
    letter = _LETTER.fullmatch(answer.strip())
    named = letter and letter[1] in LETTERS[: len(options)]
    return options[LETTERS.index(letter[1])] if letter and named else answer


def answer_key(answer: str, options: list[str]) -> str:
    """The text by which two answers to one question are the same.

    The letter of an option stands for the option's text, for its place may differ. White space
    counts only between digits, where "1 1/2" is not "11/2".
    """
    math = respelled(f"${answer_value(answer, options).strip().strip('$')}$")
    return _LOOSE_SPACE.sub("", trim(fold(math.strip("$"))))
