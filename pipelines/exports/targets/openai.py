"""OpenAI's own reinforcement fine-tuning: the prepared files, and a job without a training type."""

from __future__ import annotations

from pipelines.exports.target import Rows, Target
from pipelines.rules.request import request
from pipelines.rules.tables import model

# The one model that OpenAI's guide names for it.
MODEL = "o4-mini-2025-04-16"


def export(rows: Rows) -> None:
    """Rows, grader and response format as they are; the job asks for OpenAI's model."""
    rows.write(lambda item, split, index: item)
    rows.document("grader")
    rows.document("response_format")
    document = rows.prepared.document
    job = document("job") or request(MODEL, document("grader"), document("response_format"))
    job = {name: value for name, value in job.items() if name != "trainingType"}
    rows.document("job", job | {"model": MODEL})
    rows.notes.append(f"job.json asks for {MODEL}; OpenAI is closing fine-tuning to new users")
    if note := (model(MODEL) or {}).get("note"):
        rows.notes.append(f"{MODEL}: {note}")


TARGET = Target(
    name="openai",
    about="OpenAI's platform: the prepared rows with the developer message, grader and job",
    files=("train.jsonl", "validation.jsonl", "grader.json", "response_format.json", "job.json"),
    page="https://developers.openai.com/api/docs/guides/reinforcement-fine-tuning",
    source="OpenAI, reinforcement fine-tuning guide, and its API schema of 2025-05-20",
    read="2026-11-21",
    export=export,
)
