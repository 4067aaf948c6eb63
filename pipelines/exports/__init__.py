"""The targets of `rft export`, one file each. To add one: its file, its schema, a line here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.exports import (
    aml,
    bedrock,
    fireworks,
    foundry,
    gemini,
    hf,
    openai,
    trl,
    verifiers,
    verl,
)
from pipelines.exports.target import Exported, Target
from pipelines.findings import BadInput, did_you_mean
from pipelines.io.prepared import Prepared


def _sft(prepared: Prepared, out: Path, **options: Any) -> Exported:
    # Here and not above: it loads what runs graders.
    from pipelines.exports import sft

    return sft.write(prepared, out, **options)


SFT = Target(
    name="sft",
    about="supervised fine-tuning: chats that end with an answer that scored in full",
    files=("train.jsonl", "validation.jsonl", "left_out.parquet"),
    page="https://learn.microsoft.com/azure/foundry/openai/how-to/fine-tuning",
    source="Microsoft Learn, fine-tuning: chat completions format",
    read="2026-11-21",
    write=_sft,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        openai.TARGET,
        foundry.TARGET,
        bedrock.TARGET,
        gemini.TARGET,
        fireworks.TARGET,
        trl.TARGET,
        verl.TARGET,
        verifiers.TARGET,
        aml.TARGET,
        hf.TARGET,
        SFT,
    )
}


def find(name: str) -> Target:
    """The target of that name; an unknown name is answered with the nearest one."""
    if name in TARGETS:
        return TARGETS[name]
    raise BadInput(f"unknown target {name!r}; {did_you_mean(name, TARGETS)}")


def table() -> Iterator[tuple[str, str, str, str, str, str]]:
    """A row of the docs a target: name, what it is, files, limits, source, day of reading."""
    for target in TARGETS.values():
        limits = (
            f"{name.replace('_', ' ')}: {entry['value']:,}" for name, entry in target.limits.items()
        )
        files = ", ".join(f"`{name}`" for name in target.files)
        source = f"[{target.source}]({target.page})"
        yield f"`{target.name}`", target.about, files, "; ".join(limits), source, target.read
