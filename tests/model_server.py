"""Models on loopback that speak OpenAI's API: chat completions, responses, and what goes wrong.

What a model answers is a function of its name, the question and how often it was asked that. It
throttles, breaks connections, filters and refuses as it is told to. Every request is kept.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-0123456789abcdef0123456789abcdef"
# 2026-11-21, 00:00 UTC.
CREATED = 1_795_219_200


@dataclass
class Reply:
    """What comes back: a text, or something else that services answer."""

    text: str = ""
    finish: str = "stop"
    refusal: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    broken: bool = False


Model = Callable[[str, str, int], Reply]


def throttled(seconds: str = "0", code: str = "429") -> Reply:
    error = {"code": code, "message": "Requests have exceeded the rate limit of your deployment."}
    return Reply(status=429, headers={"Retry-After": seconds}, error=error)


FILTERED = Reply(
    status=400,
    error={
        "code": "content_filter",
        "message": "The response was filtered due to the prompt triggering the content policy.",
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
    },
)


class ModelServer(ThreadingHTTPServer):
    """The models; `answer` says what they answer to a question.

    at_once: how many requests it takes before it throttles, 0 for any number. most: how many it had
    at once. delay: seconds that an answer takes.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Model) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answered: Counter[tuple[str, str]] = Counter()
        self.times: Counter[tuple[str, str]] = Counter()
        self.lock = threading.Lock()
        self.at_once = self.now = self.most = self.refused = 0
        self.delay = 0.0
        self.prompt_tokens: int | None = 50  # None: a quarter of its bytes

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are expected."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: ModelServer

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.partition("/v1/")[2]
        if self.headers.get("Authorization") not in (f"Bearer {KEY}", "Bearer none"):
            error = {"code": "401", "message": "Access denied due to invalid subscription key."}
            return self._send(Reply(status=401, error=error), path, body)
        server = self.server
        messages = body.get("messages") or body.get("input")
        question = next(m["content"] for m in messages if m["role"] == "user")
        if isinstance(question, list):
            question = "".join(part.get("text", "") for part in question)
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
            server.asked.append((path, body))
            full = bool(server.at_once) and server.now > server.at_once
            server.refused += full
            times = server.times[body["model"], question]
            server.times[body["model"], question] += not full
        try:
            time.sleep(server.delay)
            reply = throttled() if full else server.answer(body["model"], question, times)
            with server.lock:
                server.answered[body["model"], question] += reply.status == 200 and not reply.broken
            return self._send(reply, path, body)
        finally:
            with server.lock:
                server.now -= 1

    def _send(self, reply: Reply, path: str, body: dict[str, Any]) -> None:
        if reply.broken:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)
            self.connection.close()
            return
        value: Any = {"error": reply.error}
        if reply.error is None:
            tokens = self.server.prompt_tokens
            if tokens is None:
                messages = body.get("messages") or body.get("input")
                tokens = sum(len(str(message["content"]).encode()) for message in messages) // 4
            make = _chat if path == "chat/completions" else _response
            value = make(reply, body["model"], tokens)
        data = json.dumps(value).encode()
        self.send_response(reply.status)
        for name, text in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _chat(reply: Reply, model: str, tokens: int) -> dict[str, Any]:
    text = None if reply.refusal else reply.text
    message = {"role": "assistant", "content": text, "refusal": reply.refusal}
    if reply.tools:
        message["tool_calls"] = reply.tools  # type: ignore[assignment]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": {
            "prompt_tokens": tokens,
            "completion_tokens": 10 + len(reply.text),
            "total_tokens": tokens + 10 + len(reply.text),
            "completion_tokens_details": {"reasoning_tokens": 7},
        },
    }


def _response(reply: Reply, model: str, tokens: int) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": reply.text, "annotations": []}
    if reply.refusal:
        part = {"type": "refusal", "refusal": reply.refusal}
    output: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs-1", "summary": []},
        {"type": "message", "role": "assistant", "status": "completed", "content": [part]},
    ]
    output += [{"type": "function_call", "call_id": c["id"], **c["function"]} for c in reply.tools]
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    reason = reasons.get(reply.finish)
    return {
        "id": "resp-1",
        "object": "response",
        "created_at": CREATED,
        "model": model,
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": output,
        "usage": {
            "input_tokens": tokens,
            "output_tokens": 10 + len(reply.text),
            "output_tokens_details": {"reasoning_tokens": 7},
        },
    }
