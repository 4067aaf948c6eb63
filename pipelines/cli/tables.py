"""`rft datasets` and `rft rules`: what there is, as tables."""

from __future__ import annotations

from rich.table import Table

from pipelines.cli import terminal
from pipelines.cli.options import Format, OutputFormat
from pipelines.cli.screen import lines
from pipelines.rules.catalogue import RULES
from pipelines.rules.tables import assumed, limits, models, prices


def datasets() -> None:
    """List the datasets: where they come from and which fields their items have."""
    from pipelines.datasets import DATASETS

    table = Table("dataset", "hub, revision", "licence", "item fields", "graders", "reasons")
    for dataset in DATASETS.values():
        table.add_row(
            dataset.name,
            lines(dataset.hub, dataset.revision[:12]),
            dataset.licence,
            lines(*dataset.fields),
            lines(*(grading.name for grading in dataset.gradings)),
            lines(*(fault.reason for fault in dataset.faults)),
        )
    terminal.console().print(table)


def rules(output_format: OutputFormat = Format.text) -> None:
    """List the rules that files are held to, and the dated limits, models and prices."""
    catalogue = [RULES[code] for code in sorted(RULES)]
    if output_format is Format.json:
        listed = [
            {
                "code": rule.code,
                "severity": rule.severity,
                "title": rule.title,
                "source": rule.source,
                "read": rule.read,
            }
            for rule in catalogue
        ]
        terminal.print_json(listed)
        return
    table = Table("rule", "severity", "what holds", "source", "read")
    for rule in catalogue:
        table.add_row(rule.code, rule.severity, rule.title, rule.source, rule.read)
    terminal.console().print(table)
    table = Table("limit", "value", "source", "read")
    for name, entry in limits().items():
        value = f"{entry['value']:,} {entry['unit']}"
        table.add_row(name, value, entry["source"], str(entry["read"]))
    terminal.console().print(table)
    table = Table("model", "training types", "refuses", "before you pay", "source", "read")
    for name, entry in models().items():
        table.add_row(
            name,
            ", ".join(entry["training_types"]),
            ", ".join(entry.get("refuses", ())),
            entry.get("note", ""),
            entry["source"],
            str(entry["read"]),
        )
    terminal.console().print(table)
    table = Table("price", "of", "value", "source", "read")
    for kind, entries in prices().items():
        for name, entry in entries.items():
            most = f" to {entry['most']:g}" if "most" in entry else ""
            value = f"{entry['value']:g}{most} {entry['unit']}"
            table.add_row(kind.replace("_", " "), name, value, entry["source"], str(entry["read"]))
    terminal.console().print(table)
    table = Table("assumption of an estimate", "value", "option", "source", "read")
    for name, entry in assumed().items():
        most = f" to {entry['high']:g}" if entry["high"] != entry["low"] else ""
        value = f"{entry['low']:g}{most} {entry['unit']}"
        table.add_row(name, value, entry.get("option", ""), entry["source"], str(entry["read"]))
    terminal.console().print(table)
