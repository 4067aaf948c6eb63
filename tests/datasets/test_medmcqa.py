from __future__ import annotations

import polars as pl
import pytest
from conftest import frame, mcq
from conftest import record as record_of
from known import DATASETS

DATASET = DATASETS["medmcqa"]


def record(rows: pl.DataFrame) -> pl.DataFrame:
    return record_of("medmcqa", rows)


def test_prompt_and_letter() -> None:
    row = record(frame(mcq("Which?", "w|x|y|z", 2, id="7"))).row(0, named=True)
    assert row["prompt"] == "Which?\n\nA. w\nB. x\nC. y\nD. z"
    assert row["reference_answer"] == "C"
    assert row["options"] == ["w", "x", "y", "z"]
    assert list(DATASET.item(row)) == [
        "messages",
        "reference_answer",
        "options",
        "subject",
        "topic",
        "id",
    ]


@pytest.mark.parametrize(("cop", "letter"), [(0, "A"), (3, "D"), (-1, ""), (None, "")])
def test_label(cop: int | None, letter: str) -> None:
    assert record(frame(mcq(cop=cop)))["reference_answer"].to_list() == [letter]


@pytest.mark.parametrize(
    ("options", "cop", "expected"),
    [
        ("Cornea|Lens|Retina| cornea.", 0, True),
        ("Cornea|Lens|Retina| cornea.", 3, True),
        ("Cornea|Lens|Lens|Iris", 0, False),  # a wrong option twice does no harm
        ("Rh+|Rh-|A|B", 0, False),
        ("10²|102|1|2", 1, False),
        ("Straße|STRASSE|x|y", 0, True),
        ("caf\u00e9|cafe\u0301|x|y", 1, True),
        ("w|x|y|z", -1, False),
    ],
)
def test_right_option_twice(options: str, cop: int, expected: bool) -> None:
    assert record(frame(mcq(options=options, cop=cop)))["right_twice"].to_list() == [expected]


def test_carriage_returns_are_noted() -> None:
    row = record(frame(mcq("a\r\nb\rc", "w\r|x|y|z"))).row(0, named=True)
    assert row["prompt"] == "a\nb\nc\n\nA. w\n\nB. x\nC. y\nD. z"
    assert row["published"] == "a\r\nb\rc\n\nA. w\r\nB. x\nC. y\nD. z"
    assert row["repairs"] == ["carriage_return"]


def test_columns_that_are_not_required_may_be_absent() -> None:
    rows = frame(mcq()).drop("id", "subject_name", "topic_name")
    row = record(rows).row(0, named=True)
    assert (row["id"], row["kept"]) == ("", '{"subject":"","topic":""}')


def test_every_letter_is_in_the_enum() -> None:
    schema = DATASET.grading.response_format["json_schema"]["schema"]  # type: ignore[index]
    assert schema["properties"]["answer"]["enum"] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("The diagnosis from the following ECG is", True),
        ("Figure depicts:", True),
        ("Name the structure marked with an arrow", True),
        ("Which muscle is not supplied by the nerve marked in the diagram?", True),
        ("The marked structure carries fibres to the", True),
        ("A CXR was done and is shown below. What is the next step?", True),
        ("X - ray of both knees is given below. Which is the disease?", True),
        ("A fall on the hand, with the given xray:", True),
        ("A smoker is breathless and ECG was done. The diagnosis is?", True),
        ("The appliance shown in the colour plate is a", True),
        ("What is the use of the given instrument:", True),
        ("The drug acts on which point of the graph above?", True),
        ("Which of the following X-ray views shows the sinus?", False),
        ("Which of the following ECG changes is seen first?", False),
        ("The curve named after Spee runs", False),
        ("Chest X-ray shows a cavity in the upper lobe. The next step is", False),
        ("Drugs given below the age of two are", False),
        ("The temperature above which wax melts is", False),
        ("A blade given by Humby is used for", False),
        ("The cytopathic effect is shown by", False),
        ("The dye is labelled with", False),
        ("Laboratory values are shown below. Na 140", False),
    ],
)
def test_missing_figure(question: str, expected: bool) -> None:
    fault = next(fault for fault in DATASET.faults if fault.reason == "missing_figure")
    found = record(frame(mcq(question))).select(fault.where.fill_null(False)).item()
    assert found is expected


@pytest.mark.parametrize(
    ("damaged", "whole", "words"),
    [
        ("moality of hea failure", "mortality of heart failure", "mortality heart"),
        ("Aery, AHRITIS and aeries", "Artery, ARTHRITIS and arteries", "artery arthritis arteries"),
        ("post-paum detion", "post-partum deviation", "partum deviation"),
        ("which pa of the aoa", "which part of the aorta", "part aorta"),
        # words and abbreviations of their own
        ("PA view, pa is, PA of, HUS, aHUS, PAS stain, main, was", "", ""),
        ("aery2b, caery, the artery", "aery2b, caery, the artery", ""),
    ],
)  # fmt: skip
def test_lost_letters(damaged: str, whole: str, words: str) -> None:
    row = record(frame(mcq("Which?", f"{damaged}|x|y|z"))).row(0, named=True)
    assert row["options"][0] == (whole or damaged)
    assert row["repairs"] == [f"lost_letters {word}" for word in words.split()]
    assert (row["published"] is None) is (words == "")


def test_figures_are_sought_in_mended_text() -> None:
    row = record(frame(mcq("Which aery is marked with an arrow\r\n?")))
    assert row["repairs"].to_list() == [["carriage_return", "lost_letters artery"]]
    assert row["question"].item() == "Which artery is marked with an arrow\n?"


def test_a_doubtful_word_is_counted() -> None:
    (fault,) = (fault for fault in DATASET.faults if fault.reason == "lost_letters")
    rows = frame(mcq("Pathology repo?"), mcq("Which pa of it?"), mcq("A PA view"), mcq("Its pa"))
    assert record(rows).select(fault.where).to_series().to_list() == [True, False, False, True]


@pytest.mark.parametrize(
    ("explanation", "expected"),
    [
        ("Ans. is 'b' i.e., the lens", "confirmed_by_explanation"),
        ("Answer: (B) The lens", "confirmed_by_explanation"),
        ("The correct option is b.", "confirmed_by_explanation"),
        ("Ans. (c) The iris", "contradicted_by_explanation"),
        ("Ans: D", "contradicted_by_explanation"),
        ("The answer is a drug", None),
        ("Bone. " * 40 + "Ans: D", None),
        (None, None),
    ],
)
def test_explanations(explanation: str | None, expected: str | None) -> None:
    records = record(frame(mcq(cop=1, exp=explanation)))
    named = [one for one in DATASET.faults if "expl" in one.reason]
    hits = [one.reason for one in named if records.select(one.where.fill_null(False)).item()]
    assert hits == ([] if expected is None else [expected])
