"""What a run was made from: receipts of the stages, and the manifest that holds them."""

from __future__ import annotations

import os
import platform
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from subprocess import DEVNULL, CalledProcessError, check_output
from typing import Any

import orjson

from pipelines.datasets.dataset import Dataset
from pipelines.io import files, schema
from pipelines.io.prepared import ALL_SPLITS
from pipelines.stages.download import Raw

# What a stage was made from (stage, settings, inputs, code, versions) and what it made (rows,
# outputs, findings), as `stages/<stage>.json` and the manifest hold it.
Receipt = dict[str, Any]

_SHAPING = ("polars", "pyarrow", "orjson")


# What the manifest holds once, not in each stage.
_SORTED = orjson.OPT_SORT_KEYS
_ONCE = ("code", "versions", "findings", "certificate", "probes")


def versions() -> dict[str, str]:
    """The versions that shape bytes; Unicode's decides case folding and canonical forms."""
    return {
        **{name: version(name) for name in _SHAPING},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "unicode": unicodedata.unidata_version,
    }


def _commit() -> dict[str, str]:
    """The commit of a checkout with `-dirty` where files differ from it; nothing in a wheel.

    It is for a person: what a stage is made again for is the digest of the code.
    """
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return {}
    # A git hook, say, names its own repository in GIT_DIR.
    variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ("git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40")
    with suppress(OSError, CalledProcessError):
        described = check_output(
            [*command, "--exclude=*"], cwd=root, env=variables, text=True, stderr=DEVNULL
        )
        return {"commit": described.strip()}
    return {}


@cache
def code() -> str:
    """A digest of the pipeline's own source, data tables and schemas: 32 hex digits."""
    return code_digest(Path(__file__).parents[1], schema.folder())


def code_digest(package: Path, schemas: Path) -> str:
    """The digest of a package's modules and tables, and of the schemas beside or in it."""
    sources = [
        *((path.relative_to(package).as_posix(), path) for path in package.rglob("*.py")),
        *((path.relative_to(package).as_posix(), path) for path in package.rglob("*.toml")),
        *((f"schemas/{path.name}", path) for path in schemas.glob("*.json")),
    ]
    total = sha256()
    for name, path in sorted(sources):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()[:32]


def sealed(receipt: Receipt) -> Receipt:
    """A receipt with the digest of its content, as it lies on the disk."""
    return {**receipt, "digest": sha256(orjson.dumps(receipt, option=_SORTED)).hexdigest()}


def finished(path: Path, expected: Receipt, kept: Collection[str]) -> Receipt | None:
    """The receipt at `path` where it was made from what is expected and its outputs are whole.

    `kept` are the files that stay as a person edited them.
    """
    folder = path.parent.parent
    try:
        receipt: Receipt = orjson.loads(path.read_bytes())
        digest = receipt.pop("digest")
        # Through JSON once, for a tuple comes back as a list.
        known = orjson.loads(orjson.dumps(expected))
        same = all(receipt[key] == known[key] for key in known)
        whole = (
            sealed(receipt)["digest"] == digest
            and same
            and all(
                files.sha256(folder / entry["path"]) == entry["sha256"]
                and bool(entry.get("edited")) == (entry["path"] in kept)
                for entry in receipt["outputs"]
            )
        )
    except (OSError, orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return None
    return receipt if whole else None


def dropped(receipts: list[Receipt]) -> dict[str, int]:
    """Rows dropped by reason over all stages, in their order."""
    total: dict[str, int] = {}
    for receipt in receipts:
        for reason, count in receipt["rows"]["dropped"].items():
            total[reason] = total.get(reason, 0) + count
    return total


def written(receipts: list[Receipt]) -> dict[str, dict[str, Any]]:
    """The files that stages after download wrote, by path."""
    return {entry["path"]: entry for receipt in receipts[1:] for entry in receipt["outputs"]}


def assemble(dataset: Dataset, raw: Raw, receipts: list[Receipt]) -> dict[str, Any]:
    """The manifest of a finished run, as schemas/manifest.json has it.

    Fails where the rows of the two files and the ledger are not the raw rows.
    """
    entries = written(receipts)
    # Repository, revision of the hub and license, as far as the files themselves show them.
    record = raw.record
    rows = {
        "raw": receipts[0]["rows"]["in"],
        **{
            split: entries[f"{split}.jsonl"]["rows"]
            for split in ALL_SPLITS
            if f"{split}.jsonl" in entries
        },
        "dropped": entries["dropped.parquet"]["rows"],
    }
    if 2 * rows["raw"] != sum(rows.values()):
        raise AssertionError(f"{dataset.name}: rows are lost between the stages: {rows}")
    return {
        "dataset": dataset.name,
        **({"separators": dataset.separators} if dataset.separators else {}),
        "source": {
            "kind": raw.kind,
            "repository": record and record.repository,
            "revision": record.revision if record and record.source == "huggingface" else None,
            "license": record and record.license,
            **_stated(dataset),
            "files": receipts[0]["outputs"],
        },
        "rows": rows,
        "dropped": dropped(receipts),
        "files": [entry for path, entry in entries.items() if not path.startswith("stages/")],
        "findings": receipts[-1]["findings"],
        "certificate": receipts[-1]["certificate"],
        "probes": receipts[-1]["probes"],
        "stages": [
            {key: value for key, value in receipt.items() if key not in _ONCE}
            for receipt in receipts
        ],
        "code": code(),
        "versions": {"rft-data": version("rft-data"), **_commit(), **versions()},
    }


def _stated(dataset: Dataset) -> dict[str, Any]:
    """What a user's own description says of the files, which nothing shows."""
    known = {"license": dataset.license, "hub": dataset.hub}
    stated = {name: value for name, value in known.items() if value}
    return {"stated": stated} if stated and not dataset.shipped else {}
