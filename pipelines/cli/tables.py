"""`rft datasets` and `rft rules`: what there is, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.cli import terminal
from pipelines.cli.options import Format, OutputFormat
from pipelines.rules.catalogue import RULES
from pipelines.rules.tables import assumed, limits, models, prices

# The names of the columns, and the rows.
Listing = tuple[tuple[str, ...], Iterable[tuple[str, ...]]]


def datasets() -> None:
    """List the datasets: where they come from and which fields their items have."""
    # Here and not above: the recipes have frames behind them.
    from pipelines.datasets import DATASETS

    rows = (
        (
            dataset.name,
            f"{dataset.hub}\n{dataset.revision[:12]}",
            dataset.licence,
            "\n".join(dataset.fields),
            "\n".join(grading.name for grading in dataset.gradings),
            "\n".join(fault.reason for fault in dataset.faults),
        )
        for dataset in DATASETS.values()
    )
    names = ("dataset", "hub, revision", "licence", "item fields", "graders", "reasons")
    _print([(names, rows)])


def rules(output_format: OutputFormat = Format.text) -> None:
    """List the rules that files are held to, and the dated limits, models and prices."""
    names = ("code", "severity", "title", "source", "read")
    listed = [tuple(str(getattr(RULES[code], name)) for name in names) for code in sorted(RULES)]
    if output_format is Format.json:
        terminal.print_json([dict(zip(names, row, strict=True)) for row in listed])
    else:
        _print([(("rule", "severity", "what holds", "source", "read"), listed), *dated()])


def dated() -> Iterator[Listing]:
    """The dated tables: limits, models, prices, and what estimates assume."""
    rows: list[tuple[str, ...]]
    rows = [(name, f"{e['value']:,} {e['unit']}", *_option(e)) for name, e in limits().items()]
    yield ("limit", "value", "option", "source", "read"), rows
    rows = [
        (name, ", ".join(e["training_types"]), ", ".join(e.get("refuses", ())), *_note(e))
        for name, e in models().items()
    ]
    yield ("model", "training types", "refuses", "before you pay", "source", "read"), rows
    rows = [
        (kind.replace("_", " "), name, _range(e, "value", "most"), *_source(e))
        for kind, entries in prices().items()
        for name, e in entries.items()
    ]
    yield ("price", "of", "value", "source", "read"), rows
    rows = [(name, _range(e, "low", "high"), *_source(e)) for name, e in assumed().items()]
    yield ("assumption", "value", "source", "read"), rows


def _source(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry["source"], str(entry["read"])


def _option(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry.get("option", ""), *_source(entry)


def _note(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry.get("note", ""), *_source(entry)


def _range(entry: Mapping[str, Any], low: str, high: str) -> str:
    ends = dict.fromkeys(f"{entry[name]:g}" for name in (low, high) if name in entry)
    return f"{' to '.join(ends)} {entry['unit']}"


def _print(listings: Iterable[Listing]) -> None:
    from rich.table import Table

    from pipelines.cli.screen import lines

    for names, rows in listings:
        table = Table(*names)
        for row in rows:
            table.add_row(*(lines(*cell.split("\n")) for cell in row))
        terminal.console().print(table)
