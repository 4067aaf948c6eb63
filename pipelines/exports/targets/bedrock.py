"""Amazon Bedrock: chats with a reference answer, and a Lambda function that scores them."""

from __future__ import annotations

from pipelines.exports.chats import Item, Row, fields
from pipelines.exports.target import Rows, Target

# Open-weight models find the row's own fields under `metadata`, Nova models beside `messages`.
_ADAPTER = '''
def lambda_handler(event, context):
    """The reward function as AWS Lambda calls it: samples in, a score for each out."""
    results = []
    for sample in event:
        item = {**sample, **(sample.get("metadata") or {})}
        score = _export_score(sample.get("messages") or "", item)
        metric = {"name": "grade", "value": score, "type": "Reward"}
        results.append(
            {"id": sample.get("id"), "aggregate_reward_score": score, "metrics_list": [metric]}
        )
    return results
'''


def export(rows: Rows) -> None:
    """`developer` becomes `system`; the item's other fields stay beside the reference answer."""

    def row(item: Item, split: str, index: int) -> Row:
        return {"messages": rows.form.messages(item), **fields(item)}

    note = "reward.py is the Lambda function; give it more than 3 seconds"
    rows.write_with_reward(row, _ADAPTER, note)


TARGET = Target(
    name="bedrock",
    about="Amazon Bedrock: `messages` and `reference_answer`; `reward.py` is the Lambda function",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://docs.aws.amazon.com/bedrock/latest/userguide/rft-prepare-data.html",
    source="Amazon Bedrock user guide, prepare data for and reward functions of RFT",
    read="2026-11-21",
    export=export,
)
