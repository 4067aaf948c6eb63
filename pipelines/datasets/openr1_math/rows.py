r"""OpenR1-Math-220k: competition and school problems with answers and generated solutions.

Page: the hub's `open-r1/OpenR1-Math-220k`. Licence Apache-2.0.

Published: 93,733 rows in the default configuration (`data/`, 10 files, 2.15 GB), 225,129 in all.
The generated solutions are 97 % of the bytes and are not read here; of the reference solutions
their boxes are kept. `correctness_math_verify` and `correctness_llama` hold one verdict per
generation; null or empty means that nobody judged it.

One row, in our own words:

    problem "What is $\frac{1}{2}+\frac{1}{3}$?", solution "…", answer "\frac{5}{6}",
    problem_type "Algebra", question_type "math-word-problem", source "cn_k12", uuid "5f…",
    is_reasoning_complete [true, true], generations ["…", "…"],
    correctness_math_verify [true, false], correctness_llama null, finish_reasons null,
    correctness_count 1, messages […]
"""

from __future__ import annotations

import polars as pl

from pipelines.datasets.dataset import columns_or_null
from pipelines.datasets.openr1_math.faults import FAULTS
from pipelines.datasets.openr1_math.repair import repair
from pipelines.similarity.options import split_options

__all__ = ["FAULTS", "SHORTENED", "record"]

_VERDICTS = ("correctness_math_verify", "correctness_llama")
_BOX = r"\\(?:boxed|fbox)\b"


def record(rows: pl.DataFrame) -> pl.DataFrame:
    """Raw rows to records, in the same order."""
    texts = ("problem", "answer", "problem_type", "question_type", "source", "uuid", "solution")
    raw = columns_or_null(
        rows,
        {
            **dict.fromkeys(texts, pl.String()),
            **dict.fromkeys(_VERDICTS, pl.List(pl.Boolean())),
            "generations": pl.List(pl.String()),
        },
    ).with_columns(pl.col("problem", "answer").fill_null(""))
    published = raw["problem"].to_list()
    repaired = list(map(repair, published, raw["answer"]))
    prompts = [prompt for prompt, _, _ in repaired]
    asked = [split_options(prompt) for prompt in prompts]
    options = pl.Series("options", [texts for _, texts in asked], pl.List(pl.String))
    raw = raw.with_columns(pl.Series("answer", [answer for _, answer, _ in repaired], pl.String))
    answer = pl.col("answer").str.strip_chars()
    lettered = (options.list.len() > 0) & raw.select(
        answer.str.contains(r"^\(?[a-j]\)?$")
    ).to_series()
    return raw.select(
        pl.col("uuid").alias("id"),
        pl.Series("prompt", prompts, pl.String),
        pl.Series("question", [question for question, _ in asked], pl.String),
        # Options are known by capital letters, also where the problem has "(a)".
        pl.when(lettered)
        .then(answer.str.to_uppercase())
        .otherwise(answer)
        .alias("reference_answer"),
        options,
        pl.col("source").fill_null(""),
        pl.col("problem_type").fill_null(""),
        *_verdicts(raw).get_columns(),
        pl.Series("repairs", [names for _, _, names in repaired], pl.List(pl.String)),
        pl.Series(
            "published",
            [
                before if names else None
                for before, (_, _, names) in zip(published, repaired, strict=True)
            ],
            pl.String,
        ),
        pl.col("question_type").fill_null(""),
        "solution",
        "generations",
    )


def _verdicts(raw: pl.DataFrame) -> pl.DataFrame:
    """`verified`, generations that either judge held correct, of `judged`; null where none was.

    A generation's verdict is `math_verify or llama`, with null for unknown: true stands against
    null, and a row all of whose verdicts are null is unknown, not wrong.
    """
    counts = {"verified": pl.Int32(), "judged": pl.Int32()}
    longest = max(raw.select(pl.col(name).list.len().max()).item() or 0 for name in _VERDICTS)
    if longest == 0:
        return pl.DataFrame({name: [None] * raw.height for name in counts}, schema=counts)
    verdicts = [
        pl.col(_VERDICTS[0]).list.get(i, null_on_oob=True)
        | pl.col(_VERDICTS[1]).list.get(i, null_on_oob=True)
        for i in range(longest)
    ]
    known = pl.any_horizontal(
        pl.col(name).list.drop_nulls().list.len().fill_null(0) > 0 for name in _VERDICTS
    )
    return raw.select(
        verified=pl.sum_horizontal(v.fill_null(False).cast(pl.Int32) for v in verdicts),
        judged=pl.sum_horizontal(
            pl.any_horizontal(
                pl.col(name).list.get(i, null_on_oob=True).is_not_null() for name in _VERDICTS
            ).cast(pl.Int32)
            for i in range(longest)
        ),
        known=known,
    ).select(pl.when("known").then(name).cast(dtype).alias(name) for name, dtype in counts.items())


# Of a solution what its boxes tell; of generations, where they are read, the end.
SHORTENED = {
    "solution": pl.when(pl.col("solution").str.count_matches(_BOX) < 2)
    .then(pl.col("solution").str.extract(rf"(?s)({_BOX}.{{0,400}})").fill_null(""))
    .otherwise("solution"),
    "generations": pl.col("generations").list.eval(pl.element().str.tail(400)),
}
