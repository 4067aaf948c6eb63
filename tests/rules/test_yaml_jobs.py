"""Jobs as Azure's command line takes them, with the files that they name."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pipelines.findings import BadInput
from pipelines.rules import yaml_jobs
from pipelines.rules.check import given

JOB = """\
name: sums
description: adds
model: gpt-5.4-mini-2026-03-17
training_file: local:data/train.jsonl
validation_file: local:data/held.jsonl
seed: 42
extra_body:
  trainingType: GlobalStandard
method:
  type: reinforcement
  reinforcement:
    grader:
      type: string_check
      name: same
      input: "{{sample.output_text}}"
      reference: "{{item.answer}}"
      operation: eq
    hyperparameters:
      epochs: 2
      eval_interval: 5
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A sound job in a folder of its own, and the data beside that folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "jobs").mkdir()
    for name, start, count in (("train", 0, 12), ("held", 50, 10)):
        rows = [
            {"messages": [{"role": "user", "content": f"{n} and {n}?"}], "answer": str(2 * n)}
            for n in range(start, start + count)
        ]
        data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        (tmp_path / f"data/{name}.jsonl").write_bytes(data)
    path = tmp_path / "jobs/job.yaml"
    path.write_text(JOB)
    return path


def found(job: Path) -> list[tuple[str, str, int, str]]:
    return [(f.code, Path(f.path).name, f.line, f.pointer) for f in given({"job": job})]


def test_a_sound_job_with_its_files_is_sound(job: Path) -> None:
    assert found(job) == []
    value, files = yaml_jobs.request_of(yaml_jobs.load(job.read_bytes()), job)
    assert value["trainingType"] == "GlobalStandard"
    assert value["method"]["reinforcement"]["hyperparameters"] == {
        "n_epochs": 2,
        "eval_interval": 5,
    }
    assert {role: path.name for role, path in files.items()} == {
        "train": "train.jsonl",
        "validation": "held.jsonl",
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("item.answer", "item.target", "RFT301"),
        ("epochs: 2", "epochs: 90", "RFT508"),
        ("data/held", "data/train", "RFT513"),
        ("extra_body:\n  trainingType", "trainingType", "RFT505"),
        ("local:data/train.jsonl", "data/train.jsonl", "RFT514"),
        ("seed: 42", "sede: 42", "RFT511"),
        ("model: ", "model: &m ", None),
    ],
)
def test_what_is_wrong_is_found(job: Path, old: str, new: str, code: str | None) -> None:
    assert old in JOB
    job.write_text(JOB.replace(old, new))
    assert code in {code for code, *_ in found(job)} | (set() if found(job) else {None})


def test_a_file_that_is_not_there_is_one_line(job: Path) -> None:
    job.write_text(JOB.replace("data/train", "data/none"))
    with pytest.raises(BadInput, match="there is no file data/none"):
        found(job)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1",
        "a: &x [1, 2]\nb: *x\n",
        "\ta: 1",
        "a: 99999999999999999999999",
        "[" * 5000,
        "\x00",
        "a: !!python/object:os.system x",
    ],
)
def test_what_is_no_yaml_is_a_finding(job: Path, text: str) -> None:
    job.write_text(text)
    (finding,) = (f for f in given({"job": job}, whole=False) if f.code == "RFT102")
    assert "\n" not in finding.message


@pytest.mark.parametrize("text", ["", "a", "- 1", "1: 2", "on: 2020-01-01", "method: 7"])
def test_odd_jobs_do_not_raise(job: Path, text: str) -> None:
    job.write_text(text)
    assert found(job)
