from __future__ import annotations

import copy

import orjson
import pyarrow as pa
import pytest
from conftest import settings
from jsonschema import Draft202012Validator
from known import DATASETS
from referencing import Registry, Resource

from pipelines.io import schema
from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.sources.tables import mismatch

NAMES = sorted(path.stem for path in schema.folder().glob("*.json"))
assert NAMES
STORE = Registry().with_resources(
    (f"{name}.json", Resource.from_contents(schema.load(name))) for name in NAMES
)


def reference(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema.load(name), registry=STORE)


def test_there_are_schemas() -> None:
    assert set(NAMES) >= {"grader", "item", "job", "manifest", "record", "response_format"}


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(schema.load(name))
    assert schema.load(name)["$id"] == f"{name}.json"


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_its_schemas(name: str) -> None:
    item, dataset = schema.load(f"item.{name}"), DATASETS[name]
    assert schema.exists(f"raw.{name}") == (dataset.cells is None)
    if dataset.cells is None:
        raw = schema.load(f"raw.{name}")
        assert set(raw["required"]) <= set(dataset.columns) <= set(raw["properties"])
    fields = ["messages", *dataset.item_fields]
    assert item["required"] == fields
    more = [grading.prompt_field for grading in dataset.gradings if grading.prompt_field]
    assert list(item["properties"]) == [*fields, *more]


def faults_of(value: object):
    """The document with one part at a time gone, nulled or of another type."""
    if isinstance(value, dict):
        for key in value:
            for other in (None, 7, "", [], {}):
                changed = copy.deepcopy(value)
                changed[key] = other
                yield changed
            yield {k: v for k, v in value.items() if k != key}
            for inner in faults_of(value[key]):
                yield {**value, key: inner}
        yield {**value, "extra": 1}
    elif isinstance(value, list):
        for i, part in enumerate(value[:2]):
            for inner in faults_of(part):
                yield [*value[:i], inner, *value[i + 1 :]]


@pytest.mark.parametrize("name", DATASETS)
def test_the_fast_engine_agrees_with_the_reference(tmp_path, name: str) -> None:
    driver.prepare(DATASETS[name], settings(tmp_path), Progress())
    folder = tmp_path / name
    line = (folder / "train.jsonl").read_bytes().splitlines()[0]
    documents = {f"item.{name}": orjson.loads(line), "item": orjson.loads(line)}
    for file in ("grader", "job", "manifest"):
        documents[file] = orjson.loads((folder / f"{file}.json").read_bytes())
    documents["manifest"]["stages"] = documents["manifest"]["stages"][:2]
    refused = 0
    for schema_name, document in documents.items():
        fast, slow = schema.compiled(schema_name), reference(schema_name)
        assert fast.is_valid(document)
        for changed in faults_of(document):
            assert fast.is_valid(changed) == slow.is_valid(changed), changed
            refused += not slow.is_valid(changed)
    assert refused > 100


@pytest.mark.parametrize(
    ("allowed", "kind", "expected"),
    [
        ({"type": "string"}, pa.string(), None),
        ({"type": "string"}, pa.large_string(), None),
        ({"type": "string"}, pa.string_view(), None),
        ({"type": "string"}, pa.dictionary(pa.int32(), pa.string()), None),
        ({"type": ["string", "null"]}, pa.null(), None),
        ({"type": "string"}, pa.null(), "expected string, got null"),
        ({"type": "integer"}, pa.int64(), None),
        ({"type": "integer"}, pa.float64(), "expected integer, got double"),
        ({"type": "string"}, pa.timestamp("s"), "expected string, got timestamp[s]"),
        ({"type": "array", "items": {"type": "boolean"}}, pa.list_(pa.bool_()), None),
        (
            {"type": "array", "items": {"type": "boolean"}},
            pa.large_list(pa.string()),
            "expected boolean, got string",
        ),
    ],
)
def test_mismatch(allowed: dict, kind: pa.DataType, expected: str | None) -> None:
    assert mismatch(allowed, kind) == expected
