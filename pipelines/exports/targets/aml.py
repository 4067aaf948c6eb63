"""Azure Machine Learning's GRPO example: `problem` and `solution` in three plain files.

The example gives its trainer a system message of its own, so that the instruction stands in
`problem`, before the question. Its own reward reads the letter after `Final Answer:` on the last
line; our reward module reads that form too, and boxed answers, which the example's does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import orjson
import polars as pl

from pipelines.exports.chats import Item, Misfit, Row, fields
from pipelines.exports.target import Rows, Target
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared

LETTER = (
    "Answer the multiple-choice question with the letter of the best option. End with a line that "
    "says Final Answer: and the letter, and nothing else."
)

_ADAPTER = '''
import json


def accuracy(completions, solution, item=None, **kwargs):
    """The scores of completions, in place of the example's function of this name."""
    items = [json.loads(text) for text in item] if item else [{} for _ in completions]
    return [
        _export_score(completion, {**each, "reference_answer": right})
        for completion, right, each in zip(completions, solution, items)
    ]
'''


def export(rows: Rows) -> None:
    """Training as it is; validation is parted into validation and test by `in_test`."""
    form = rows.form
    letters = replace(form, instruction=LETTER) if form.letters else form

    def row(item: Item, split: str, index: int) -> Row:
        messages = letters.messages(item)
        if [message["role"] for message in messages if message["role"] != "system"] != ["user"]:
            raise Misfit("/messages", "a conversation", "`problem` is one question")
        more = fields(item)
        solution = {}
        if "reference_answer" in more:
            solution["solution"] = more.pop("reference_answer")
        return {
            "problem": "\n\n".join(message["content"] for message in messages),
            **solution,
            "item": orjson.dumps(more).decode(),
        }

    tested = in_test(rows.prepared)
    sides = {tested(item) for _, item in objects(rows.prepared.path("validation"))}
    if len(sides) < 2:
        rows.refuse_count("validation", "all fall to one of validation.jsonl and test.jsonl")
    notes = ["test.jsonl is about half of the prepared validation rows, in whole clusters"]
    if not form.letters:
        notes.append("the example's `accuracy` reads letters only: use that of reward.py")
    rows.write_with_reward(
        row,
        _ADAPTER,
        *notes,
        validation=lambda item: "test" if tested(item) else "validation",
    )


def in_test(prepared: Prepared) -> Callable[[Item], bool]:
    """Whether a validation item goes to test: the SHA-256 of its cluster's name is odd.

    Clusters are those of `splits.parquet`: records that belong together stay together, and a record
    that joins no cluster moves no other. Where there is no such file, or an item is not in it, the
    item is its own cluster, by its id or else its last message.
    """
    path = prepared.folder / "splits.parquet"
    clusters: dict[str, str] = {}
    if path.is_file():
        sides = pl.scan_parquet(path).filter(pl.col("split") == "validation")
        clusters = dict(sides.select("id", "cluster").collect().iter_rows())

    def tested(item: Item) -> bool:
        own = item.get("id") or item["messages"][-1].get("content")
        cluster = str(clusters.get(str(own), own))
        return sha256(cluster.encode()).digest()[-1] % 2 == 1

    return tested


TARGET = Target(
    name="aml",
    about="Azure ML's GRPO example: `problem`, `solution`; validation is parted into two files",
    files=("train.jsonl", "validation.jsonl", "test.jsonl", "reward.py"),
    page="https://github.com/Azure/azureml-examples/tree/main/sdk/python/jobs/grpo",
    source="Azure/azureml-examples, sdk/python/jobs/grpo: its trainer and rewards",
    read="2026-11-21",
    export=export,
)
