"""References against their own grader, and answers that solve nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import ClassVar

import pytest
from conftest import frame, math
from known import DATASETS

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.graders import python_grader
from pipelines.graders.probes import table
from pipelines.graders.self_check import READ_BY_OURS, OwnGrader
from pipelines.graders.worker import load
from pipelines.io import schema
from pipelines.rules.provenance import rewards_no_guess
from pipelines.stages.normalize import normalize
from pipelines.stages.validate import probe


def item(reference: str, options: str = "", prompt: str = "What is it?", **more: str) -> dict:
    return {
        "messages": [{"role": "user", "content": prompt}],
        "reference_answer": reference,
        "options": options.split("|") if options else [],
        **more,
    }


@pytest.mark.parametrize(
    ("name", "grading"), [(name, g.name) for name in DATASETS for g in DATASETS[name].gradings]
)
def test_nothing_scores_that_solves_nothing(name: str, grading: str) -> None:
    dataset = DATASETS[name].graded_by(grading)
    items = [item(letter, "one|two|three|four", source="s", subject="s") for letter in "ABCDA"]
    with closing(OwnGrader(dataset.grading)) as grader:
        assert [grader.fault(one) for one in items] == [None] * 5
        found = table(items, dataset.grading, grader.score, "subject")
    assert found["hits"] == {}
    assert found["guessable"] == {"letter": 5}
    rate = {"items": 5, "another_answer": 0.2, "constant": 0.4}
    assert found["guess_rate"] == {"overall": rate, "by": {"s": rate}}


@pytest.mark.parametrize("name", ["boxed_math", "one_letter", "short_text"])
def test_graders_of_ours_read_no_more_of_an_item_than_is_said(name: str) -> None:
    class Watched(dict[str, object]):
        seen: ClassVar[set[str]] = set()

        def get(self, key: str, default: object = None) -> object:
            self.seen.add(key)
            return super().get(key, default)

        def __getitem__(self, key: str) -> object:
            self.seen.add(key)
            return super().__getitem__(key)

    grade = load(str(python_grader(name)["source"]))
    for text in ("", r"so \boxed{B}", r"\boxed{two}", "Answer: B", "B because A", "Answer: two"):
        for options in ([], ["one", "two"]):
            one = Watched(item("B")) | {"options": options}
            grade({"output_text": text}, Watched(one))
    assert Watched.seen <= {*READ_BY_OURS}
    assert Watched.seen


def test_an_answer_in_the_prompt_is_found() -> None:
    dataset = DATASETS["openr1-math"]
    items = [item("7"), item("8", prompt=r"Solution: \boxed{8}. What is it?"), item("Yes")]
    with closing(OwnGrader(dataset.grading)) as grader:
        found = table(items, dataset.grading, grader.score, "source")
    assert found["hits"] == {"prompt": {"items": 1, "lines": [2]}}
    assert found["guessable"] == {"yes or no": 1}


def test_a_grader_that_rewards_guesses_is_found() -> None:
    grading = DATASETS["openr1-math"].grading
    found = table([item("A", "x|y")] * 4, grading, lambda output, item: 1.0, "source")
    assert found["hits"] == {
        name: {"items": 4, "lines": [1, 2, 3, 4]}
        for name in ("empty", "prompt", "without the form", "all letters", "all options")
    }
    assert table([], grading, lambda output, item: 1.0, "source")["items"] == 0


def strange() -> Dataset:
    """A dataset whose grader is not ours."""
    math = DATASETS["openr1-math"].graded_by("exact")
    source = "def grade(sample, item):\n    return 0.25"
    grader = {"type": "python", "name": "g", "source": source}
    return replace(math, gradings=(replace(math.grading, grader=grader),))


def test_a_reference_that_does_not_score_is_dropped(bubblewrap: None) -> None:
    rows = frame(math("a", "5"), math("b", r"5 \\ 6}{"), math("c", "  "))
    records = normalize(rows, dataset=DATASETS["openr1-math"], max_prompt_bytes=99)
    told = dict(records.select("prompt", "dropped").iter_rows())
    assert told == {"a": None, "b": "unbalanced_answer", "c": "empty_answer"}
    records = normalize(rows, dataset=strange(), max_prompt_bytes=99)
    assert records.filter(prompt="a").select("dropped", "detail").rows() == [
        ("ungradeable", "the reference answer scores 0.25")
    ]


def test_a_grader_that_may_not_run_here_is_a_finding(no_bubblewrap: None) -> None:
    records = normalize(frame(math("a", "5")), dataset=strange(), max_prompt_bytes=99)
    assert records["dropped"].to_list() == [None]
    found = probe([{"reference_answer": "5"}], strange())
    assert found["items"] == 0
    ((_, message, remedy),) = rewards_no_guess({"probes": found})
    assert "were graded: grader: its Python is not ours" in message
    assert "bubblewrap" in remedy
    assert set(found) <= set(schema.load("manifest")["properties"]["probes"]["properties"])


def test_an_unknown_grader() -> None:
    with pytest.raises(BadInput, match="--grader best: medmcqa has structured, text"):
        DATASETS["medmcqa"].graded_by("best")
