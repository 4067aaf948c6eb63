"""A prepared folder with the training rows that were selected, and all else as it was.

Its manifest is the other's, with `selected`: what was chosen from what, by whose answers. The
certificate stays that of the whole, for of fewer rows no more can cross the split.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.findings import BadInput
from pipelines.graders import select
from pipelines.graders.pass_rates import Rate
from pipelines.graders.samples import Origin
from pipelines.io import files, jsonl
from pipelines.io.prepared import FILES, SPLITS, Prepared
from pipelines.run import manifest

# What is copied beside the files of a job: what stays true of fewer rows.
_BESIDE = ("test.jsonl", "repairs.parquet", "clusters.parquet", "splits.parquet")
_LEDGER = "dropped.parquet"


@dataclass(frozen=True, slots=True)
class Choice:
    """How rows were chosen: the options, and the samples with what they say of themselves."""

    options: Mapping[str, Any]
    samples: Path
    origin: Origin


def check_out(out: Path, prepared: Prepared) -> None:
    """BadInput where a folder could not be written without a loss."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"--out {out}: is there already; name a new folder, or remove it first")
    if prepared.folder.resolve() in out.resolve().parents:
        raise BadInput(f"--out {out}: is in {prepared.folder}; name a folder beside it")


def write(
    prepared: Prepared,
    out: Path,
    rates: Sequence[Rate],
    reasons: Sequence[str | None],
    choice: Choice,
) -> dict[str, Any]:
    """Write the folder, whole or not at all; its manifest's `selected`."""
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if part.exists():
            shutil.rmtree(part)  # of a run that was killed
        part.mkdir()
        value = _write(prepared, part, rates, reasons, choice)
        part.replace(out)
    except OSError as error:
        raise files.unwritable(out, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return value


def _write(
    prepared: Prepared,
    part: Path,
    rates: Sequence[Rate],
    reasons: Sequence[str | None],
    choice: Choice,
) -> dict[str, Any]:
    train, ledger = prepared.path("train"), part / _LEDGER
    select.write(train, part / train.name, ledger, rates, reasons)
    before = prepared.folder / _LEDGER
    if before.is_file():
        files.write_parquet(ledger, pl.concat([pl.read_parquet(before), pl.read_parquet(ledger)]))
    names = [name for name in FILES.values() if name != train.name]
    for name in (*names, *_BESIDE):
        if (prepared.folder / name).is_file():
            shutil.copyfile(prepared.folder / name, part / name)
    made = prepared.manifest() or {}
    gone = {name: reasons.count(name) for name in select.REASONS if name in reasons}
    kept = reasons.count(None)
    own = prepared.folder / "manifest.json"
    selected = {
        "from": {
            "rows": len(rates),
            "sha256": files.sha256(train),
            "manifest": files.sha256(own) if own.is_file() else None,
        },
        "samples": {"sha256": files.sha256(choice.samples), **choice.origin.as_dict()},
        "options": dict(choice.options),
        "kept": kept,
        "dropped": gone,
    }
    counts = {split: jsonl.count(part / FILES[split]) for split in SPLITS}
    dropped = pl.scan_parquet(ledger).select(pl.len()).collect().item()
    value = {
        **made,
        "rows": {**made.get("rows", {}), **counts, "dropped": dropped},
        "dropped": {**made.get("dropped", {}), **gone},
        "files": [
            files.describe(path, part, _rows(path, dropped)) for path in sorted(part.iterdir())
        ],
        "selected": selected,
        "code": manifest.code(),
        "versions": {"rft-data": version("rft-data"), **manifest.versions()},
    }
    files.write_json(part / "manifest.json", value)
    return selected


def _rows(path: Path, dropped: int) -> int | None:
    if path.name == _LEDGER:
        return dropped
    return jsonl.count(path) if path.suffix == ".jsonl" else None
