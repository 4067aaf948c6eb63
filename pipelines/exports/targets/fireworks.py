"""Fireworks: evaluation rows, and an evaluator for its Eval Protocol."""

from __future__ import annotations

from pipelines.exports.chats import Item, Row, fields
from pipelines.exports.target import Rows, Target

# `score` needs no SDK; `test_reward` is what `eval-protocol` uploads. The model is the smallest one
# of Fireworks' own quick start.
_ADAPTER = '''
from pathlib import Path


def score(messages, ground_truth, fields=None):
    """The score of the last message: 0.0 to 1.0."""
    return _export_score(messages, {**(fields or {}), "reference_answer": ground_truth})


try:
    from eval_protocol.models import EvaluateResult, EvaluationRow
    from eval_protocol.pytest import SingleTurnRolloutProcessor, evaluation_test
except ImportError:  # scored without the SDK
    pass
else:

    def test_reward(row):
        fields = row.input_metadata.dataset_info
        value = score(list(row.messages), row.ground_truth, fields)
        row.evaluation_result = EvaluateResult(score=value, reason="the grader's")
        return row

    # The SDK wants the classes themselves, and the grader may have postponed its annotations.
    test_reward.__annotations__ = {"row": EvaluationRow, "return": EvaluationRow}
    test_reward = evaluation_test(
        input_dataset=[str(Path(__file__).with_name("validation.jsonl"))],
        completion_params=[{"model": "fireworks_ai/accounts/fireworks/models/qwen3-0p6b"}],
        rollout_processor=SingleTurnRolloutProcessor(),
        mode="pointwise",
    )(test_reward)
'''


def export(rows: Rows) -> None:
    """`developer` becomes `system`; the item's other fields are the row's `dataset_info`."""

    def row(item: Item, split: str, index: int) -> Row:
        more = fields(item)
        truth = {"ground_truth": more.pop("reference_answer")} if "reference_answer" in more else {}
        row_id = str(more.pop("id", f"{split}-{index}"))
        return {
            "messages": rows.form.messages(item),
            **truth,
            "input_metadata": {"row_id": row_id, "dataset_info": more},
        }

    note = "`pytest reward.py -vs` tests the evaluator and uploads it"
    rows.write_with_reward(row, _ADAPTER, note)


TARGET = Target(
    name="fireworks",
    about="Fireworks: `messages`, `ground_truth`, `input_metadata`; `reward.py` is the evaluator",
    files=("train.jsonl", "validation.jsonl", "reward.py"),
    page="https://docs.fireworks.ai/fine-tuning/training-prerequisites",
    source="Fireworks, training prerequisites; eval-protocol 0.3.33, EvaluationRow",
    read="2026-11-21",
    export=export,
)
