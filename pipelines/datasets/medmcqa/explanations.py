"""The letter that an explanation of MedMCQA names, against the published one.

Not measured: no row at hand has an explanation. So it is counted, and drops nothing.
"""

from __future__ import annotations

import polars as pl

from pipelines.datasets.dataset import Fault

# "Ans. is 'c' i.e.", "Answer: (B)", "Correct option is d."; not "The answer is a drug".
_NAMED = (
    r"(?i)\b(?:ans(?:wer)?|(?:correct|right) option)\W{0,3}(?:is\b)?\W{0,4}\b([a-d])"
    r"(?:['’\")\].,:]|\s*i\.?e\b|\s*$)"
)
BEGINNING = 200  # characters of an explanation in which it names its letter


def letter(explanation: str) -> pl.Expr:
    """The capital letter that a column of explanations names; null where it names none."""
    return pl.col(explanation).str.head(BEGINNING).str.extract(_NAMED).str.to_uppercase()


_COLUMN = "text exp"
SHORTENED = {_COLUMN: pl.col(_COLUMN).str.head(BEGINNING)}
_AGREES = letter(_COLUMN) == pl.col("reference_answer")
FAULTS = tuple(
    Fault(name, f"{why} (not measured: no rows at hand)", where, drops=False)
    for name, why, where in (
        ("contradicted_by_explanation", "the explanation names another option", ~_AGREES),
        ("confirmed_by_explanation", "the explanation names the same option", _AGREES),
    )
)
