"""A dataset folder as the hub has it: parquet a split, and a card that says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa

from pipelines.datasets import known as shipped_as
from pipelines.datasets.dataset import Dataset
from pipelines.exports.chats import Item, Misfit, Row
from pipelines.exports.columns import MESSAGES, TYPES, cells
from pipelines.exports.target import Rows, Target
from pipelines.findings import show
from pipelines.io.prepared import SPLITS, Prepared

_FILE = "data/{split}-00000-of-00001.parquet"

# A column's type in the card's words; `json` is text too.
_DTYPES = {"text": "string", "boolean": "bool", "integer": "int64", "number": "float64"}

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))


def export(rows: Rows) -> None:
    """The items as they are, `messages` first; grader and response format beside them."""
    prepared = rows.prepared

    def row(item: Item, split: str, index: int) -> Row:
        if "tools" in item:
            raise Misfit("/tools", "tools have no column", "export to openai or foundry")
        for place, message in enumerate(item["messages"]):
            if set(message) != {"role", "content"} or not isinstance(message["content"], str):
                keys = show(sorted(message))
                raise Misfit(f"/messages/{place}", f"not role and text: {keys}", "send text alone")
        return {"messages": item["messages"], **cells(rows.kinds, item)}

    types = [(name, TYPES[kind]) for name, kind in rows.kinds.items()]
    rows.write(row, parquet=pa.schema([("messages", MESSAGES), *types]))
    rows.document("grader")
    rows.document("response_format")
    card = [*_front(prepared, rows.counts, rows.kinds), *_body(prepared)]
    rows.text("README.md", "\n".join(card))
    rows.notes.append("load_dataset(FOLDER), or upload the folder as a dataset repository")
    if _published(prepared) is None:
        rows.notes.append("README.md names no licence: none is known of these rows")


def _front(prepared: Prepared, counts: dict[str, int], kind_of: dict[str, str]) -> Iterator[str]:
    """The card's YAML, which the hub and `datasets` read."""
    dataset = _published(prepared)
    yield "---"
    if dataset:
        yield f"license: {str(dataset.license).lower()}"
        yield f"source_datasets:\n- {dataset.hub}"
        yield f"pretty_name: {dataset.title}, prepared for reinforcement fine-tuning"
        yield "language:\n- en"
    total = sum(counts.values())
    yield "size_categories:"
    yield f"- {next((word for most, word in _SIZES if total < most), '1M<n<10M')}"
    yield "configs:\n- config_name: default\n  data_files:"
    for split in counts:
        yield f"  - split: {split}\n    path: {_FILE.format(split=split)}"
    yield "dataset_info:\n  features:\n  - name: messages\n    list:"
    yield "    - name: role\n      dtype: string\n    - name: content\n      dtype: string"
    for name, kind in kind_of.items():
        yield f"  - name: {orjson.dumps(name).decode()}"
        yield "    list: string" if kind == "texts" else f"    dtype: {_DTYPES.get(kind, 'string')}"
    yield "---\n"


def _body(prepared: Prepared) -> Iterator[str]:
    """What a reader of the card wants to know: where the rows are from, what scores an answer."""
    dataset, made = _published(prepared), _manifest(prepared)
    yield f"# {dataset.title if dataset else prepared.folder.resolve().name}\n"
    yield (
        "Prompts with reference answers for reinforcement fine-tuning: the model answers "
        "`messages`, and the grader of `grader.json` scores the answer against the other fields.\n"
    )
    if dataset:
        revision = made["source"]["revision"]
        at = f", revision `{revision}`" if revision else ""
        yield f"Made from [{dataset.title}]({dataset.page}){at}, {dataset.license}.\n"
    elif made:
        names = [f"`{file['path']}`" for file in made["source"]["files"]]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"Made from the files {', '.join(names[:3])}{more}, whose origin is not recorded.\n"
    if selected := (prepared.manifest() or {}).get("selected"):
        yield _selected(selected) + "\n"
    dropped: dict[str, int] = made.get("dropped") or {}
    if dropped:
        yield "Rows of the source that are not here, by reason:\n"
        yield "| reason | rows |\n| --- | --- |"
        yield from (f"| `{reason}` | {count:,} |" for reason, count in dropped.items())
        yield ""


def _selected(selected: dict[str, Any]) -> str:
    """By whose answers the training rows were selected."""
    samples = selected["samples"]
    model = f"`{samples['model']}`" if samples["model"] else "a model that is not named"
    n = samples["n"] if isinstance(samples["n"], int) else "{} to {}".format(*samples["n"])
    heat = "the service's" if samples["temperature"] is None else f"{samples['temperature']:g}"
    days = " to ".join(dict.fromkeys(samples["dates"] or ["a day that is not recorded"]))
    return (
        f"Of {selected['from']['rows']:,} training rows {selected['kept']:,} were selected by how "
        f"often the answers of {model} pass: {n} an item, temperature {heat}, of {days}."
    )


def _published(prepared: Prepared) -> Dataset | None:
    """The dataset that the rows are from, where their files showed that they came from there."""
    dataset = shipped_as(prepared.dataset)
    repository = (_manifest(prepared).get("source") or {}).get("repository")
    known = dataset is not None and repository and repository in (dataset.hub, dataset.kaggle)
    return dataset if known else None


def _manifest(prepared: Prepared) -> dict[str, Any]:
    """How the folder was made; empty where the pipeline did not make it."""
    return (prepared.manifest() if prepared.dataset else None) or {}


TARGET = Target(
    name="hf",
    about="the Hugging Face hub and `datasets`: parquet a split, and the dataset card",
    files=(
        *(_FILE.format(split=split) for split in SPLITS),
        "grader.json",
        "response_format.json",
        "README.md",
    ),
    page="https://huggingface.co/docs/hub/datasets-cards",
    source="Hugging Face, dataset cards and data files; datasets 5.2.0",
    read="2026-11-21",
    export=export,
)
