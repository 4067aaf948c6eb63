"""What other commands left beside a prepared folder, by the schemas of those names."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.io import bounds, schema
from pipelines.io.files import sha256
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared
from pipelines.stages.order import NAMES as STAGES

RATES, CALIBRATION, EVALUATION = "rates.jsonl", "calibration.json", "evaluation.json"
NAMES = (RATES, CALIBRATION, EVALUATION)


def rates(prepared: Prepared) -> dict[int, tuple[int, int]]:
    """By the line of a training item, how many of its answers pass, and how many there are.

    Empty where they are not of the training file as it is.
    """
    if calibration(prepared) is None:
        return {}
    valid = schema.compiled("rate").is_valid
    with suppress(BadInput, OSError):
        bounds.regular(prepared.folder / RATES)
        rates = [one for _, one in objects(prepared.folder / RATES) if valid(one)]
        return {one["line"]: (min(one["passed"], one["n"]), one["n"]) for one in rates if one["n"]}
    return {}


def calibration(prepared: Prepared) -> dict[str, Any] | None:
    """What `rft calibrate` found of the training file as it is; None where it found nothing."""
    return _of_this(prepared, CALIBRATION)


def evaluation(prepared: Prepared) -> dict[str, Any] | None:
    """What `rft evaluate` found of a split as it is; None where it found nothing."""
    return _of_this(prepared, EVALUATION)


def _of_this(prepared: Prepared, name: str) -> dict[str, Any] | None:
    """A document by the schema of its name, where it is of one of the folder's files."""
    value: dict[str, Any] | None
    value = schema.document(prepared.folder / name, name.removesuffix(".json"))
    path = prepared.path(value["of"]["split"]) if value else None
    same = value and path and path.is_file() and sha256(path) == value["of"]["sha256"]
    return value if same else None


def made(prepared: Prepared) -> dict[str, Any]:
    """How the files of a folder were made: its manifest, or what its stages say of one with errors.

    Empty where the pipeline did not make them, or a person changed them since.
    """
    manifest = prepared.manifest()
    if manifest is None:
        stages = [_receipt(prepared, stage) for stage in STAGES[1:]]
        last = stages[-1]
        if not all(stages) or "certificate" not in last:
            return {}
        manifest = {"stages": stages, **{key: last[key] for key in _LAST}}
    audited = manifest["certificate"]["files"]
    paths = {split: prepared.path(split) for split in prepared.splits}
    same = audited.keys() == paths.keys() and all(
        audited[split]["sha256"] == sha256(path) for split, path in paths.items()
    )
    return manifest if same else {}


_LAST = ("findings", "certificate", "probes")


def _receipt(prepared: Prepared, stage: str) -> dict[str, Any]:
    path = prepared.folder / "stages" / f"{stage}.json"
    with suppress(OSError, ValueError):
        receipt: dict[str, Any] = orjson.loads(path.read_bytes())
        return receipt
    return {}
