"""A fine-tuning service on loopback, as Azure's and OpenAI's are documented, that keeps state.

It is a resource at /openai/v1, a project at /api/projects/P/openai/v1, where uploads in parts are
404, and OpenAI's at /v1. Files and jobs move on by one state each time they are looked at. What it
says to a fault is what the services were seen to say. Every request is kept.
"""

from __future__ import annotations

import json
import re
import socket
import struct
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipelines.rules.request import request

KEY = "key-0123456789abcdef0123456789abcdef"
CREATED = 1_763_700_000

ACCESS = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint."
)
UNREADY = "The specified file reference must point to a completed file import."
UNREAD = "The fineTuningJob field is required."
SYSTEM = "System messages are not supported in 'reinforcement' examples"
FILE_STATES = ("uploaded", "pending", "running", "processed")
ENDED = ("succeeded", "failed", "cancelled")
GRADERS = ("string_check", "text_similarity", "score_model", "python", "multi", "endpoint")


# The connection is closed or reset, also before the body of the request was read; the answer is cut
# in its headers or its body, is not HTTP, or does not come until the client is gone.
BREAKS = ("closed", "reset", "unread", "cut headers", "cut body", "noise", "silence")


@dataclass(frozen=True)
class Fault:
    """In place of an answer: a refusal, or a connection that breaks.

    broken: how it does, one of BREAKS. after: the request is done first, and only its answer is
    lost.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"error": {"code": "fault", "message": "something broke"}}'
    broken: str = ""
    after: bool = False


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


def invalid(message: str) -> Refusal:
    return Refusal(400, "invalidPayload", message)


class ServiceServer(ThreadingHTTPServer):
    """The service.

    faults: by "METHOD end-of-path", used up in order; None is a sound answer. file_errors: what
    becomes of a file, by its name. steps: how many a job has. echo: refusals tell the headers that
    came. forgetful: jobs come back without their metadata. unlisted: from how many lists to come
    the newest job is missing. ascending: events come oldest first. curve: what a job learns,
    which is in its result file, too.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = KEY
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.happened: dict[str, list[dict[str, Any]]] = {}
        self.checkpoints: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[Asked] = []
        self.faults: dict[str, list[Fault | None]] = {}
        self.file_states: tuple[str, ...] = FILE_STATES
        self.file_errors: dict[str, str] = {}
        self.part_limit = 64_000_000
        self.steps = 3
        self.page = 100
        self.unlisted = 0
        self.echo = self.forgetful = self.ascending = False
        self.numbers: Counter[str] = Counter()
        self.on_look: Callable[[dict[str, Any]], None] = lambda job: None
        # Training and validation reward of a step, and its reasoning tokens.
        self.curve: Callable[[int], tuple[float, float, float]] = lambda step: (
            0.4 + step / 10,
            0.5 + step / 10,
            3330.02,
        )
        self.seconds_per_step = 720.0
        self.encoded = False  # whether result files come in base64, as OpenAI's do

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """The resource."""
        return f"{self.origin}/openai/v1/"

    @property
    def project(self) -> str:
        return f"{self.origin}/api/projects/P"

    @property
    def openai(self) -> str:
        return f"{self.origin}/v1"

    def paths(self, method: str) -> list[str]:
        """The paths asked for by a method, below the API's root."""
        return [each.path for each in self.asked if each.method == method]

    def duplicates(self) -> int:
        """How many jobs of a submission there are beyond the first."""
        made = Counter((job["metadata"] or {}).get("rft_submission") for job in self.jobs.values())
        return sum(made.values()) - len(made)

    def id(self, kind: str) -> str:
        self.numbers[kind] += 1
        return f"{kind}-{self.numbers[kind]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are expected."""

    # Files

    def add_file(self, name: str, data: bytes, purpose: str) -> dict[str, Any]:
        if purpose != "fine-tune":
            raise Refusal(400, "invalidPayload", f"purpose {purpose!r}")
        id = self.id("file")
        self.contents[id] = data
        self.files[id] = {
            "id": id,
            "object": "file",
            "bytes": len(data),
            "created_at": CREATED,
            "filename": name,
            "purpose": purpose,
            "status": self.file_states[0],
        }
        return self.files[id]

    def look_at_file(self, id: str) -> dict[str, Any]:
        if id not in self.files:
            raise Refusal(404, "fileNotFound", f"The file '{id}' was not found.")
        file = self.files[id]
        if file["status"] in self.file_states[:-1]:
            file["status"] = self.file_states[self.file_states.index(file["status"]) + 1]
        if file["status"] == "processed" and file["filename"] in self.file_errors:
            file |= {"status": "error", "status_details": self.file_errors[file["filename"]]}
        return file

    def add_part(self, id: str, data: bytes) -> dict[str, Any]:
        upload = self._upload(id)
        if len(data) > self.part_limit:
            raise Refusal(400, "invalid_request_error", f"a part of {len(data)} bytes is too large")
        part = self.id("part")
        upload["parts"][part] = data
        return {"id": part, "object": "upload.part", "upload_id": id, "created_at": CREATED}

    def end_upload(self, id: str, body: dict[str, Any]) -> dict[str, Any]:
        upload = self._upload(id)
        data = b"".join(upload["parts"][part] for part in body["part_ids"])
        if len(data) != upload["bytes"] or md5(data).hexdigest() != body.get("md5"):
            raise Refusal(400, "invalid_request_error", "the parts are not the file")
        file = self.add_file(upload["filename"], data, upload["purpose"])
        upload |= {"status": "completed", "file": file}
        return upload

    def _upload(self, id: str) -> dict[str, Any]:
        if self.uploads[id]["status"] != "pending":
            status = self.uploads[id]["status"]
            raise Refusal(400, "invalid_request_error", f"Upload '{id}' is {status}.")
        return self.uploads[id]

    # Jobs

    def create_job(self, body: dict[str, Any], azure: bool) -> dict[str, Any]:
        kind = body.get("trainingType")
        if not azure and kind is not None:
            message = "Unrecognized request argument supplied: trainingType"
            raise Refusal(400, "unknown_parameter", message)
        if kind is not None and kind.lower() not in ("standard", "globalstandard", "developertier"):
            raise invalid(UNREAD)
        model = body["model"]
        if (
            azure
            and model == "gpt-5.4-mini-2026-03-17"
            and (kind or "Standard").lower() == "standard"
        ):
            raise invalid(
                f"The specified base model {model} does not support fine-tuning with Standard "
                "TrainingType."
            )
        supervised = body["method"]["type"] == "supervised" and model.startswith("gpt-4.1")
        if body["method"]["type"] != "reinforcement" and not supervised:
            raise invalid(
                f"Finetuning with {model} requires the reinforcement method of finetuning."
            )
        for name in ("training_file", *(["validation_file"] if not supervised else ())):
            if self.files.get(body[name], {}).get("status") != "processed":
                raise invalid(UNREADY)
        if not supervised and body["method"]["reinforcement"]["grader"]["type"] not in GRADERS:
            raise invalid("unknown grader")
        id = self.id("ftjob")
        self.jobs[id] = {
            "id": id,
            "object": "fine_tuning.job",
            "created_at": CREATED + len(self.jobs),
            "status": "validating_files",
            "trained_tokens": None,
            "fine_tuned_model": None,
            "error": None,
            "metadata": None,
            **body,
        }
        self.happened[id], self.checkpoints[id] = [], []
        self.tell(id, f"Created fine-tuning job: {id}")
        return self.jobs[id]

    def tell(self, id: str, message: str, **more: Any) -> None:
        number = len(self.happened[id]) + 1
        event = {
            "id": f"ftevent-{number}",
            "object": "fine_tuning.job.event",
            "created_at": CREATED + number // 2,
            "level": "info",
            "type": "message",
            "message": message,
        }
        self.happened[id].append(event | more)

    def look_at_job(self, id: str) -> dict[str, Any]:
        """The job as it is, which goes on by one state before the next look."""
        if id not in self.jobs:
            raise Refusal(404, "resourceNotFound", f"The fine-tuning job '{id}' was not found.")
        job = self.jobs[id]
        told = dict(job)
        match job["status"]:
            case "validating_files" if self._has_system(job):
                job |= {"status": "failed", "error": {"code": "", "message": SYSTEM, "param": None}}
                self.tell(id, f"Job failed: {SYSTEM}", level="error")
            case "validating_files":
                job["status"] = "queued"
                self.tell(id, "Preprocessing completed.")
            case "queued":
                job["status"] = "pending"
            case "pending" | "resuming":
                job["status"] = "running"
                self.tell(id, "Job started.")
            case "pausing":
                job["status"] = "paused"
                self.tell(id, "Job paused.")
            case "running":
                self._step(job)
        self.on_look(job)
        return told

    def _has_system(self, job: dict[str, Any]) -> bool:
        if job["method"]["type"] == "supervised":
            return False
        rows = self.contents[job["training_file"]].splitlines()
        return any(m["role"] == "system" for row in rows for m in json.loads(row)["messages"])

    def _step(self, job: dict[str, Any]) -> None:
        id, done = job["id"], len(self.checkpoints[job["id"]])
        if done == self.steps:
            model = f"{job['model']}.ft-{id}"
            job |= {"status": "succeeded", "trained_tokens": 1234567, "fine_tuned_model": model}
            job["finished_at"] = CREATED + 3600
            job["result_files"] = [self._results()]
            self.tell(id, "Job succeeded.")
            return
        step = done + 1
        train, valid, tokens = self.curve(step)
        data = {
            "step": step,
            "total_steps": self.steps,
            "scores": {"train_reward_mean": train, "valid_reward_mean": valid, "graders": []},
            "usage": {"samples": {"train_reasoning_tokens_mean": tokens}},
            "timing": {"step": {"full_iteration": self.seconds_per_step}},
            "errors": {"graders": [{"name": "exact", "train_sample_parse_error_mean": 0.25}]},
        }
        message = (
            f"Step {step}/{self.steps} , train mean reward={train:.2f}, "
            f"full validation mean reward={valid:.2f}, full validation mean parse error=0.00"
        )
        self.tell(id, message, data=data if step > 1 else None, type="metrics")
        self.checkpoints[id].append(
            {
                "id": f"ftckpt-{step}",
                "object": "fine_tuning.job.checkpoint",
                "step_number": step,
                "fine_tuned_model_checkpoint": f"{job['model']}.ft-{id}:ckpt-step-{step}",
                "metrics": {"step": step, "valid_reward_mean": valid},
            }
        )

    def _results(self) -> str:
        names = "step,train_reward_mean,valid_reward_mean,train_reasoning_tokens_mean"
        rows = [",".join(map(str, (n, *self.curve(n)))) for n in range(1, self.steps + 1)]
        data = "\n".join([names, *rows, ""]).encode()
        file = self.add_file("results.csv", b64encode(data) if self.encoded else data, "fine-tune")
        return str(file["id"])

    def change(self, id: str, verb: str, body: bytes) -> dict[str, Any]:
        if not body:
            raise Refusal(411, "LengthRequired", "Length Required")
        if id not in self.jobs:
            raise Refusal(404, "resourceNotFound", f"The fine-tuning job '{id}' was not found.")
        job = self.jobs[id]
        status = job["status"]
        stepped = bool(self.checkpoints[id])
        legal = {
            "cancel": status not in ENDED,
            "pause": status == "running" and stepped,
            "resume": status == "paused",
        }
        if not legal[verb]:
            raise Refusal(400, "invalidJobState", f"A job that is {status} refuses to {verb}.")
        job["status"] = {"cancel": "cancelled", "pause": "pausing", "resume": "resuming"}[verb]
        return job


def prepared(folder: Path, rows: int = 12, **job: Any) -> Path:
    """A prepared folder, made by hand: sound, and with these changes to the job."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, first in (("train", 0), ("validation", rows)):
        lines = [
            {
                "messages": [{"role": "user", "content": f"What is {n} + {n}?"}],
                "reference_answer": str(2 * n),
            }
            for n in range(first, first + rows)
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    (folder / "grader.json").write_text(json.dumps(GRADER), encoding="utf-8")
    body = request("gpt-5.4-mini-2026-03-17", GRADER, None) | job
    (folder / "job.json").write_text(json.dumps(body), encoding="utf-8")
    return folder


GRADER = {
    "type": "string_check",
    "name": "exact",
    "operation": "eq",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer in one piece: in two, each would wait 40 ms for the client to confirm the first.
    wbufsize = -1
    server: ServiceServer

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if fault := self._fault(self.path, unread=True):
            path = self.path.rpartition("/v1/")[2]
            self.server.asked.append(Asked("POST", path, {}, b""))
            return self._fail(fault)
        return self._serve(self._read())

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        root = re.match(r"(/api/projects/[^/]+)?(/openai)?/v1/", parts.path)
        path = parts.path[root.end() :] if root else parts.path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, path, headers, body))
        fault = self._fault(path)
        if fault is not None and not fault.after:
            return self._fail(fault)
        try:
            key = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
            if key != self.server.key:
                raise Refusal(401, "401", ACCESS)
            if root is None:
                raise Refusal(404, "404", "Resource not found")
            answer = self._answer(path, parse_qs(parts.query), body, bool(root[1]), bool(root[2]))
        except Refusal as refusal:
            message = refusal.message
            if self.server.echo:
                message += f" Headers: {headers}"
            error = {"error": {"code": refusal.code, "message": message}}
            return self._send(refusal.status, json.dumps(error).encode(), {})
        if fault is not None:
            return self._fail(fault)
        sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return self._send(200, sent, {})

    def _fault(self, path: str, unread: bool = False) -> Fault | None:
        for what, waiting in self.server.faults.items():
            method, _, end = what.partition(" ")
            if method == self.command and path.endswith(end) and waiting:
                early = waiting[0] is not None and waiting[0].broken == "unread"
                return waiting.pop(0) if early == unread else None
        return None

    def _answer(
        self, path: str, query: dict[str, list[str]], body: bytes, project: bool, azure: bool
    ) -> Any:
        server = self.server
        match [self.command, *path.split("/")]:
            case ["POST", "files"]:
                form = self._form(body)
                name, data = form["file"]
                return server.add_file(name, data, form["purpose"][1].decode())
            case ["GET", "files", id, "content"]:
                return server.contents[id]
            case ["GET", "files", id]:
                return server.look_at_file(id)
            case [_, "uploads", *_] if project:
                raise Refusal(404, "404", "Resource not found")
            case ["POST", "uploads"]:
                id = server.id("upload")
                server.uploads[id] = {"id": id, "status": "pending", "parts": {}} | json.loads(body)
                return {"id": id, "status": "pending"}
            case ["POST", "uploads", id, "parts"]:
                return server.add_part(id, self._form(body)["data"][1])
            case ["POST", "uploads", id, "complete"]:
                upload = server.end_upload(id, json.loads(body))
                return {name: value for name, value in upload.items() if name != "parts"}
            case ["POST", "uploads", id, "cancel"]:
                server.uploads[id]["status"] = "cancelled"
                return {"id": id, "status": "cancelled"}
            case ["POST", "fine_tuning", "alpha", "graders", "validate"]:
                grader = json.loads(body)["grader"]
                if grader.get("type") not in GRADERS:
                    raise Refusal(400, "invalid_grader", f"no grader is a {grader.get('type')!r}")
                return {"grader": grader}
            case ["POST", "fine_tuning", "jobs"]:
                return server.create_job(json.loads(body), azure)
            case ["GET", "fine_tuning", "jobs"]:
                listed = list(server.jobs.values())[::-1]
                if server.unlisted:
                    server.unlisted -= 1
                    listed = listed[1:]
                if server.forgetful:
                    listed = [job | {"metadata": None} for job in listed]
                return self._page(listed, query)
            case ["GET", "fine_tuning", "jobs", id]:
                return server.look_at_job(id)
            case ["POST", "fine_tuning", "jobs", id, ("cancel" | "pause" | "resume") as verb]:
                return server.change(id, verb, body)
            case ["GET", "fine_tuning", "jobs", id, "events"]:
                order = 1 if server.ascending else -1
                return self._page(server.happened[id][::order], query)
            case ["GET", "fine_tuning", "jobs", id, "checkpoints"]:
                return self._page(server.checkpoints[id][::-1], query)
        raise Refusal(404, "404", "Resource not found")

    def _page(self, listed: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        after = query.get("after", [""])[0]
        ids = [each["id"] for each in listed]
        begin = ids.index(after) + 1 if after else 0
        end = begin + min(int(query.get("limit", ["20"])[0]), self.server.page)
        return {"object": "list", "data": listed[begin:end], "has_more": end < len(listed)}

    def _form(self, body: bytes) -> dict[str, tuple[str, bytes]]:
        """The fields of a form: the file's name, and the bytes."""
        mark = b"--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        fields = {}
        for part in body.split(mark)[1:-1]:
            head, _, data = part[2:-2].partition(b"\r\n\r\n")
            names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
            fields[names["name"]] = names.get("filename", ""), data
        return fields

    def _fail(self, fault: Fault) -> None:
        if fault.broken:
            self._break(fault.broken)
            return
        body = fault.body
        if self.server.echo:
            body = json.dumps({"error": {"message": f"headers {dict(self.headers)}"}}).encode()
        self._send(fault.status, body, fault.headers)

    def _break(self, how: str) -> None:
        self.close_connection = True
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n"
        match how:
            case "cut headers":
                self.wfile.write(head)
            case "cut body":
                self.wfile.write(head + b'\r\n{"id": "ftj')
            case "noise":
                self.wfile.write(b"\x16\x03\x01\x00\r\n" * 9)
            case "silence":
                self.connection.settimeout(20)
                with suppress(OSError):
                    self.connection.recv(1)
            case "reset" | "unread":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.shutdown(socket.SHUT_RD)
                self.connection.close()

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
