"""Templates filled in, `{{item.x}}` and `{{sample.output_text}}`, and the sample they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from pipelines.graders.templates import Template, templates

# What templates read: `item`, a row, and `sample`, what the model answered.
Roots = Mapping[str, Any]


class Unresolved(Exception):
    """A template that reads what is not there; `error` is the service's name for that."""

    def __init__(self, error: str, details: str) -> None:
        super().__init__(details)
        self.error = error


def sample_of(output_text: str, output_tools: Sequence[Any] = ()) -> dict[str, Any]:
    """The sample that a grader sees of an answer: its text, its JSON, its tool calls.

    `output_json` is None where the text is no JSON. In training it is there with a response_format
    only, which the service's `graders/run` does not know either.
    """
    try:
        output_json = orjson.loads(output_text)
    except orjson.JSONDecodeError:
        output_json = None
    tools = list(output_tools)
    message: dict[str, Any] = {"role": "assistant", "content": output_text}
    if tools:
        message["tool_calls"] = tools
    return {
        "output_text": output_text,
        "output_json": output_json,
        "output_tools": tools,
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls" if tools else "stop"}
        ],
    }


def filler(text: str) -> Callable[[Roots], str]:
    """The function that fills in the templates of a text; it raises Unresolved.

    A string goes in as it is, anything else as JSON: how the service writes numbers and lists is
    not documented. A null counts as not there.
    """
    parts: list[str | Template] = []
    end = 0
    for template in templates(text)[0]:
        written = str(template)
        start = text.index(written, end)
        parts += [text[end:start], template]
        end = start + len(written)
    parts.append(text[end:])

    def fill(roots: Roots) -> str:
        return "".join(
            part if isinstance(part, str) else _text(_value(part, roots)) for part in parts
        )

    return fill


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _value(template: Template, roots: Roots) -> Any:
    value = roots.get(template.root)
    for depth, step in enumerate(template.steps):
        value = _step(value, step)
        if value is None:
            if depth == 0 and template.path[:2] == ("sample", "output_json"):
                raise Unresolved("sample_parse_error", f"{template}: the answer is not JSON")
            where = ".".join((template.root, *template.steps[:depth])).replace(".[", "[")
            raise Unresolved("invalid_variable_error", f"{template}: {where} has no {step!r}")
    return value


def _step(value: Any, step: str) -> Any:
    """What a step leads to: a key of an object, an index of a list; None where there is none."""
    if not step.startswith("["):
        return value.get(step) if isinstance(value, Mapping) else None
    inner = step[1:-1].strip()
    if isinstance(value, list) and inner.isascii() and inner.isdigit():
        return value[int(inner)] if int(inner) < len(value) else None
    return value.get(inner.strip("'\"")) if isinstance(value, Mapping) else None
