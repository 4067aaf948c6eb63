"""What is asked of a model: the request for an item, in either of OpenAI's two APIs.

Sources: OpenAI's API reference, chat completions and responses, as the client 3.54 has them; Azure
OpenAI's v1 API takes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import orjson

from pipelines.io.prepared import Prepared
from pipelines.rules.shapes import inside

Json = dict[str, Any]


class Api(StrEnum):
    """The two ways to ask."""

    chat = "chat"
    responses = "responses"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything but model and item that shapes an answer; None leaves it to the service."""

    api: Api = Api.chat
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    response_format: Json | None = None
    tools: list[Json] | None = None

    @property
    def digest(self) -> str:
        """16 hex digits that are the same where all of it is."""
        value = orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)
        return sha256(value).hexdigest()[:16]

    def shown(self) -> Json:
        """The numbers and words of it, as each answer's line has them."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value is not None and name not in ("response_format", "tools")
        }

    def body(self, model: str, item: Mapping[str, Any]) -> Json:
        """The body of the request for one answer to an item."""
        tools = [*(item.get("tools") or ()), *(self.tools or ())]
        body: Json = {"model": model}
        if self.api is Api.chat:
            body["messages"] = item["messages"]
            body["max_completion_tokens"] = self.max_tokens
            body["reasoning_effort"] = self.reasoning_effort
            body["response_format"] = self.response_format
            body["tools"] = tools or None
        else:
            # What is asked is not kept for later requests.
            body |= {"input": _inputs(item["messages"]), "store": False}
            body["max_output_tokens"] = self.max_tokens
            effort, form = self.reasoning_effort, self.response_format
            body["reasoning"] = effort and {"effort": effort}
            body["text"] = form and {"format": _flat(form, "json_schema")}
            body["tools"] = [_flat(tool, "function") for tool in tools] or None
        body |= {"temperature": self.temperature, "top_p": self.top_p}
        return {name: value for name, value in body.items() if value is not None}


def of_folder(prepared: Prepared, **given: Any) -> Settings:
    """The settings of a folder's job: its response format, tools and reasoning effort.

    given: fields of Settings in place of them.
    """
    method = inside(prepared.document("job"), "method", "reinforcement")
    effort = inside(method, "hyperparameters").get("reasoning_effort")
    form = prepared.document("response_format") or method.get("response_format")
    known: Json = {
        "reasoning_effort": None if effort in (None, "default") else effort,
        "response_format": form,
        "tools": method.get("tools") or None,
    }
    known |= {name: value for name, value in given.items() if value is not None}
    return Settings(**known)


def _flat(nested: Mapping[str, Any], key: str) -> Json:
    """A tool or format as the responses API has it: what is under `key` beside `type`."""
    inner = nested.get(key)
    return {"type": nested.get("type", key), **inner} if isinstance(inner, dict) else dict(nested)


def _inputs(messages: list[Json]) -> list[Json]:
    """Messages of a chat as input of the responses API, in which calls are items of their own."""
    inputs: list[Json] = []
    for message in messages:
        if message["role"] == "tool":
            call = message.get("tool_call_id")
            output = {"type": "function_call_output", "call_id": call, "output": message["content"]}
            inputs.append(output)
            continue
        content = message.get("content")
        if content:
            inputs.append({"role": message["role"], "content": _parts(content, message["role"])})
        for call in message.get("tool_calls") or ():
            function = call["function"]
            inputs.append({"type": "function_call", "call_id": call["id"], **function})
    return inputs


def _parts(content: Any, role: str) -> Any:
    """A message's content: text as it is, parts with the types of the responses API."""
    if not isinstance(content, list):
        return content
    text = "output_text" if role == "assistant" else "input_text"
    parts = []
    for part in content:
        if part.get("type") == "image_url":
            image = part["image_url"]
            detail = {"detail": image["detail"]} if "detail" in image else {}
            parts.append({"type": "input_image", "image_url": image["url"], **detail})
        else:
            parts.append({**part, "type": text})
    return parts
