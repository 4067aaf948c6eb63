"""TRL's GRPO trainer: a prompt of messages, and the columns that reward functions receive."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines.exports import form
from pipelines.exports.columns import MESSAGES, TYPES, cell, kinds
from pipelines.exports.rows import Item, Row, Rows
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress

# The trainer fills these itself, or reads images from them.
_RESERVED = frozenset(
    {
        "prompt",
        "prompts",
        "completion",
        "completions",
        "completion_ids",
        "image",
        "images",
        "tools",
        "trainer_state",
        "log_extra",
        "log_metric",
        "environments",
    }
)

_ADAPTER = '''
_EXPORT_FIELDS = {names!r}


def reward(completions, reference_answer=None, options=None, **kwargs):
    """The scores of completions; every other argument is a column, a value a completion."""
    columns = {{**kwargs, "reference_answer": reference_answer, "options": options}}
    columns = {{name: columns[name] for name in _EXPORT_FIELDS if columns.get(name) is not None}}
    return [
        _export_score(completion, {{name: values[n] for name, values in columns.items()}})
        for n, completion in enumerate(completions)
    ]
'''


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """`developer` becomes `system`; parquet, so that an empty list of options has a type."""
    asked = form.of(prepared)
    kind_of = kinds(prepared)
    reward = form.module(asked, _ADAPTER.format(names=tuple(kind_of)))
    rows = Rows(TARGET, prepared, out, report)
    rows.keep_clear_of(_RESERVED, kind_of)
    types = [(name, TYPES[kind]) for name, kind in kind_of.items()]

    def row(item: Item, split: str, index: int) -> Row:
        said = asked.messages(item)
        return {
            "prompt": [{"role": r, "content": text} for r, text in said],
            **{name: cell(kind, item.get(name)) for name, kind in kind_of.items()},
        }

    for split in SPLITS:
        rows.parquet(f"{split}.parquet", split, row, pa.schema([("prompt", MESSAGES), *types]))
    rows.text("reward.py", reward)
    rows.notes += [*asked.notes, "reward_funcs=reward of reward.py"]
    return rows.done()


TARGET = Target(
    name="trl",
    about="TRL's GRPO trainer: `prompt` and the item's fields as columns; `reward.py` has `reward`",
    files=("train.parquet", "validation.parquet", "reward.py"),
    page="https://huggingface.co/docs/trl/grpo_trainer",
    source="trl 1.16.0, grpo_trainer and data_utils",
    read="2026-11-21",
    write=write,
)
