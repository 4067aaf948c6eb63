"""What makes a math row unfit, and what is only counted: each fault with its test.

A rule drops where the report half of the adjudicated rows shows that its drops are right (20 or
more on more than one collection, 95 %, lower bound 85 %), or where the fault shows in the signs
alone, as with cut braces. Between, it is a finding that the manifest counts.

A test of wording takes up to 80 µs, so it sees only the rows that a pattern of polars lets through:
all that can have the fault, and few others. Those patterns look neither ahead nor behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Fault
from pipelines.datasets.openr1_math.repair import CONTROL
from pipelines.datasets.openr1_math.rules import answers, asked, figures, solutions
from pipelines.similarity.latex import balanced

_ANSWER = pl.col("reference_answer")
_PROMPT, _REFERENCE = pl.col("prompt").str, _ANSWER.str
_BOTH = ("prompt", "reference_answer")
_NO_OPTIONS = pl.col("options").list.len() == 0

_MAYBE_GIVEN = _PROMPT.contains(r"(?i)\bans|\bresult|solution|\\boxed|=[^=]{1,99}$")
_MAYBE_SEVERAL = _PROMPT.contains(
    rf"{asked.TOGETHER}|(?:^|[\s$(\[\]*])(?:b|2|ii|II|Ⅱ)\.?[)\]]"
    r"|(?m)^[ \t*]*(?:b\.\s|\d+\.\s|[A-Z]\d|\[[b*]\])"
) | (
    _PROMPT.count_matches(
        r"\b(?:[Hh]ow|Which|Who|Where|When|Is|Are|Does|Can|Could|Will|[Ww]hat|Calculate|Compute"
        r"|Evaluate|[Dd]etermine|[Ff]ind|Write)\b|\\qquad\$|_\\?_\\?_"
    )
    > 1
)
_MAYBE_LETTER = _REFERENCE.contains(r"^(?:\\[a-z]+\s*\{)?[\s$(]*[A-Za-zа-дА-Д][)\s$]*\.?\s*\}?$")


def _tested(maybe: pl.Expr, test: Callable[..., bool | None], *columns: str) -> pl.Expr:
    """Whether `test` holds of the named columns, asked where it may."""
    rows = pl.when(maybe).then(pl.struct(columns))
    return rows.map_elements(lambda row: test(*map(row.get, columns)), return_dtype=pl.Boolean)


def _rule(
    test: Callable[..., bool],
    maybe: pl.Expr,
    *columns: str,
    or_else: pl.Expr | None = None,
    **more: Any,
) -> Fault:
    """The fault that a rule finds: its name is the reason, its first line says why."""
    why = (test.__doc__ or test.__name__).partition("\n")[0].strip(".")
    where = _tested(maybe, test, *columns)
    where = where if or_else is None else where | or_else
    return Fault(test.__name__, why[0].lower() + why[1:], where, **more)


def _boxes(column: str, what: str) -> tuple[Fault, Fault]:
    """The findings that boxes confirm the answer, and that they contradict it."""
    known = _NO_OPTIONS & pl.col(column).is_not_null()
    agree = _tested(known, solutions.confirmed, "reference_answer", column)
    return (
        Fault(f"confirmed_by_{column}", f"{what} is the answer", agree, drops=False),
        Fault(f"contradicted_by_{column}", f"{what} is another answer", ~agree, drops=False),
    )


# The one place for what makes a math row unfit; the first reason that holds stands.
FAULTS = (
    Fault("empty_prompt", "no problem", _PROMPT.strip_chars() == ""),
    Fault("empty_answer", "no answer", _ANSWER == ""),
    Fault(
        "unbalanced_answer",
        "braces of the answer do not pair up: it was cut off",
        _tested(_REFERENCE.contains(r"[{}\\]"), lambda a: not balanced(a), "reference_answer"),
        _ANSWER,
    ),
    Fault(
        "nested_box",
        "the answer holds another `\\boxed`: it is a piece of a solution",
        _REFERENCE.contains(r"\boxed", literal=True),
        _ANSWER,
    ),
    _rule(
        answers.prose_answer,
        _REFERENCE.contains(r"(?s)(?:[^\W\d_]{2}.*){4}|\n\n"),
        "reference_answer",
        "options",
        detail=_ANSWER,
    ),
    _rule(asked.no_question, _PROMPT.len_chars() < 100, "prompt"),
    _rule(
        asked.proof,
        _NO_OPTIONS & _PROMPT.contains(r"(?i)prove|show|demonstrate|verify"),
        "prompt",
        or_else=pl.col("question_type").str.to_lowercase() == "proof",
    ),
    _rule(answers.missing_options, _MAYBE_LETTER, *_BOTH, "options", detail=_ANSWER),
    _rule(answers.unknown_as_answer, _NO_OPTIONS & _MAYBE_LETTER, *_BOTH, detail=_ANSWER),
    _rule(
        answers.duplicate_correct_option,
        _MAYBE_LETTER,
        "reference_answer",
        "options",
        detail=pl.col("options").list.join(" | "),
    ),
    _rule(asked.several_questions, _NO_OPTIONS & _MAYBE_SEVERAL, *_BOTH, detail=_ANSWER),
    _rule(answers.answer_in_prompt, _MAYBE_GIVEN, *_BOTH, detail=_ANSWER),
    _rule(
        figures.missing_context,
        _PROMPT.contains(r"T\s*N\s*[YF]|(?i:be the answer to|previous|you will receive)"),
        *_BOTH,
    ),
    Fault(
        "unverified",
        "its generations were judged and none was held correct",
        pl.col("verified") == 0,
    ),
    # Counted, never a drop.
    _rule(
        solutions.incomplete_answer,
        _NO_OPTIONS & (pl.col("solution").str.count_matches(r"\\(?:boxed|fbox)") > 1),
        "reference_answer",
        "solution",
        drops=False,
    ),
    _rule(
        answers.unconfirmed_answer,
        _NO_OPTIONS
        & _PROMPT.contains(answers.ALL)
        & pl.col("solution").is_null()
        & (pl.col("verified").fill_null(0) == 0),
        *_BOTH,
        drops=False,
    ),
    Fault(
        "control_character",
        "a control character is left that no reading explains",
        _PROMPT.contains(CONTROL) | _REFERENCE.contains(CONTROL),
        drops=False,
    ),
    Fault(
        "image",
        "an image was taken out of the prompt; a fourth of those rest on it",
        pl.col("repairs").list.contains("image"),
        drops=False,
    ),
    Fault(
        "figure",
        "the prompt may rest on a figure that is not put into words; a third of them do",
        _PROMPT.contains(figures.UNSEEN) & ~_PROMPT.contains(figures.SEEN),
        drops=False,
    ),
    Fault(
        "confirmed_by_judges", "a generation was held correct", pl.col("verified") > 0, drops=False
    ),
    *_boxes("solution", "the last box of the published solution"),
    *_boxes("generations", "what the generations box (not measured: no rows at hand)"),
)
