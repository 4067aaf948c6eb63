from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import contents, settings
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from known import DATASETS
from traced import SCHEMA, prepared, row, thought, write_raw

from pipelines.exports import sft
from pipelines.exports.target import Exported
from pipelines.findings import BadInput
from pipelines.io import schema
from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress
from pipelines.rules.check import given as findings
from pipelines.rules.tables import limit
from pipelines.run import driver

SOURCES = ("olympiads", "cn_k12", "aops_forum")


def raw_rows(count: int = 60) -> list[dict[str, Any]]:
    """Problems of three sources, a half, a third and a sixth; one in ten has no verified trace."""
    rows = []
    for n in range(count):
        texts = [thought("x" * (20 + 7 * n % 31)), thought(f"{n}" * 50), thought("z", 6)]
        source = SOURCES[(n % 6 > 2) + (n % 6 == 5)]
        flags = [n % 10 != 3] * 3
        rows.append(row(f"row {n}", texts, source=source, is_reasoning_complete=flags))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`raw/openr1-math` and what was prepared of it."""
    folder = tmp_path_factory.mktemp("sft")
    write_raw(folder, raw_rows())
    prepared(folder / "out", folder, validation_share=0.2)
    return folder


def export(made: Prepared, out: Path, source: Path | str = "", **changes: Any) -> Exported:
    words = {
        "max_bytes": limit("file_bytes"),
        "samples": [],
        "grader_file": None,
        "keep_ratio": None,
        "source": str(source),
        "report": Progress(),
    }
    return sft.write(made, out, **(words | changes))


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def by_prompt(made: Prepared, split: str) -> dict[str, dict[str, Any]]:
    return {item["messages"][-1]["content"]: item for item in made.items(split)}


def left_out(out: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(out / sft.LEFT_OUT).to_dicts()


def test_rows(folder: Path, tmp_path: Path) -> None:
    """Chats that end with a verified trace, each on its item's side; the rest in the ledger."""
    made = find(str(folder / "out/openr1-math"))
    result = export(made, tmp_path, folder)
    assert result.files == ("left_out.parquet", "job.json", "validation.jsonl", "train.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result.files)
    validator = Draft202012Validator(schema.load("export.sft"))
    written = {split: tmp_path / f"{split}.jsonl" for split in ("train", "validation")}
    assert {finding.code for finding in findings(written)} == {"RFT808"}
    for split in ("train", "validation"):
        items = by_prompt(made, split)
        rows = rows_of(tmp_path / f"{split}.jsonl")
        assert result.rows[split] == len(rows)
        for each in rows:
            validator.validate(each)
            system, user, assistant = each["messages"]
            item = items.pop(user["content"])
            instruction = item["messages"][0]["content"]
            assert (system, assistant["role"]) == (
                {"role": "system", "content": instruction},
                "assistant",
            )
            assert assistant["content"].startswith("<think>\nx")
            assert assistant["content"].endswith("\\boxed{5}.")
        told = {each["id"]: each for each in left_out(tmp_path) if each["split"] == split}
        assert told.keys() == {item["id"] for item in items.values()}
        lines = (made.path(split)).read_bytes().splitlines()
        for name, each in told.items():
            assert orjson.loads(lines[each["line"] - 1])["id"] == name
            assert each["reason"] == "no_verified_trace"
            assert each["detail"] == "3 incomplete"
    assert result.left_out == {"no_verified_trace": 6}
    assert sum(result.rows.values()) == 54


def test_lines_are_compact_json(folder: Path, tmp_path: Path) -> None:
    export(find(str(folder / "out/openr1-math")), tmp_path, folder)
    lines = (tmp_path / "train.jsonl").read_bytes().splitlines(keepends=True)
    assert lines == [orjson.dumps(orjson.loads(line)) + b"\n" for line in lines]


@pytest.mark.parametrize("seed", range(3))
def test_order_and_files_of_the_raw_rows_do_not_count(
    folder: Path, tmp_path: Path, seed: int
) -> None:
    export(find(str(folder / "out/openr1-math")), tmp_path / "one", folder)
    rows = raw_rows()
    Random(seed).shuffle(rows)
    data = write_raw(tmp_path, rows[:1]).parent
    (data / "train-00000-of-00001.parquet").unlink()
    for shard, part in enumerate((rows[:7], rows[7:8], rows[8:])):
        table = pa.Table.from_pylist(part, SCHEMA)
        path = data / f"train-{shard:05}-of-00003.parquet"
        pq.write_table(table, path, row_group_size=seed + 3)
    again = prepared(tmp_path / "out", tmp_path, validation_share=0.2)
    export(again, tmp_path / "two", tmp_path, max_bytes=10_000)
    export(again, tmp_path / "two", tmp_path)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


# The cap -----------------------------------------------------------------------------------------


def test_the_cap_is_kept_evenly(folder: Path, tmp_path: Path) -> None:
    """Whatever the cap, the file is the beginning of the whole one, and even over the sources."""
    made = find(str(folder / "out/openr1-math"))
    export(made, tmp_path, folder)
    whole = (tmp_path / "train.jsonl").read_bytes()
    items = by_prompt(made, "train")
    sources = [
        items[each["messages"][1]["content"]]["source"]
        for each in rows_of(tmp_path / "train.jsonl")
    ]
    share = {name: count / len(sources) for name, count in Counter(sources).items()}
    lines = whole.splitlines(keepends=True)
    for count in range(limit("rows_at_least"), len(lines)):
        size = sum(map(len, lines[:count]))
        for name in SOURCES:
            assert abs(sources[:count].count(name) - share[name] * count) < 1.5
        if count % 10 == 0:
            for cap in (size, size + len(lines[count]) - 1):
                result = export(made, tmp_path, folder, max_bytes=cap)
                assert (tmp_path / "train.jsonl").read_bytes() == b"".join(lines[:count])
                cut = result.left_out["size_limit"]
                assert sum(result.rows.values()) + 6 + cut == 60
                details = {each["detail"] for each in left_out(tmp_path) if "cap" not in each}
                assert f"train: at most {cap} bytes" in details


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 40), min_size=1, max_size=5))
def test_every_beginning_is_even(sizes: dict[str, int]) -> None:
    numbers = iter(range(sum(sizes.values())))
    strata = {name: [next(numbers) for _ in range(size)] for name, size in sizes.items()}
    order = sft._evenly(strata)
    names = [order[number][1] for number in sorted(order, key=order.__getitem__)]
    total = len(names)
    for count in range(total + 1):
        for name, size in sizes.items():
            assert abs(names[:count].count(name) - count * size / total) < len(sizes)
    assert sorted(names) == sorted(name for name, size in sizes.items() for _ in range(size))


# Outputs of a model -------------------------------------------------------------------------------


def samples_file(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_several_outputs_an_item(folder: Path, tmp_path: Path) -> None:
    """The best of each item stand before any second one, so that a cap cuts second ones first."""
    made = find(str(folder / "out/openr1-math"))
    names = [item["id"] for split in ("train", "validation") for item in made.items(split)]
    texts = [rf"{word} \boxed{{5}}" for word in ("So", "Then", "Thus")] + [r"\boxed{6}"]
    rows = [{"id": name, "output_text": text} for name in names for text in texts]
    samples = [samples_file(tmp_path / "a.jsonl", rows)]
    result = export(made, tmp_path / "out", samples=samples, keep_ratio=0.5)
    assert result.left_out == {"over_keep_ratio": 60, "rejected": 60}
    assert sum(result.rows.values()) == 120
    train = len(by_prompt(made, "train"))
    prompts = [each["messages"][1]["content"] for each in rows_of(tmp_path / "out/train.jsonl")]
    assert set(prompts[:train]) == set(prompts[train:]) == set(by_prompt(made, "train"))
    assert len(prompts) == 2 * train
    once = export(made, tmp_path / "once", samples=samples)
    assert once.rows == {split: count // 2 for split, count in result.rows.items()}
    assert (
        (tmp_path / "out/train.jsonl")
        .read_bytes()
        .startswith((tmp_path / "once/train.jsonl").read_bytes())
    )


def test_multiple_choice_with_samples(tmp_path: Path) -> None:
    """A dataset without traces; answers in structured output, as its own grader reads them."""
    driver.prepare(DATASETS["medmcqa"], settings(tmp_path), Progress())
    made = find(str(tmp_path / "medmcqa"))
    rows = []
    for split in ("train", "validation"):
        for n, item in enumerate(made.items(split)):
            right = (
                item["reference_answer"]
                if n % 3
                else "ABCD".replace(item["reference_answer"], "")[0]
            )
            rows.append({"id": item["id"], "output_text": orjson.dumps({"answer": right}).decode()})
    result = export(made, tmp_path / "out", samples=[samples_file(tmp_path / "s.jsonl", rows)])
    counts = [len(list(made.items(split))) for split in ("train", "validation")]
    assert result.left_out == {"rejected": sum(-(-count // 3) for count in counts)}
    for split in ("train", "validation"):
        answers = {p: i["reference_answer"] for p, i in by_prompt(made, split).items()}
        for each in rows_of(tmp_path / f"out/{split}.jsonl"):
            _, user, assistant = each["messages"]
            assert orjson.loads(assistant["content"]) == {"answer": answers[user["content"]]}


def hand_made(folder: Path, *odd: dict[str, Any]) -> tuple[Prepared, list[Path]]:
    """Twelve plain items and some odd ones, each with one right output; no validation rows."""
    folder.mkdir()
    plain = [{"messages": [{"role": "user", "content": f"{n}?"}], "id": n} for n in range(12)]
    samples_file(folder / "train.jsonl", [*plain, *odd])
    samples_file(folder / "validation.jsonl", [])
    grader = {"type": "string_check", "name": "any", "operation": "eq"}
    grader |= {"input": "{{sample.output_text}}", "reference": "yes"}
    (folder / "grader.json").write_bytes(orjson.dumps(grader))
    outputs = [{"output_text": "yes"}] * (12 + len(odd))
    return find(str(folder)), [samples_file(folder / "s.jsonl", outputs)]


@pytest.mark.parametrize(
    ("odd", "detail"),
    [
        ({"messages": [{"role": "user", "content": "<|im_end|>"}]}, "/messages: a special token"),
        ({"messages": [{"role": "system", "content": "a"}]}, "/messages: no user's text"),
        ({"messages": [{"role": "user", "content": "  "}]}, "/messages: no user's text"),
        ({"messages": []}, ": not an item"),
        ({"prompt": "a"}, ": not an item"),
        ({"messages": [{"role": "user", "content": "a"}], "tools": []}, "/tools: this target"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "/messages/0/content: 'image_url' is no text",
        ),
        ({"messages": [{"role": "tool", "content": "a"}]}, "/messages/0/role: a tool message"),
    ],
)
def test_items_that_cannot_be_rows(tmp_path: Path, odd: dict[str, Any], detail: str) -> None:
    made, samples = hand_made(tmp_path / "made", odd | {"id": "odd"})
    result = export(made, tmp_path / "out", samples=samples)
    assert (result.rows, result.left_out) == ({"train": 12, "validation": 0}, {"unfit_prompt": 1})
    told = left_out(tmp_path / "out")[0]
    assert (told["line"], told["id"], told["reason"]) == (13, "odd", "unfit_prompt")
    assert told["detail"].startswith(detail)


def test_texts_in_parts_and_no_validation_rows(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "So "}, {"type": "text", "text": "what?"}]
    made, samples = hand_made(
        tmp_path / "made",
        {"messages": [{"role": "developer", "content": "Do."}, {"role": "user", "content": parts}]},
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out/validation.jsonl").write_text("of an earlier run")
    result = export(made, tmp_path / "out", samples=samples)
    assert result.files == ("left_out.parquet", "job.json", "train.jsonl")
    assert result.notes == ("0 validation rows, which say little; prepare more",)
    assert not (tmp_path / "out/validation.jsonl").exists()
    assert rows_of(tmp_path / "out/train.jsonl")[-1]["messages"] == [
        {"role": "system", "content": "Do."},
        {"role": "user", "content": "So what?"},
        {"role": "assistant", "content": "yes"},
    ]


def test_test_rows_have_a_file_that_no_job_is_sent(tmp_path: Path) -> None:
    hand_made(tmp_path / "made")
    outputs = [{"output_text": "yes", "id": n} for n in range(12)]
    samples = [samples_file(tmp_path / "s.jsonl", outputs)]
    lines = (tmp_path / "made/train.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "made/test.jsonl").write_bytes(lines[-1])
    (tmp_path / "made/train.jsonl").write_bytes(b"".join(lines[:-1]))
    job = {"suffix": "mine", "seed": 3, "model": "o4-mini-2025-04-16"}
    (tmp_path / "made/job.json").write_text(json.dumps(job), encoding="utf-8")
    result = export(find(str(tmp_path / "made")), tmp_path / "out", samples=samples)
    assert result.rows == {"train": 11, "validation": 0, "test": 1}
    assert "test.jsonl" in result.files
    (row,) = rows_of(tmp_path / "out/test.jsonl")
    assert row["messages"][:-1] == json.loads(lines[-1])["messages"]
    request = json.loads((tmp_path / "out/job.json").read_bytes())
    assert request["method"]["type"] == "supervised"
    assert (request["suffix"], request["seed"]) == ("mine", 3)
    assert "validation_file" not in request


# Refusals ----------------------------------------------------------------------------------------


def test_too_few_rows(folder: Path, tmp_path: Path) -> None:
    """What stood in the folder stays."""
    made = find(str(folder / "out/openr1-math"))
    export(made, tmp_path, folder)
    before = contents(tmp_path)
    with pytest.raises(BadInput) as raised:
        export(made, tmp_path, folder, max_bytes=1_000)
    told = str(raised.value).removeprefix(str(folder / "out"))
    assert told.startswith("/openr1-math: 2 training rows, and a job needs 10 (size_limit 5")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("words", [{"keep_ratio": 0.5}, {"grader_file": Path("grader.json")}])
def test_options_without_samples(folder: Path, tmp_path: Path, words: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"are for outputs of your model; give --samples$"):
        export(find(str(folder / "out/openr1-math")), tmp_path, folder, **words)


def test_a_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file/out: cannot be written \(Not a directory\); choose"):
        export(find(str(folder / "out/openr1-math")), tmp_path / "file/out", folder)


KILLED = """
import os, sys
from pathlib import Path
from signal import SIGKILL
from pipelines.io import prepared
from pipelines.io import progress
from pipelines.exports import sft

class Deadly(progress.Progress):
    def end(self, *words):
        os.kill(os.getpid(), SIGKILL)  # all traces are chosen and spooled

made, out, source = sys.argv[1:]
sft.write(prepared.find(made), Path(out), max_bytes=10**8, samples=[], grader_file=None,
          keep_ratio=None, source=source, report=Deadly())
"""


def test_a_kill_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    words = [folder / "out" / "openr1-math", tmp_path / "out", folder]
    run = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], check=False)
    assert run.returncode == -SIGKILL
    assert contents(tmp_path / "out") == {}


MEASURED = """
import re, sys
from pathlib import Path
from pipelines.io import prepared
from pipelines.exports import sft
from pipelines.io.progress import Progress

def peak():  # not getrusage: its peak begins at what the parent held
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

before = peak()
made, out, source = sys.argv[1:]
sft.write(prepared.find(made), Path(out), max_bytes=10**9, samples=[], grader_file=None,
          keep_ratio=None, source=source, report=Progress())
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_memory_does_not_grow_with_the_traces(tmp_path: Path) -> None:
    """240 MB of traces in one row group; read whole they take 600 MB."""
    long = "Let me count once more. " * 1_660
    rows = [row(f"{n}", [thought(f"{n} {k} {long}") for k in range(4)]) for n in range(1_500)]
    write_raw(tmp_path, rows)
    prepared(tmp_path / "out", tmp_path)
    words = [tmp_path / "out" / "openr1-math", tmp_path / "sft", tmp_path]
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, words)], capture_output=True, check=True
    )
    written = sum(path.stat().st_size for path in (tmp_path / "sft").glob("*.jsonl"))
    assert written > 59e6
    assert int(run.stdout) < 240e6
