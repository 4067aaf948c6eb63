"""The dataset card: `README.md` with the header that the hub and the `datasets` library read.

It says whose rows these are as far as the files show it or their description states it, what the
fields hold, how the rows were made and what is known to be wrong with them. Its last line holds the
digest of what stands above, by which a card that a person edited is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from pipelines.datasets import known as shipped_as
from pipelines.datasets.dataset import Dataset
from pipelines.exports import columns
from pipelines.io import files
from pipelines.io.jsonl import count
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
    counts = {split: count(prepared.path(split)) for split in paths}
    kinds = {"messages": columns.chat_kind(prepared), **columns.kinds(prepared)}
    head = yaml.safe_dump(
        _header(prepared, counts, paths, kinds, parquet=parquet),
        sort_keys=False,
        allow_unicode=True,
    )
    body = "\n".join(_body(prepared, counts, kinds))
    text = f"---\n{head}---\n\n{body}"
    return f"{text}\n<!-- rft-data card {sha256(text.encode()).hexdigest()} -->\n"


def published(prepared: Prepared) -> Dataset | None:
    """The dataset that the rows are from, where their files showed that they came from there."""
    dataset = shipped_as(prepared.dataset)
    repository = (_manifest(prepared).get("source") or {}).get("repository")
    known = dataset is not None and repository and repository in (dataset.hub, dataset.kaggle)
    return dataset if known else None


def _header(
    prepared: Prepared,
    counts: Mapping[str, int],
    paths: Mapping[str, str],
    kinds: Mapping[str, str],
    *,
    parquet: bool,
) -> dict[str, Any]:
    """The card's YAML."""
    dataset, stated = published(prepared), _stated(prepared)
    license = dataset.license if dataset else stated.get("license")
    hub = dataset.hub if dataset else stated.get("hub")
    total = sum(counts.values())
    header: dict[str, Any] = {}
    if license:
        name = license.lower()
        known = _LICENSES.fullmatch(name) is not None
        header |= {"license": name} if known else {"license": "other", "license_name": license}
    if dataset:
        header["pretty_name"] = f"{dataset.title}, prepared for reinforcement fine-tuning"
        header["language"] = ["en"]
    if hub:
        header["source_datasets"] = [hub]
    return {
        **header,
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


def _body(prepared: Prepared, counts: Mapping[str, int], kinds: Mapping[str, str]) -> Iterator[str]:
    """What a reader of the card wants to know."""
    dataset, made = published(prepared), _manifest(prepared)
    yield f"# {dataset.title if dataset else _plain(prepared.dataset or _folder(prepared))}\n"
    yield (
        "Prompts with reference answers for reinforcement fine-tuning: the model answers "
        "`messages`, and the grader of `grader.json` scores the answer against the other fields.\n"
    )
    yield "## Source and license\n"
    yield from _source(prepared, dataset, made)
    yield "\n## Splits\n\n| split | rows |\n| --- | ---: |"
    yield from (f"| {split} | {rows:,} |" for split, rows in counts.items())
    yield "\n## Fields\n\n| field | holds |\n| --- | --- |"
    yield from (
        f"| `{_plain(name)}` | {_HOLDS.get(name) or kind} |" for name, kind in kinds.items()
    )
    if made:
        yield "\n## How it was made\n"
        yield from _making(made)
        yield "\n## Leakage\n"
        yield from _leakage(made)
    yield "\n## Known limits\n"
    yield from _limits(prepared, dataset, made)
    yield ""


_HOLDS = {
    "messages": "the chat that the model answers; it ends with the user",
    "reference_answer": "the answer that the grader compares with",
    "options": "the options of a multiple-choice question, in order; empty where there are none",
    "id": "the row's name at its source, or the digest of its prompt",
}


def _source(prepared: Prepared, dataset: Dataset | None, made: Mapping[str, Any]) -> Iterator[str]:
    stated = _stated(prepared)
    if dataset:
        revision = made["source"]["revision"]
        at = f", revision `{revision}`" if revision else ""
        yield f"Made from [{dataset.title}]({dataset.page}){at}, {dataset.license}."
    elif made:
        names = [f"`{_plain(file['path'])}`" for file in made["source"]["files"]]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"Made from the files {', '.join(names[:3])}{more}, whose origin is not recorded."
        if stated:
            words = [f"{key} {_plain(value)}" for key, value in stated.items() if value]
            yield f"Their description states: {', '.join(words)}."
    else:
        yield "How these files came to be is not recorded."


def _making(made: Mapping[str, Any]) -> Iterator[str]:
    yield "| stage | rows in | dropped | kept |\n| --- | ---: | ---: | ---: |"
    for stage in made["stages"]:
        rows = stage["rows"]
        dropped = sum(rows["dropped"].values())
        yield f"| {stage['stage']} | {rows['in']:,} | {dropped:,} | {rows['kept']:,} |"
    if made["dropped"]:
        yield "\nRows of the source that are not here, by reason:\n"
        yield "| reason | rows |\n| --- | ---: |"
        yield from (f"| `{_plain(why)}` | {rows:,} |" for why, rows in made["dropped"].items())
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    yield f"\nMade by {_plain(versions)}. The same raw files and settings give the same bytes."


def _leakage(made: Mapping[str, Any]) -> Iterator[str]:
    found = made["certificate"]
    yield (
        f"{found['pairs']} pairs of rows across the splits are alike from a similarity of "
        f"{found['threshold']:g} on ({found['method']}); {found['band']['pairs']} are from "
        f"{found['band']['from']:g} up to it. Of {found['benchmarks']['questions']:,} benchmark "
        f"questions that were compared, {found['benchmarks']['hits']} are in the rows."
    )


def _limits(prepared: Prepared, dataset: Dataset | None, made: Mapping[str, Any]) -> Iterator[str]:
    """What is known to be wrong or not known, a line each."""
    if dataset is None and not _stated(prepared).get("license"):
        yield "- No license is known of these rows."
    if made:
        yield from _measured(made)
    yield "- A grader is no judge: that an answer scores does not show that its reasoning is right."


def _measured(made: Mapping[str, Any]) -> Iterator[str]:
    if made["source"]["kind"] == "demo":
        yield "- These are the embedded demo rows of rft-data, for trying it: do not train on them."
    if not made["certificate"]["benchmarks"]["questions"]:
        yield "- They were compared with no benchmark."
    probes = made["probes"]
    if guess := probes["guess_rate"].get("overall"):
        of = f"of {guess['items']:,} training items"
        yield f"- To give the most frequent answer is right for {guess['constant']:.1%} {of}."
        yield f"- To give another item's answer is right for {guess['another_answer']:.1%} {of}."
    for name, hit in probes["hits"].items():
        yield f"- An answer that solves nothing ({name}) scores in full on {hit['items']:,} items."
    facts: dict[str, Any] = {}
    for stage in made["stages"]:
        facts |= stage.get("facts") or {}
    if suspects := len(facts.get("suspect_references", ())):
        yield f"- {suspects:,} pairs of rows ask nearly the same and have other answers."
    for name, rows in facts.get("findings", {}).items():
        yield f"- {rows:,} rows have `{_plain(name)}`."
    codes = [finding["code"] for finding in made["findings"]]
    for code in dict.fromkeys(codes):
        yield f"- `rft validate`: {codes.count(code):,} of {code}."


def _stated(prepared: Prepared) -> dict[str, Any]:
    """What the description of a user's own files states of them."""
    return (_manifest(prepared).get("source") or {}).get("stated") or {}


def _manifest(prepared: Prepared) -> dict[str, Any]:
    """How the folder was made; empty where the pipeline did not make it."""
    return (prepared.manifest() if prepared.dataset else None) or {}


def _folder(prepared: Prepared) -> str:
    return prepared.folder.resolve().name


def _plain(text: object) -> str:
    """Text of others in a line of Markdown: no markup, no cells, no lines of its own."""
    return re.sub(r"[`|<>\\\s]+", " ", str(text))[:200].strip()
