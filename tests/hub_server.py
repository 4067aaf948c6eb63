"""A hub on loopback, as much of it as the client asks, that fails as it is told to.

Every body byte that it hands to the socket is counted.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

COMMIT = "c0ffee" + "0" * 34
BLOCK = 1 << 16


@dataclass(frozen=True)
class Fault:
    """How one answer differs from a sound one.

    status: this refusal, with `headers`, in place of the file. cut: close after so many bytes.
    body: other bytes. length: another Content-Length; "chunked" for none. whole: take no notice of
    Range; blind: of If-Range. drip: so many bytes every hundredth of a second.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    body: bytes | None = None
    length: int | str | None = None
    whole: bool = False
    blind: bool = False
    drip: int = 0


SOUND = Fault()
NO_REPOSITORY = Fault(404, {"X-Error-Code": "RepoNotFound"})


def git_sha1(data: bytes) -> str:
    return sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repository:
    """One repository at one commit.

    files: as served, with `more` headers. published: as the API tells of them, so that the two may
    differ; `plain` are those that git holds itself, `hidden` those of which it tells the name
    alone. faults: by kind of request (info, paths, file), used up in order. bodies: in place of the
    API's answers, by kind.
    """

    def __init__(
        self, files: dict[str, bytes], repository: str = "some/data", commit: str = COMMIT
    ) -> None:
        self.repository, self.commit = repository, commit
        self.files, self.published = dict(files), dict(files)
        self.plain: set[str] = set()
        self.hidden: set[str] = set()
        self.branches = {"main": commit}
        self.etags: dict[str, str] = {}
        self.more: dict[str, dict[str, str]] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.bodies: dict[str, bytes] = {}
        self.sent: Counter[str] = Counter()
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def paths(self, kind: str) -> list[str]:
        """The paths asked for, of one kind of request."""
        return [path for asked, path, _ in self.asked if asked == kind]

    def headers(self, kind: str) -> list[dict[str, str]]:
        return [headers for asked, _, headers in self.asked if asked == kind]

    def etag(self, path: str) -> str:
        return self.etags.get(path, f'"{sha256(self.files[path]).hexdigest()}"')


class HubServer(Repository, ThreadingHTTPServer):
    """A hub with one repository and its `neighbours`.

    storage: another server to which files are redirected. pause: seconds between blocks.
    """

    daemon_threads = True

    def __init__(
        self, files: dict[str, bytes], repository: str = "some/data", commit: str = COMMIT
    ) -> None:
        Repository.__init__(self, files, repository, commit)
        ThreadingHTTPServer.__init__(self, ("127.0.0.1", 0), _Handler)
        self.neighbours: list[Repository] = []
        self.storage: HubServer | None = None
        self.pause = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are expected."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def setup(self) -> None:
        super().setup()
        # So that what is counted is not far ahead of what has come.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.server.asked.append(("HEAD", self.path, {}))
        self._refuse(Fault(500))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        for repo in self._repositories():
            if self.path == f"/api/datasets/{repo.repository}/paths-info/{repo.commit}":
                fault = self._ask(repo, "paths", self.path)
                if fault.status:
                    return self._refuse(fault)
                if "paths" in repo.bodies:
                    return self._body(repo.bodies["paths"])
                return self._json(
                    [_entry(repo, path) for path in form["paths"] if path not in repo.hidden]
                )
        return self._refuse(NO_REPOSITORY)

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        for repo in self._repositories():
            info = f"/api/datasets/{repo.repository}/revision/"
            files = f"/datasets/{repo.repository}/resolve/{repo.commit}/"
            if path.startswith(info):
                return self._info(repo, path.removeprefix(info))
            if path.startswith(files) and path.removeprefix(files) in repo.files:
                return self._resolve(repo, path.removeprefix(files))
        return self._refuse(NO_REPOSITORY)

    def _repositories(self) -> list[Repository]:
        return [self.server, *self.server.neighbours]

    def _resolve(self, repo: Repository, name: str) -> None:
        fault = self._ask(repo, "file", name)
        if fault.status:
            return self._refuse(fault)
        storage = self.server.storage
        if storage is not None:
            return self._refuse(Fault(302, {"Location": f"{storage.url}{self.path}"}))
        return self._file(repo, name, fault)

    def _ask(self, repo: Repository, kind: str, path: str) -> Fault:
        headers = {name.lower(): value for name, value in self.headers.items()}
        repo.asked.append((kind, path, headers))
        waiting = repo.faults.get(kind)
        return waiting.pop(0) if waiting else SOUND

    def _info(self, repo: Repository, revision: str) -> None:
        fault = self._ask(repo, "info", revision)
        if fault.status:
            return self._refuse(fault)
        if repo.branches.get(revision, revision) != repo.commit:
            return self._refuse(Fault(404, {"X-Error-Code": "RevisionNotFound"}))
        if "info" in repo.bodies:
            return self._body(repo.bodies["info"], fault.drip)
        siblings = [{"rfilename": path} for path in repo.published]
        return self._json({"id": repo.repository, "sha": repo.commit, "siblings": siblings})

    def _file(self, repo: Repository, name: str, fault: Fault) -> None:
        data = repo.files[name] if fault.body is None else fault.body
        begin, end = 0, len(data)
        asked = self.headers.get("Range")
        etag = repo.etag(name)
        same = self.headers.get("If-Range", etag) == etag
        if asked and (same or fault.blind) and not fault.whole:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(int(last or end) + 1, end) if last else end
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(data)}")
        else:
            self.send_response(200)
        for header, value in {"ETag": etag, **repo.more.get(name, {})}.items():
            self.send_header(header, value)
        if fault.length == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(fault.length or end - begin))
        self.end_headers()
        stop = end if fault.cut is None else min(end, begin + fault.cut)
        step = fault.drip or BLOCK
        for at in range(begin, stop, step):
            block = data[at : min(at + step, stop)]
            if fault.length == "chunked":
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
            else:
                self.wfile.write(block)
            repo.sent[name] += len(block)
            if self.server.pause or fault.drip:
                time.sleep(self.server.pause or 0.01)
        if fault.length == "chunked" and fault.cut is None:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = stop < end or fault.length is not None

    def _refuse(self, fault: Fault) -> None:
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, value: object) -> None:
        self._body(orjson.dumps(value))

    def _body(self, body: bytes, drip: int = 0) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), drip or len(body) or 1):
            self.wfile.write(body[at : at + drip] if drip else body)
            time.sleep(0.01 if drip else 0)


def _entry(repo: Repository, path: str) -> dict[str, Any]:
    data = repo.published[path]
    entry = {"type": "file", "path": path, "size": len(data), "oid": git_sha1(data)}
    if path in repo.plain:
        return entry
    lfs = {"oid": sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry | {"oid": "0" * 40, "lfs": lfs}


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve from a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
