"""What makes a row of OpenR1-Math unfit: each fault with its test.

A test of wording takes up to 80 µs, so it sees only the rows that a pattern of polars lets through:
all that can have the fault, and few others. Those patterns look neither ahead nor behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Fault
from pipelines.datasets.openr1_math.partial_answers import (
    ALL,
    KIND,
    asks_for_all,
    partial_answer,
    wrong_kind,
)
from pipelines.datasets.openr1_math.questions import (
    PLURAL,
    TOGETHER,
    asks,
    only_proof,
    several_questions,
)
from pipelines.similarity.keys import answer_value, fold, trim
from pipelines.similarity.latex import balanced
from pipelines.similarity.options import LETTERS, split_options

# A picture: a Markdown image, an HTML or LaTeX one, a forum's [img], or the address of a picture.
_IMAGE = (
    r"(?i)!\[[^\]]*\]\(|<img\b|\\includegraphics|\[img\b|https?://\S+\.(?:png|jpe?g|gif|svg|webp)\b"
)

_JUNK = re.compile(
    r"</?think|\d{4}-\d\d-\d\dT\d|\n\s*\n|(?:[-–] ?){6}|(?i:final answer)"
    r"|^(?:\\text\s*\{)?\W*(?i:should be|see|proof|thus|therefore|hence|all answers|we (?:have|get)"
    r"|the (?:final )?(?:answers?|solutions?|proof) (?:is|are|to)|note that|as (?:shown|above)"
    r"|(?:not |un)(?:provided|given|available)|they|there (?:is|are|exists?))\b"
)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_WORDS = 5  # between two commas: two names can be checked, a sentence cannot


def junk_answer(answer: str, options: Sequence[str] = ()) -> bool:
    """Whether an answer is a sentence, a paragraph, a time or a piece of a log, and no option."""
    if fold(answer) in map(fold, options):
        return False
    if _JUNK.search(answer):
        return True
    pieces = re.split(r"[,;]", _COMMAND.sub(" ", answer))
    return any(len(_WORD.findall(piece)) > _MOST_WORDS for piece in pieces)


_LETTER = re.compile(r"(?:\\(?:text|textbf|mathrm)\s*\{)?\s*\(?([A-Ja-jа-дА-Д])\)?\.?\s*\}?")
_CHOICE = re.compile(r"\(\s*(?:\\q?quad)?\s*\)|（\s*）|(?i:which (?:one )?of the following|choose)")


def letter_without_option(prompt: str, answer: str, options: Sequence[str]) -> bool:
    """Whether an answer is the letter of an option that the problem does not show.

    A letter that stands by itself in the problem may name a person, a team or a variable.
    """
    found = _LETTER.fullmatch(answer)
    if not found or found[1].upper() in LETTERS[: len(options)]:
        return False
    letter = found[1]
    if letter > "z":  # Cyrillic: of options whose letters the prompt's reader does not know
        return True
    if options or (letter.isupper() and _CHOICE.search(prompt) and not _label(letter, prompt)):
        return True
    article = "| [a-z]" if letter in "AaI" else ""
    return re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z]{article})", prompt) is None


def _label(letter: str, prompt: str) -> bool:
    """Whether a line of the prompt begins with a letter, as an option would."""
    return re.search(rf"(?m)^[ \t]*\(?{letter}[.)]", prompt) is not None


def right_twice(answer: str, options: Sequence[str]) -> bool:
    """Whether another option has the text of the option whose letter is the answer."""
    right = answer_value(answer, list(options))
    return right != answer and [trim(fold(text)) for text in options].count(trim(fold(right))) > 1


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


def answer_in_prompt(prompt: str, answer: str) -> bool:
    """Whether a problem holds its own answer: after "Answer:", boxed, or in a solution."""
    if len(answer) > _LONGEST:
        return False
    if found := _ANSWER.search(prompt):
        told = prompt[found.end() :].lstrip(" \n$*").partition("\n")[0]
        if _holds(told, answer):
            return True
    if (found := _BOXED.search(prompt)) and _bare(prompt[found.end() :]).startswith(
        _bare(answer) + "}"
    ):
        return True
    if (found := _SOLUTION.search(prompt)) and _holds(prompt[found.end() :], answer):
        return True
    if not _bare(prompt).rstrip(".#").endswith("=" + _bare(answer)):
        return False
    words = _WORD.findall(_COMMAND.sub(" ", prompt))
    if not words:  # a sum with its result, not an equation to be solved
        return re.search(r"[a-z]", _COMMAND.sub("", prompt)) is None
    return len(words) > 3 and (_SOLVES.search(prompt) is not None or not asks(prompt))


def _holds(text: str, answer: str) -> bool:
    """Whether a text has an answer in it, however it is spaced."""
    signs = r"\s*".join(map(re.escape, _bare(answer)))
    return re.search(rf"(?<![\w.]){signs}(?!\w)", _plain(text)) is not None


def _bare(text: str) -> str:
    """A text without white space, `$` and what only spaces out."""
    return "".join(_plain(text).split())


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).replace("\\dfrac", "\\frac")


_PICTURE = re.compile(r"\[asy\]|\\begin\{(?:tikz|picture|asy)|<svg")
_TABLE = re.compile(r"\|.*\|.*\||\\begin\{(?:array|tabular|\w*matrix)\}")
_NOUN = r"(?:figures?|diagrams?|pictures?|drawings?|images?|sketch|illustrations?|maps?|charts?)"
_PLACE = r"(?: (?:below|above|here|\$?\d+\$?|(?:on|at|to) the (?:right|left)))?"
# How a figure is spoken of that has to be seen, in small letters.
_UNSEEN = (
    # "The diagram shows …", "the pie chart below shows", "the graph relates"
    re.compile(
        rf"\b{_NOUN}{_PLACE} (?:shows?|represents?|illustrates?|depicts?|displays?|gives)\b"
        r"|\bgraph (?:below |above )?(?:shows?|relates|illustrates?|depicts?)\b"
    ),
    # "arranged as shown", "marked in the figure", "how many triangles are in the picture"
    re.compile(
        r"\b(?:arranged|covered|numbered|labell?ed|colou?red|painted|built|stacked)\b[^.?!\n]{0,80}"
        r"\bas (?:is )?shown\b"
    ),
    re.compile(
        rf"\b(?:marked|indicated|labell?ed|written|given|(?<!as )shown) (?:in|on) the {_NOUN}\b"
        rf"|\baccording to the {_NOUN}\b"
        r"|\b(?:how many|number of)\b[^.?!\n]{0,60}\bin the (?:picture|diagram|drawing|image)\b"
    ),
)
_FLOWCHART = re.compile(
    r"\b(?:flow ?chart|block diagram|flow diagram|program)\b[^.?!\n]{0,60}\b(?:shown|figure)\b"
)
_SHADED = re.compile(r"\b(?:un)?shaded\b|\bdotted\b|\bangles? marked\b")
_MENTION = re.compile(rf"\b(?:{_NOUN}|shown|graph)\b")
_NAME = re.compile(r"(?<![A-Za-z\\])[A-Z]+(?![A-Za-z])")
# "The number you will receive", the answer to the problem before, in relays.
_EARLIER = re.compile(r"\bTN(?:YWR|FTPP)\b")


def missing_context(prompt: str) -> bool:
    """Whether a problem rests on an earlier one, or on a figure that is not put into words.

    A figure whose points are named, three or more, is taken to be put into words, unless something
    is shaded or marked in it.
    """
    if _EARLIER.search(prompt):
        return True
    question = split_options(prompt)[0]
    text = question.lower()
    if _PICTURE.search(question) or not _MENTION.search(text):
        return False
    if _FLOWCHART.search(text) or _SHADED.search(text):
        return True
    if _TABLE.search(question) or not any(unseen.search(text) for unseen in _UNSEEN):
        return False
    return len(set("".join(_NAME.findall(question)))) < 3


# --- What can have a fault ------------------------------------------------------------------------

_PROMPT, _REFERENCE = pl.col("prompt").str, pl.col("reference_answer").str
_PUBLISHED = pl.col("solution")
_SPACE = r"\\[,;! ]|\\q?quad|\\left|\\right|[\s$]|\\d?frac"

_MAYBE_JUNK = _REFERENCE.contains(r"[A-Za-z]{3}|\n|<|\d-\d\d-|- ?- ?-")
_MAYBE_LETTER = _REFERENCE.contains(r"^(?:\\[a-z]+\s*\{)?\s*\(?[A-Ja-jа-дА-Д]\)?\.?\s*\}?$")
_MAYBE_PROOF = _PROMPT.contains(r"(?i)prove|show|demonstrate|verify")
# The end of a prompt that may be "= 17": no answer of more characters is looked for there.
_END = _PROMPT.tail(100)
_ENDS = pl.when(_END.str.contains("=", literal=True)).then(_END).str
_MAYBE_GIVEN = _PROMPT.contains(r"(?i)\b(?:answers?|ans|result)[*\s]*[.:]|Solution|\\boxed") | (
    _ENDS.replace_all(_SPACE, "")
    .str.strip_chars_end(".#")
    .str.ends_with(pl.concat_str(pl.lit("="), _REFERENCE.replace_all(_SPACE, "")))
)
_MAYBE_CONTEXT = _PROMPT.contains(rf"(?i)\b(?:{_NOUN}|graph|shown|(?-i:TN(?:YWR|FTPP)))\b")
_MAYBE_SEVERAL = (
    _PROMPT.contains(
        r"(?m)(?:^|[\s\]*])(?:\$|\\\()?\(?(?:b|2|ii|II|Ⅱ)\)|^[ \t]*(?:b\.\s|[A-Z]\d+\.\d|\[b\])"
    )
    | (_PROMPT.count_matches(r"\\qquad\$|___") > 1)
    | (
        _PROMPT.count_matches(
            r"\b(?:How|In how|Which|Is|Are|Does|Can|Could|Will|What|Calculate|Compute|Evaluate"
            r"|Determine|[Ff]ind|Write)\b|\band (?:how|what)\b"
        )
        > 1
    )
    | _PROMPT.contains(TOGETHER)
    | _PROMPT.contains(PLURAL)
    | _PROMPT.contains(
        r"\band (?:find|determine|calculate|compute)\b|\bthe (?:min\w+ and max|max\w+ and min)"
    )
)


def _tested(
    maybe: pl.Expr, test: Callable[[str, str, Any], bool], third: str = "options"
) -> pl.Expr:
    """Whether `test` holds of prompt, reference answer and a third column, asked where it may."""

    def holds(row: dict[str, Any]) -> bool:
        return test(row["prompt"], row["reference_answer"], row[third])

    texts = pl.struct("prompt", "reference_answer", third)
    return pl.when(maybe).then(texts).map_elements(holds, return_dtype=pl.Boolean)


# The one place for what makes a math row unfit; the first reason that holds stands.
FAULTS = (
    Fault("empty_prompt", "no problem", _PROMPT.strip_chars() == ""),
    Fault("empty_answer", "no answer", pl.col("reference_answer") == ""),
    Fault(
        "unbalanced_answer",
        "braces of the answer do not pair up: it was cut off",
        _tested(_REFERENCE.contains(r"[{}\\]"), lambda _, answer, __: not balanced(answer)),
        pl.col("reference_answer"),
    ),
    Fault(
        "nested_box",
        "the answer holds another `\\boxed`: it is a piece of a solution",
        _REFERENCE.contains(r"\boxed", literal=True),
        pl.col("reference_answer"),
    ),
    Fault(
        "junk_answer",
        "the answer is a sentence, a paragraph, a time or a piece of a log",
        _tested(_MAYBE_JUNK, lambda _, answer, options: junk_answer(answer, options)),
        pl.col("reference_answer"),
    ),
    Fault(
        "proof",
        "a proof is asked for, by `question_type` or by wording, and nothing that can be checked",
        (pl.col("question_type").str.to_lowercase() == "proof")
        | _tested(_MAYBE_PROOF, lambda prompt, _, options: not options and only_proof(prompt)),
    ),
    Fault(
        "image",
        "the prompt holds an image, which text-to-text training cannot show",
        _PROMPT.contains(_IMAGE),
    ),
    Fault(
        "missing_options",
        "the answer is the letter of an option that the prompt does not show",
        _tested(_MAYBE_LETTER, letter_without_option),
        pl.col("reference_answer"),
    ),
    Fault(
        "duplicate_correct_option",
        "the right option's text stands under two letters",
        _tested(_MAYBE_LETTER, lambda _, answer, options: right_twice(answer, options)),
        pl.col("options").list.join(" | "),
    ),
    Fault(
        "several_questions",
        "several questions are asked and the answer has a value for fewer",
        _tested(
            _MAYBE_SEVERAL,
            lambda prompt, answer, options: not options and several_questions(prompt, answer),
        ),
        pl.col("reference_answer"),
    ),
    Fault(
        "incomplete_answer",
        "the published solution boxes several answers and the answer is not all of them",
        (pl.col("options").list.len() == 0)
        & _tested(_PUBLISHED.str.len_bytes() > 0, partial_answer, "solution"),
        pl.col("reference_answer"),
    ),
    Fault(
        "incomplete_answer",
        "values that the answer lacks solve the equations of the problem too",
        pl.col("another").is_not_null(),
        pl.format("{}, and {}", "reference_answer", "another"),
    ),
    Fault(
        "unconfirmed_answer",
        "all values are asked for, the answer has one, and neither a solution nor a generation "
        "that was held correct says that there are no more",
        _PUBLISHED.is_null()
        & (pl.col("verified").fill_null(0) == 0)
        & _tested(
            _PROMPT.contains(ALL),
            lambda prompt, answer, options: not options and asks_for_all(prompt, answer),
        ),
        pl.col("reference_answer"),
    ),
    Fault(
        "answer_type_mismatch",
        "an equation, a function or a decomposition is asked for and the answer is a number",
        _tested(
            _PROMPT.contains(KIND),
            lambda prompt, answer, options: not options and wrong_kind(prompt, answer),
        ),
        pl.col("reference_answer"),
    ),
    Fault(
        "answer_in_prompt",
        'the prompt gives its own answer, after "Answer:", boxed or in a solution',
        _tested(_MAYBE_GIVEN, lambda prompt, answer, _: answer_in_prompt(prompt, answer)),
        pl.col("reference_answer"),
    ),
    Fault(
        "missing_context",
        "the prompt rests on a figure or a problem that is not there, and no generation was held "
        "correct",
        (pl.col("verified").fill_null(0) == 0)
        & _tested(_MAYBE_CONTEXT, lambda prompt, _, __: missing_context(prompt)),
    ),
    Fault(
        "unverified",
        "its generations were judged and none was held correct",
        pl.col("verified") == 0,
    ),
)
