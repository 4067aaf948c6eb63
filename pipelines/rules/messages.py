"""Family 2: the chat of a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.findings import show
from pipelines.rules.files import is_no_other_method, is_not_wrapped
from pipelines.rules.request import REINFORCEMENT
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import by_schema, inside, messages_of, parts_of, texts_of
from pipelines.rules.summary import FileSummary
from pipelines.rules.tables import limit, phrases
from pipelines.rules.tokens import Count

ROLES = ("developer", "user", "assistant", "tool")
_SCHEMA = "OpenAPI schema of the row, 2025-05-20"
_LEARN = "Learn, reinforcement fine-tuning"
_IMAGES = ("image_url", "image")
SPECIAL = re.compile(r"<\|[A-Za-z_]+\|>")


def _last(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The last message; nothing where that is no object."""
    messages = item.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        return f"/messages/{len(messages) - 1}", messages[-1]
    return "", {}


@rule("RFT201", "error", source=_SCHEMA)
def is_chat(item: Mapping[str, Any], graded: tuple[str, ...]) -> Iterator[Fault]:
    """`messages` is a list of messages, each with a role and text or a list of parts."""
    foreign = (next(is_not_wrapped(item, graded), None), next(is_no_other_method(item), None))
    if "messages" not in item and any(foreign):
        return  # RFT121 or RFT122 says that this is no RFT row at all
    yield from by_schema("item", item)


@rule("RFT202", "error", source="seen 2026-07-26: the job failed in preprocessing")
def has_no_system(item: Mapping[str, Any]) -> Iterator[Fault]:
    """No message is from the system; instructions come from the developer.

    The service answered "System messages are not supported in 'reinforcement' examples"; one vendor
    script keeps the role, against that.
    """
    for place, message in messages_of(item):
        if message.get("role") == "system":
            yield f"{place}/role", "system messages are refused", "make it 'developer' (--fix)"


@rule("RFT203", "error", source=_LEARN, read="2026-10-07")
def ends_with_user(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The last message comes from the user, for the model writes the answer."""
    place, last = _last(item)
    if last.get("role") in ("assistant", "tool") and not is_sft(item):
        message = f"expected 'user', got {show(last['role'])}"
        yield f"{place}/role", message, "keep the answer in its own field"


@rule("RFT204", "warning", source="conflict: user in the guide, developer too in a 2026-04 post")
def ends_not_with_developer(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The last message comes from the user and not from the developer.

    The guide of 2026-10 says user, a post of 2026-04 allows the developer: so a warning.
    """
    place, last = _last(item)
    if last.get("role") == "developer":
        yield f"{place}/role", "the last message is the developer's", "end with the user's"


def is_sft(item: Mapping[str, Any]) -> bool:
    """Whether a row is one of supervised fine-tuning: an answer in the chat, and no field."""
    answers = _last(item)[1].get("role") == "assistant" and len(item["messages"]) > 1
    return answers and not set(item) - {"messages", "tools", "functions", "parallel_tool_calls"}


@rule("RFT217", "error", source="service messages: the file's kind is inferred from its shape")
def is_no_sft(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The rows are not those of supervised fine-tuning: an answer in the chat and no field."""
    if is_sft(item):
        message = "this is a supervised row"
        yield _last(item)[0], message, "move the answer into a field and end with user"


@rule("RFT205", "error", source=_SCHEMA)
def has_known_roles(item: Mapping[str, Any]) -> Iterator[Fault]:
    """Roles are developer, user, assistant and tool."""
    for place, message in messages_of(item):
        role = message.get("role")
        if isinstance(role, str) and role not in (*ROLES, "system"):
            yield f"{place}/role", f"unknown role {show(role)}", f"use {', '.join(ROLES)}"


@rule("RFT206", "error", source="Microsoft's local check")
def has_user(item: Mapping[str, Any]) -> Iterator[Fault]:
    """At least one message comes from the user."""
    roles = [message.get("role") for _, message in messages_of(item)]
    known = all(role in (*ROLES, "system") for role in roles)
    if roles and known and "user" not in roles and roles[-1] not in ("assistant", "tool"):
        yield "/messages", "no message comes from the user", "add the question as the user's"


@rule("RFT207", "error", source="Azure OpenAI, reinforcement fine-tuning, 2025-05")
def has_no_image(item: Mapping[str, Any]) -> Iterator[Fault]:
    """No content part is an image.

    Azure's models train text to text; OpenAI's documents allow images.
    """
    for place, part in parts_of(item):
        if isinstance(part, dict) and part.get("type") in _IMAGES:
            yield place, "the part is an image", "leave the row out"


@rule("RFT208", "error", source="OpenAPI schema, 2026: no audio and no files in input")
def has_text_parts(item: Mapping[str, Any]) -> Iterator[Fault]:
    """Content parts are of type text, with a text."""
    for place, part in parts_of(item):
        kind = inside(part).get("type")
        if kind != "text" and kind not in _IMAGES:
            yield f"{place}/type", f"expected 'text', got {show(kind)}", "give text parts"
        elif kind == "text" and not isinstance(part.get("text"), str):
            yield f"{place}/text", "the part has no text", "give it one"


@rule("RFT210", "error", source="undocumented; a row without a question trains nothing")
def has_user_text(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The user's messages have text."""
    for place, message in messages_of(item):
        if message.get("role") == "user" and _is_empty(message.get("content")):
            yield f"{place}/content", "the user says nothing", "leave the row out"


@rule("RFT211", "warning", source="undocumented")
def has_developer_text(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The developer's messages have text."""
    for place, message in messages_of(item):
        if message.get("role") == "developer" and _is_empty(message.get("content")):
            yield f"{place}/content", "the developer says nothing", "leave the message out"


def _is_empty(content: object) -> bool:
    return (isinstance(content, str) and not content.strip()) or content == []


@rule("RFT212", "error", source="seen 2026-02-12: message contains an invalid token")
def has_no_special_token(item: Mapping[str, Any]) -> Iterator[Fault]:
    """No text holds a special token such as `<|endoftext|>`."""
    for place, text in texts_of(item):
        if found := SPECIAL.search(text):
            yield place, f"{show(found[0])} is a special token", "break it up, or drop the row"


@rule("RFT213", "error", source=_SCHEMA)
def answers_a_call(item: Mapping[str, Any]) -> Iterator[Fault]:
    """A tool's message answers a call that an assistant made before it."""
    calls: set[str] = set()
    for place, message in messages_of(item):
        made = message.get("tool_calls")
        ids = [inside(call).get("id") for call in (made if isinstance(made, list) else ())]
        calls.update(name for name in ids if isinstance(name, str))
        name = message.get("tool_call_id")
        if message.get("role") == "tool" and not (isinstance(name, str) and name in calls):
            fault = f"no call {show(name)} was made before"
            yield f"{place}/tool_call_id", fault, "name the call that it answers"


@rule("RFT214", "error", source=_SCHEMA)
def has_sound_tools(item: Mapping[str, Any]) -> Iterator[Fault]:
    """`tools` is a list of functions, each with a name."""
    if "tools" not in item:
        return
    if not isinstance(item["tools"], list):
        yield "/tools", f"expected a list, got {show(item['tools'])}", "give a list of functions"
        return
    for i, tool in enumerate(map(inside, item["tools"])):
        if tool.get("type") != "function":
            yield f"/tools/{i}/type", "expected 'function'", "give the type 'function'"
        elif not isinstance(inside(tool, "function").get("name"), str):
            yield f"/tools/{i}/function/name", "the function has no name", "give it one"


@rule("RFT222", "error", source="Microsoft's agentic samples; OpenAI's guide")
def has_tools_of_the_job(
    item: Mapping[str, Any], job_tools: frozenset[str] | None
) -> Iterator[Fault]:
    """A row's tools are among the job's, or the job has none and its grader reads the calls.

    Nothing answers the call of another tool. Without a job nothing is asked.
    """
    tools = item.get("tools")
    known = isinstance(tools, list) and job_tools is not None
    for i, tool in enumerate(map(inside, tools or ()) if known else ()):
        name = inside(tool, "function").get("name")
        if (
            tool.get("type") == "function"
            and isinstance(name, str)
            and name not in (job_tools or ())
        ):
            place = f"/tools/{i}/function/name"
            remedy = f"add it to {REINFORCEMENT}/tools of the job, or take it out"
            yield place, f"the job has no tool {show(name)}", remedy


@rule("RFT215", "warning", source="meant for supervised fine-tuning")
def has_no_weight(item: Mapping[str, Any]) -> Iterator[Fault]:
    """No message has a weight, which means nothing here."""
    for place, message in messages_of(item):
        if "weight" in message:
            yield f"{place}/weight", "weights mean nothing in RFT", "leave it out"


@rule("RFT216", "warning", source="only messages and tools are reserved; these belong to the job")
def has_no_request_keys(item: Mapping[str, Any]) -> Iterator[Fault]:
    """`response_format`, `functions` and `parallel_tool_calls` are not in a row."""
    for name in ("response_format", "functions", "parallel_tool_calls"):
        if name in item:
            message = f"{name} in a row is a plain field"
            yield f"/{name}", message, "put it into the job, if anywhere"


@rule("RFT218", "error", source="Microsoft, model guidance, late 2025; the table is gone since")
def fits_context(item: Mapping[str, Any], raw: bytes, count: Count) -> Iterator[Fault]:
    """A row has at most 65,536 tokens, o4-mini's training context; of others none is published."""
    if len(raw) > limit("row_tokens"):
        tokens, how = count(item)
        if tokens > limit("row_tokens"):
            yield "", f"{how}{tokens:,} tokens, at most {limit('row_tokens'):,}", "shorten the row"


@rule("RFT219", "warning", source="half of the training context")
def leaves_room(item: Mapping[str, Any], raw: bytes, count: Count) -> Iterator[Fault]:
    """A row has at most 32,768 tokens, so that reasoning and answer have room.

    A row of n bytes has at most n tokens, so shorter ones are not counted.
    """
    if len(raw) > limit("row_tokens_advised"):
        tokens, how = count(item)
        if limit("row_tokens_advised") < tokens <= limit("row_tokens"):
            yield "", f"{how}{tokens:,} tokens leave little room to reason", "shorten the row"


@rule("RFT220", "warning", source="Microsoft's fine-tuning skill; a run log of 2026-07-26")
def asks_for_no_reasoning(item: Mapping[str, Any]) -> Iterator[Fault]:
    """No message asks for hidden reasoning, for which a file has been blocked."""
    for place, text in texts_of(item):
        lower = text.lower()
        if found := next((phrase for phrase in phrases() if phrase in lower), None):
            yield place, f"{show(found)} may be flagged by moderation", "say it otherwise"


@rule("RFT221", "error", source="seen 2026-07-26: unsafe_file, too many examples were flagged")
def few_rows_ask_for_reasoning(file: FileSummary) -> Iterator[Fault]:
    """At most a tenth of the rows asks for hidden reasoning."""
    share = limit("flagged_share")
    if file.rows and file.flagged * 100 > share * file.rows:
        message = f"{file.flagged:,} of {file.rows:,} rows have a phrase that moderation may flag"
        yield "", message, "see RFT220 for the rows"
