"""The dataset card: what it says of a folder, and that the `datasets` library reads by it."""

from __future__ import annotations

import warnings
from pathlib import Path

import orjson
import pytest
import yaml
from conftest import Run
from known import DATASETS

from pipelines.exports import card
from pipelines.io.prepared import Prepared, find

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("datasets.arrow_dataset")
    import datasets as library


def header(folder: Path) -> dict:
    _, head, _ = (folder / card.NAME).read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_prepared_folder_is_loaded_with_its_splits(
    dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    prepared = demo[dataset]
    assert card.write(prepared) is None
    read = library.load_dataset(str(prepared.folder), cache_dir=str(tmp_path / "cache"))
    assert list(read) == prepared.splits
    for split in read:
        assert list(read[split]) == list(prepared.items(split))
    assert read["train"].features == read["validation"].features


def test_fields_of_any_kind_are_loaded(make, tmp_path: Path) -> None:
    def change(item: dict) -> None:
        n = int(item["reference_answer"])
        item |= {
            "mixed": n if n % 2 else {"n": [n]},
            "nothing": None,
            "empty": [],
            "share": n / 4,  # the library rounds the rest of a line with JSON in it to 10 digits
            "a|b`<c>": "x",
            "colon: yes": True,
        }
        if n == 3:
            item["messages"][1]["content"] = [{"type": "text", "text": "What is three?"}]

    prepared = make(change=change)
    (prepared.folder / "test.jsonl").write_bytes(
        (prepared.folder / "validation.jsonl").read_bytes()
    )
    prepared = find(str(prepared.folder))
    assert card.write(prepared) is None
    read = library.load_dataset(str(prepared.folder), cache_dir=str(tmp_path / "cache"))
    assert list(read) == ["train", "validation", "test"]
    for split in read:
        assert list(read[split]) == list(prepared.items(split))
    assert "license" not in header(prepared.folder)


def test_a_card_that_a_person_edited_stays(demo: dict[str, Prepared], make) -> None:
    prepared = make()
    path = prepared.folder / card.NAME
    assert card.write(prepared) is None
    first = path.read_bytes()
    assert card.write(prepared) is None
    assert path.read_bytes() == first
    for edited in (first.replace(b"# squares", b"# Squares"), b"mine\n", b"\xff"):
        path.write_bytes(edited)
        assert "stays" in str(card.write(prepared))
        assert path.read_bytes() == edited


def test_the_user_is_told_once_more_by_prepare(rft: Run, tmp_path: Path) -> None:
    rft("prepare", "medmcqa", "--quiet")
    path = tmp_path / "processed" / "medmcqa" / card.NAME
    path.write_text("mine\n")
    assert f"processed/medmcqa/{card.NAME}: is not as" in rft("prepare", "medmcqa").stderr
    assert path.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("ours: all", {"license": "other", "license_name": "ours: all"}),
        (None, {}),
    ],
)
def test_it_says_the_license_that_a_description_states(
    license: str | None, expected: dict, rft: Run, tmp_path: Path
) -> None:
    rows = [
        {"question": f"What is {n} times {n + 1}?", "answer": str(n * n + n)} for n in range(40)
    ]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    stated = f'license = "{license}"\n' if license else ""
    (tmp_path / "mine.toml").write_text(
        f'files = "rows.jsonl"\n{stated}prompt = "question"\nanswer = "answer"\ngrader = "text"\n'
    )
    done = rft("prepare", "mine.toml", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "processed" / "mine"
    head = header(folder)
    assert {name: head[name] for name in ("license", "license_name") if name in head} == expected
    assert ("No license is known" in (folder / card.NAME).read_text()) == (license is None)
    assert rft("validate", "mine").returncode == 0  # the manifest still has its form
