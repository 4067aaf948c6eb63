"""The settings of a job: from a description and from `--job`, and that they stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

Prepare = Callable[..., Any]

GRADER = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1-mini-2025-04-14",
    "input": [{"role": "user", "content": "Is {{sample.output_text}} {{item.reference_answer}}?"}],
}


@pytest.fixture
def prepare(rft: Run, tmp_path: Path) -> Prepare:
    """Prepare 40 rows of a description with more lines; the job, or the error."""
    rows = [
        json.dumps({"question": f"Which number is {n} times {n}, in words of old?", "answer": n})
        for n in range(40)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "judge.json").write_text(json.dumps(GRADER), encoding="utf-8")

    def run(more: str, *words: str) -> Any:
        head = 'files = "rows.jsonl"\nprompt = "question"\nanswer = "answer"\n'
        (tmp_path / "my.toml").write_text(head + more, encoding="utf-8")
        done = rft("prepare", "my.toml", "--quiet", *words)
        if done.returncode:
            return done.stderr
        return json.loads((tmp_path / "processed/my/job.json").read_text(encoding="utf-8"))

    return run


JOB = """
[job]
model = "o4-mini-2025-04-16"
training_type = "Standard"
n_epochs = 3
learning_rate_multiplier = 0.5
reasoning_effort = "low"
[job.metadata]
team = "algebra"
"""


def test_a_description_sets_everything(prepare: Prepare) -> None:
    job = prepare(JOB, "--job", "suffix=run", "--job", "seed=7", "--job", "metadata.run=1")
    hyperparameters = job["method"]["reinforcement"]["hyperparameters"]
    assert hyperparameters == {
        "n_epochs": 3,
        "learning_rate_multiplier": 0.5,
        "reasoning_effort": "low",
    }
    assert {name: job[name] for name in ("model", "trainingType", "suffix", "seed")} == {
        "model": "o4-mini-2025-04-16",
        "trainingType": "Standard",
        "suffix": "run",
        "seed": 7,
    }
    assert job["metadata"] == {"team": "algebra", "run": "1"}


def test_what_was_given_stays_until_it_is_taken_away(prepare: Prepare) -> None:
    of = lambda job: job["method"]["reinforcement"].get("hyperparameters")  # noqa: E731
    assert of(prepare("[job]\nn_epochs = 3", "--job", "n_epochs=5")) == {"n_epochs": 5}
    later = prepare("[job]\nn_epochs = 4\nbatch_size = 8", "--model", "o4-mini-2025-04-16")
    assert of(later) == {"n_epochs": 5, "batch_size": 8}
    last = prepare("[job]\nn_epochs = 4", "--job", "n_epochs=")
    assert (of(last), last["model"]) == ({"n_epochs": 4}, "o4-mini-2025-04-16")


def test_what_a_person_writes_by_hand_is_no_edit_where_it_is_what_we_would(
    prepare: Prepare, tmp_path: Path
) -> None:
    path = tmp_path / "processed/my/job.json"
    prepare("")
    plain = path.read_bytes()
    prepare("", "--job", "suffix=run")
    path.write_bytes(plain)  # as somebody who restores it
    assert prepare("", "--job", "suffix=")["model"]
    path.write_bytes(path.read_bytes().replace(b"gpt-5.4", b"gpt-9.9"))
    assert "--keep-edits" in prepare("")
    assert "is kept as it was edited" in prepare("", "--keep-edits", "--job", "suffix=other")


def test_the_model_of_the_graders(prepare: Prepare, tmp_path: Path) -> None:
    job = prepare('grader = "judge.json"', "--grader-model", "o3-mini-2025-01-31")
    grader = json.loads((tmp_path / "processed/my/grader.json").read_text(encoding="utf-8"))
    assert job["method"]["reinforcement"]["grader"] == grader
    assert grader == GRADER | {"model": "o3-mini-2025-01-31"}
    job = prepare('grader = "judge.json"\n[job]\ngrader_model = "gpt-4.1-2025-04-14"')
    assert job["method"]["reinforcement"]["grader"]["model"] == "o3-mini-2025-01-31"
    assert "this grader asks no model" in prepare('grader = "text"')


@pytest.mark.parametrize(
    ("more", "word", "error"),
    [
        ("", "n_epoch=3", "--job n_epoch=3: no setting of a job has this name; did you mean 'n_ep"),
        ("", "suffix", "--job suffix: give NAME=VALUE"),
        ("", "batch_size=0", "--job batch_size=0: the value 0 is out of range; use auto or a wh"),
        ("", "n_epochs=many", "--job n_epochs=many: the value 'many' is out of range"),
        ("", "seed=1.5", "--job seed=1.5: "),
        ("", "suffix=a.b", "--job suffix=a.b: "),
        (
            "",
            "training_type=Standard",
            "--job training_type=Standard: 'gpt-5.4-mini-2026-03-17' ref",
        ),
        ("", "model=gpt-4.1", "--job model=gpt-4.1: 'gpt-4.1' takes no reinforcement job"),
        ("[job]\nmodle = 'x'", "seed=1", "my.toml: job.modle: no setting of a job has this"),
        ("[job]\nn_epochs = 0", "seed=1", "my.toml: job.n_epochs: the value 0 is out of range"),
        ("[job]\nmetadata = 'x'", "seed=1", "my.toml: job.metadata: no setting of a job has this"),
        ("[job.metadata]\na = 1", "seed=1", "my.toml: job.metadata.a: expected string, got 1"),
    ],
)
def test_a_wrong_setting_ends_the_run_at_once(
    prepare: Prepare, tmp_path: Path, more: str, word: str, error: str
) -> None:
    message = prepare(more, "--job", word)
    assert error in message
    assert message.count("\n") == 1
    assert not (tmp_path / "processed").exists()
