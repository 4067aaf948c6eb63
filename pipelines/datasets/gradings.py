r"""How answers are asked for and scored, by the name that a description gives: the grader's sets.

`math`: a box whose content means what the reference means. `letter`: the letter of an option.
`text`: a short text. The first of a set is used; the others are had by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import orjson

from pipelines.graders import python_grader
from pipelines.graders.grading import Grading, boxed
from pipelines.similarity.options import LETTERS

_BOX = (
    "Solve the problem. Put the final answer, and nothing else, in one \\boxed{}. "
    "If several values are asked for, list them all in it, separated by commas. "
    "If the problem offers lettered options, answer with the letter."
)
_RUBRIC = {
    "type": "score_model",
    "name": "rubric",
    "model": "gpt-4.1-mini",
    "input": [
        {
            "role": "developer",
            "content": "You judge the reasoning of a solution to a mathematical problem, not its "
            "result. Answer with one number from 0 to 1: 1 where each step follows and nothing is "
            "missing, 0.5 where steps are left out, 0 where a step is wrong or nothing is shown.",
        },
        {
            "role": "user",
            "content": "Problem:\n{{item.problem}}\n\n"
            "Reference answer: {{item.reference_answer}}\n\n"
            "Solution:\n{{sample.output_text}}",
        },
    ],
    "range": [0, 1],
    "sampling_params": {"temperature": 0, "seed": 0},
}
_LETTER = "Answer the multiple-choice question with the letter of the best option."


def _math(letters: str) -> tuple[Grading, ...]:
    return (
        Grading(
            name="exact",
            about="1.0 where the last `\\boxed{}` means what the reference means, 0.0 otherwise",
            instruction=_BOX,
            grader=python_grader("boxed_math"),
            wrap=boxed,
        ),
        Grading(
            name="partial",
            about="the same, with 0.1 for exactly one box that holds a wrong answer",
            instruction=_BOX,
            grader=python_grader("boxed_math", BOXED_BUT_WRONG=0.1),
            wrap=boxed,
        ),
        Grading(
            name="rubric",
            about="0.8 of the exact score and 0.2 of what a model says of the solution's rigour",
            instruction=_BOX,
            grader={
                "type": "multi",
                "name": "exact_and_rubric",
                "graders": {"exact": python_grader("boxed_math"), "rubric": _RUBRIC},
                "calculate_output": "0.8 * exact + 0.2 * rubric",
            },
            wrap=boxed,
            local=python_grader("boxed_math"),
            prompt_field="problem",
        ),
    )


def _letter(letters: str) -> tuple[Grading, ...]:
    return (
        Grading(
            name="structured",
            about="one letter in structured output; the response format allows no other",
            instruction=_LETTER,
            grader={
                "type": "string_check",
                "name": "letter",
                "input": "{{sample.output_json.answer}}",
                "reference": "{{item.reference_answer}}",
                "operation": "eq",
            },
            wrap=lambda reference: orjson.dumps({"answer": reference}).decode(),
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": "answer",
                    "strict": True,
                    "schema": {
                        "type": "object",
                        "properties": {"answer": {"type": "string", "enum": list(letters)}},
                        "required": ["answer"],
                        "additionalProperties": False,
                    },
                },
            },
        ),
        Grading(
            name="text",
            about="the one letter that plain output chooses, for models without structured output; "
            "several letters are no answer",
            instruction=f"{_LETTER} End with a line that says Answer: and the letter.",
            grader=python_grader("one_letter"),
            wrap=_answer_line,
            strict=False,
        ),
    )


def _text(letters: str) -> tuple[Grading, ...]:
    return (
        Grading(
            name="short",
            about="1.0 where the last line `Answer: …` holds the reference's text; case, white "
            "space and punctuation at the edges do not count",
            instruction="Answer the question. End with a line that says Answer: and the answer, as "
            "short as it can be.",
            grader=python_grader("short_text"),
            wrap=_answer_line,
            strict=False,
        ),
    )


def _answer_line(reference: str) -> str:
    return f"Answer: {reference}"


NAMES: dict[str, Callable[[str], tuple[Grading, ...]]] = {
    "math": _math,
    "letter": _letter,
    "text": _text,
}


def of(grader: object) -> tuple[Grading, ...]:
    """The gradings beside the one with that grader; none where it is nobody's here."""
    sets = map(named, NAMES)
    return next((one for one in sets if any(g.grader == grader for g in one)), ())


@cache
def named(name: str, letters: str = LETTERS) -> tuple[Grading, ...]:
    """The gradings of that name, one of NAMES; `letters`: those that an answer may be."""
    return NAMES[name](letters)
