"""MedMCQA: multiple-choice questions of Indian medical entrance exams, four options, one right.

Page: the hub's `openlifescienceai/medmcqa`; paper arXiv:2203.14371. Licence Apache-2.0.

Published: 182,822 train, 4,183 validation and 6,150 test rows. `cop` counts the options from 0 (the
raw JSON counts from 1). The test split is unlabelled: `cop` is -1 in all of its rows, so it can
train and validate nothing. The validation split is what evaluation harnesses test on: it is a
benchmark here, and validation rows are drawn from the train split.

One row, in our own words:

    id "a3…", question "Deficiency of which vitamin causes scurvy?", opa "Vitamin A",
    opb "Vitamin C", opc "Vitamin D", opd "Vitamin K", cop 1, choice_type "single",
    exp "…", subject_name "Biochemistry", topic_name "Vitamins"
"""

from __future__ import annotations

import orjson
import polars as pl

from pipelines.datasets.dataset import Dataset, Fault, columns_or_null
from pipelines.datasets.medmcqa.figures import WITHOUT_FIGURE
from pipelines.graders import python_grader
from pipelines.graders.grading import Grading
from pipelines.similarity.keys import fold, trim

_OPTIONS = ("opa", "opb", "opc", "opd")
_LETTERS = ("A", "B", "C", "D")


def record(rows: pl.DataFrame) -> pl.DataFrame:
    """Raw rows to records, in the same order. A carriage return becomes a line end."""
    text = ("question", *_OPTIONS)
    raw = columns_or_null(
        rows,
        {
            **dict.fromkeys(("id", *text, "subject_name", "topic_name"), pl.String()),
            "cop": pl.Int64(),
        },
    ).with_columns(pl.col(text).fill_null(""))
    published = _prompt(raw)
    raw = raw.with_columns(pl.col(text).str.replace_all(r"\r\n?", "\n"))
    prompt = _prompt(raw)
    letters = pl.col("cop").replace_strict(range(4), _LETTERS, default="", return_dtype=pl.String)
    return raw.select(
        "id",
        prompt.alias("prompt"),
        letters.alias("reference_answer"),
        pl.concat_list(_OPTIONS).alias("options"),
        pl.col("subject_name").fill_null("").alias("subject"),
        pl.col("topic_name").fill_null("").alias("topic"),
        pl.lit(None, pl.Int32).alias("verified"),
        pl.lit(None, pl.Int32).alias("judged"),
        pl.when(prompt != published)
        .then(pl.lit(["carriage_return"]))
        .otherwise(pl.lit([], pl.List(pl.String)))
        .alias("repairs"),
        pl.when(prompt != published).then(published).alias("published"),
        _right_twice(raw).alias("right_twice"),
        "question",
        "cop",
    )


def _prompt(raw: pl.DataFrame) -> pl.Series:
    return raw.select(
        pl.format("{}\n\nA. {}\nB. {}\nC. {}\nD. {}", "question", *_OPTIONS)
    ).to_series()


def _right_twice(raw: pl.DataFrame) -> pl.Series:
    """Whether the right option's text is another option's too, so that two letters are right.

    The exact test takes 8 µs a row, so it sees only rows in which it can be true: those where the
    right option has the ASCII letters and digits of another, or where an option is not ASCII.
    """
    right = pl.concat_list(_OPTIONS).list.get(
        pl.when(pl.col("cop").is_between(0, 3)).then("cop"), null_on_oob=True
    )
    bare = raw.select(
        pl.col(_OPTIONS).str.to_lowercase().str.replace_all("[^a-z0-9]", ""), right.alias("right")
    ).with_columns(pl.col("right").str.to_lowercase().str.replace_all("[^a-z0-9]", ""))
    alike = pl.sum_horizontal((pl.col(name) == pl.col("right")).cast(pl.Int8) for name in _OPTIONS)
    foreign = pl.any_horizontal(
        pl.col(name).str.len_bytes() != pl.col(name).str.len_chars() for name in _OPTIONS
    )
    possible = bare.select(alike > 1).to_series() | raw.select(foreign).to_series()
    rows = raw.select(right.alias("right"), pl.concat_list(_OPTIONS).alias("options")).iter_rows()
    return pl.Series(
        [
            maybe and right is not None and _times(right, options) > 1
            for maybe, (right, options) in zip(possible, rows, strict=True)
        ],
        dtype=pl.Boolean,
    )


def _times(option: str, options: list[str]) -> int:
    return [trim(fold(other)) for other in options].count(trim(fold(option)))


DATASET = Dataset(
    name="medmcqa",
    title="MedMCQA",
    page="https://huggingface.co/datasets/openlifescienceai/medmcqa",
    hub="openlifescienceai/medmcqa",
    revision="91c6572c454088bf71b679ad90aa8dffcd0d5868",
    kaggle=None,
    licence="Apache-2.0",
    train="data/train-*.parquet",
    benchmark="data/validation-*.parquet",
    columns=("id", "question", *_OPTIONS, "cop", "subject_name", "topic_name"),
    fields=("reference_answer", "options", "subject", "topic", "id"),
    stratum="subject",
    # Of 15 pairs of real rows between 0.7 and 0.8, 11 are the same question.
    threshold=0.7,
    gradings=(
        Grading(
            name="structured",
            about="one letter in structured output; the response format allows no other",
            instruction="Answer the multiple-choice question with the letter of the best option.",
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
                        "properties": {"answer": {"type": "string", "enum": list(_LETTERS)}},
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
            instruction=(
                "Answer the multiple-choice question with the letter of the best option. End with "
                "a line that says Answer: and the letter."
            ),
            grader=python_grader("one_letter"),
            wrap=lambda reference: f"Answer: {reference}",
            strict=False,
        ),
    ),
    record=record,
    faults=(
        Fault("empty_prompt", "no question", pl.col("question").str.strip_chars() == ""),
        Fault(
            "unlabelled",
            "no right option is given (`cop` is -1 or null)",
            pl.col("reference_answer") == "",
            pl.format("cop {}", pl.col("cop").cast(pl.String).fill_null("null")),
        ),
        Fault(
            "empty_option",
            'an option has no text (the word "None" is a text)',
            pl.col("options").list.eval(pl.element().str.strip_chars() == "").list.any(),
        ),
        Fault(
            "duplicate_correct_option",
            "the right option's text stands under two letters",
            pl.col("right_twice"),
            pl.col("options").list.join(" | "),
        ),
        Fault(
            "missing_figure",
            "the question rests on a figure, which the dataset does not hold",
            WITHOUT_FIGURE,
        ),
    ),
)
