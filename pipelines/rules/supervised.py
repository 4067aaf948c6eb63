"""Family 8: rows for supervised fine-tuning, of which a chat ends with the assistant's answer.

A file is taken for one where its first row ends with the assistant and has no field of its own, and
neither a grader nor a job says otherwise; the service infers a file's kind in the same way. On its
rows run these rules and those of `SHARED`, on the file those of `SHARED` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from pipelines.findings import show
from pipelines.io import schema
from pipelines.rules.messages import is_sft
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import by_schema, inside, messages_of
from pipelines.rules.summary import FileSummary

_SCHEMA = "OpenAPI schema of the supervised row; Microsoft's supervised samples, 2026"

# Rules of other families that hold for supervised rows and files too.
SHARED = frozenset(
    {"RFT103", "RFT110", "RFT111", "RFT115", "RFT116", "RFT122", "RFT124", "RFT212", "RFT213"}
    | {"RFT214", "RFT701", "RFT801", "RFT802", "RFT803", "RFT804", "RFT805", "RFT806", "RFT807"}
    | {"RFT808"}
)


@rule("RFT801", "error", source=_SCHEMA)
def is_supervised_chat(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """`messages` is a list of messages with the documented fields, a weight is 0 or 1.

    Microsoft's sample of tool calls has no ids, which the schema asks for: accepted.
    """
    for place, message, remedy in by_schema("supervised", supervised):
        if not _is_extra(place):
            yield place, message, remedy


def _is_extra(place: str) -> bool:
    return place.count("/") == 1 and place[1:] not in schema.load("supervised")["properties"]


@rule("RFT802", "error", source=_SCHEMA)
def ends_with_assistant(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """The last message is the assistant's, for that is what is learnt."""
    messages = list(messages_of(supervised))
    if messages and messages[-1][1].get("role") != "assistant":
        message = f"expected 'assistant', got {show(messages[-1][1].get('role'))}"
        yield f"{messages[-1][0]}/role", message, "end with the answer, or leave the row out"


@rule("RFT803", "error", source='the service\'s answers: "Example 1 contains an extra …"')
def has_no_extra_key(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """A row has messages, tools, functions and parallel_tool_calls, and no other key."""
    for place, message, _ in by_schema("supervised", supervised):
        if _is_extra(place):
            yield place, message, "take it out, or use it in a reinforcement file"


@rule("RFT804", "error", source="undocumented; an empty answer teaches nothing")
def says_something(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """Every message of the assistant has text, a refusal or calls; a user's has text."""
    for place, message in messages_of(supervised):
        content = message.get("content")
        empty = not content or (isinstance(content, str) and not content.strip())
        other = any(message.get(key) for key in ("tool_calls", "function_call", "refusal"))
        if empty and not other and message.get("role") in ("assistant", "user"):
            yield f"{place}/content", f"the {message['role']} says nothing", "leave the row out"


@rule("RFT805", "error", source="OpenAI, supervised fine-tuning: a weight of 0 is not trained on")
def trains_on_an_answer(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """Not every message of the assistant has the weight 0, and no other message has a weight."""
    answers = [m for _, m in messages_of(supervised) if m.get("role") == "assistant"]
    if answers and all(message.get("weight") == 0 for message in answers):
        yield "/messages", "every answer has the weight 0", "give one the weight 1"
    for place, message in messages_of(supervised):
        if "weight" in message and message.get("role") != "assistant":
            yield f"{place}/weight", "only the assistant's messages have a weight", "take it out"


@rule("RFT806", "error", source=_SCHEMA)
def calls_its_tools(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """A call has arguments in JSON, and calls one of the row's tools where they are listed."""
    tools = supervised.get("tools")
    listed = tools if isinstance(tools, list) else []
    names = [inside(tool, "function").get("name") for tool in listed]
    for place, message in messages_of(supervised):
        calls = message.get("tool_calls")
        for i, call in enumerate(calls if isinstance(calls, list) else ()):
            function = inside(call, "function")
            below = f"{place}/tool_calls/{i}/function"
            if names and "name" in function and function["name"] not in names:
                what = f"{show(function['name'])} is none of the row's tools"
                yield f"{below}/name", what, "add it to tools"
            try:
                orjson.loads(str(function.get("arguments", "{}")))
            except orjson.JSONDecodeError:
                yield f"{below}/arguments", "the arguments are no JSON", "write a JSON object"


@rule("RFT807", "warning", source="Microsoft's samples of supervised rows, SCHEMA.md")
def has_a_question(supervised: Mapping[str, Any]) -> Iterator[Fault]:
    """Some message is the user's, and none is a developer's, which no sample has."""
    roles = [message.get("role") for _, message in messages_of(supervised)]
    if roles and "user" not in roles:
        yield "/messages", "no message comes from the user", "add the question"
    if "developer" in roles:
        place = f"/messages/{roles.index('developer')}/role"
        yield place, "supervised rows have 'system' here", "make it 'system'"


@rule("RFT808", "info", source="service messages: the file's kind is inferred from its shape")
def is_not_for_reinforcement(file: FileSummary) -> Iterator[Fault]:
    """A file whose rows end with the assistant is no file of a reinforcement job."""
    if file.supervised:
        message = "checked as supervised rows, which end with the assistant"
        yield "", message, "for reinforcement move the answer into a field, and end with the user"


def is_supervised(item: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether a file is a supervised one, by the job, or by the first of its rows."""
    method = inside(known["job"], "method").get("type")
    return method == "supervised" if method else known["grader"] is None and is_sft(item)
