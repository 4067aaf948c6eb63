"""Every type of grader, as the service would run it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cases_grader import CASES, check, multi, python, score, similarity
from hypothesis import given
from hypothesis import strategies as st
from known import DATASETS

from pipelines.findings import BadInput
from pipelines.graders import python_grader
from pipelines.graders.boxed_math import grade as boxed
from pipelines.graders.grade import Grade
from pipelines.graders.run import Setup
from pipelines.graders.sandbox import Refused
from pipelines.rules.runnable import NEEDED, compiled

# Bubblewrap where it works: its tests are in test_sandbox.py.
SETUP = Setup(trusted=True)


def graded(grader: dict[str, Any], text: str, setup: Setup = SETUP, **item: Any) -> Grade:
    with closing(compiled(grader, setup)) as ready:
        return ready.score(text, item)


@pytest.mark.parametrize(
    ("operation", "text", "reference", "expected"),
    [
        ("eq", "4", "4", 1.0),
        ("eq", "4 ", "4", 0.0),
        ("eq", "A", "a", 0.0),
        ("ne", "4", "4", 0.0),
        ("ne", "A", "a", 1.0),
        ("like", "it is Four", "Four", 1.0),
        ("like", "it is Four", "four", 0.0),
        ("like", "four", "it is four", 0.0),
        ("ilike", "it is Four", "fOUR", 1.0),
        ("ilike", "it is Four", "five", 0.0),
        ("ilike", "ÄÖ", "ö", 1.0),
        ("like", "", "", 1.0),
    ],
)
def test_string_check(operation: str, text: str, reference: str, expected: float) -> None:
    assert graded(check(operation=operation), text, answer=reference) == Grade(expected)


def test_input_and_reference_may_change_places() -> None:
    grader = check(input="{{item.answer}}", reference="{{sample.output_text}}", operation="like")
    assert graded(grader, "four", answer="it is four") == Grade(1.0)


def test_text_similarity() -> None:
    assert graded(similarity(), "abcd", answer="abxd") == Grade(0.75)


@pytest.mark.parametrize("grader", [check(), similarity()])
def test_a_field_that_is_missing_costs_the_reward(grader: dict[str, Any]) -> None:
    details = "{{item.answer}}: item has no 'answer'"
    assert graded(grader, "4") == Grade(0.0, "invalid_variable_error", details)


def test_output_json() -> None:
    grader = check(input="{{sample.output_json.a.b[0]}}")
    assert graded(grader, '{"a": {"b": ["4"]}}', answer="4") == Grade(1.0)
    assert graded(grader, "four", answer="4").error == "sample_parse_error"
    assert graded(grader, '{"a": 1}', answer="4").error == "invalid_variable_error"


def test_python() -> None:
    source = (
        "def grade(sample, item):\n"
        "    return sample['output_json']['a'] / item['n'] + len(item['messages'])\n"
    )
    item = {"n": 2, "messages": [{"role": "user", "content": "?"}]}
    assert graded(python(source), '{"a": 1}', **item) == Grade(1.5)
    failed = graded(python(source), "no JSON", **item)
    assert (failed.score, failed.error) == (0.0, "python_grader_runtime_error")
    assert failed.details == "line 2: TypeError: 'NoneType' object is not subscriptable"


@pytest.mark.parametrize("trusted", [False, True])
def test_only_what_is_ours_runs_in_this_process(trusted: bool, no_bubblewrap: None) -> None:
    """A stranger's does not, whoever asks: not with a space more, not with another constant."""
    ours = python_grader("boxed_math")
    setup = Setup(in_process=True, trusted=trusted)
    with closing(compiled(ours, setup)) as ready:
        assert ready.warnings == []
        assert not ready._at_once  # no process to wait for
    pid = "import os\ndef grade(sample, item):\n    return os.getpid()\n"
    strange = (
        f"{ours['source']} ",
        python_grader("boxed_math", BOXED_BUT_WRONG=0.2)["source"],
        pid,
    )
    for source in strange:
        grader = multi("a + b", a=check(), b=python(str(source)))
        if trusted:
            with closing(compiled(grader, setup)) as ready:
                assert [warning for warning in ready.warnings if "without a sandbox" in warning]
                assert ready.score("4", {"reference_answer": "4"}).score != os.getpid()
        else:
            with pytest.raises(Refused, match=r"^g\.json /graders/b: its Python is not ours"):
                compiled(grader, setup, name="g.json")


def test_every_grader_of_the_datasets_is_ours(no_bubblewrap: None) -> None:
    gradings = [grading for dataset in DATASETS.values() for grading in dataset.gradings]
    for grader in (
        each for grading in gradings for each in (grading.grader, grading.local) if each
    ):
        with closing(compiled(grader)) as ready:
            assert [warning for warning in ready.warnings if "RFT" not in warning] == []


def test_our_own_grader_scores_as_its_module() -> None:
    pairs = [(r"\boxed{4}", "4"), (r"\boxed{5}", "4"), ("4", "4"), (r"\boxed{ a  b}", "a b")]
    for setup in (SETUP, Setup(in_process=True)):
        for text, answer in pairs:
            expected = boxed({"output_text": text}, {"reference_answer": answer})
            grade = graded(python_grader("boxed_math"), text, setup, reference_answer=answer)
            assert grade == Grade(expected)


PARTS = {
    "a": check(),
    "b": similarity(),
    "c": python("def grade(sample, item):\n    return float(item['c'])\n"),
}


@pytest.mark.parametrize(
    ("formula", "item", "expected"),
    [
        ("a", {"answer": "4", "c": 1}, Grade(1.0, scores={"a": 1.0, "b": 1.0, "c": 1.0})),
        (
            "0.5 * a + max(b, c) ^ 2",
            {"answer": "4xx", "c": 2},
            Grade(4.0, scores={"a": 0.0, "b": 0.5, "c": 2.0}),
        ),
        (
            "a + b + c",
            {"answer": "4", "c": "x"},
            Grade(
                2.0,
                "python_grader_runtime_error",
                "c: line 2: ValueError: could not convert string to float: 'x'",
                scores={"a": 1.0, "b": 1.0, "c": 0.0},
            ),
        ),
        (
            "a / c",
            {"answer": "4", "c": 0},
            Grade(
                0.0,
                "other_error",
                "no value of a / c: float division by zero",
                scores={"a": 1.0, "b": 1.0, "c": 0.0},
            ),
        ),
    ],
)
def test_multi(formula: str, item: dict[str, Any], expected: Grade) -> None:
    assert graded(multi(formula, **PARTS), "4", **item) == expected


@pytest.mark.parametrize("item", [{"c": 1}, {"answer": "4", "c": "x"}, {"answer": "4", "c": 0}])
def test_invalid_grade_takes_the_place_of_a_score(item: dict[str, Any]) -> None:
    grader = multi("(a + b) / c", **PARTS) | {"invalid_grade": -1.0}
    grade = graded(grader, "4", **item)
    assert grade.score == -1.0
    assert grade.error is not None


def test_a_multi_grader_depends_on_what_its_formula_names() -> None:
    parts = {"a": check(), "b": score()}
    named = graded(multi("a + b", **parts), "4", answer="4")
    assert named.score is None
    assert named.not_run is not None
    assert named.not_run.startswith("b: no model to ask")
    assert named.scores == {"a": 1.0, "b": None}
    other = graded(multi("a", **parts), "4", answer="4")
    assert other == Grade(1.0, scores={"a": 1.0, "b": None})


@pytest.mark.parametrize("code", sorted(NEEDED))
def test_a_grader_that_breaks_a_rule_it_needs_is_refused(code: str) -> None:
    with pytest.raises(BadInput, match=f"^g.json: {code}[ :]"):
        compiled(CASES[code][1]["grader"], name="g.json")


@pytest.mark.parametrize("grader", [None, [], "x", {}, {"type": []}, {"type": "multi"}])
def test_what_is_no_grader_is_refused(grader: object) -> None:
    with pytest.raises(BadInput, match=r"^grader: RFT40[12]"):
        compiled(grader)


def test_what_the_service_lacks_is_warned_of() -> None:
    grader = python("import math_verify, socket\ndef grade(sample, item):\n    return 1\n")
    with closing(compiled(grader, SETUP)) as ready:
        codes = [warning.split(":")[1].split()[0] for warning in ready.warnings if "RFT" in warning]
    assert codes == ["RFT433", "RFT434"]


def numbered(n: int) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((str(i), {"answer": str(i % 2), "n": i}) for i in range(n))


@pytest.mark.parametrize("workers", [1, 3])
def test_scores_come_in_order(workers: int) -> None:
    """Whichever is through first: early answers take longer."""
    source = (
        "import time\ndef grade(sample, item):\n"
        "    time.sleep(0.02 if item['n'] < 3 else 0)\n    return item['n']\n"
    )
    with closing(compiled(python(source), Setup(trusted=True, workers=workers))) as ready:
        assert [grade.score for _, grade in ready.scores(numbered(40))] == list(range(40))


def test_many_scores_without_a_process() -> None:
    with closing(compiled(check())) as ready:
        grades = [grade for _, grade in ready.scores(numbered(4))]
    assert [grade.score for grade in grades] == [1.0, 1.0, 0.0, 0.0]


def test_only_a_few_pairs_are_taken_ahead() -> None:
    taken = 0

    def counted() -> Iterator[tuple[str, dict[str, Any]]]:
        nonlocal taken
        for pair in numbered(1000):
            taken += 1
            yield pair

    source = "def grade(sample, item):\n    return item['n']\n"
    with closing(compiled(python(source), Setup(trusted=True, workers=2))) as ready:
        scores = ready.scores(counted())
        assert next(scores)[1].score == 0.0
        assert taken == 8
        scores.close()  # type: ignore[attr-defined]


def test_a_fault_of_the_pairs_reaches_the_caller_and_ends_the_workers() -> None:
    def broken() -> Iterator[tuple[str, dict[str, Any]]]:
        yield from numbered(3)
        raise BadInput("items.jsonl:4: broken")

    source = "import time\ndef grade(sample, item):\n    time.sleep(60)\n"
    start = time.monotonic()
    with (
        closing(compiled(python(source), Setup(trusted=True, workers=2))) as ready,
        pytest.raises(BadInput, match="broken"),
    ):
        list(ready.scores(broken()))
    assert time.monotonic() - start < 30


@given(st.text(), st.dictionaries(st.sampled_from(["answer", "c"]), st.text()))
def test_no_answer_raises(text: str, item: dict[str, str]) -> None:
    with closing(compiled(multi("a / b", a=check(), b=similarity()))) as ready:
        grade = ready.score(text, item)
    assert (grade.score is not None) != (grade.not_run is not None)
