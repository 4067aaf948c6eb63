"""A sound dataset with one fault at a time: each is found, in the right line, by its own rule."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from changes import put
from conftest import settings
from known import DATASETS

from pipelines.io.progress import Progress
from pipelines.rules import check, files
from pipelines.rules.check import given
from pipelines.run import driver

Row = dict[str, Any]
Fault = Callable[[Row], Any]


def add(**message: Any) -> Fault:
    return lambda row: row | {"messages": [*row["messages"], message]}


def text(before: str, after: str) -> Fault:
    """Change the line as text."""
    return lambda row: orjson.dumps(row).replace(before.encode(), after.encode(), 1)


def raw(line: bytes) -> Fault:
    return lambda row: line


Q = "messages.-1.content"
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}

# What is done to a row, and the rule that finds it in that row.
ROW_FAULTS: dict[str, tuple[Fault, str]] = {
    "not UTF-8": (lambda row: orjson.dumps(row).replace(b"letter", b"l\xe4tter"), "RFT101"),
    "cut in the middle": (lambda row: orjson.dumps(row)[:-20], "RFT102"),
    "single quotes": (text('"messages"', "'messages'"), "RFT102"),
    "trailing comma": (lambda row: orjson.dumps(row)[:-1] + b",}", "RFT102"),
    "two objects in a line": (lambda row: orjson.dumps(row) * 2, "RFT102"),
    "an array": (lambda row: [row], "RFT102"),
    "a string": (lambda row: "row", "RFT102"),
    "a number": (raw(b"7"), "RFT102"),
    "null": (raw(b"null"), "RFT102"),
    "key twice": (text('"id":', '"topic":"","id":'), "RFT103"),
    "key twice inside": (text('"role":"user"', '"role":"user","role":"user"'), "RFT103"),
    "key twice, spaced": (text('"id":', '"id" : "x", "id":'), "RFT103"),
    "BOM": (lambda row: b"\xef\xbb\xbf" + orjson.dumps(row), "RFT104"),
    "CR LF": (lambda row: orjson.dumps(row) + b"\r", "RFT105"),
    "blank line": (raw(b""), "RFT106"),
    "line of spaces": (raw(b"   "), "RFT106"),
    "lone surrogate": (text('"subject":"', '"subject":"\\ud800'), "RFT109"),
    "NaN": (text('"subject":', '"extra":NaN,"subject":'), "RFT118"),
    "Infinity": (text('"subject":', '"extra":-Infinity,"subject":'), "RFT118"),
    "wrapped in item": (lambda row: {"item": row}, "RFT121"),
    "DPO row": (
        lambda row: {"input": row, "preferred_output": [], "non_preferred_output": []},
        "RFT122",
    ),
    "completion row": (lambda row: {"prompt": "x", "completion": "y"}, "RFT122"),
    "no messages": (put("messages", ...), "RFT201"),
    "messages null": (put("messages", None), "RFT201"),
    "messages empty": (put("messages", []), "RFT201"),
    "messages a string": (put("messages", "Q"), "RFT201"),
    "message a string": (put("messages.0", "Q"), "RFT201"),
    "no role": (put("messages.0.role", ...), "RFT201"),
    "role a number": (put("messages.0.role", 1), "RFT201"),
    "no content": (put(Q, ...), "RFT201"),
    "content null": (put(Q, None), "RFT201"),
    "content a number": (put(Q, 7), "RFT201"),
    "content an object": (put(Q, {"text": "x"}), "RFT201"),
    "system": (put("messages.0.role", "system"), "RFT202"),
    "ends with assistant": (add(role="assistant", content="A"), "RFT203"),
    "ends with tool": (
        lambda row: add(role="tool", tool_call_id="c", content="x")(
            add(role="assistant", tool_calls=[CALL])(row)
        ),
        "RFT203",
    ),
    "ends with developer": (add(role="developer", content="x"), "RFT204"),
    "role human": (put("messages.0.role", "human"), "RFT205"),
    "role User": (put("messages.-1.role", "User"), "RFT205"),
    "no user": (lambda row: row | {"messages": row["messages"][:1]}, "RFT206"),
    "image": (put(Q, [{"type": "image_url", "image_url": {"url": "x"}}]), "RFT207"),
    "audio": (put(Q, [{"type": "input_audio", "input_audio": {}}]), "RFT208"),
    "part without text": (put(Q, [{"type": "text"}]), "RFT208"),
    "part a string": (put(Q, ["x"]), "RFT208"),
    "empty question": (put(Q, ""), "RFT210"),
    "blank question": (put(Q, " \n"), "RFT210"),
    "no parts": (put(Q, []), "RFT210"),
    "empty instruction": (put("messages.0.content", ""), "RFT211"),
    "special token": (put(Q, "What is <|endoftext|>?"), "RFT212"),
    "special token in a part": (put(Q, [{"type": "text", "text": "<|im_end|>"}]), "RFT212"),
    "tool without a call": (
        lambda row: (
            row
            | {
                "messages": [
                    {"role": "tool", "tool_call_id": "c", "content": "x"},
                    *row["messages"],
                ]
            }
        ),
        "RFT213",
    ),
    "tools an object": (put("tools", {}), "RFT214"),
    "tool without a name": (put("tools", [{"type": "function", "function": {}}]), "RFT214"),
    "tool of no type": (put("tools", [{"function": {"name": "f"}}]), "RFT214"),
    "weight": (
        lambda row: (
            row
            | {"messages": [{"role": "assistant", "content": "x", "weight": 1}, *row["messages"]]}
        ),
        "RFT215",
    ),
    "response format in a row": (put("response_format", {}), "RFT216"),
    "parallel_tool_calls": (put("parallel_tool_calls", False), "RFT216"),
    "supervised row": (
        lambda row: {"messages": [*row["messages"], {"role": "assistant", "content": "A"}]},
        "RFT217",
    ),
    "too many tokens": (put(Q, "one two three " * 30_000), "RFT218"),
    "many tokens": (put(Q, "one two three " * 12_000), "RFT219"),
    "asks for reasoning": (put(Q, "Think carefully, then answer."), "RFT220"),
    "field absent": (put("reference_answer", ...), "RFT301"),
    "field null": (put("reference_answer", None), "RFT301"),
    "other field null": (put("topic", None), "RFT306"),
    "name with a hyphen": (put("my-field", "x"), "RFT307"),
    "name with a space": (put("my field", "x"), "RFT307"),
    "reference a number": (put("reference_answer", 4), "RFT310"),
    "reference a list": (put("reference_answer", ["A"]), "RFT310"),
    "reference cut at a brace": (put("reference_answer", "\\frac{1"), "RFT311"),
    "reference cut at an escape": (put("reference_answer", "\\{1\\"), "RFT311"),
}

# What is done to all rows of the training file, and the rule that finds it there.
FILE_FAULTS: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "nine rows": (lambda rows: rows[:9], "RFT111"),
    "no rows": (lambda rows: [], "RFT111"),
    "50,001 rows": (lambda rows: (rows * 300)[:50_001], "RFT112"),
    "a field in some rows": (lambda rows: [rows[0] | {"more": "x"}, *rows[1:]], "RFT305"),
    "two types": (lambda rows: [rows[0] | {"subject": 1}, *rows[1:]], "RFT304"),
    "one answer": (lambda rows: [row | {"reference_answer": "A"} for row in rows], "RFT308"),
    "essays": (lambda rows: [row | {"reference_answer": "x" * 501} for row in rows], "RFT309"),
    "a prompt twice": (lambda rows: [*rows, rows[3]], "RFT701"),
    "two answers": (lambda rows: [*rows, rows[3] | {"reference_answer": "?"}], "RFT703"),
    "flagged": (
        lambda rows: [
            put("messages.0.content", f"Reason through it {n}.")(copy.deepcopy(row))
            for n, row in enumerate(rows)
        ],
        "RFT221",
    ),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound")
    driver.prepare(DATASETS["medmcqa"], settings(out), Progress())
    return out / "medmcqa"


def paths(folder: Path, **others: Path) -> dict[str, Path]:
    plain = {role: folder / f"{role}.jsonl" for role in ("train", "validation")}
    documents = {role: folder / f"{role}.json" for role in ("grader", "response_format", "job")}
    return plain | documents | others


def test_it_is_sound(sound: Path) -> None:
    assert list(given(paths(sound))) == []


def test_there_are_enough_faults() -> None:
    assert len(ROW_FAULTS) + len(FILE_FAULTS) >= 60


@pytest.mark.parametrize("name", ROW_FAULTS)
@pytest.mark.parametrize("side", ["train", "validation"])
def test_a_fault_in_one_row(sound: Path, tmp_path: Path, side: str, name: str) -> None:
    change, code = ROW_FAULTS[name]
    lines = (sound / f"{side}.jsonl").read_bytes().splitlines()
    at = random.Random(name + side).randrange(len(lines) - 1)
    changed = change(orjson.loads(lines[at]))
    lines[at] = changed if isinstance(changed, bytes) else orjson.dumps(changed)
    broken = tmp_path / "rows.jsonl"
    broken.write_bytes(b"".join(line + b"\n" for line in lines))
    found = list(given(paths(sound, **{side: broken})))
    assert (code, str(broken), at + 1) in {(f.code, f.path, f.line) for f in found}
    errors = {f.code for f in found if f.severity == "error"}
    assert errors <= {code, "RFT301"}, found
    assert {f.line for f in found if f.severity == "error"} <= {at + 1, 0}


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_a_fault_in_a_file(sound: Path, tmp_path: Path, name: str) -> None:
    change, code = FILE_FAULTS[name]
    rows = [orjson.loads(line) for line in (sound / "train.jsonl").read_bytes().splitlines()]
    broken = tmp_path / "rows.jsonl"
    broken.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in change(rows)))
    found = list(given(paths(sound, train=broken)))
    assert (code, str(broken)) in {(f.code, f.path) for f in found}
    assert {f.code for f in found if f.severity == "error"} <= {code}


def test_the_same_prompt_in_both_files(sound: Path, tmp_path: Path) -> None:
    broken = tmp_path / "rows.jsonl"
    more = (sound / "validation.jsonl").read_bytes().splitlines(keepends=True)[4]
    broken.write_bytes((sound / "train.jsonl").read_bytes() + more)
    (found,) = given(paths(sound, train=broken))
    lines = len(broken.read_bytes().splitlines())
    assert (found.code, found.path) == ("RFT702", str(sound / "validation.jsonl"))
    assert f"line 5 is line {lines}" in found.message


def test_rows_without_end_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of tiny rows is many times over the row limit long before it has 500 MB."""
    monkeypatch.setattr(check, "CHECKED", 1000)
    monkeypatch.setattr(files, "CHECKED", 1000)
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(b"{}\n" * 60_000)
    found = list(given({"train": rows}, whole=False))
    assert [f.line for f in found if f.code == "RFT201"] == list(range(1, 1001))
    (over,) = (f.message for f in found if f.code == "RFT112")
    assert over == "60,000 rows, at most 50,000 are accepted; only the first 1,000 were checked"


def test_lines_without_an_object_are_counted_when_they_are_many(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(b"{\n" * 12_000)
    found = [f for f in given({"train": rows}, whole=False) if f.code == "RFT102"]
    assert (len(found), found[-1].line) == (10_001, 0)
    assert "2,000 more lines" in found[-1].message
