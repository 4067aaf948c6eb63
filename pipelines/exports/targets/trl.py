"""TRL's GRPO trainer: a prompt of messages, and the columns that reward functions receive."""

from __future__ import annotations

import pyarrow as pa

from pipelines.exports.chats import Item, Row
from pipelines.exports.columns import MESSAGES, TYPES, cells
from pipelines.exports.target import Rows, Target

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
    """The scores of completions; other arguments are columns, with a value for each."""
    columns = {{**kwargs, "reference_answer": reference_answer, "options": options}}
    columns = {{name: columns[name] for name in _EXPORT_FIELDS if columns.get(name) is not None}}
    return [
        _export_score(completion, {{name: values[n] for name, values in columns.items()}})
        for n, completion in enumerate(completions)
    ]
'''


def export(rows: Rows) -> None:
    """`developer` becomes `system`; parquet, so that an empty list of options has a type."""
    rows.keep_clear_of(_RESERVED)
    types = [(name, TYPES[kind]) for name, kind in rows.kinds.items()]

    def row(item: Item, split: str, index: int) -> Row:
        return {"prompt": rows.form.messages(item), **cells(rows.kinds, item)}

    rows.write_with_reward(
        row,
        _ADAPTER.format(names=tuple(rows.kinds)),
        "reward_funcs=reward of reward.py",
        parquet=pa.schema([("prompt", MESSAGES), *types]),
    )


TARGET = Target(
    name="trl",
    about="TRL's GRPO trainer: `prompt` and the item's fields as columns; `reward.py` has `reward`",
    files=("train.parquet", "validation.parquet", "reward.py"),
    page="https://huggingface.co/docs/trl/grpo_trainer",
    source="trl 1.16.0, grpo_trainer and data_utils",
    read="2026-11-21",
    export=export,
)
