"""`rft show`: one row's whole story."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson

from pipelines.cli import terminal
from pipelines.cli.command import argument, option
from pipelines.cli.options import Folder, Format, OutputFormat
from pipelines.rules.shapes import inside

# Columns of the names at the left, and the most that is shown of a value.
_LEFT, _MOST = 10, 700
_WIDEST = 100


def show(
    folder: Folder,
    row: Annotated[
        str,
        argument(
            metavar="ID",
            help="An id, 8 or more digits of a digest, SPLIT:LINE, or FILE:ROW of a raw file.",
        ),
    ],
    raw: Annotated[
        Path | None, option(metavar="DIR", help="Where the raw files are, if they were moved.")
    ] = None,
    output_format: OutputFormat = Format.text,
) -> None:
    """Tell what one row was, and what became of it.

    The raw row; its repairs, with what they took away as [-…-] and put in as {+…+}; the rows that
    it is linked to and why; the stage that dropped it, or its line and its item; and its grades.

    \b
    Examples:
      rft show medmcqa train:12
      rft show medmcqa 0deb9d1b-3c47-fa71-721d-913e089f33ab
      rft show medmcqa train-00000-of-00001.parquet:7 --format json
    """
    from pipelines.io import prepared
    from pipelines.report.story import stories

    shown = stories(prepared.find(folder), row, raw)
    if output_format is Format.json:
        terminal.print_json(shown)
        return
    width = min(terminal.console().width, _WIDEST)
    for place, story in enumerate(shown):
        if place:
            terminal.say("─" * width)
        for name, text in _parts(story):
            _say(name, text, width)


def _say(name: str, text: str, width: int) -> None:
    """A name at the left and its text beside it, wrapped, its own lines kept."""
    if len(text) > _MOST:
        text = f"{text[:_MOST]}… ({len(text) - _MOST:,} more characters; --format json shows all)"
    lines = [
        part
        for line in text.splitlines() or [""]
        for part in textwrap.wrap(line, width - _LEFT) or [""]
    ]
    for number, line in enumerate(lines):
        terminal.say(f"{name if not number else '':<{_LEFT}}{line.rstrip()}".rstrip())


def _parts(story: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The parts of a story, each with its name."""
    from pipelines.report.difference import marked

    yield "id", story["id"] or "none"
    if story["digest"] != story["id"]:
        yield "digest", story["digest"]
    yield "became", _place(story["became"])
    yield "", ""
    if raw := story["raw"]:
        yield "raw row", f"{raw['file']}:{raw['row']}"
        if raw["columns"] is None:
            yield "", raw["fault"]
        for name, value in (raw["columns"] or {}).items():
            if value is not None:
                text = (
                    value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
                )
                yield "", f"{name}: {text}"
        yield "", ""
    if story["repairs"]:
        yield "repairs", ", ".join(story["repairs"])
        if story["published"]:
            before, after = marked(story["published"], story["prompt"] or "")
            yield "", _changes(before, after)
        yield "", ""
    if story["counted"]:
        yield "counted", ", ".join(story["counted"])
    for link in story["links"]:
        degree = f" {link['similarity']:.3f}" if link["similarity"] else ""
        place = f"{link['file']}:{link['row']}"
        yield "linked", f"{link['link']}{degree}: {link['id']} ({place})"
        yield "", f"{_place(link)}; answer {link['reference_answer']}"
        yield "", (link["prompt"] or "")[:200]
    for name in story["suspects"]:
        yield "suspect", f"nearly the same question with another answer: {name}"
    if story["links"] or story["suspects"]:
        yield "", ""
    if item := story["item"]:
        messages = item.get("messages")
        for message in map(inside, messages if isinstance(messages, list) else ()):
            content = message.get("content")
            text = content if isinstance(content, str) else orjson.dumps(content).decode()
            yield str(message.get("role")), text
        fields = [name for name in item if name not in ("messages", "id")]
        for name in fields:
            label = "fields" if name == fields[0] else ""
            yield label, f"{name}: {orjson.dumps(item[name]).decode()}"
    else:
        yield "prompt", story["prompt"] or ""
        yield "answer", story["reference_answer"] or "none"
    grades = story["grades"]
    if published := grades.get("published"):
        right = f"{published['verified']} of {published['judged']}"
        yield "grades", f"{right} published generations are verified"
    if rate := grades.get("pass_rate"):
        yield "grades", f"{rate['passed']} of {rate['n']} sampled answers pass"


def _place(became: dict[str, Any]) -> str:
    if "line" in became:
        return f"line {became['line']} of {became['split']}.jsonl"
    detail = f": {became['detail']}" if became["detail"] else ""
    return f"dropped in {became['stage']}, {became['reason']}{detail}"


def _changes(before: list[tuple[str, bool]], after: list[tuple[str, bool]]) -> str:
    """Both texts as one: what was taken away as [-…-], what was put in as {+…+}."""
    parts, left = [], list(before)
    for text, new in after:
        while left and left[0][1]:
            parts.append(f"[-{left.pop(0)[0]}-]")
        if new:
            parts.append(f"{{+{text}+}}")
        else:
            parts.append(text)
            if left:
                left.pop(0)
    parts += [f"[-{text}-]" for text, gone in left if gone]
    return "".join(parts)
