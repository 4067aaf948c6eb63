"""verl: parquet with the prompt, the ground truth, and what else the reward function reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines.exports import form
from pipelines.exports.columns import MESSAGES, TYPES, cell, kinds
from pipelines.exports.rows import Item, Row, Rows
from pipelines.exports.target import Exported, Target
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress

# verl's word for the kind of task; its own examples have "math" and "code".
_ABILITIES = {"openr1-math": "math", "medmcqa": "medicine"}

_ADAPTER = '''
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    """The score of one solution, as verl's reward managers call it."""
    item = {**((extra_info or {}).get("item") or {}), "reference_answer": ground_truth}
    return _export_score(solution_str, item)
'''


def write(prepared: Prepared, out: Path, *, report: Progress) -> Exported:
    """`developer` becomes `system`; the item's fields are `extra_info.item`, with types."""
    asked = form.of(prepared)
    reward = form.module(asked, _ADAPTER)
    rows = Rows(TARGET, prepared, out, report)
    kind_of = kinds(prepared)
    source = prepared.dataset or prepared.folder.resolve().name
    ability = _ABILITIES.get(source, "reasoning")
    text = pa.string()
    item_type = pa.struct([(name, TYPES[kind]) for name, kind in kind_of.items()])
    columns = pa.schema(
        [
            ("data_source", text),
            ("prompt", MESSAGES),
            ("ability", text),
            ("reward_model", pa.struct([("style", text), ("ground_truth", text)])),
            (
                "extra_info",
                pa.struct([("split", text), ("index", pa.int64()), ("item", item_type)]),
            ),
        ]
    )

    def row(item: Item, split: str, index: int) -> Row:
        said = asked.messages(item)
        more = {name: cell(kind, item.get(name)) for name, kind in kind_of.items()}
        return {
            "data_source": source,
            "prompt": [{"role": r, "content": text} for r, text in said],
            "ability": ability,
            "reward_model": {"style": "rule", "ground_truth": item.get("reference_answer")},
            "extra_info": {"split": split, "index": index, "item": more},
        }

    for split in SPLITS:
        rows.parquet(f"{split}.parquet", split, row, columns)
    rows.text("reward.py", reward)
    rows.notes += [*asked.notes, "custom_reward_function: path reward.py, name compute_score"]
    return rows.done()


TARGET = Target(
    name="verl",
    about="verl: parquet with `reward_model.ground_truth`; `reward.py` has `compute_score`",
    files=("train.parquet", "validation.parquet", "reward.py"),
    page="https://verl.readthedocs.io/en/latest/preparation/prepare_data.html",
    source="verl 0.9.1, data preparation, rl_dataset and the naive reward manager",
    read="2026-11-21",
    write=write,
)
