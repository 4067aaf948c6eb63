"""What other commands left beside a prepared folder: pass rates, a calibration, an evaluation.

`rates.jsonl` is what `rft calibrate --out` writes of train.jsonl, `calibration.json` what it prints
as JSON, and `evaluation.json` holds `models`, a list of objects with `name`, `items`, `pass_rate`
and, where they are known, `low`, `high` (a 95 % interval) and `mean_score`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.io.jsonl import objects
from pipelines.io.prepared import Prepared

RATES, CALIBRATION, EVALUATION = "rates.jsonl", "calibration.json", "evaluation.json"
NAMES = (RATES, CALIBRATION, EVALUATION)


def rates(prepared: Prepared) -> dict[int, tuple[int, int]]:
    """By the line of a training item, how many of its answers pass, and how many there are."""
    path = prepared.folder / RATES
    try:
        lines = [rate for _, rate in objects(path)] if path.is_file() else []
        return {int(one["line"]): (int(one["passed"]), int(one["n"])) for one in lines if one["n"]}
    except (BadInput, LookupError, TypeError, ValueError):
        return {}


def calibration(prepared: Prepared) -> dict[str, Any] | None:
    """The summary of `rft calibrate`; None where there is none, or another kind of file."""
    value = _document(prepared.folder / CALIBRATION)
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        rate = value["pass_rate"]
        return {
            "items": int(value["items"]),
            "answers": int(value["answers"]),
            "fail_share": float(value["fail_share"]),
            "advised": [float(share) for share in value["fail_share_advised"]],
            "threshold": float(value["pass_threshold"]),
            "mean": float(rate["mean"]),
            "at_zero": int(rate["at_zero"]),
            "at_one": int(rate["at_one"]),
            "no_signal": int(rate["no_signal"]),
            "deciles": [int(rate["deciles"][decile]) for decile in range(10)],
        }
    return None


def evaluation(prepared: Prepared) -> list[dict[str, Any]]:
    """The models of an evaluation; none where there is no file of that kind."""
    value = _document(prepared.folder / EVALUATION)
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        return [
            {
                "name": str(model["name"])[:100],
                "items": int(model["items"]),
                "pass_rate": float(model["pass_rate"]),
                **{key: _number(model, key) for key in ("low", "high", "mean_score")},
            }
            for model in value["models"][:20]
        ]
    return []


def _number(values: Mapping[str, Any], key: str) -> float | None:
    value = values.get(key)
    return None if value is None else float(value)


def _document(path: Path) -> Any:
    with suppress(OSError, orjson.JSONDecodeError):
        return orjson.loads(path.read_bytes())
    return None
