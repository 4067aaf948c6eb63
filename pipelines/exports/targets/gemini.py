"""Gemini's reinforcement tuning: contents in parts, and references from text to text."""

from __future__ import annotations

import orjson

from pipelines.exports.chats import Item, Row, fields
from pipelines.exports.target import Rows, Target

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


def export(rows: Rows) -> None:
    """`developer` becomes the system instruction, `assistant` becomes `model`."""
    json_fields = [name for name, kind in rows.kinds.items() if kind != "text"]
    most = rows.target.limit("row_tokens") or 0
    long = 0

    def row(item: Item, split: str, index: int) -> Row:
        nonlocal long
        messages = rows.form.messages(item)
        long += sum(len(message["content"].encode()) for message in messages) > most
        turns = [_turn(**message) for message in messages]
        system = [turn for turn in turns if turn["role"] == "system"]
        return {
            **({"systemInstruction": system[0]} if system else {}),
            "contents": [turn for turn in turns if turn["role"] != "system"],
            "references": {
                name: orjson.dumps(value).decode() if name in json_fields else value
                for name, value in fields(item).items()
                if value is not None
            },
        }

    note = "reward.py is the pythonCodeSnippet of a code-execution reward"
    rows.write_with_reward(row, _ADAPTER.format(json_fields=json_fields), note)
    if long:  # n bytes are at most n tokens
        rows.notes.append(f"{long:,} rows have more than {most:,} bytes, so maybe too many tokens")


def _turn(role: str, content: str) -> Row:
    return {"role": "model" if role == "assistant" else role, "parts": [{"text": content}]}


TARGET = Target(
    name="gemini",
    about="Gemini: `systemInstruction`, `contents`, `references`; `reward.py` runs as code reward",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/"
    "reinforcement-tuning/reinforcement-tuning-job/tuning-dataset",
    source="Google Cloud, reinforcement tuning: dataset and reward functions",
    read="2026-11-21",
    export=export,
)
