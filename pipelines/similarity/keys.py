"""Text as the pipeline compares it: digests, the keys of prompts and answers.

Everything here is a pure function of strings, so that the stages and the checks on finished files
mean the same thing by "the same question".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256

from pipelines.similarity.latex import skeleton, structure
from pipelines.similarity.options import LETTERS, split_options

# Punctuation that carries no meaning at the edge of a question or an option, 8 characters at most,
# so that a small edit stays a small change. Not in it: `+ - < > = % °` and digits, which tell "Rh+"
# from "Rh-"; `'` and `"`, which are minutes and inches; `!`, which is a factorial after a number or
# a single letter. A hyphen goes where it follows other punctuation (":-" ends a question).
_EDGE = r" .,;:?…_、。，；：？！“”«»"
_START = re.compile(rf"[{_EDGE}]{{1,8}}")
_END = re.compile(rf"(?:[{_EDGE}]-*|(?<=[^\W\d_]{{2}})!){{1,8}}$")
_LAST = _EDGE + "-!"  # all that `_END` takes
_QUOTES = "\"'"

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

    A leading point stays before a digit (".5 mg" is not "5 mg").
    """
    if folded[:1].isalnum() and folded[-1:].isalnum():
        return folded  # most texts, in a third of the time
    body = folded
    if end := _END.search(body, len(body.rstrip(_LAST))):
        body = body[: end.start()]
    if (start := _START.match(body)) and not (
        body[start.end() - 1] == "." and body[start.end() :][:1].isdigit()
    ):
        body = body[start.end() :]
    if len(body) > 2 and body[0] == body[-1] and body[0] in _QUOTES:
        body = body.strip(_QUOTES + _EDGE)
    return body or folded


def without_labels(prompt: str) -> str:
    """A prompt without the labels before it ("Example 16", "3. (6 points)"); never empty."""
    start = 0
    while match := _LABEL.match(prompt, start):
        start = match.end()
    return prompt[start:] if prompt[start:].strip() else prompt


def key(prompt: str, options: Sequence[str] | None = None) -> str:
    """The text on which two prompts are compared: skeletons of the question and of its options.

    Leading labels and punctuation at the edges do not count, and neither does the order of options.
    The question stands in the first line and each option in one of its own. Without `options` a
    prompt's own lettered ones are looked for.
    """
    return _lines(skeleton, prompt, options)


def exact_key(prompt: str, options: Sequence[str] | None = None) -> str:
    """What prompts with one key have in common, too, that are the same question beyond doubt."""
    return _lines(structure, prompt, options)


def plain_text(question: str, options: Sequence[str]) -> str:
    """The folded words of a question and its options, as they stand."""
    return fold("\n".join([question, *options]))


def _lines(spell: Callable[[str], str], prompt: str, options: Sequence[str] | None) -> str:
    question, options = split_options(prompt) if options is None else (prompt, options)
    stem = trim(spell(without_labels(question)))
    return "\n".join([stem, *sorted(trim(spell(option)) for option in options)])


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
    return trim(structure(answer_value(answer, options)))
