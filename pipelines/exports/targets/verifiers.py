"""verifiers and prime-rl: prompt, answer, and the rest as JSON text in `info`."""

from __future__ import annotations

import orjson

from pipelines.exports.chats import Item, Row, fields
from pipelines.exports.target import Rows, Target

_ADAPTER = '''
import json


def reward(completion, answer, info=None, **kwargs):
    """The score of one completion, as a rubric calls its functions."""
    fields = json.loads(info) if isinstance(info, str) else info or {}
    return _export_score(completion, {**fields, "reference_answer": answer})
'''


def export(rows: Rows) -> None:
    """`developer` becomes `system`; all values are text, so that no empty list lacks a type."""

    def row(item: Item, split: str, index: int) -> Row:
        more = fields(item)
        answer = {"answer": more.pop("reference_answer")} if "reference_answer" in more else {}
        return {
            "prompt": rows.form.messages(item),
            **answer,
            "info": orjson.dumps(more).decode(),
        }

    note = "Rubric(funcs=[reward]); from version 0.4 in a task's @vf.reward"
    rows.write_with_reward(row, _ADAPTER, note)


TARGET = Target(
    name="verifiers",
    about="verifiers, prime-rl: `prompt`, `answer`, `info`; `reward.py` has a rubric's function",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://github.com/PrimeIntellect-ai/verifiers",
    source="verifiers 0.1.14, environment and rubric; 0.4.0, task data",
    read="2026-11-21",
    export=export,
)
