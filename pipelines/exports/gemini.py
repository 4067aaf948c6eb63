"""Gemini's reinforcement tuning: contents in parts, and references from text to text."""

from __future__ import annotations

from pathlib import Path

import orjson

from pipelines.exports import form
from pipelines.exports.columns import kinds
from pipelines.exports.rows import Item, Row, Rows, fields
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress

# The fields that `references` holds as JSON are named in the module.
_ADAPTER = '''
import json

_EXPORT_JSON = {json_fields!r}


def evaluate(example, response):
    """The reward of one response, as a code-execution reward is called."""
    references = example.get("references") or {{}}
    item = {{k: json.loads(v) if k in _EXPORT_JSON else v for k, v in references.items()}}
    parts = [part for part in response.get("parts") or () if not part.get("thought")]
    return _export_score("".join(part.get("text") or "" for part in parts), item)
'''


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """`developer` becomes the system instruction, `assistant` becomes `model`."""
    asked = form.of(prepared)
    json_fields = [name for name, kind in kinds(prepared).items() if kind != "text"]
    reward = form.module(asked, _ADAPTER.format(json_fields=json_fields))
    rows = Rows(TARGET, prepared, out, report)
    most = TARGET.limit("row_tokens") or 0
    long = 0

    def row(item: Item, split: str, index: int) -> Row:
        nonlocal long
        said = asked.messages(item)
        long += sum(len(text.encode()) for _, text in said) > most
        system = [text for role, text in said if role == "system"]
        return {
            **({"systemInstruction": _turn("system", system[0])} if system else {}),
            "contents": [
                _turn("model" if role == "assistant" else role, text)
                for role, text in said
                if role != "system"
            ],
            "references": {
                name: orjson.dumps(value).decode() if name in json_fields else value
                for name, value in fields(item).items()
                if value is not None
            },
        }

    rows.splits(row)
    rows.text("reward.py", reward)
    rows.notes += [*asked.notes, "reward.py is the pythonCodeSnippet of a code-execution reward"]
    if long:  # n bytes are at most n tokens
        rows.notes.append(f"{long:,} rows have more than {most:,} bytes, so maybe too many tokens")
    return rows.done()


def _turn(role: str, text: str) -> Row:
    return {"role": role, "parts": [{"text": text}]}


TARGET = Target(
    name="gemini",
    about="Gemini: `systemInstruction`, `contents`, `references`; `reward.py` runs as code reward",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/"
    "reinforcement-tuning/reinforcement-tuning-job/tuning-dataset",
    source="Google Cloud, reinforcement tuning: dataset and reward functions",
    read="2026-11-21",
    write=write,
)
