"""What the service was seen to say, and what is told of it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from pipelines.service import refusals
from pipelines.service.refusals import remedy, saying

TABLE = tomllib.loads(
    Path(refusals.__file__).with_name("messages.toml").read_text(encoding="utf-8")
)["message"]

# Quoted from documentation, public threads and run logs.
SAID = {
    "invalidPayload: The fineTuningJob field is required.": "the body was not understood: ",
    "invalidPayload: The specified file reference must point to a completed file import.": "run it",
    "file import not completed": "run it again: it waits until both files are processed",
    "The specified base model gpt-5.4-mini-2026-03-17 does not support fine-tuning with Standard "
    "TrainingType.": "set trainingType in job.json to GlobalStandard",
    "Finetuning with o4-mini-2025-04-16 requires the reinforcement method of finetuning.": "set ",
    "System messages are not supported in 'reinforcement' examples": "write the role developer",
    "unsafe_file: The job failed due to an unsafe training file. This training file was blocked "
    "because too many examples were flagged by our moderation": "remove prompts that ask for",
    "The provided training data failed RAI checks for harm types: [hate_fairness, self_harm]. "
    "Please fix the data and try again.": "remove the rows with such content",
    "This file failed moderation safety checks. The OpenAI Moderation API identifies": "remove the",
    "This model is unable to be deployed. Model evaluation identified that this fine tuned model "
    "scores above acceptable thresholds for [Violence, Self Harm].": "review the training data",
    "API version not supported": "give the endpoint without an api-version",
    "DeploymentNotFound: The API deployment for this resource does not exist.": "deploy the ",
    "DeploymentNotReady": "deploy the grader's model in the same resource",
    "The maximum allowed size is 512 MB": "prepare fewer rows",
    "A system error was encountered, please try again later": "submit again with --again",
    "invalid_n_examples: Training file has 7 example(s), but must have at least 10 examples": "pre",
    "invalid_training_file: The job failed due to an invalid training file. Invalid file format. "
    "Example 100, message 2 Discriminator 'role' is missing in value": "run `rft validate FOLDER`",
    "Expected file to have JSONL format, where every line is a JSON dictionary.": "run `rft val",
    "Unexpected file format, expected either prompt/completion pairs or chat messages.": "run `rft",
    "invalid validation file": "run `rft validate FOLDER`: the validation file wants",
}


@pytest.mark.parametrize("message", SAID)
def test_what_was_seen_has_a_remedy(message: str) -> None:
    assert (remedy(message) or "").startswith(SAID[message])
    assert saying(message).endswith(f"; {remedy(message)}")


def test_every_entry_was_seen() -> None:
    assert {entry["remedy"] for entry in TABLE} == {remedy(message) for message in SAID}


@pytest.mark.parametrize("entry", TABLE, ids=[entry["pattern"][:20] for entry in TABLE])
def test_an_entry_is_dated_and_one_line(entry: dict[str, object]) -> None:
    assert set(entry) == {"pattern", "remedy", "source", "read"}
    assert isinstance(entry["read"], date)
    assert "\n" not in str(entry["remedy"])


@pytest.mark.parametrize("message", ["", "Preprocessing completed.", "Job started."])
def test_what_is_not_known_has_none(message: str) -> None:
    assert remedy(message) is None
    assert saying(message) == repr(message)
