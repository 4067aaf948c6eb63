"""OpenAI's own reinforcement fine-tuning: the prepared files, and a job without a training type."""

from __future__ import annotations

from pathlib import Path

from pipelines.exports.rows import Rows, as_it_is
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress
from pipelines.rules.request import request

# The one model that OpenAI's guide names for it.
MODEL = "o4-mini-2025-04-16"


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """Rows, grader and response format as they are; the job asks for OpenAI's model."""
    rows = Rows(TARGET, prepared, out, report)
    rows.splits(as_it_is)
    grader, response_format = (prepared.document(role) for role in ("grader", "response_format"))
    rows.document("grader.json", grader)
    rows.document("response_format.json", response_format)
    job = prepared.document("job") or request(MODEL, grader, response_format)
    wanted = {name: value for name, value in job.items() if name != "trainingType"}
    rows.document("job.json", wanted | {"model": MODEL})
    rows.notes.append(f"job.json asks for {MODEL}; OpenAI is closing fine-tuning to new users")
    return rows.done()


TARGET = Target(
    name="openai",
    about="OpenAI's platform: the prepared rows with the developer message, grader and job",
    files=("train.jsonl", "validation.jsonl", "grader.json", "response_format.json", "job.json"),
    page="https://developers.openai.com/api/docs/guides/reinforcement-fine-tuning",
    source="OpenAI, reinforcement fine-tuning guide, and its API schema of 2025-05-20",
    read="2026-11-21",
    write=write,
)
