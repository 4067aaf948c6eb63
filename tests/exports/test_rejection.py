from __future__ import annotations

import io
import math
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traced import prepared as prepared_math
from traced import row, thought, write_raw

from pipelines.exports.rejection import Scored, kept, rewarded
from pipelines.exports.turns import Spool
from pipelines.findings import BadInput
from pipelines.graders.select import share
from pipelines.io.items import Items
from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress
from pipelines.similarity.keys import digest

# An answer is its own score; on anything else the grader fails.
NUMBER = {
    "type": "python",
    "name": "n",
    "source": "def grade(sample, item):\n    return float(sample['output_text'])\n",
}
SAME = {
    "type": "string_check",
    "name": "same",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
    "operation": "eq",
}
JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1-mini",
    "input": [{"role": "user", "content": "{{sample.output_text}}"}],
}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def item(name: str, answer: str = "5") -> dict[str, Any]:
    chat = [{"role": "user", "content": f"Question {name}?"}]
    return {"messages": chat, "reference_answer": answer, "id": name}


def folder_of(
    folder: Path, grader: dict[str, Any], train: int = 3, validation: int = 1
) -> Prepared:
    """A folder made by hand: items a, b, c … and v, w …"""
    folder.mkdir(exist_ok=True)
    write_rows(folder / "train.jsonl", [item(chr(97 + n)) for n in range(train)])
    write_rows(folder / "validation.jsonl", [item(chr(118 + n)) for n in range(validation)])
    (folder / "grader.json").write_bytes(orjson.dumps(grader))
    return find(str(folder))


def outcome(
    prepared: Prepared,
    *files: list[dict[str, Any]],
    keep_ratio: float | None = None,
    grader: Path | None = None,
) -> tuple[dict[str, list[str]], list[tuple[str, str, str]]]:
    """The kept texts by id, the best first, and what is left out: id, reason, detail."""
    paths = [
        write_rows(prepared.folder / f"samples-{n}.jsonl", rows) for n, rows in enumerate(files)
    ]
    spool = Spool(io.BytesIO())
    with closing(Items(prepared.path("train"), prepared.path("validation"))) as items:
        turns, left_out = rewarded(
            prepared,
            items,
            paths,
            spool,
            grader=grader,
            keep_ratio=keep_ratio,
            report=Progress(),
            trusted=True,
        )
        texts: dict[str, list[str]] = {}
        for turn in turns:
            texts.setdefault(items[turn.item]["id"], []).append(orjson.loads(spool.read(turn)))
        assert {each.item for each in (*turns, *left_out)} == set(range(len(items)))
        left = [(items[each.item]["id"], each.reason, each.detail) for each in sorted(left_out)]
        return texts, left


def of(name: str, *texts: str) -> list[dict[str, Any]]:
    return [{"id": name, "output_text": text} for text in texts]


@pytest.mark.parametrize(
    ("keep_ratio", "expected"),
    [
        (None, ["0.9"]),
        (0.01, ["0.9"]),
        (0.2, ["0.9"]),
        (0.21, ["0.9", "0.5"]),
        (0.4, ["0.9", "0.5"]),
        (0.6, ["0.9", "0.5", "0.1"]),
        (1, ["0.9", "0.5", "0.1"]),  # 0 and below never
    ],
)
def test_the_best_share(tmp_path: Path, keep_ratio: float | None, expected: list[str]) -> None:
    prepared = folder_of(tmp_path, NUMBER)
    texts, _ = outcome(prepared, of("a", "0", "0.5", "-1", "0.9", "0.1"), keep_ratio=keep_ratio)
    assert texts == {"a": expected}


def test_every_output_and_item_is_told(tmp_path: Path) -> None:
    prepared = folder_of(tmp_path, NUMBER)
    rows = of("a", "1", "1", "0", "x", "<|im_end|>", " ", "0.5") + of("b", "y") + of("v", "0.0")
    rows.append({"id": "a", "output_text": "call", "output_tools": [{"type": "function"}]})
    rows.append({"id": "a", "output_tools": [{"type": "function"}]})
    texts, left = outcome(prepared, rows)
    assert texts == {"a": ["1"]}
    told = [(name, reason, detail.removeprefix("output ")[:8]) for name, reason, detail in left]
    assert told == [
        ("a", "duplicate_output", digest("1")[:8]),
        ("a", "empty_output", digest(" ")[:8]),
        ("a", "over_keep_ratio", digest("0.5")[:8]),
        ("a", "rejected", digest("0")[:8]),
        ("a", "special_token", digest("<|im_end|>")[:8]),
        *sorted(("a", "tool_calls", digest(text)[:8]) for text in ("call", "")),
        ("a", "unscored", digest("x")[:8]),
        ("b", "unscored", digest("y")[:8]),
        ("c", "no_output", ""),
        ("v", "rejected", digest("0.0")[:8]),
    ]
    details = {reason: detail.partition(": ")[2] for _, reason, detail in left}
    assert details["rejected"] == "score 0"
    assert details["over_keep_ratio"] == "score 0.5"
    assert details["unscored"].startswith("python_grader_runtime_error: line 2: ValueError")


def test_unscored_outputs_do_not_count_as_zero(tmp_path: Path) -> None:
    """Half of the two that have a score is one; half of all five would be three."""
    prepared = folder_of(tmp_path, NUMBER)
    texts, left = outcome(prepared, of("a", "x", "0.2", "y", "0.4", "z"), keep_ratio=0.5)
    assert texts == {"a": ["0.4"]}
    reasons = Counter(reason for name, reason, _ in left if name == "a")
    assert reasons == {"unscored": 3, "over_keep_ratio": 1}


def test_a_grader_that_is_not_run_scores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    texts, left = outcome(folder_of(tmp_path, JUDGE), of("a", "1"))
    assert texts == {}
    assert left[0][:2] == ("a", "unscored")
    assert "score" not in left[0][2].partition(": ")[2]


def test_pass_threshold_is_the_least_score(tmp_path: Path) -> None:
    prepared = folder_of(tmp_path, NUMBER | {"pass_threshold": 0.5})
    texts, left = outcome(prepared, of("a", "0.4", "0.5", "0.6"), keep_ratio=1)
    assert texts == {"a": ["0.6", "0.5"]}
    assert left[0] == ("a", "rejected", f"output {digest('0.4')}: score 0.4")


def test_another_grader(tmp_path: Path) -> None:
    prepared = folder_of(tmp_path, NUMBER)
    other = tmp_path / "other.json"
    other.write_bytes(orjson.dumps(SAME))
    assert outcome(prepared, of("a", "9", "5"), grader=other)[0] == {"a": ["5"]}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # by id, of both splits
        ([of("v", "1") + of("a", "0.5"), of("a", "1")], {"a": ["1"], "v": ["1"]}),
        # by line, of the training file
        (
            [[{"line": 2, "output_text": "1"}, {"line": 1, "id": "c", "output": "0.5"}]],
            {"a": ["0.5"], "b": ["1"]},
        ),
        # by order
        ([[{"completion": text} for text in ("1", "0", "0.5")]], {"a": ["1"], "c": ["0.5"]}),
    ],
)
def test_how_outputs_name_their_items(
    tmp_path: Path, files: list[list[dict[str, Any]]], expected: dict[str, list[str]]
) -> None:
    assert outcome(folder_of(tmp_path, NUMBER), *files)[0] == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "samples-0.jsonl: it has no samples; write one JSON object a line"),
        (
            of("z", "1"),
            "samples-0.jsonl:1: no item of train.jsonl or validation.jsonl has id 'z'; ",
        ),
        ([{"line": 4, "output_text": "1"}], "samples-0.jsonl:1: no item of train.jsonl has line 4"),
        ([{"output": "1"}], "train.jsonl:2: no sample is left for this item; give every sample an"),
        ([{"output": "1"}] * 4, "samples-0.jsonl:4: no item is left for this sample; give every"),
        (
            [*of("a", "1"), {"output": "1"}],
            "samples-0.jsonl:2: no 'id', which the first sample has",
        ),
        ([{"id": "a"}], "samples-0.jsonl:1: no output_text, output, completion; write what the"),
        ([{"id": "a", "output": 5}], "samples-0.jsonl:1: output is not text; write what the model"),
    ],
)
def test_outputs_that_cannot_be_read(
    tmp_path: Path, rows: list[dict[str, Any]], expected: str
) -> None:
    with pytest.raises(BadInput) as raised:
        outcome(folder_of(tmp_path, NUMBER), rows)
    assert str(raised.value).replace(f"{tmp_path}/", "").startswith(expected)


def test_ids_that_are_not_one_item_s(tmp_path: Path) -> None:
    prepared = folder_of(tmp_path, NUMBER)
    write_rows(tmp_path / "validation.jsonl", [item("a")])
    with pytest.raises(BadInput) as raised:
        outcome(prepared, of("a", "1"))
    assert str(raised.value) == (
        f"{tmp_path}/validation.jsonl:1: id 'a' is in {tmp_path}/train.jsonl:1 too; "
        "give each its own, or name items by `line`"
    )


def test_keep_ratio_is_a_share(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^--keep-ratio 1.01: give a share above 0"):
        outcome(folder_of(tmp_path, NUMBER), of("a", "1"), keep_ratio=1.01)


@pytest.mark.parametrize("grader", ["exact", "partial"])
def test_no_wrong_answer_to_a_published_problem(tmp_path: Path, grader: str) -> None:
    """`partial` gives 0.1 to a box with a wrong answer, which is credit and not an answer."""
    write_raw(tmp_path, [row(f"plain {n}", [thought(str(n))]) for n in range(12)])
    prepared = prepared_math(tmp_path / "out", tmp_path, grader=grader)
    rows = of("plain 1", r"\boxed{6}", "5") + of("plain 2", r"\boxed{6}", r"\boxed{5}")
    texts, left = outcome(prepared, rows, keep_ratio=1)
    assert texts == {"plain 2": [r"\boxed{5}"]}
    told = {
        (name, detail.partition(": ")[2]) for name, reason, detail in left if reason == "rejected"
    }
    credit = "score 0" if grader == "exact" else "score 0.1"
    assert told == {("plain 1", credit), ("plain 1", "score 0"), ("plain 2", credit)}


@pytest.mark.parametrize("seed", range(4))
def test_order_does_not_count(tmp_path: Path, seed: int) -> None:
    """Neither within a file nor between files, also where all scores are equal."""
    prepared = folder_of(tmp_path, NUMBER)
    rows = [each for name in "abv" for each in of(name, "1", "1.0", "1.00", "0.50", "0.5", "x")]
    expected = outcome(prepared, rows, keep_ratio=0.5)
    best = sorted(("1", "1.0", "1.00"), key=digest)
    assert expected[0] == dict.fromkeys("abv", best)
    shuffled = rows + rows[:5]  # some of them twice
    Random(seed).shuffle(shuffled)
    texts, left = outcome(prepared, shuffled[:7], shuffled[7:], keep_ratio=0.5)
    assert texts == expected[0]
    assert [each for each in left if each[1] != "duplicate_output"] == expected[1]


SCORED = st.lists(
    st.builds(
        Scored,
        loss=st.sampled_from([-1.0, -0.5, -0.1, 0.0, 1.0]),
        name=st.text("0123456789abcdef", min_size=4, max_size=4),
        candidate=st.booleans(),
    ),
    unique_by=lambda each: each.name,
    max_size=12,
)


@given(SCORED, st.one_of(st.none(), st.floats(0, 1, exclude_min=True)), st.randoms())
def test_kept(scored: list[Scored], keep_ratio: float | None, chance: Random) -> None:
    ratio = share(keep_ratio)
    chosen = kept(scored, ratio)
    candidates = [each for each in scored if each.candidate]
    most = 1 if keep_ratio is None else math.ceil(keep_ratio * len(scored))
    assert abs(len(chosen) - min(most, len(candidates))) <= (most > 1)  # keep_ratio * n, rounded
    assert chosen == sorted(candidates)[: len(chosen)]
    assert bool(chosen) == bool(candidates)
    shuffled = list(scored)
    chance.shuffle(shuffled)
    assert kept(shuffled, ratio) == chosen


@given(SCORED, st.integers(1, 100))
def test_kept_is_the_ceiling_of_the_share(scored: list[Scored], percent: int) -> None:
    candidates = sum(each.candidate for each in scored)
    most = -(-percent * len(scored) // 100)
    assert len(kept(scored, share(percent / 100))) == min(most, candidates)
