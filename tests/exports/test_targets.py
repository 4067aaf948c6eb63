"""Every target on the embedded demo: rows, order, roles, schemas, digests, limits, faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest
from conftest import contents
from jsonschema import Draft202012Validator
from known import DATASETS
from referencing import Registry, Resource

from pipelines import exports
from pipelines.exports import TARGETS
from pipelines.exports.chats import fields
from pipelines.exports.target import Exported, Unfit
from pipelines.exports.targets import aml
from pipelines.findings import BadInput
from pipelines.io import schema
from pipelines.io.prepared import SPLITS, Prepared, find
from pipelines.io.progress import Progress
from pipelines.rules import check

NAMES = [name for name in TARGETS if name != "sft"]
SERVICE = ("openai", "foundry", "hf")  # the rows are the items
GOLDEN = Path(__file__).parent / "golden"

EACH = pytest.mark.parametrize("target", NAMES)
BOTH = pytest.mark.parametrize("dataset", DATASETS)


def export(target: str, prepared: Prepared, out: Path) -> Exported:
    return TARGETS[target].write(prepared, out, report=Progress())


def read(folder: Path, split: str) -> list[dict]:
    """The rows of a split as Python has them."""
    for path in folder.rglob(f"{split}*"):
        if path.suffix == ".parquet":
            return pq.read_table(path).to_pylist()
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return []


def fields_of(target: str, row: dict) -> dict:
    """The item's fields, wherever the target has them."""
    match target:
        case "gemini":
            texts = row["references"]
            return {k: orjson.loads(v) if k == "options" else v for k, v in texts.items()}
        case "fireworks":
            info = row["input_metadata"]
            own = {"reference_answer": row["ground_truth"], "id": info["row_id"]}
            return own | info["dataset_info"]
        case "verl":
            return row["extra_info"]["item"]
        case "verifiers":
            return {"reference_answer": row["answer"], **orjson.loads(row["info"])}
        case "aml":
            return {"reference_answer": row["solution"], **orjson.loads(row["item"])}
    return {name: value for name, value in row.items() if name not in ("messages", "prompt")}


def roles_of(target: str, row: dict) -> list[str]:
    match target:
        case "gemini":
            turns = [row["systemInstruction"], *row["contents"]]
            return [turn["role"] for turn in turns]
        case "aml":
            return []
    return [message["role"] for message in row.get("messages") or row["prompt"]]


@EACH
@BOTH
def test_every_row_comes_in_order(
    target: str, dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    prepared = demo[dataset]
    told = export(target, prepared, tmp_path)
    check_row = Draft202012Validator(schema.load(f"export.{target}"), registry=STORE)
    for split in ("train", "validation"):
        items = list(prepared.items(split))
        written = read(tmp_path, split)
        if target == "aml" and split == "validation":
            tested = aml.in_test(prepared)
            items = sorted(items, key=tested)  # a stable sort: validation, then test
            written += read(tmp_path, "test")
        assert [fields_of(target, row) for row in written] == [fields(each) for each in items]
        assert [list(check_row.iter_errors(row)) for row in written] == [[] for _ in written]
        if target in SERVICE:
            assert [row["messages"] for row in written] == [each["messages"] for each in items]
        roles = ["developer" if target in SERVICE else "system", "user"]
        assert {tuple(roles_of(target, row)) for row in written} == {
            () if target == "aml" else tuple(roles)
        }
    assert sum(told.rows.values()) == sum(len(list(prepared.items(s))) for s in SPLITS)
    assert told.left_out == {}
    assert sorted(told.files) == sorted(contents(tmp_path))
    assert set(told.files) <= set(TARGETS[target].files)


@EACH
def test_a_test_split_comes_too(target: str, make, tmp_path: Path) -> None:
    prepared = make()
    asked = (prepared.folder / "validation.jsonl").read_bytes().replace(b"root of", b"origin of")
    (prepared.folder / "test.jsonl").write_bytes(asked)
    told = export(target, find(str(prepared.folder)), tmp_path / "out")
    if told.rows.get("test"):
        assert read(tmp_path / "out", "test")
    assert told.left_out == {}


STORE = Registry().with_resources([("item.json", Resource.from_contents(schema.load("item")))])


@EACH
def test_a_row_is_as_the_golden_one(target: str, make, tmp_path: Path) -> None:
    export(target, make(change=lambda item: item.update(options=["6", "7"])), tmp_path / "out")
    golden = golden_row(target)
    assert read(tmp_path / "out", "train")[7] == golden


@EACH
def test_two_runs_give_the_same_bytes(
    target: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    for out in ("one", "two"):
        export(target, demo["openr1-math"], tmp_path / out)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@EACH
def test_rows_over_a_limit_are_counted_and_those_before_are_written(
    target: str, make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = make()
    export(target, prepared, tmp_path / "all")
    few = {"train_rows": {"value": 110}, "validation_rows": {"value": 5}}
    monkeypatch.setattr("pipelines.exports.target._limits", lambda: {target: few})
    told = export(target, prepared, tmp_path / "few")
    assert read(tmp_path / "few", "train") == read(tmp_path / "all", "train")[:110]
    # The test file of `aml` is of the same prepared rows, so that each has up to five.
    most = 10 if target == "aml" else 5
    assert sum(told.rows.values()) == 110 + most
    assert told.left_out == {"row_limit": 30 - most}


def golden_row(target: str) -> dict:
    name = "items" if target in SERVICE else target
    return orjson.loads((GOLDEN / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    "target", [name for name in NAMES if TARGETS[name].files[0].endswith("jsonl")]
)
def test_a_file_keeps_to_its_bytes(
    target: str, make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = make()
    export(target, prepared, tmp_path / "all")
    lines = (tmp_path / "all/train.jsonl").read_bytes().splitlines(keepends=True)
    # All of validation has room, and the training rows up to the 30th.
    room = sum(map(len, lines[:30])) + len(lines[30]) - 1
    monkeypatch.setattr(
        "pipelines.exports.target._limits", lambda: {target: {"file_bytes": {"value": room}}}
    )
    told = export(target, prepared, tmp_path / "few")
    assert (tmp_path / "few/train.jsonl").read_bytes() == b"".join(lines[:30])
    assert told.left_out == {"size_limit": 90}


def test_bedrock_wants_a_hundred_rows(make, tmp_path: Path) -> None:
    with pytest.raises(Unfit) as caught:
        export("bedrock", make(train=99), tmp_path / "out")
    path = tmp_path / "squares/train.jsonl"
    expected = f"{path}: error: EXP102: 99 rows; bedrock takes at least 100; prepare more"
    assert str(caught.value.findings[0]) == expected
    assert not (tmp_path / "out").exists()
    assert export("bedrock", make(train=100), tmp_path / "out").rows["train"] == 100


@EACH
@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_empty_file_is_refused(target: str, split: str, make, tmp_path: Path) -> None:
    with pytest.raises(Unfit) as caught:
        export(target, make(**{split: 0}), tmp_path / "out")
    assert [(each.code, Path(each.path).stem) for each in caught.value.findings] == [
        ("EXP102", split)
    ]


def test_aml_wants_rows_on_both_sides(make, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="all fall to one of validation"):
        export("aml", make(validation=1), tmp_path / "out")
    assert contents(tmp_path / "out") == {}


def test_gemini_tells_of_rows_with_many_tokens(make, tmp_path: Path) -> None:
    def change(item: dict) -> None:
        if item["id"] in ("n3", "n4"):
            item["messages"][1]["content"] += " and so on" * 4000

    told = export("gemini", make(change=change), tmp_path / "out")
    assert told.notes[-1] == "2 rows have more than 32,768 bytes, so maybe too many tokens"


TEXT_ONLY = [name for name in NAMES if name not in ("openai", "foundry")]
IMAGE = [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]


@pytest.mark.parametrize("target", TEXT_ONLY)
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda item: item["messages"][1].update(content=IMAGE), "/messages/1"),
        (lambda item: item.update(tools=[]), "/tools"),
    ],
    ids=["image", "tools"],
)
def test_what_is_not_text_is_refused_and_no_file_is_left(
    target: str, change, pointer: str, make, tmp_path: Path
) -> None:
    def third(item: dict) -> None:
        if item["id"] in ("n2", "n121"):
            change(item)

    with pytest.raises(Unfit) as caught:
        export(target, make(change=third), tmp_path / "out")
    found = [(each.code, Path(each.path).name, each.line) for each in caught.value.findings]
    # In trl the name of the field is refused, once.
    if target == "trl" and pointer == "/tools":
        assert found == [("EXP103", "train.jsonl", 0)]
    else:
        assert found == [("EXP101", "train.jsonl", 3), ("EXP101", "validation.jsonl", 2)]
    assert all(each.pointer.startswith(pointer) for each in caught.value.findings)
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("target", ["openai", "foundry"])
def test_the_services_refuse_system(target: str, make, tmp_path: Path) -> None:
    def changed(item: dict) -> None:
        item["messages"][0]["role"] = "system"

    with pytest.raises(Unfit) as caught:
        export(target, make(change=changed), tmp_path / "out")
    assert caught.value.findings[0].pointer == "/messages/0/role"
    assert caught.value.counts == {"EXP101": 140}
    assert len(caught.value.findings) == 5


@pytest.mark.parametrize("target", ["bedrock", "fireworks", "verl", "verifiers", "aml"])
def test_a_reference_answer_is_needed(target: str, make, tmp_path: Path) -> None:
    with pytest.raises(Unfit) as caught:
        export(target, make(change=lambda item: item.pop("reference_answer")), tmp_path / "out")
    assert caught.value.counts == {"EXP101": 140}


@pytest.mark.parametrize("name", ["completion_ids", "prompt", "completion", "log_extra"])
def test_trl_keeps_names_for_itself(name: str, make, tmp_path: Path) -> None:
    with pytest.raises(Unfit) as caught:
        export("trl", make(change=lambda item: item.update({name: "x"})), tmp_path / "out")
    assert [(each.code, each.pointer) for each in caught.value.findings] == [("EXP103", f"/{name}")]


def test_fields_of_any_type_have_one_column(make, tmp_path: Path) -> None:
    def changed(item: dict) -> None:
        n = int(item["reference_answer"])
        item.update(
            whole=n,
            number=n / 2 if n % 2 else n,
            truth=n > 7,
            either=n if n % 2 else "even",
            nested={"n": n},
            huge=1 << 63,
            missing=None,
        )
        if n % 3:
            item["sometimes"] = ["a"]

    export("hf", make(change=changed), tmp_path / "out")
    row = read(tmp_path / "out", "train")[1]
    assert {name: row[name] for name in list(row)[4:]} == {
        "whole": 1,
        "number": 0.5,
        "truth": False,
        "either": "1",
        "nested": '{"n":1}',
        "huge": "9223372036854775808",
        "missing": None,
        "sometimes": ["a"],
    }
    assert read(tmp_path / "out", "train")[3]["sometimes"] is None


def test_blank_lines_and_a_mark_at_the_start_are_no_rows(make, tmp_path: Path) -> None:
    prepared = make()
    path = prepared.path("train")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\n\n", 1))
    assert export("verifiers", prepared, tmp_path / "out").rows["train"] == 120


def test_what_openai_and_foundry_get_is_sound(demo: dict[str, Prepared], tmp_path: Path) -> None:
    for target in ("openai", "foundry"):
        for name, prepared in demo.items():
            out = tmp_path / target / name
            export(target, prepared, out)
            errors = [f for f in check.check(out) if f.severity == "error"]
            assert (target, name, errors) == (target, name, [])
            for file in ("train.jsonl", "validation.jsonl", "grader.json"):
                assert (out / file).read_bytes() == (prepared.folder / file).read_bytes()
    job = orjson.loads((tmp_path / "openai/medmcqa/job.json").read_bytes())
    assert sorted(job) == ["method", "model", "training_file", "validation_file"]


def test_what_openai_gets_says_that_its_model_retired(make, tmp_path: Path) -> None:
    notes = " ".join(export("openai", make(), tmp_path / "out").notes)
    assert "was to retire on 2026-10-16" in notes


def test_aml_parts_validation_by_cluster(demo: dict[str, Prepared], tmp_path: Path) -> None:
    prepared = demo["openr1-math"]
    export("aml", prepared, tmp_path)
    splits = pl.read_parquet(prepared.folder / "splits.parquet")
    clusters = dict(splits.select("id", "cluster").iter_rows())
    sides = {
        split: {clusters[orjson.loads(row["item"])["id"]] for row in read(tmp_path, split)}
        for split in ("train", "validation", "test")
    }
    assert sides["validation"]
    assert sides["test"]
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not sides[one] & sides[other]
    odd = {name for name in sides["validation"] | sides["test"] if _odd(str(name))}
    assert sides["test"] == odd


def _odd(text: str) -> bool:
    return int(sha256(text.encode()).hexdigest(), 16) % 2 == 1


def test_aml_keeps_an_item_on_its_side_when_there_are_more(make, tmp_path: Path) -> None:
    def sides(validation: int, out: str) -> dict[str, set[str]]:
        export("aml", make(validation=validation, name=out), tmp_path / "out" / out)
        return {
            split: {row["solution"] for row in read(tmp_path / "out" / out, split)}
            for split in ("validation", "test")
        }

    few, more = sides(40, "few"), sides(80, "more")
    assert {
        side: answers & (few["validation"] | few["test"]) for side, answers in more.items()
    } == few


def test_a_grader_of_the_service_has_no_form_of_its_own(make, tmp_path: Path) -> None:
    grader = {
        "type": "string_check",
        "name": "same",
        "input": "{{sample.output_text}}",
        "reference": "{{item.reference_answer}}",
        "operation": "eq",
    }
    prepared = make(grader=grader)
    with pytest.raises(BadInput, match="string_check grader runs on the service only"):
        export("trl", prepared, tmp_path / "out")
    assert export("foundry", prepared, tmp_path / "out").rows["train"] == 120


def test_an_unknown_target_is_answered_with_the_nearest() -> None:
    for given, near in (("verifier", "verifiers"), ("TRL", "trl"), ("bedrok", "bedrock")):
        with pytest.raises(BadInput) as caught:
            exports.find(given)
        assert str(caught.value) == f"unknown target {given!r}; did you mean {near!r}?"
    with pytest.raises(BadInput, match="there are aml, bedrock"):
        exports.find("zzzzzz")


def test_every_target_says_where_it_is_described() -> None:
    assert [row[0].strip("`") for row in exports.table()] == list(TARGETS)
    for target in TARGETS.values():
        assert target.page.startswith("https://")
        assert (target.about, target.source, target.read) > ("", "", "2026")
        for entry in target.limits.values():
            assert set(entry) == {"value", "unit", "source", "read"}


def _mutations(row: object) -> Iterator[object]:
    """The row with one key at a time gone or nulled, at any depth of objects."""
    if isinstance(row, dict):
        for key in row:
            yield {k: v for k, v in row.items() if k != key}
            for inner in _mutations(row[key]):
                yield {**row, key: inner}


@EACH
def test_the_compiled_check_is_the_schema(target: str) -> None:
    golden = golden_row(target)
    slow = Draft202012Validator(schema.load(f"export.{target}"), registry=STORE)
    fast = schema.compiled(f"export.{target}")
    given = [golden, *_mutations(golden)]
    assert [fast.is_valid(row) for row in given] == [slow.is_valid(row) for row in given]
    assert fast.is_valid(golden)
    assert not all(fast.is_valid(row) for row in given)


def test_limits_are_those_of_targets() -> None:
    assert replace(TARGETS["trl"], name="nobody").limits == {}
    assert TARGETS["gemini"].limit("train_rows") == 5_000
