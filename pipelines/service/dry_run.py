"""The requests of a submission, shown in place of being sent.

OpenAI's client makes them as it would; instead of a network it has this, which answers as a service
does to which all of it is new and right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx2
import orjson

from pipelines.service.endpoint import HIDDEN, Access, Endpoint, Secrets

# Headers whose values are shown; any other may hold a key.
_SHOWN = {"accept", "content-type", "user-agent"}
# The client's own, about the machine that it runs on, and what HTTP adds.
_LEFT_OUT = re.compile(r"x-stainless-.*|host|connection|accept-encoding|content-length")


def access(where: Endpoint) -> Access:
    """What stands for the key, which a dry run neither needs nor reads."""
    return Access(HIDDEN, "none", Secrets())


class Shown(httpx2.BaseTransport):
    """Tells of each request as a JSON object: method, url, headers, and body or files."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._names: dict[str, str] = {}
        self._parts = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        told: dict[str, Any] = {
            "method": request.method,
            "url": str(request.url),
            "headers": {
                name: value if name in _SHOWN else HIDDEN
                for name, value in sorted(request.headers.items())
                if not _LEFT_OUT.fullmatch(name)
            },
        }
        kind = request.headers.get("content-type", "")
        sent: dict[str, Any] = {}
        if kind.startswith("multipart/"):
            # The boundary is drawn anew each time.
            told["headers"]["content-type"] = kind.partition(";")[0]
            sent = told["body"] = _form(body, kind.partition("boundary=")[2].encode())
        elif body:
            sent = orjson.loads(body)
            told["body"] = Secrets().hidden(sent)
        self._tell(told)
        answer = self._answer(request, sent)
        return httpx2.Response(200, json=answer, request=request)

    def _answer(self, request: httpx2.Request, sent: dict[str, Any]) -> dict[str, Any]:
        path = request.url.path
        if path.endswith("/parts"):
            self._parts += 1
            return {"id": f"id-of-part-{self._parts}"}
        if path.endswith("/uploads"):
            return {"id": f"id-of-upload-of-{sent['filename']}"}
        if path.endswith("/complete"):
            name = path.split("/")[-2].removeprefix("id-of-upload-of-")
            return {"file": {"id": f"id-of-{name}", "status": "uploaded"}}
        if path.endswith("/files"):
            return {"id": f"id-of-{sent['file']['name']}", "status": "uploaded"}
        if request.method == "GET" and path.endswith("/fine_tuning/jobs"):
            return {"data": [], "has_more": False}
        if path.endswith("/fine_tuning/jobs"):
            return {"id": "id-of-the-job", "status": "none: this was a dry run"}
        if "/fine_tuning/jobs/" in path:
            return {"id": path.rpartition("/")[2], "status": "as recorded: this was a dry run"}
        return {"id": path.rpartition("/")[2], "status": "processed"}


def _form(body: bytes, boundary: bytes) -> dict[str, Any]:
    """The fields of a form; of a file its name, bytes and sha256. The body is not copied."""
    fields: dict[str, Any] = {}
    mark, whole = b"--" + boundary, memoryview(body)
    at = body.find(mark)
    # The last mark is followed by two hyphens.
    while body[(begin := at + len(mark)) : begin + 2] == b"\r\n":
        end = body.find(b"\r\n" + mark, begin)
        middle = body.find(b"\r\n\r\n", begin)
        head, data = body[begin:middle].decode(), whole[middle + 4 : end]
        name = re.search(r'\bname="([^"]*)"', head)
        filename = re.search(r'\bfilename="([^"]*)"', head)
        value: Any = data.tobytes().decode() if filename is None else None
        if filename is not None:
            digest = sha256(data).hexdigest()
            value = {"name": filename[1], "bytes": len(data), "sha256": digest}
        fields[name[1] if name else ""] = value
        at = end + 2
    return fields
