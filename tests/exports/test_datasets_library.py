"""What is exported, read by the library with which most trainers read it."""

from __future__ import annotations

import warnings
from pathlib import Path

import orjson
import pytest
from known import DATASETS

from pipelines.exports import TARGETS
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress

# `datasets` alone would be found without it: this folder's neighbour has the name.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("datasets.arrow_dataset")
    import datasets as library

pytestmark = pytest.mark.parametrize("dataset", DATASETS)


def export(target: str, prepared: Prepared, out: Path) -> Path:
    TARGETS[target].write(prepared, out, report=Progress())
    return out


def test_a_folder_for_the_hub_holds_the_items(
    dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    folder = export("hf", demo[dataset], tmp_path / "out")
    read = library.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(read) == ["train", "validation"]
    for split in read:
        assert list(read[split]) == list(demo[dataset].items(split))
    builder = library.load_dataset_builder(str(folder), cache_dir=str(tmp_path / "cache"))
    parquet = library.Dataset.from_parquet(
        str(next(folder.rglob("train*.parquet"))), cache_dir=str(tmp_path / "cache")
    )
    # The card says the types that the files have.
    assert builder.info.features == parquet.features == read["train"].features


def test_the_card_names_the_licence_of_published_rows_alone(
    dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    from huggingface_hub import DatasetCard

    prepared = demo[dataset]
    folder = export("hf", prepared, tmp_path / "out")
    card = DatasetCard.load(folder / "README.md").data.to_dict()
    assert ("license" in card, card["size_categories"]) == (False, ["n<1K"])
    assert [entry["split"] for entry in card["configs"][0]["data_files"]] == ["train", "validation"]
    published = Prepared(tmp_path / "published", dataset)
    published.folder.mkdir()
    for name in ("train.jsonl", "validation.jsonl", "grader.json"):
        (published.folder / name).write_bytes((prepared.folder / name).read_bytes())
    manifest = orjson.loads((prepared.folder / "manifest.json").read_bytes())
    assert manifest["source"]["repository"] is None
    manifest["source"] |= {"kind": "huggingface", "repository": DATASETS[dataset].hub}
    (published.folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    folder = export("hf", published, tmp_path / "again")
    card = DatasetCard.load(folder / "README.md").data.to_dict()
    assert card["license"] == DATASETS[dataset].license.lower()
    assert card["source_datasets"] == [DATASETS[dataset].hub]
    assert DATASETS[dataset].page in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["trl", "verl", "verifiers", "aml"])
def test_every_split_has_the_same_types(
    target: str, dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    folder = export(target, demo[dataset], tmp_path / "out")
    # As the trainers' own scripts do: by the names of the files in the folder.
    read = library.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    told = TARGETS[target].write(demo[dataset], folder, report=Progress())
    assert {split: len(rows) for split, rows in read.items()} == dict(told.rows)
    assert len({str(rows.features) for rows in read.values()}) == 1
