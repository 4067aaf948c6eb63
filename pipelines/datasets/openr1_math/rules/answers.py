"""Reference answers that no answer can be compared with, or that the prompt gives away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.datasets.openr1_math.rules.asked import asks, values
from pipelines.similarity.keys import answer_value, fold, trim
from pipelines.similarity.options import LETTERS, split_options

_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_WORDS = 5  # between two commas: two names can be checked, a sentence cannot


def prose_answer(answer: str, options: Sequence[str] = ()) -> bool:
    """The answer is prose, a sentence or paragraphs, which no rule can compare.

    Report half: 3 of 3 right; the text of an option is none.
    """
    if fold(answer) in map(fold, options):
        return False
    pieces = re.split(r"[,;]", _COMMAND.sub(" ", answer))
    return "\n\n" in answer or any(len(_WORD.findall(piece)) > _MOST_WORDS for piece in pieces)


_LETTER = re.compile(r"(?:\\(?:text|textbf|mathrm)\s*\{)?\s*\(?([A-Ka-dа-дА-Д])\)?\.?\s*\}?")
_CHOICE = re.compile(r"\(\s*(?:\\q?quad)?\s*\)|（\s*）|(?i:which (?:one )?of the following|choose)")


def missing_options(prompt: str, answer: str, options: Sequence[str]) -> bool:
    r"""The answer is the letter of an option that the prompt does not show.

    Report half: 4 of 4 right. `e` is the number. A label may stand anywhere, also after a literal
    `\n`; a letter that stands by itself may name a person, a team or an unknown.
    """
    found = _LETTER.fullmatch(answer)
    if not found or found[1].upper() in LETTERS[: len(options)]:
        return False
    letter = found[1]
    if letter > "z":  # Cyrillic: of options whose letters the prompt's reader does not know
        return True
    if re.search(rf"(?:(?<![A-Za-z])|\\n)(?:\({letter}\)|{letter}[.)]\s)", prompt):
        return False
    if options or (letter.isupper() and _CHOICE.search(prompt)):
        return True
    article = r"| (?!and\b|or\b|is\b)[a-z]" if letter in "Aa" else ""
    return re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z]{article})", prompt) is None


def duplicate_correct_option(answer: str, options: Sequence[str]) -> bool:
    """The right option's text stands under two letters.

    Report half: 2 of 2 right.
    """
    right = answer_value(answer, list(options))
    return right != answer and [trim(fold(text)) for text in options].count(trim(fold(right))) > 1


_UNKNOWN = re.compile(r"[\s$.(){}\\]*([A-Za-z])[\s$.(){}\\]*")


def unknown_as_answer(prompt: str, answer: str) -> bool:
    """The answer is the name of what is sought, "n" to "For which integers n …".

    Report half: 5 of 5 right.
    """
    found = _UNKNOWN.fullmatch(answer)
    if found is None:
        return False
    sign = r"\$\s*" if found[1] in "aAI" else r"\$?\s*"  # which are words too
    sought = (
        r"\b(?:[Ff]or (?:which|what)|[Ww]hat|[Ww]hich|[Ff]ind|[Dd]etermine)"
        r"(?: (?!in |the |terms|is |are |larg|great|small|min|max|least)[a-z-]+){0,4}"
        rf"\s+{sign}\{{?{found[1]}\b(?!['^_(\\])"
    )
    return re.search(sought, " ".join(prompt.split())) is not None


# "Find all", "for which integers", "what values can": every value that there is.
ALL = (
    r"\b(?:[Ff]ind|[Dd]etermine|[Ll]ist|[Gg]ive|[Ss]how|[Ww]rite(?: down)?|[Ww]hat are|[Ii]ndicate)"
    r" (?:\w+ )?(?:all|possible values|the possible values|(?:the )?(?:pairs|triples|integers"
    r"|integer solutions|natural numbers|positive integers|prime numbers|primes))\b"
    r"|\b(?:[Ff]or|[Bb]y)? ?[Ww]h(?:at|ich) (?:(?:natural|positive|real|rational|whole|prime"
    r"|possible|integer) ){0,2}(?:integers|numbers|primes|digits|values)\b"
)
_AMOUNT = re.compile(
    r"(?i)\b(?:write|indicate|give|specify|find|determine|state|is|are|answer)\b,?(?: down)?"
    r"(?: only)?(?: the| their)? (?:sum|product|number|average|smallest|largest|greatest|least"
    r"|minimum|maximum)\b|\bhow many\b"
)


def unconfirmed_answer(prompt: str, answer: str) -> bool:
    """All values are asked for, the answer has one, and nothing says that it is all.

    Report half: 13 of 23 had more values. A set, and an answer with a letter that may stand for any
    number, may hold all of them; so may an amount of them. Where `ALL` is asked.
    """
    value = _COMMAND.sub(" ", answer.rpartition("=")[2])
    if re.search(r"[A-Za-z\[<>≤≥]|\\[{}]", value) or _AMOUNT.search(prompt):
        return False
    return values(answer) < 2


_SPACES = re.compile(r"\\[,;! ]|\\q?quad|\\left|\\right|\$")
_ANSWER = re.compile(
    r"(?:^|[.!?)\]$])[#*\s\d]{0,9}\b(?:Answers?|Ans|Result)\b\**\s*[.:]|\banswer\s*:", re.MULTILINE
)
_SOLUTION = re.compile(r"(?:^|[.!?)\]$]\s)[#*\s\d]{0,9}\bSolution\b\**\s*(?:[.:]|\n)", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\s*\{")
_SOLVES = re.compile(
    r"\b(?:[Tt]herefore|[Tt]hus|[Hh]ence|[Cc]onsequently|[Ww]e (?:get|obtain|find|arrive)"
    r"|from which|must hold|[Ii]t follows)\b"
)
_LONGEST = 1_000  # characters of an answer that is looked for; each place costs that many steps
_LONGEST_CLOSING = 200


def without_closing_answer(prompt: str, answer: str) -> str:
    """A prompt without a closing "Answer: 17" that tells the answer."""
    for found in _ANSWER.finditer(prompt, max(0, len(prompt) - _LONGEST_CLOSING)):
        told = prompt[found.end() :]
        last = not (asks(told) or split_options(told)[1])
        if last and answer and len(answer) < _LONGEST and holds(told, answer):
            kept = prompt[: found.start() + (found[0][0] in ".!?)]$")].rstrip(" #*\n")
            return kept or prompt
    return prompt


def answer_in_prompt(prompt: str, answer: str) -> bool:
    """The prompt gives its own answer: boxed, in a solution, or after it was solved.

    Report half: 4 of 4 right; 12 more were cut off as a closing "Answer: …".
    """
    if len(answer) > _LONGEST:
        return False
    if found := _ANSWER.search(prompt):
        told = prompt[found.end() :].lstrip(" \n$*").partition("\n")[0]
        if holds(told, answer):
            return True
    if (found := _BOXED.search(prompt)) and _bare(prompt[found.end() :]).startswith(
        _bare(answer) + "}"
    ):
        return True
    if (found := _SOLUTION.search(prompt)) and holds(prompt[found.end() :], answer):
        return True
    if not _bare(prompt).rstrip(".#").endswith("=" + _bare(answer)):
        return False
    words = _WORD.findall(_COMMAND.sub(" ", prompt))
    if not words:  # a sum with its result, not an equation to be solved
        return re.search(r"[a-z]", _COMMAND.sub("", prompt)) is None
    return len(words) > 3 and (_SOLVES.search(prompt) is not None or not asks(prompt))


def holds(text: str, answer: str) -> bool:
    """Whether a text has an answer in it, however it is spaced."""
    signs = r"\s*".join(map(re.escape, _bare(answer)))
    return re.search(rf"(?<![\w.]){signs}(?!\w)", _plain(text)) is not None


def _bare(text: str) -> str:
    """A text without white space, `$` and what only spaces out."""
    return "".join(_plain(text).split())


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).replace("\\dfrac", "\\frac")
