"""verl: parquet with the prompt, the ground truth, and what else the reward function reads."""

from __future__ import annotations

import pyarrow as pa

from pipelines.exports.chats import Item, Row
from pipelines.exports.columns import MESSAGES, TYPES, cells
from pipelines.exports.target import Rows, Target

# verl's word for the kind of task; its own examples have "math" and "code".
_ABILITIES = {"openr1-math": "math", "medmcqa": "medicine"}

_ADAPTER = '''
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    """The score of one solution, as verl's reward managers call it."""
    item = {**((extra_info or {}).get("item") or {}), "reference_answer": ground_truth}
    return _export_score(solution_str, item)
'''


def export(rows: Rows) -> None:
    """`developer` becomes `system`; the item's fields are `extra_info.item`, with types."""
    source = rows.prepared.dataset or rows.prepared.folder.resolve().name
    ability = _ABILITIES.get(source, "reasoning")
    text = pa.string()
    item_type = pa.struct([(name, TYPES[kind]) for name, kind in rows.kinds.items()])
    extra_info = pa.struct([("split", text), ("index", pa.int64()), ("item", item_type)])
    columns = [
        ("data_source", text),
        ("prompt", MESSAGES),
        ("ability", text),
        ("reward_model", pa.struct([("style", text), ("ground_truth", text)])),
        ("extra_info", extra_info),
    ]

    def row(item: Item, split: str, index: int) -> Row:
        more = cells(rows.kinds, item)
        return {
            "data_source": source,
            "prompt": rows.form.messages(item),
            "ability": ability,
            "reward_model": {"style": "rule", "ground_truth": item.get("reference_answer")},
            "extra_info": {"split": split, "index": index, "item": more},
        }

    note = "custom_reward_function: path reward.py, name compute_score"
    rows.write_with_reward(row, _ADAPTER, note, parquet=pa.schema(columns))


TARGET = Target(
    name="verl",
    about="verl: parquet with `reward_model.ground_truth`; `reward.py` has `compute_score`",
    files=("train.parquet", "validation.parquet", "reward.py"),
    page="https://verl.readthedocs.io/en/latest/preparation/prepare_data.html",
    source="verl 0.9.1, data preparation, rl_dataset and the naive reward manager",
    read="2026-11-21",
    export=export,
)
