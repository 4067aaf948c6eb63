"""verifiers and prime-rl: prompt, answer, and the rest as JSON text in `info`."""

from __future__ import annotations

from pathlib import Path

import orjson

from pipelines.exports import form
from pipelines.exports.rows import Item, Row, Rows, fields
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress

_ADAPTER = '''
import json


def reward(completion, answer, info=None, **kwargs):
    """The score of one completion, as a rubric calls its functions."""
    fields = json.loads(info) if isinstance(info, str) else info or {}
    return _export_score(completion, {**fields, "reference_answer": answer})
'''


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """`developer` becomes `system`; all values are text, so that no empty list lacks a type."""
    asked = form.of(prepared)
    reward = form.module(asked, _ADAPTER)
    rows = Rows(TARGET, prepared, out, report)

    def row(item: Item, split: str, index: int) -> Row:
        more = fields(item)
        answer = {"answer": more.pop("reference_answer")} if "reference_answer" in more else {}
        return {
            "prompt": [{"role": r, "content": text} for r, text in asked.messages(item)],
            **answer,
            "info": orjson.dumps(more).decode(),
        }

    rows.splits(row)
    rows.text("reward.py", reward)
    rows.notes += [*asked.notes, "Rubric(funcs=[reward]); from version 0.4 in a task's @vf.reward"]
    return rows.done()


TARGET = Target(
    name="verifiers",
    about="verifiers, prime-rl: `prompt`, `answer`, `info`; `reward.py` has a rubric's function",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://github.com/PrimeIntellect-ai/verifiers",
    source="verifiers 0.1.14, environment and rubric; 0.4.0, task data",
    read="2026-11-21",
    write=write,
)
