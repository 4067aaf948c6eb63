"""Graders that ask a model, score_model and label_model, of an endpoint that speaks OpenAI's API.

What the service asks is documented of score_model: the grader's messages, and a response format of
`result` and `steps`, each with a description and a conclusion. A label_model was seen to answer in
the same form. An answer that cannot be had is not run; an answer that is no score counts 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from pipelines.graders.grade import Grade, NotRun, failed, not_run
from pipelines.graders.render import Roots, Unresolved, filler


class Model(Protocol):
    """Models that can be asked."""

    def complete(self, **request: Any) -> Any:
        """The answer to a chat completion request; NotRun where there is none."""

    def close(self) -> None:
        """No more is asked."""


def scorer(grader: Mapping[str, Any], model: Model) -> Callable[[Roots], Grade]:
    """The function that grades one answer by a score_model or a label_model, asking a model.

    NotRun where a message holds more than text.
    """
    fill = [(message["role"], _content(message["content"])) for message in grader["input"]]
    labels = grader["labels"] if grader["type"] == "label_model" else None
    options = {
        "max_completion_tokens" if name == "max_completions_tokens" else name: value
        for name, value in grader.get("sampling_params", {}).items()
        if value is not None
    }
    request = {"model": grader["model"], "response_format": _response_format(labels), **options}
    read = _reader(grader)

    def score(roots: Roots) -> Grade:
        try:
            messages = [{"role": role, "content": content(roots)} for role, content in fill]
        except Unresolved as error:
            return failed(error.error, str(error))
        try:
            reply = model.complete(messages=messages, **request)
        except NotRun as reason:
            return not_run(reason)
        return _grade(reply, read)

    return score


def _content(content: Any) -> Callable[[Roots], str]:
    parts = content if isinstance(content, list) else [content]
    texts = []
    for part in parts:
        text = part if isinstance(part, str) else part.get("text")
        if not isinstance(text, str):
            raise NotRun(f"a message with a part of type {part['type']!r}; only text is asked here")
        texts.append(filler(text))
    return lambda roots: "\n".join(text(roots) for text in texts)


def _response_format(labels: list[str] | None) -> dict[str, Any]:
    """The steps come before the result, so that a model reasons before it judges."""
    text = {"type": "string"}
    step = _object({"description": text, "conclusion": text})
    result = {"type": "number"} if labels is None else {"type": "string", "enum": labels}
    schema = _object({"steps": {"type": "array", "items": step}, "result": result})
    return {
        "type": "json_schema",
        "json_schema": {"name": "grade", "strict": True, "schema": schema},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _grade(reply: Any, read: Callable[[Any], float | None]) -> Grade:
    choices = getattr(reply, "choices", None)  # the client does not check what it gets
    message = getattr(choices[0], "message", None) if choices else None
    if not choices or message is None:
        return not_run("the endpoint's answer has no message")
    if message.refusal or choices[0].finish_reason == "content_filter":
        return failed("model_grader_refusal_error", message.refusal or "content filter")
    if choices[0].finish_reason == "length":
        error = "model_grader_exceeded_max_tokens_error"
        return failed(error, "the model's answer was cut; raise max_completions_tokens")
    content = message.content or ""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    # An endpoint that knows no response format may answer the number alone.
    score = read(answer.get("result") if isinstance(answer, dict) else answer)
    if score is None:
        return failed("model_grader_parse_error", f"no result in {content[:80]!r}")
    return Grade(score)


def _reader(grader: Mapping[str, Any]) -> Callable[[Any], float | None]:
    """The score of a result: a number clipped to the range, as is documented, or a label's."""
    if grader["type"] == "label_model":
        labels, passing = grader["labels"], grader["passing_labels"]
        return lambda result: float(result in passing) if result in labels else None
    low, high = map(float, grader.get("range", (0, 1)))

    def clipped(result: Any) -> float | None:
        is_number = isinstance(result, int | float) and not isinstance(result, bool)
        return min(max(float(result), low), high) if is_number else None

    return clipped
