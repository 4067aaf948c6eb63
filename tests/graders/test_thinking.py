"""What stands in a model's thinking is no answer, whoever grades it."""

from __future__ import annotations

from contextlib import closing

import pytest
from known import DATASETS

from pipelines.graders import run
from pipelines.graders.thinking import after_thinking

TEXTS = [
    ("%s", 1.0),
    ("<think>I see.</think>%s", 1.0),
    ("<think>\n\n</think>\n\n%s", 1.0),
    # the chat template opened it in the prompt
    ("I see.\n</think>\n\n%s", 1.0),
    ("<think>a</think>b<think>c</think>%s", 1.0),
    ("<think>%s", 0.0),
    ("<think>%s\n", 0.0),
    ("\n<think>\n%s\nBut wait", 0.0),
    ("<think>%s</think>", 0.0),
    ("%s</think>I do not know.", 0.0),
    ("<think>a</think>%s<think>b", 0.0),
    ("<think>a</think><think>%s", 0.0),
    ("%s<think>", 0.0),
]


@pytest.mark.parametrize(("form", "score"), TEXTS)
@pytest.mark.parametrize(
    ("dataset", "name"), [("medmcqa", "text"), ("openr1-math", "exact"), ("openr1-math", "partial")]
)
def test_only_what_follows_counts(dataset: str, name: str, form: str, score: float) -> None:
    grading = DATASETS[dataset].graded_by(name).grading
    item = {"reference_answer": "B", "options": ["1", "2"]}
    with closing(run.Grader(grading.grader, run.Setup(trusted=True))) as ready:
        for answer, worth in (("B", 1.0), ("A", 0.1 if name == "partial" else 0.0)):
            grade = ready.score(form.replace("%s", grading.wrap(answer)), item)
            assert (grade.score, grade.error) == (score * worth, None)


def test_structured_output_has_no_thinking() -> None:
    """A text with thinking is no JSON, so that the service has no `sample.output_json` of it."""
    grading = DATASETS["medmcqa"].grading
    ready = run.Grader(grading.grader, run.Setup(trusted=True))
    for text, score in (("%s", 1.0), ("<think>%s", 0.0), ("<think>a</think>%s", 0.0)):
        output = text.replace("%s", grading.wrap("B"))
        grade = ready.score(output, {"reference_answer": "B"})
        assert (grade.score, grade.error) == (score, None if score else "sample_parse_error")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", ""),
        ("a", "a"),
        ("a</think>", ""),
        ("a</think>b</think> c", " c"),
        ("<think>", ""),
        ("</think><think>", ""),
        ("</think>a < b, <thinking> c", "a < b, <thinking> c"),
    ],
)
def test_after_thinking(text: str, answer: str) -> None:
    assert after_thinking(text) == answer
    assert after_thinking(after_thinking(text)) == answer
