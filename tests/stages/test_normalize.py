from __future__ import annotations

import polars as pl
import pytest
from conftest import frame, math, mcq, read
from known import DATASETS

from pipelines.findings import BadInput
from pipelines.graders.select import band
from pipelines.io import schema
from pipelines.similarity.keys import digest
from pipelines.stages.normalize import normalize

MATH, MCQ = DATASETS["openr1-math"], DATASETS["medmcqa"]


def reasons(dataset, *rows: dict) -> list[str | None]:
    return normalize(read(dataset.name, frame(*rows)), dataset=dataset, max_prompt_bytes=100)[
        "dropped"
    ].to_list()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (math(), None),
        (math(None), "empty_prompt"),
        (math("  \n"), "empty_prompt"),
        (math(answer=None), "empty_answer"),
        (math(answer=" "), "empty_answer"),
        (math(answer=r"\dfrac{4"), "unbalanced_answer"),
        (math(answer=r"5 \boxed{5}"), "nested_box"),
        (math(question_type="proof"), "proof"),
        (math("![](https://x.org/a.jpg?h=1)"), "empty_prompt"),
        (math('<img src="a.png"> Find x'), None),
        (math("See https://x.org/page"), None),
        (math(correctness_math_verify=[False, False]), "unverified"),
        (math(correctness_math_verify=None), None),
        (math(correctness_math_verify=[]), None),
        (math(correctness_math_verify=[None]), None),
        (math("x" * 100), None),
        (math("x" * 101), "oversized_prompt"),
        (math("é" * 51), "oversized_prompt"),
        (math(None, None), "empty_prompt"),  # the first reason stands
    ],
)
def test_math_faults(row: dict, reason: str | None) -> None:
    assert reasons(MATH, row) == [reason]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (mcq(), None),
        (mcq(cop=-1), "unlabelled"),
        (mcq(cop=None), "unlabelled"),
        (mcq(None), "empty_prompt"),
        (mcq(" "), "empty_prompt"),
        (mcq(options="w|x|y|"), "empty_option"),
        (mcq(options="w|x|y| "), "empty_option"),
        (mcq(options="w|x|y|None"), None),
        (mcq(opb=None), "empty_option"),
        (mcq(options="w|x|y|W."), "duplicate_correct_option"),
        (mcq(choice_type="multi"), None),
    ],
)
def test_mcq_faults(row: dict, reason: str | None) -> None:
    assert reasons(MCQ, row) == [reason]


def test_ids() -> None:
    rows = [
        math("one", uuid="a"),
        math("two", uuid="shared"),
        math("three", uuid="shared"),
        math("four", uuid="copy"),
        math("four", uuid="copy"),
        math("five", uuid=None),
        math("six", uuid=" "),
    ]
    records = normalize(frame(*rows), dataset=MATH, max_prompt_bytes=100)
    ids = dict(records.select("prompt", "id").iter_rows())
    assert ids == {
        "one": "a",
        "two": digest("two"),
        "three": digest("three"),
        "four": "copy",
        "five": digest("five"),
        "six": digest("six"),
    }
    noted = records.filter(pl.col("repairs").list.len() > 0)
    assert sorted(noted.select("prompt", "repairs").iter_rows()) == [
        ("three", ["shared_id shared"]),
        ("two", ["shared_id shared"]),
    ]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_records_are_as_the_schema_has_them(dataset) -> None:
    rows = frame(mcq(), mcq("a\rb", id="x")) if dataset is MCQ else frame(math(), math("a\rb"))
    validator = schema.compiled("record")
    rows = read(dataset.name, rows)
    for record in normalize(rows, dataset=dataset, max_prompt_bytes=100).to_dicts():
        assert list(validator.iter_errors(record)) == []
        assert set(dataset.fields) <= set(record)


def test_row_order_does_not_matter() -> None:
    rows = frame(*(math(f"number {n % 7}", str(n % 3), uuid=f"{n % 5}") for n in range(40)))
    one = normalize(rows, dataset=MATH, max_prompt_bytes=100)
    other = normalize(
        rows.sample(fraction=1, shuffle=True, seed=3), dataset=MATH, max_prompt_bytes=100
    )
    assert one.drop("raw_row").equals(other.drop("raw_row"))
    for records in (one, other):
        assert sorted(records["raw_row"]) == list(range(40))


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        ([True, False], None),
        ([True, True], "too_easy"),
        ([True] + [False] * 9, None),
        ([True] + [False] * 10, "too_hard"),
        ([True] * 9 + [False], None),
        (None, "no_pass_rate"),
    ],
)
def test_pass_rate(verdicts: list | None, reason: str | None) -> None:
    rows = frame(math("a", correctness_math_verify=verdicts), math("b"))
    records = normalize(
        rows, dataset=DATASETS["openr1-math"], max_prompt_bytes=99, pass_rates=band(0.1, 0.9)
    )
    assert records.filter(prompt="a")["dropped"].to_list() == [reason]


def test_pass_rate_without_verdicts() -> None:
    rows = read("medmcqa", frame(mcq("a")))
    with pytest.raises(BadInput, match="none of these rows has judged generations"):
        normalize(rows, dataset=DATASETS["medmcqa"], max_prompt_bytes=99, pass_rates=band(0.1, 0.9))
