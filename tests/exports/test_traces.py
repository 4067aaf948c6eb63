from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DEMO, problem
from traced import MATH, SCHEMA, prepared, row, thought, write_raw

from pipelines.exports import traces
from pipelines.exports.turns import Spool
from pipelines.findings import BadInput
from pipelines.io.items import Items
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress
from pipelines.similarity.keys import digest


def outcome(folder: Prepared, raw: Path) -> dict[str, object]:
    """By id, the text of the item's trace, or why it has none."""
    spool = Spool(io.BytesIO())
    with closing(Items(folder.path("train"), folder.path("validation"))) as items:
        paths = traces.raw_files(folder, MATH, str(raw), Progress())
        turns, left_out = traces.verified(MATH, items, paths, spool, Progress())
        texts = {turn.item: orjson.loads(spool.read(turn)) for turn in turns}
        reasons = {each.item: (each.reason, each.detail) for each in left_out}
        assert texts.keys() | reasons.keys() == set(range(len(items)))
        return {items[n]["id"]: value for n, value in {**texts, **reasons}.items()}


LONG, SHORT = thought("Two and three, by counting on."), thought("2+3")
SAME = [thought(f"2+3 {mark}") for mark in "abcdef"]
OPEN = "<think>\n2+3 is \\boxed{5}"
PLAIN = "It is \\boxed{5}"

# Name, generations, other columns, and the trace or the reason.
CASES = [
    ("shortest", [LONG, SHORT, SAME[0]], {}, SHORT),
    ("bytes, not characters", [thought("€€€€€€"), thought("aaaaaaaaa")], {}, thought("aaaaaaaaa")),
    ("digest where equally long", SAME, {}, min(SAME, key=digest)),
    ("wrong for our grader", [thought("2+3", 6), LONG], {}, LONG),
    ("right value, other spelling", [thought("2+3", r"\frac{10}{2}"), LONG], {}, 0),
    ("the last box counts", [thought("2+3", r"6} or \boxed{5"), LONG], {}, 0),
    ("judged wrong", [SHORT, LONG], {"correctness_math_verify": [False, True]}, LONG),
    (
        "either judge will do",
        [SHORT, LONG],
        {"correctness_math_verify": [False, True], "correctness_llama": [True, False]},
        SHORT,
    ),
    ("one judge, the other unknown", [SHORT], {"correctness_llama": [None]}, SHORT),
    ("judged by nobody", [SHORT], {"correctness_math_verify": None}, SHORT),
    ("judged by nobody, empty", [SHORT], {"correctness_math_verify": []}, SHORT),
    ("incomplete", [SHORT, LONG], {"is_reasoning_complete": [False, True]}, LONG),
    ("completeness unknown", [SHORT, LONG], {"is_reasoning_complete": None}, SHORT),
    ("cut off", [SHORT, LONG], {"finish_reasons": ["length", "stop"]}, LONG),
    ("stopped by a filter", [SHORT, LONG], {"finish_reasons": ["content_filter", "stop"]}, LONG),
    ("finish unknown", [SHORT, LONG], {"finish_reasons": [None, "stop"]}, SHORT),
    ("thinking not closed", [OPEN, LONG], {}, LONG),
    ("closed and never opened", ["2+3 </think> \\boxed{5}", LONG], {}, LONG),
    ("closed twice", [SHORT + "</think>", LONG], {}, LONG),
    ("opened twice", ["<think>" + SHORT, LONG], {}, LONG),
    ("opened late", ["So <think>2+3</think> \\boxed{5}", LONG], {}, LONG),
    ("boxed in the thinking only", ["<think>\\boxed{5}</think> It is five.", LONG], {}, LONG),
    ("no box", ["<think>2+3</think> 5", LONG], {}, LONG),
    ("box not closed", ["<think>2+3</think> \\boxed{5", LONG], {}, LONG),
    ("special token", [SHORT + "<|im_end|>", LONG], {}, LONG),
    ("empty and null", ["", None, LONG], {}, LONG),
    ("without thinking", [PLAIN, LONG], {}, PLAIN),
    ("maybe cut in its thinking", [PLAIN, LONG], {"is_reasoning_complete": None}, LONG),
    (
        "none is verified",
        [OPEN, thought("1", 6), thought("2", 7), SHORT, SHORT],
        {
            "is_reasoning_complete": [True, True, True, False, True],
            "correctness_math_verify": [True, True, True, True, False],
        },
        ("no_verified_trace", "1 incomplete, 1 judged_wrong, 1 unclosed, 2 wrong_answer"),
    ),
    ("no generations", None, {"correctness_math_verify": None}, "no_trace"),
    ("empty generations", [], {"correctness_math_verify": None}, "no_trace"),
    ("fewer verdicts than traces", [LONG, SHORT], {"correctness_math_verify": [True]}, SHORT),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("traces")
    write_raw(folder, [row(name, texts, **more) for name, texts, more, _ in CASES])
    return outcome(prepared(folder / "out", folder), folder)


@pytest.mark.parametrize(("name", "texts", "more", "expected"), CASES, ids=[c[0] for c in CASES])
def test_choice(
    found: dict[str, object], name: str, texts: list[str], more: object, expected: object
) -> None:
    actual = found[name]
    if expected == "no_trace":
        actual = actual[0]  # type: ignore[index]
    assert actual == (texts[expected] if isinstance(expected, int) else expected)


def copies() -> list[dict[str, Any]]:
    """Two problems, each published three times; the best trace stands in another copy."""
    rows = [row(f"plain {n}", [thought(str(n))]) for n in range(12)]
    for name in ("one", "two"):
        first = row(name, [LONG, thought("Three and two, by counting on.")])
        rows += [first, first | {"generations": [SHORT, LONG], "uuid": f"{name} 2"}]
        rows.append(first | {"generations": [thought("2", 6), SAME[0]], "uuid": f"{name} 3"})
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_any_copy_of_the_prompt_in_any_order(tmp_path: Path, seed: int) -> None:
    rows = copies()
    Random(seed).shuffle(rows)
    write_raw(tmp_path, rows, group=seed + 1)
    found = outcome(prepared(tmp_path / "out", tmp_path), tmp_path)
    assert [text for name, text in found.items() if name[:3] in ("one", "two")] == [SHORT, SHORT]


def test_repaired_prompts_are_found(tmp_path: Path) -> None:
    """The recipe mends the prompt, and the raw row is still its own."""
    rows = [row(f"plain {n}", [thought(str(n))]) for n in range(12)]
    rows += [row("mended", [SHORT]) | {"problem": f"{problem(1)}\r\nGive a number."}]
    write_raw(tmp_path, rows)
    folder = prepared(tmp_path / "out", tmp_path)
    prompts = [item["messages"][-1]["content"] for item in folder.items("train")]
    prompts += [item["messages"][-1]["content"] for item in folder.items("validation")]
    assert sum(prompt.startswith(problem(1)) and "\r" not in prompt for prompt in prompts) == 1
    assert outcome(folder, tmp_path)["mended"] == SHORT


@pytest.mark.parametrize(
    ("trace", "complete", "expected"),
    [
        ("<think>a</think>b", False, "b"),
        ("\n<think>a</think>", False, ""),
        ("<think>a", True, None),
        ("a</think>b", True, None),
        ("b", True, "b"),
        ("b", False, None),
    ],
)
def test_answer(trace: str, complete: bool, expected: str | None) -> None:
    assert traces.answer(trace, complete=complete) == expected


# The raw files ----------------------------------------------------------------------------------


def plain(tmp_path: Path) -> tuple[Prepared, Path]:
    path = write_raw(tmp_path, [row(f"plain {n}", [thought(str(n))]) for n in range(12)])
    return prepared(tmp_path / "out", tmp_path), path


def refusal(folder: Prepared, raw: Path) -> str:
    with pytest.raises(BadInput) as raised:
        outcome(folder, raw)
    return str(raised.value).replace(str(raw), "RAW")


def test_other_raw_files_are_refused(tmp_path: Path) -> None:
    folder, _ = plain(tmp_path)
    write_raw(tmp_path, [row(f"other {n}", [thought(str(n))]) for n in range(12)])
    assert refusal(folder, tmp_path) == (
        "RAW/openr1-math/data/train-00000-of-00001.parquet: RAW/out/openr1-math was prepared from "
        "other files; give the --source that it had (folder), or prepare it again"
    )


def test_one_of_two_raw_files_is_missing(tmp_path: Path) -> None:
    _, path = plain(tmp_path)
    second = path.with_name("train-00001-of-00002.parquet")
    rows = [row(f"more {n}", [thought(str(n))]) for n in range(12)]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), second)
    folder = prepared(tmp_path / "two", tmp_path)
    second.unlink()
    assert refusal(folder, tmp_path).startswith(
        "RAW/openr1-math/data/train-00001-of-00002.parquet: there is no such file; give the"
    )


def test_the_source_of_the_manifest(tmp_path: Path) -> None:
    made = prepared(tmp_path / "demo", Path("demo"))
    assert traces.raw_files(made, MATH, "", Progress()) == sorted(
        (DEMO / "openr1-math/data").glob("train-*.parquet")
    )
    folder, _ = plain(tmp_path)
    with pytest.raises(BadInput, match=r"was prepared from a folder; name it with --source$"):
        traces.raw_files(folder, MATH, "", Progress())
    with pytest.raises(BadInput, match=r"from other files; give the --source that it had \(folder"):
        traces.raw_files(folder, MATH, "demo", Progress())


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (None, "no column 'generations'; give your model's outputs with"),
        (pa.array([1] * 12), "column 'generations': expected array or null, got int64; give the"),
    ],
)
def test_columns_that_are_no_traces(tmp_path: Path, column: pa.Array, expected: str) -> None:
    _, path = plain(tmp_path)
    table = pq.read_table(path).drop(["generations"])
    if column is not None:
        table = table.append_column("generations", column)
    pq.write_table(table, path)
    folder = prepared(tmp_path / "two", tmp_path)
    assert expected in refusal(folder, tmp_path)


def test_folders_without_traces(tmp_path: Path) -> None:
    remedy = "give outputs of your own model with --samples"
    with pytest.raises(BadInput, match="^made: no manifest that names a dataset; " + remedy):
        traces.recipe(Prepared(Path("made"), None))
    with pytest.raises(BadInput, match=r"^medmcqa: its rows have no verified reasoning traces; "):
        traces.recipe(Prepared(tmp_path, "medmcqa"))
