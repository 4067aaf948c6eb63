"""Azure AI Foundry: the prepared files themselves, within the service's limits."""

from __future__ import annotations

from pathlib import Path

from pipelines.exports.rows import Rows, as_it_is
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """Rows, grader, response format and job as they are; `system` would be refused there."""
    rows = Rows(TARGET, prepared, out, report)
    rows.splits(as_it_is)
    for role in ("grader", "response_format", "job"):
        rows.document(f"{role}.json", prepared.document(role))
    return rows.done()


TARGET = Target(
    name="foundry",
    about="Azure AI Foundry: the prepared files within its limits, the developer message kept",
    files=("train.jsonl", "validation.jsonl", "grader.json", "response_format.json", "job.json"),
    page="https://learn.microsoft.com/azure/foundry/openai/how-to/reinforcement-fine-tuning",
    source="Microsoft Learn, reinforcement fine-tuning, 2026-10-07",
    read="2026-11-21",
    write=write,
)
