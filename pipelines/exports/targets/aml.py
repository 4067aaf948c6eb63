"""Azure Machine Learning's GRPO example: `problem` and `solution` in three plain files.

The example gives its trainer a system message of its own, so that the instruction stands in
`problem`, before the question. Its rewards are accuracy, 0.8, and the form in which it wants
thinking and answer, 0.2; `reward.py` has both in the registry that its trainer loads.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import orjson
import polars as pl

from pipelines.exports.chats import Item, Misfit, Row, fields
from pipelines.exports.target import Rows, Target
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared

FORMAT = """\
Give your reasoning and your answer in this form, and nothing else:
<think>
your reasoning
</think>
<answer>
your answer
</answer>"""

_ADAPTER = '''
import json
import re

# The tags that the prompt asks for, each pair once.
_EXPORT_FORM = re.compile(
    r"<think>\\n(?:(?!</?think>).)*</think>\\n<answer>(?:(?!</?answer>).)*</answer>", re.DOTALL
)


def accuracy(completions, solution, item=None, **kwargs):
    """The scores of completions."""
    items = [json.loads(text) for text in item] if item else [{} for _ in completions]
    return [
        _export_score(completion, {**each, "reference_answer": right})
        for completion, right, each in zip(completions, solution, items)
    ]


def format_reward(completions, **kwargs):
    """1.0 for each completion that is thinking and an answer in the tags of the prompt."""
    return [float(bool(_EXPORT_FORM.fullmatch(_export_text(each)))) for each in completions]


reward_registry = {"format": format_reward, "accuracy": accuracy}


def get_rewards_funcs(reward_names):
    """The functions of the names that the trainer's settings give as reward_funcs."""
    return [reward_registry[name] for name in reward_names]
'''


def export(rows: Rows) -> None:
    """Training as it is; validation is parted into validation and test by `in_test`."""

    def row(item: Item, split: str, index: int) -> Row:
        messages = rows.form.messages(item)
        if [message["role"] for message in messages if message["role"] != "system"] != ["user"]:
            raise Misfit("/messages", "a conversation", "`problem` is one question")
        question = messages[-1]["content"]
        more = fields(item)
        solution = {}
        if "reference_answer" in more:
            solution["solution"] = more.pop("reference_answer")
        return {
            "problem": "\n\n".join(
                (*(each["content"] for each in messages[:-1]), FORMAT, question)
            ),
            **solution,
            "item": orjson.dumps(more).decode(),
        }

    tested = in_test(rows.prepared)
    sides = {tested(item) for _, item in objects(rows.prepared.path("validation"))}
    if len(sides) < 2:
        rows.refuse_count("validation", "all fall to one of validation.jsonl and test.jsonl")
    notes = (
        "test.jsonl is about half of the prepared validation rows, in whole clusters",
        "reward.py takes the place of the example's grpo_trainer_rewards.py, with reward_funcs "
        "accuracy and format, reward_weights 0.8 and 0.2",
    )
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
