"""What a service replied: text, tool calls, tokens, and how the answer ended.

An answer ends in one of five ways: `stop`, `tool_calls`, `length` (it was cut), `content_filter`
and `refusal`. The last three are no answers to be graded (`graders.samples.UNFINISHED`).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pipelines.io.bounds import MOST_LEVELS, too_deep
from pipelines.rules.shapes import inside
from pipelines.service.sampling.settings import Api

Json = dict[str, Any]

# A count of tokens from here on is none, for no model has such a context.
_MOST_TOKENS = 1 << 40


class Unreadable(Exception):
    """A reply in which there is no answer; the text tells what is there."""


def read(api: Api, reply: Any) -> Json:
    """The answer in a reply: `output_text`, `output_tools`, `finish`, `usage`, `date`.

    usage: tokens of `input` and `output`, and of these `reasoning`, as far as the service counts.
    date: the day on which the service made it, UTC. Raises Unreadable.
    """
    if not isinstance(reply, dict):
        raise Unreadable("the answer is no JSON object; is this the service?")
    if too_deep(reply):  # nobody could write it down
        raise Unreadable(f"the answer has over {MOST_LEVELS} levels; is this the service?")
    answer = _chat(reply) if api is Api.chat else _response(reply)
    made = reply.get("created", reply.get("created_at"))
    if isinstance(made, int | float) and not isinstance(made, bool):
        with suppress(ValueError, OverflowError, OSError):  # no time of any calendar
            answer["date"] = datetime.fromtimestamp(made, UTC).date().isoformat()
    return answer


def filtered() -> Json:
    """The answer to a request that the service's filter refused: there is none."""
    today = datetime.now(UTC).date().isoformat()
    return {**_answer("", [], "content_filter", {}), "date": today}


def _answer(text: Any, tools: Any, finish: str, usage: Json) -> Json:
    if not isinstance(text, str):
        raise Unreadable("what the answer says is no text; is this the service?")
    if not isinstance(tools, list) or not all(isinstance(call, dict) for call in tools):
        raise Unreadable("the answer's tool calls are no list of objects; is this the service?")
    tokens = {
        "input": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output": usage.get("completion_tokens", usage.get("output_tokens")),
        "reasoning": (
            inside(usage, "completion_tokens_details").get("reasoning_tokens")
            or inside(usage, "output_tokens_details").get("reasoning_tokens")
        ),
    }
    counted = {name: n for name, n in tokens.items() if type(n) is int and 0 <= n < _MOST_TOKENS}
    return {"output_text": text, "output_tools": tools, "finish": finish, "usage": counted}


def _chat(reply: Json) -> Json:
    choices = reply.get("choices")
    choice = inside(choices[0] if isinstance(choices, list) and choices else None)
    message = inside(choice, "message")
    if not message:
        raise Unreadable("the answer has no message; is this a chat model?")
    text, tools = message.get("content") or "", message.get("tool_calls") or []
    finish = choice.get("finish_reason")
    if finish not in ("length", "content_filter"):
        finish = "tool_calls" if tools else "stop"
    if message.get("refusal"):
        text, finish = message["refusal"], "refusal"
    return _answer(text, tools, finish, inside(reply, "usage"))


def _response(reply: Json) -> Json:
    output = reply.get("output")
    if not isinstance(output, list):
        raise Unreadable("the answer has no output; does the endpoint know the responses API?")
    if reply.get("status") == "failed":
        message = inside(reply, "error").get("message") or "no reason"
        raise Unreadable(f"the model failed: {message}")
    texts: list[Any] = []
    refusals: list[Any] = []
    tools: list[Json] = []
    for item in map(inside, output):
        if item.get("type") == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            tools.append({"id": item.get("call_id"), "type": "function", "function": function})
        content = item.get("content") if item.get("type") == "message" else ()
        for part in map(inside, content if isinstance(content, list) else ()):
            texts += [part.get("text")] if part.get("type") == "output_text" else []
            refusals += [part.get("refusal")] if part.get("type") == "refusal" else []
    if not all(isinstance(text, str) for text in (*texts, *refusals)):
        raise Unreadable("what the answer says is no text; is this the service?")
    finish = "tool_calls" if tools else "stop"
    if reply.get("status") == "incomplete":
        reason = inside(reply, "incomplete_details").get("reason")
        finish = "content_filter" if reason == "content_filter" else "length"
    if refusals:
        texts, finish = refusals, "refusal"
    return _answer("".join(texts), tools, finish, inside(reply, "usage"))
