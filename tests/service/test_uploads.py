"""Files to a service on loopback, at one go and in parts, and what the service says of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import Heard
from service_server import KEY, Fault, ServiceServer

from pipelines.findings import BadInput
from pipelines.io import retry
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.service import uploads
from pipelines.service.client import Service
from pipelines.service.endpoint import access, endpoint
from pipelines.service.refusals import Refused
from pipelines.service.uploads import send, source, wait

QUICK = RetryPolicy(delays=(0, 0, 0), silence=10)
ROWS = b'{"messages": []}\n' * 100

Connect = Callable[..., Service]


@pytest.fixture
def connect(server: ServiceServer) -> Iterator[Connect]:
    """A service at an address of the server; what it notes is in `server.notes`."""
    opened = []

    def open_(url: str = server.url, key: str = KEY, *, shipped: bool = False) -> Service:
        where = endpoint(url, {})
        assert where is not None
        environment = {"AZURE_OPENAI_API_KEY": key, "OPENAI_API_KEY": key}
        policy = {} if shipped else {"retry": QUICK}
        opened.append(Service(where, access(where, environment), **policy))
        return opened[-1]

    yield open_
    for service in opened:
        service.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes(ROWS)
    return path


def test_a_file_at_one_go(server: ServiceServer, connect: Connect, file: Path) -> None:
    heard = Heard()
    what = source(file)
    sent = send(connect(), what, heard)
    assert (what.size, what.sha256) == (len(ROWS), sha256(ROWS).hexdigest())
    assert server.contents == {sent["id"]: ROWS}
    assert server.files[sent["id"]]["filename"] == "train.jsonl"
    assert (heard.begun, heard.came) == ([("uploading train.jsonl", len(ROWS))], len(ROWS))


@pytest.mark.parametrize("size", [1, 7, 500, len(ROWS), len(ROWS) + 1])
def test_a_file_in_parts(server: ServiceServer, connect: Connect, file: Path, size: int) -> None:
    file.write_bytes(ROWS[: min(len(ROWS), 40 * size)])
    heard = Heard()
    what = source(file)
    server.part_limit = size
    sent = send(connect(), what, heard, single=what.size, part=size)
    assert server.contents == {sent["id"]: file.read_bytes()}
    assert heard.came == what.size
    (upload,) = server.uploads.values()
    assert [len(part) for part in upload["parts"].values()] == [
        min(size, what.size - at) for at in range(0, what.size, size)
    ]


def test_a_file_below_the_limit_goes_at_one_go(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    send(connect(), source(file), Progress(), single=len(ROWS) + 1, part=10)
    assert server.paths("POST") == ["files"]


def test_the_limits() -> None:
    assert uploads.limit("single_upload_bytes") == 100_000_000
    assert uploads.PART_BYTES < 64_000_000


def test_one_part_is_in_memory_at_a_time(
    server: ServiceServer, connect: Connect, tmp_path: Path
) -> None:
    big = tmp_path / "train.jsonl"
    big.write_bytes(b"x" * 40_000_000)
    service, what = connect(), source(big)
    # The server, in this process, holds what comes; here nothing is to be held.
    server.add_part = lambda id, data: {"id": "part"}  # type: ignore[method-assign]
    server.end_upload = lambda id, body: {"file": {"id": "file-1"}}  # type: ignore[method-assign]
    server.asked = _Nothing()
    tracemalloc.start()
    send(service, what, Progress(), single=0, part=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000


class _Nothing(list[Any]):
    def append(self, item: Any) -> None:
        """Not kept."""


def test_a_part_that_was_lost_is_sent_again(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    server.faults["POST /parts"] = [Fault(503), Fault(broken="closed", after=True), Fault(429)]
    sent = send(connect(), source(file), Progress(), single=0, part=1000)
    assert server.contents == {sent["id"]: ROWS}
    (upload,) = server.uploads.values()
    assert len(upload["parts"]) == 3  # one came twice, and counts once


def test_an_upload_that_fails_is_cancelled(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    server.part_limit = 10
    with pytest.raises(Refused) as caught:
        send(connect(), source(file), Progress(), single=0, part=1000)
    assert str(caught.value) == (
        f"a part: {server.url} answers 400 'invalid_request_error: a part of 1000 bytes is too "
        "large'; mend what it names, and run it again"
    )
    assert [upload["status"] for upload in server.uploads.values()] == ["cancelled"]
    assert server.files == {}


def test_an_interrupted_upload_is_cancelled(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    class Interrupted(Progress):
        def advance(self, count: int = 1) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(connect(), source(file), Interrupted(), single=0, part=1000)
    assert [upload["status"] for upload in server.uploads.values()] == ["cancelled"]


@pytest.mark.parametrize("single", [0, None])
def test_a_file_that_changes_meanwhile(
    server: ServiceServer, connect: Connect, file: Path, single: int | None
) -> None:
    what = source(file)
    file.write_bytes(ROWS[:-17] + b'{"messages": {}}\n')
    with pytest.raises(BadInput, match=r"train.jsonl: it changed while it was sent; run it again$"):
        send(connect(), what, Progress(), single=single, part=1000)


@pytest.mark.parametrize(
    ("where", "remedy"),
    [
        ("project", "0 MB go in parts, which a project's endpoint does not take (404); give its "),
        ("openai", "0 MB go in parts, and "),
    ],
)
def test_no_uploads_in_parts(
    server: ServiceServer, connect: Connect, file: Path, where: str, remedy: str
) -> None:
    server.faults["POST uploads"] = [Fault(404)]
    with pytest.raises(BadInput) as caught:
        send(connect(getattr(server, where)), source(file), Progress(), single=0)
    assert str(caught.value).startswith(f"train.jsonl: {remedy}")
    assert (f"--endpoint {server.origin}" in str(caught.value)) == (where == "project")


# Waiting -----------------------------------------------------------------------------------------


def test_a_file_is_waited_for(server: ServiceServer, connect: Connect, file: Path) -> None:
    service, heard = connect(), Heard()
    sent = send(service, source(file), Progress())
    wait(service, sent, "train.jsonl", heard, every=0)
    states = ["uploaded", "pending", "running", "processed"]
    assert heard.lines == [f"train.jsonl: {state}" for state in states]
    assert server.files[sent["id"]]["status"] == "processed"


def test_a_file_that_the_service_cannot_take(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    details = "Invalid file format.\nExample 1273 cannot be parsed."
    server.file_errors["train.jsonl"] = details
    service = connect()
    sent = send(service, source(file), Progress())
    with pytest.raises(Refused) as caught:
        wait(service, sent, "train.jsonl", Progress(), every=0)
    assert str(caught.value) == (
        "train.jsonl: the service could not take the file: 'Invalid file format. Example 1273 "
        "cannot be parsed.'; run `rft validate FOLDER`"
    )


def test_a_file_that_takes_too_long(server: ServiceServer, connect: Connect, file: Path) -> None:
    server.file_states = ("pending",) * 2
    service = connect()
    sent = send(service, source(file), Progress())
    with pytest.raises(BadInput) as caught:
        wait(service, sent, "train.jsonl", Progress(), every=0.001, most=0.01)
    assert str(caught.value) == (
        "train.jsonl: file-1 is still 'pending' after 0.01 s; run it again to wait on, or with a "
        "longer --timeout"
    )


def test_a_file_that_is_deleted_meanwhile(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    service = connect()
    sent = send(service, source(file), Progress())
    with pytest.raises(Refused, match=r"file-1 was deleted at the service; run it again$"):
        wait(service, sent | {"status": "deleting"}, "train.jsonl", Progress(), every=0)
    server.files.clear()
    with pytest.raises(Refused, match=r"file-1 is gone from the service; run it again$"):
        wait(service, sent, "train.jsonl", Progress(), every=0)


# What the service answers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (
            Fault(500),
            BadInput,
            "answers 500 'fault: something broke'; run it again later; what was ",
        ),
        *((Fault(status), BadInput, f"answers {status} ") for status in (408, 409, 425, 503)),
        (Fault(403), BadInput, "the role Cognitive Services OpenAI Contributor is wanted on the "),
        (Fault(413), Refused, "prepare fewer rows: --rows, --max-bytes"),
        (
            Fault(302, {"Location": "https://evil.com"}),
            BadInput,
            "it wants to go elsewhere: check ",
        ),
        (Fault(200, body=b"<html>sign in"), BadInput, "the answer is no JSON object; is this the "),
        (Fault(200, body=b"[]"), BadInput, "the answer is no JSON object; is this the service?"),
        (Fault(200, body=b"{}"), BadInput, "the service's answer has no id; is this the service?"),
        (Fault(broken="closed"), BadInput, "the connection broke ("),
        (
            Fault(400, body=b"API version not supported"),
            Refused,
            "answers 400 'API version not supported'; give the endpoint without an api-version, ",
        ),
        (
            Fault(400, body=b'{"error": {"code": null, "message": ["x"]}}'),
            Refused,
            'answers 400 \'{"error": {"code": null, "message": ["x"]}}\'; mend what it ',
        ),
        (Fault(400, body=b"x" * 9999), Refused, "answers 400 '" + "x" * 399 + "…'; mend what "),
        (Fault(400, body=b""), Refused, "answers 400; mend what it names, and run it again"),
    ],
)
def test_what_goes_wrong_in_one_line(
    fault: Fault,
    error: type[Exception],
    message: str,
    server: ServiceServer,
    connect: Connect,
    file: Path,
) -> None:
    server.faults["POST files"] = [fault] * 9
    with pytest.raises(error) as caught:
        send(connect(), source(file), Progress())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    # What may have made a file is not asked a second time.
    assert server.paths("POST") == ["files"]


def test_too_many_requests_are_waited_for(
    server: ServiceServer, connect: Connect, file: Path
) -> None:
    server.faults["POST files"] = [Fault(429, {"Retry-After": "0"})] * 3
    sent = send(connect(), source(file), Progress())
    assert server.contents == {sent["id"]: ROWS}


def test_a_service_in_trouble_is_asked_again_a_few_times(
    server: ServiceServer, connect: Connect
) -> None:
    service = connect()
    server.add_file("train.jsonl", ROWS, "fine-tune")
    server.faults["GET file-1"] = [Fault(500), Fault(broken="closed"), Fault(502)]
    assert service.file("file-1") is not None
    server.faults["GET file-1"] = [Fault(500)] * 9
    with pytest.raises(BadInput, match="answers 500"):
        service.file("file-1")
    assert len(server.faults["GET file-1"]) == 5


def test_a_wrong_key(server: ServiceServer, connect: Connect, file: Path) -> None:
    with pytest.raises(BadInput) as caught:
        send(connect(key="wrong-" + KEY), source(file), Progress())
    assert str(caught.value).startswith(
        f"train.jsonl: {server.url} answers 401 '401: Access denied due to invalid subscription "
    )
    assert str(caught.value).endswith(
        "; check AZURE_OPENAI_API_KEY or `az login`, and that the key is of this endpoint"
    )


def test_the_retry_policy_as_shipped(
    server: ServiceServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other test replaces it: a server in trouble is asked six times within half a minute."""
    pauses: list[float] = []
    monkeypatch.setattr(retry, "sleep", pauses.append)
    server.faults["GET file-1"] = [Fault(503)] * 9
    service = connect(shipped=True)
    with pytest.raises(BadInput):
        service.file("file-1")
    assert pauses == [1, 2, 4, 8, 16]
    assert server.paths("GET") == ["files/file-1"] * 6
    server.faults["GET file-1"] = [Fault(429, {"Retry-After": "120"}), Fault(401)]
    with pytest.raises(BadInput):
        service.file("file-1")
    assert pauses[5:] == [120]
    server.faults["GET file-1"] = [Fault(429, {"Retry-After": "301"})]
    with pytest.raises(BadInput):
        service.file("file-1")
    assert len(pauses) == 6
    # A job is checked before it is answered for, which takes its time.
    assert service._client.timeout.as_dict() == {
        "connect": 40,
        "read": 120,
        "write": 120,
        "pool": 120,
    }


def test_nobody_there(connect: Connect) -> None:
    with pytest.raises(BadInput) as caught:
        connect("http://127.0.0.1:9/openai/v1").file("file-1")
    assert str(caught.value).startswith("http://127.0.0.1:9/openai/v1/: the server cannot be ")
    assert str(caught.value).endswith(
        "; check the address in --endpoint, the network and HTTPS_PROXY"
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTPS_PROXY", "nonsense://x", "HTTPS_PROXY or HTTP_PROXY: not the address of a proxy; "),
        ("SSL_CERT_FILE", "/none.pem", "SSL_CERT_FILE: cannot be read"),
    ],
)
def test_an_environment_that_is_broken(
    variable: str, value: str, message: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadInput) as caught:
        connect()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_an_echoed_key_is_hidden(
    status: int, server: ServiceServer, connect: Connect, file: Path
) -> None:
    server.echo = True
    server.faults["POST files"] = [Fault(status)]
    with pytest.raises((BadInput, Refused)) as caught:
        send(connect(), source(file), Progress())
    assert "[redacted]" in str(caught.value)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
