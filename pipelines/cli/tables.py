"""`rft datasets` and `rft rules`: what there is, as tables."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pipelines.cli import terminal
from pipelines.cli.command import argument
from pipelines.cli.options import Format, OutputFormat
from pipelines.findings import BadInput
from pipelines.rules.catalogue import FAMILIES, RULES
from pipelines.rules.tables import assumed, examples, limits, models, prices

# The names of the columns, and the rows.
Listing = tuple[tuple[str, ...], Iterable[tuple[str, ...]]]


def datasets() -> None:
    """List the shipped datasets. Your own is a TOML file, which `rft init FILE` writes."""
    # Here and not above: a description has frames behind it.
    from pipelines.datasets import shipped, shipped_paths

    for dataset in map(shipped, shipped_paths()):
        graders = ", ".join(grading.name for grading in dataset.gradings)
        terminal.say(f"{dataset.name}: {dataset.title}, {dataset.license}; --grader {graders}")
        terminal.say(f"    {dataset.hub} at {(dataset.revision or 'the newest commit')[:17]}")
        terminal.say(f"    tried on: {dataset.tried}")
        terminal.say(f"    item fields: {', '.join(dataset.item_fields)}")


def rules(
    code: Annotated[str, argument(metavar="CODE", help="One rule, as RFT301.")] = "",
    output_format: OutputFormat = Format.text,
) -> None:
    """List the rules that files are held to, and the dated limits, models and prices.

    With a code: why the rule is there, from where, what fails, what passes, and the fix.
    """
    if code:
        _print_rule(code.upper(), output_format)
        return
    names = ("code", "severity", "title", "source", "read")
    listed = [tuple(str(getattr(RULES[code], name)) for name in names) for code in sorted(RULES)]
    if output_format is Format.json:
        terminal.print_json([dict(zip(names, row, strict=True)) for row in listed])
    else:
        for family, (name, about) in FAMILIES.items():
            terminal.say(f"{name}: {about}")
            for code, severity, title, *_ in listed:
                if code.startswith(family):
                    terminal.say(f"  {code} {severity:<7} {title}")
        for table in dated():
            _print(table)
        print()
        terminal.say("`rft rules CODE` says why a rule is there, what fails and what passes.")


def _print_rule(code: str, output_format: Format) -> None:
    if code not in RULES:
        raise BadInput(f"{code}: no rule has this code; see `rft rules`")
    rule, example = RULES[code], examples()[code]
    title, _, why = (inspect.getdoc(rule.test) or "").partition("\n")
    if output_format is Format.json:
        known = {name: str(getattr(rule, name)) for name in ("code", "severity", "source", "read")}
        terminal.print_json(known | {"title": title, "why": why.strip()} | example)
        return
    fix = "`rft validate … --fix DIR` repairs it" if example["fixed"] else "by hand"
    parts = {
        f"{code}, {rule.severity}": title,
        "why": " ".join(why.split()),
        "source": f"{rule.source}; read {rule.read}",
        "fails": example["fails"],
        "passes": example["passes"],
        "finding": example["finding"],
        "fix": fix,
    }
    for name, part in parts.items():
        if part not in ("", None):
            text = part if isinstance(part, str) else terminal.as_json(part).decode()
            terminal.say(f"{name}: {text.strip()}")


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
        (kind.replace("_", " "), name, f"{e['value']:g} {e['unit']}", *_source(e))
        for kind, entries in prices().items()
        for name, e in entries.items()
    ]
    yield ("price", "of", "value", "source", "read"), rows
    rows = [(name, f"{e['value']:g} {e['unit']}", *_source(e)) for name, e in assumed().items()]
    yield ("assumption", "value", "source", "read"), rows


def _source(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry["source"], str(entry["read"])


def _option(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry.get("option", ""), *_source(entry)


def _note(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return entry.get("note", ""), *_source(entry)


def _print(table: Listing) -> None:
    """A dated table: a heading, and a line for each of its rows."""
    names, rows = table
    print(f"\n{names[0]}s")
    for row in rows:
        what, *rest = filter(None, row[: names.index("source")])
        source, read = row[names.index("source") :]
        terminal.say(f"  {what}: {'; '.join(rest)} ({source}; read {read})")
