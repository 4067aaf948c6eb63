"""A dataset folder as the hub has it: parquet a split, and a card that says what it is."""

from __future__ import annotations

import pyarrow as pa

from pipelines.exports import card
from pipelines.exports.chats import Item, Misfit, Row
from pipelines.exports.columns import MESSAGES, TYPES, cells
from pipelines.exports.target import Rows, Target
from pipelines.findings import show
from pipelines.io.prepared import SPLITS

_FILE = "data/{split}-00000-of-00001.parquet"


def export(rows: Rows) -> None:
    """The items as they are, `messages` first; grader and response format beside them."""
    prepared = rows.prepared

    def row(item: Item, split: str, index: int) -> Row:
        if "tools" in item:
            raise Misfit("/tools", "tools have no column", "export to openai or foundry")
        for place, message in enumerate(item["messages"]):
            if set(message) != {"role", "content"} or not isinstance(message["content"], str):
                keys = show(sorted(message))
                raise Misfit(f"/messages/{place}", f"not role and text: {keys}", "send text alone")
        return {"messages": item["messages"], **cells(rows.kinds, item)}

    types = [(name, TYPES[kind]) for name, kind in rows.kinds.items()]
    rows.write(row, parquet=pa.schema([("messages", MESSAGES), *types]))
    rows.document("grader")
    rows.document("response_format")
    paths = {split: _FILE.format(split=split) for split in rows.counts}
    rows.text(card.NAME, card.card(prepared, paths, parquet=True))
    rows.notes.append("load_dataset(FOLDER), or upload the folder as a dataset repository")
    if card.published(prepared) is None:
        rows.notes.append("README.md names no licence: none is known of these rows")


TARGET = Target(
    name="hf",
    about="the Hugging Face hub and `datasets`: parquet a split, and the dataset card",
    files=(
        *(_FILE.format(split=split) for split in SPLITS),
        "grader.json",
        "response_format.json",
        "README.md",
    ),
    page="https://huggingface.co/docs/hub/datasets-cards",
    source="Hugging Face, dataset cards and data files; datasets 5.2.0",
    read="2026-11-21",
    export=export,
)
