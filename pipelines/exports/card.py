"""The dataset card: `README.md` with the header that the hub and the `datasets` library read.

It says whose rows these are as far as the files show it or their description states it, what the
fields hold, how the rows were made and what is known to be wrong with them. Its last line holds the
digest of what stands above, by which a card that a person edited is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, Template

from pipelines.datasets import known as shipped_as
from pipelines.datasets.dataset import Dataset
from pipelines.exports import columns
from pipelines.io import files
from pipelines.io.prepared import FILES, Prepared

NAME = "README.md"

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))

# The identifiers that the hub has for licenses people use for data; any other is named `other`.
_LICENSES = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by(-sa|-nc|-nc-sa|-nd|-nc-nd)?-[234]\.0|odc-by|pddl|odbl|"
    r"bsd(-[23]-clause)?|gpl-3\.0|unlicense|openrail"
)

# A column's type in the words of the card; `json` is text in parquet.
_DTYPES = {"boolean": "bool", "integer": "int64", "number": "float64", "text": "string"}

_HOLDS = {
    "messages": "the chat that the model answers; it ends with the user",
    "reference_answer": "the answer that the grader compares with",
    "options": "the options of a multiple-choice question, in order; empty where there are none",
    "id": "the row's name at its source, or the digest of its prompt",
}

_MARK = re.compile(r"\n<!-- rft-data card ([0-9a-f]{64}) -->\n\Z")


def write(prepared: Prepared) -> str | None:
    """Write the card of a prepared folder beside its files.

    What to tell the user where the one there is not as it was written, and stays.
    """
    path = prepared.folder / NAME
    if edited(path):
        return f"{path}: is not as `rft prepare` wrote it, and stays; move it away for a new one"
    text = card(prepared, {split: FILES.get(split, f"{split}.jsonl") for split in prepared.splits})
    if not path.is_file() or path.read_bytes() != text.encode():
        files.write(path, lambda file: file.write(text.encode()))
    return None


def edited(path: Path) -> bool:
    """Whether there is a card that is not as a run of ours wrote it."""
    if not path.is_file():
        return False
    text = path.read_bytes().decode("utf-8", "replace")
    mark = _MARK.search(text)
    return mark is None or sha256(text[: mark.start()].encode()).hexdigest() != mark[1]


def card(prepared: Prepared, paths: Mapping[str, str], *, parquet: bool = False) -> str:
    """The card of a prepared folder whose splits are in the files `paths`."""
    made = (prepared.manifest() if prepared.dataset else None) or {}
    dataset, stated = published(prepared), made.get("source", {}).get("stated") or {}
    counts, kinds = columns.read(prepared)
    counts = {split: counts[split] for split in paths}
    license = dataset.license if dataset else stated.get("license")
    name = (license or "").lower()
    known = _LICENSES.fullmatch(name) is not None
    hub = dataset.hub if dataset else stated.get("hub")
    total = sum(counts.values())
    header = {
        "license": (name if known else "other") if license else None,
        "license_name": None if known else license,
        "pretty_name": dataset and f"{dataset.title}, prepared for reinforcement fine-tuning",
        "language": dataset and ["en"],
        "source_datasets": hub and [hub],
        "tags": ["reinforcement-fine-tuning"],
        "size_categories": [next((word for most, word in _SIZES if total < most), "1M<n<10M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": path} for split, path in paths.items()],
            }
        ],
        "dataset_info": {
            "features": [_feature(name, kind, parquet=parquet) for name, kind in kinds.items()]
        },
    }
    header = {key: value for key, value in header.items() if value is not None}
    head = yaml.safe_dump(header, sort_keys=False, allow_unicode=True)
    body = _template().render(
        title=dataset.title if dataset else prepared.dataset or prepared.folder.resolve().name,
        dataset=dataset,
        made=made,
        selected=selected_by(made.get("selected")),
        stated=stated,
        license=license,
        counts=counts,
        kinds=kinds,
        holds=_HOLDS,
    )
    text = f"---\n{head}---\n\n{body}\n"
    return f"{text}\n<!-- rft-data card {sha256(text.encode()).hexdigest()} -->\n"


@cache
def _template() -> Template:
    """The card below its header; text of others goes through `plain` there."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"plain": _plain, "number": "{:,}".format, "percent": "{:.1%}".format}
    return made.get_template("card.md")


def selected_by(selected: Mapping[str, Any] | None) -> str | None:
    """By whose answers the training rows were selected, where they were."""
    if not selected:
        return None
    samples = selected["samples"]
    model = f"`{_plain(samples['model'])}`" if samples["model"] else "a model that is not named"
    n = samples["n"] if isinstance(samples["n"], int) else "{} to {}".format(*samples["n"])
    heat = "the service's" if samples["temperature"] is None else f"{samples['temperature']:g}"
    days = " to ".join(dict.fromkeys(samples["dates"] or ["a day that is not recorded"]))
    return (
        f"Of {selected['from']['rows']:,} training rows {selected['kept']:,} were selected by how "
        f"often the answers of {model} pass: {n} an item, temperature {heat}, of {days}."
    )


def published(prepared: Prepared) -> Dataset | None:
    """The dataset that the rows are from, where their files showed that they came from there."""
    dataset = shipped_as(prepared.dataset)
    made = prepared.manifest() if dataset else None
    repository = made["source"]["repository"] if made else None
    known = dataset is not None and repository and repository in (dataset.hub, dataset.kaggle)
    return dataset if known else None


def _feature(name: str, kind: str, *, parquet: bool) -> dict[str, Any]:
    """A field as the `datasets` library has it."""
    if kind == "chat":
        parts = [{"name": part, "dtype": "string"} for part in ("role", "content")]
        return {"name": name, "list": parts}
    if kind == "texts":
        return {"name": name, "list": "string"}
    if kind == "json" and not parquet:
        return {"name": name, "dtype": "json"}
    return {"name": name, "dtype": _DTYPES.get(kind, "string")}


def _plain(text: object) -> str:
    """Text of others in a line of Markdown: no markup, no cells, no lines of its own."""
    return re.sub(r"[`|<>\\\s]+", " ", str(text))[:200].strip()
