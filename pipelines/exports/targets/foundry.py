"""Azure AI Foundry: the prepared files themselves, within the service's limits."""

from __future__ import annotations

from pipelines.exports.target import Rows, Target


def export(rows: Rows) -> None:
    """Rows, grader, response format and job as they are; `system` would be refused there."""
    rows.write(lambda item, split, index: item)
    for role in ("grader", "response_format", "job"):
        rows.document(role)


TARGET = Target(
    name="foundry",
    about="Azure AI Foundry: the prepared files within its limits, the developer message kept",
    files=("train.jsonl", "validation.jsonl", "grader.json", "response_format.json", "job.json"),
    page="https://learn.microsoft.com/azure/foundry/openai/how-to/reinforcement-fine-tuning",
    source="Microsoft Learn, reinforcement fine-tuning, 2026-10-07",
    read="2026-11-21",
    export=export,
)
