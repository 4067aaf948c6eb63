"""What `rft prepare` made of its datasets, as tables and as JSON."""

from __future__ import annotations

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipelines.io.progress import NOT_NEEDED
from pipelines.run.result import Result

# Columns of the closing table: that of the names, and one for each dataset.
_NAMES_WIDTH, _COUNTS_WIDTH = 26, 14
_TITLES = {"train": "training", "validation": "validation", "test": "test"}


def show_results(results: list[Result], out: Console) -> None:
    """The closing table, a column a dataset: where its rows went, reason by reason, and what it
    took.
    """
    abreast = max(1, (out.width - _NAMES_WIDTH) // _COUNTS_WIDTH)
    for first in range(0, len(results), abreast):
        out.print(_results_table(results[first : first + abreast]))


def _results_table(results: list[Result]) -> Table:
    spared = [result.dropped.get(NOT_NEEDED, 0) for result in results]
    dropped = [sum(result.dropped.values()) - n for result, n in zip(results, spared, strict=True)]
    rows: dict[str, list[str]] = {
        "rows in": [f"{result.raw:,}" for result in results],
        "dropped": [f"{count:,}" for count in dropped],
    }
    reasons = dict.fromkeys(reason for result in results for reason in result.dropped)
    reasons.pop(NOT_NEEDED, None)
    for reason in reasons:
        counts = (result.dropped.get(reason) for result in results)
        rows[f"  {reason}"] = [f"{count:,}" if count else "" for count in counts]
    if any(spared):
        rows["not needed"] = [f"{count:,}" for count in spared]
    rows |= {
        **{
            f"{title} rows": [f"{result.splits.get(split, 0):,}" for result in results]
            for split, title in _TITLES.items()
            if split != "test" or any(split in result.splits for result in results)
        },
        "bytes": [f"{result.size:,}" for result in results],
        "seconds": [f"{result.seconds:.1f}" for result in results],
    }
    table = Table("", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for result in results:
        table.add_column(result.dataset, justify="right")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def results_document(results: list[Result]) -> dict[str, object]:
    """The results as the JSON output has them."""
    return {
        "datasets": [
            {
                "dataset": result.dataset,
                "folder": str(result.folder),
                "rows": {
                    "raw": result.raw,
                    "train": 0,
                    "validation": 0,
                    **result.splits,
                    "dropped": sum(result.dropped.values()),
                },
                "dropped": result.dropped,
                "bytes": result.size,
                "seconds": round(result.seconds, 3),
                "unchanged": result.unchanged,
                "findings": [finding.as_dict() for finding in result.findings],
                "items": [orjson.loads(item) for item in result.items],
            }
            for result in results
        ]
    }
