"""Supervised fine-tuning, which takes answers beside the prepared rows: `exports/sft.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress


class _Supervised(Target):
    def write(self, prepared: Prepared, out: Path, *, report: Progress, **options: Any) -> Exported:
        # Here and not above: it loads what runs graders.
        from pipelines.exports import sft

        return sft.write(prepared, out, report=report, **options)


TARGET = _Supervised(
    name="sft",
    about="supervised fine-tuning: chats that end with an answer that scored in full",
    files=("train.jsonl", "validation.jsonl", "test.jsonl", "job.json", "left_out.parquet"),
    page="https://learn.microsoft.com/azure/foundry/openai/how-to/fine-tuning",
    source="Microsoft Learn, fine-tuning: chat completions format",
    read="2026-11-21",
)
