"""Items and samples, paired by line, id, order or template."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.findings import BadInput
from pipelines.graders import samples as reader
from pipelines.io.items import Items

ITEMS = [{"id": "a", "x": 1}, {"id": "b", "x": 2}, {"id": 7, "x": 3}]


def write(path: Path, rows: list[Any]) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def paired(tmp_path: Path) -> Callable[..., list[tuple[str, int, int, int]]]:
    """(text, the item's x, its line, the sample's line) of each sample with its item."""

    def pair(samples: list[Any], items: list[Any] = ITEMS) -> list[tuple[str, int, int, int]]:
        path = write(tmp_path / "s.jsonl", samples)
        with closing(Items(write(tmp_path / "items.jsonl", items))) as opened:
            return [
                (
                    sample.output["output_text"],
                    sample.item["x"],
                    opened.places[sample.number].line,
                    sample.line,
                )
                for sample in reader.read(opened, path)
            ]

    return pair


def texts(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"output_text": name, **more} for name in names]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (texts("p", "q", "r"), [("p", 1, 1, 1), ("q", 2, 2, 2), ("r", 3, 3, 3)]),
        (
            [{"id": 7, "output": "p"}, {"id": "a", "output": "q"}, {"id": 7, "output": "r"}],
            [("p", 3, 3, 1), ("q", 1, 1, 2), ("r", 3, 3, 3)],
        ),
        ([{"line": 2, "id": "mine", "completion": "p"}], [("p", 2, 2, 1)]),
        (
            ["", *texts("p", "q"), " ", *texts("r")],
            [("p", 1, 1, 2), ("q", 2, 2, 3), ("r", 3, 3, 5)],
        ),
        (
            [{"line": 1, "output_text": None, "output_tools": [{"id": "call"}]}],
            [("", 1, 1, 1)],
        ),
        ([{"line": 1, "output_text": "p", "output": "not read"}], [("p", 1, 1, 1)]),
    ],
)
def test_pairs(samples: list, expected: list, paired: Any) -> None:
    assert paired(samples) == expected


def test_lines_are_those_of_the_file(paired: Any) -> None:
    items = ["\ufeff" + json.dumps(ITEMS[0]), "", ITEMS[1]]
    assert paired([{"line": 3, "output_text": "p"}], items) == [("p", 2, 3, 1)]
    assert paired(texts("p", "q"), items) == [("p", 1, 1, 1), ("q", 2, 3, 2)]


REMEDY = "give every sample an `id` or a `line`"


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "s.jsonl: it has no samples; write one JSON object a line"),
        (["x"], "s.jsonl:1: not a JSON object; see `rft validate s.jsonl`"),
        (["[1]"], "s.jsonl:1: not a JSON object; see `rft validate s.jsonl`"),
        (texts("p", "q"), f"items.jsonl:3: no sample is left for this item; {REMEDY}"),
        (texts(*"pqrs"), f"s.jsonl:4: no item is left for this sample; {REMEDY}"),
        (
            [*texts("p"), {"id": "b", "output_text": "q"}],
            f"s.jsonl:2: it names its item, the first does not; {REMEDY}",
        ),
        (
            [*texts("p", id="a"), *texts("q")],
            "s.jsonl:2: no 'id', which the first sample has; add it",
        ),
        (
            texts("p", id="c"),
            "s.jsonl:1: no item of items.jsonl has id 'c'; correct it, or leave the sample out",
        ),
        (
            texts("p", line=4),
            "s.jsonl:1: no item of items.jsonl has line 4; correct it, or leave the sample out",
        ),
        (
            texts("p", line=True),
            "s.jsonl:1: no item of items.jsonl has line true; correct it, or leave the sample out",
        ),
        (
            texts("p", line=[1]),
            "s.jsonl:1: no item of items.jsonl has line [1]; correct it, or leave the sample out",
        ),
        (
            [{"line": 1}],
            "s.jsonl:1: no output_text, output, completion; "
            "write what the model answered, as one string",
        ),
        (
            [{"line": 1, "output": {"a": 1}}],
            "s.jsonl:1: output is not text; write what the model answered, as one string",
        ),
        (
            [{"line": 1, "output_text": "", "output_tools": {"id": 1}}],
            "s.jsonl:1: output_tools is not a list; write the model's tool calls",
        ),
    ],
)
def test_mismatches(
    samples: list, message: str, paired: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput) as raised:
        paired(samples)
    assert str(raised.value).replace(f"{tmp_path}/", "") == message


def test_an_id_that_is_there_twice(paired: Any) -> None:
    with pytest.raises(
        BadInput, match=r"items\.jsonl:2: id 'a' is in .*items\.jsonl:1 too; give each its"
    ):
        paired(texts("p", id="a"), [ITEMS[0], ITEMS[0]])


def test_items_without_an_id(paired: Any) -> None:
    with pytest.raises(BadInput, match=r"items\.jsonl: no item has `id`; name items by `line`"):
        paired(texts("p", id="a"), [{"x": 1}])


def test_an_item_that_is_no_object(paired: Any) -> None:
    with pytest.raises(BadInput, match=r"items\.jsonl:2: not a JSON object"):
        paired(texts("p", "q"), [ITEMS[0], "{"])


def test_a_template_answers_each_item(tmp_path: Path) -> None:
    items = write(tmp_path / "items.jsonl", ITEMS)
    with closing(Items(items)) as opened:
        samples = list(reader.of_template(opened, r"\boxed{{{item.x}}}"))
    assert [(sample.output["output_text"], sample.number, sample.line) for sample in samples] == [
        (r"\boxed{1}", 0, 0),
        (r"\boxed{2}", 1, 0),
        (r"\boxed{3}", 2, 0),
    ]


@pytest.mark.parametrize("text", ["{{sample.output_text}}", "{{answer}}", "{{item.x"])
def test_a_template_reads_items_only(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--template: .* write \{\{item\.<field>\}\}$"):
        next(reader.of_template(Items(), text))


def test_a_template_of_a_field_that_an_item_lacks(tmp_path: Path) -> None:
    items = write(tmp_path / "items.jsonl", [*ITEMS, {"id": "d"}])
    message = r"items\.jsonl:4: \{\{item\.x\}\}: item has no 'x'; give --template another field"
    with closing(Items(items)) as opened, pytest.raises(BadInput, match=message):
        list(reader.of_template(opened, "{{item.x}}"))


def test_samples_of_two_files_of_items(tmp_path: Path) -> None:
    """By id they are of both; by line and by order of the first. No id is in both."""
    paths = [write(tmp_path / "a.jsonl", ITEMS[:2]), write(tmp_path / "b.jsonl", ITEMS[2:])]
    path = tmp_path / "s.jsonl"
    with closing(Items(*paths)) as items:
        by_id, by_line, by_order = texts("p", id=7), texts("p", line=2), texts("p", "q")
        for rows, numbers in ((by_id, [2]), (by_line, [1]), (by_order, [0, 1])):
            read = reader.read(items, write(path, rows))
            assert [sample.number for sample in read] == numbers
        for rows, message in (
            (texts("p", line=3), "a.jsonl has line 3; "),
            (texts(*"pqr"), "left"),
        ):
            with pytest.raises(BadInput, match=message):
                list(reader.read(items, write(path, rows)))
    with closing(Items(paths[0], paths[0])) as items, pytest.raises(BadInput, match=r"a\.jsonl:1:"):
        list(reader.read(items, write(path, texts("p", id="a"))))
