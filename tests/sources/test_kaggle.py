"""The copy on Kaggle through the real client, from an API and a storage on loopback."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from time import sleep
from typing import Any

import orjson
import polars as pl
import pytest
from conftest import DEMO, contents
from hub_server import COMMIT, Fault, HubServer, serving
from known import DATASETS

from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.sources import record
from pipelines.stages.download import Raw, download

pytest.importorskip("kagglesdk", reason="the Kaggle client is an extra")

MATH = DATASETS["openr1-math"]
SERVICE = "/v1/datasets.DatasetApiService/"


def seven_files() -> dict[str, bytes]:
    """The demo in seven files with fewer columns, as the copy has it."""
    rows = pl.read_parquet(DEMO / "openr1-math/data/*.parquet").select("problem", "answer")
    files = {}
    for n in range(7):
        out = BytesIO()
        rows[n::7].write_parquet(out)
        files[f"train-{n:05}-of-00007.parquet"] = out.getvalue()
    return files


FILES = seven_files()
FIRST = "train-00000-of-00007.parquet"


class Api(ThreadingHTTPServer):
    """The API: it lists `FILES` in pages of four, and leads to the storage for their bytes.

    Addresses in the storage are signed, so no credentials are to come there.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.files = {**FILES, "readme.md": b"about"}
        self.storage = HubServer(self.files, "storage/of")
        self.storage.more = {name: md5(data) for name, data in self.files.items()}
        self.faults: dict[str, list[Fault]] = {}
        self.drips = ""
        self.asked: list[tuple[str, dict[str, Any], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def pack(self, name: str) -> None:
        """Give a file as an archive, as the service does with some."""
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, self.files[name])
        self.storage.files[f"{name}.zip"] = out.getvalue()
        self.storage.more[f"{name}.zip"] = md5(out.getvalue())


def md5(data: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.md5(data).digest()).decode()
    return {"X-Goog-Hash": f"crc32c=AAAAAA==,md5={digest}"}


class _Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        api = self.server
        body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        name = self.path.rpartition("/")[2]
        api.asked.append((name, body, self.headers.get("Authorization", "")))
        waiting = api.faults.get(name)
        fault = waiting.pop(0) if waiting else None
        if api.drips == name:
            return self._drip()
        if fault is not None:
            return self._answer(fault.status, b"", fault.headers)
        if name == "IntrospectToken":
            return self._json({"active": True, "username": "someone"})
        if name == "GetDataset":
            return self._json({"currentVersionNumber": 3})
        if name == "ListDatasetFiles":
            begin = int(body.get("pageToken") or 0)
            page = sorted(api.files)[begin : begin + 4]
            more = str(begin + 4) if begin + 4 < len(api.files) else ""
            return self._json({"datasetFiles": [{"name": n} for n in page], "nextPageToken": more})
        file = body["fileName"]
        file += ".zip" if f"{file}.zip" in api.storage.files else ""
        place = f"{api.storage.url}/datasets/storage/of/resolve/{COMMIT}/{file}?signature=x"
        return self._answer(302, b"", {"Location": place})

    def _drip(self) -> None:
        """A list that goes on as long as somebody listens."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                sleep(0.02)

    def _json(self, value: object) -> None:
        self._answer(200, orjson.dumps(value), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Api]:
    from kagglesdk import kaggle_env

    for name in [name for name in os.environ if name.startswith("KAGGLE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_USERNAME", "someone")
    monkeypatch.setenv("KAGGLE_KEY", "k_secret")
    monkeypatch.chdir(tmp_path)
    server = Api()
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
    with serving(server), serving(server.storage):
        yield server


def bring(progress: Progress | None = None, **options: Any) -> Raw:
    return download(
        MATH,
        source="kaggle",
        **{
            "progress": progress or Progress(),
            "retry": RetryPolicy(delays=(0, 0), silence=5),
            **options,
        },
    )


def test_seven_files_with_fewer_columns(api: Api, tmp_path: Path) -> None:
    raw = bring()
    there = {path.name: path.read_bytes() for path in raw.splits["train"]}
    assert there == FILES
    assert (raw.kind, raw.absent) == ("kaggle", [])
    held = record.read(Path("raw/openr1-math"))
    assert held is not None
    assert (held.repository, held.revision) == ("alejopaullier/openr1-math-220k", "3")
    assert {entry.verified for entry in held.files} == {True}
    assert b"k_secret" not in b"".join(contents(tmp_path).values())


def test_the_version_is_pinned_and_the_key_stays_with_the_api(api: Api) -> None:
    bring()
    files = [body for name, body, _ in api.asked if name == "DownloadDataset"]
    assert {body["datasetVersionNumber"] for body in files} == {3}
    assert all(authorization for _, _, authorization in api.asked)
    assert not any("authorization" in headers for _, _, headers in api.storage.asked)


def test_what_is_there_is_used_without_a_request(api: Api) -> None:
    first = bring()
    api.asked.clear()
    assert [bring(), bring(offline=True)] == [first] * 2
    assert api.asked == []


def test_a_cut_and_a_busy_api(api: Api) -> None:
    api.faults = {
        "GetDataset": [Fault(429, {"Retry-After": "0"})],
        "ListDatasetFiles": [Fault(503)],
        "DownloadDataset": [Fault(500)],
    }
    assert [path.name for path in bring(shards="0").splits["train"]] == [FIRST]
    assert [name for name, _, _ in api.asked][:4] == ["GetDataset"] * 2 + ["ListDatasetFiles"] * 2


def test_another_run_goes_on_where_one_ended(api: Api) -> None:
    api.files[FIRST] = api.storage.files[FIRST] = data = os.urandom(2_000_000)
    api.storage.more[FIRST] = md5(data)
    # One answer to the API's client, which reads the headers alone; then one that is cut.
    api.storage.faults["file"] = [Fault(cut=0), *[Fault(cut=500_000)] * 3]
    with pytest.raises(BadInput, match=f"{FIRST} of .*, version 3: the connection broke"):
        bring(shards="0")
    raw = bring(shards="0")
    assert raw.splits["train"][0].read_bytes() == data
    assert api.storage.headers("file")[-1]["range"] == "bytes=1500000-"


def test_other_bytes_of_the_right_size(api: Api) -> None:
    api.storage.files[FIRST] = bytes(len(FILES[FIRST]))
    with pytest.raises(BadInput, match=r"not the published ones \(their md5 differs\)"):
        bring(shards="0")


def test_without_a_digest_nothing_is_called_verified(api: Api) -> None:
    api.storage.more.clear()
    bring(shards="0")
    held = record.read(Path("raw/openr1-math"))
    assert held is not None
    assert [entry.verified for entry in held.files] == [False]


def test_a_file_that_comes_packed(api: Api) -> None:
    api.pack(FIRST)
    raw = bring(shards="0-1")
    assert [path.read_bytes() for path in raw.splits["train"]] == list(FILES.values())[:2]
    assert {path.name for path in Path("raw/openr1-math/data").iterdir()} == set(list(FILES)[:2])


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "the credentials are not accepted; make new ones in your Kaggle settings"),
        (
            403,
            "access is refused; sign in and accept the terms on https://www.kaggle.com/datasets/"
            "alejopaullier/openr1-math-220k",
        ),
        (404, "there is no such dataset or file; use --source huggingface"),
        (500, "the server answers 500; run it again later; what came is kept"),
    ],
)
def test_refusals(api: Api, status: int, expected: str) -> None:
    api.faults["GetDataset"] = [Fault(status)] * 3
    with pytest.raises(BadInput) as caught:
        bring()
    assert str(caught.value) == f"alejopaullier/openr1-math-220k on Kaggle: {expected}"


def test_a_list_without_an_end(api: Api) -> None:
    api.drips = "ListDatasetFiles"
    with pytest.raises(BadInput, match=r"127\.0\.0\.1: its list does not end"):
        bring(retry=RetryPolicy(delays=(0, 0), silence=0.2))


def test_nobody_answers(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from kagglesdk import kaggle_env

    monkeypatch.setitem(
        kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, "http://127.0.0.1:9"
    )
    with pytest.raises(BadInput) as caught:
        bring()
    assert str(caught.value) == (
        "alejopaullier/openr1-math-220k on Kaggle: the server cannot be reached "
        "([Errno 111] Connection refused); "
        "check the network and HTTPS_PROXY, or give a folder with --source"
    )


def test_a_token(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "t_secret")
    bring(shards="0")
    assert {authorization for _, _, authorization in api.asked} == {"Bearer t_secret"}


def test_no_copy_is_known(api: Api) -> None:
    with pytest.raises(BadInput, match="medmcqa: no parquet copy on Kaggle is known"):
        download(DATASETS["medmcqa"], source="kaggle", progress=Progress())


def test_without_credentials(api: Api, tmp_path: Path) -> None:
    words = ["prepare", "openr1-math", "--until", "download", "--source", "kaggle"]
    plain = {k: v for k, v in os.environ.items() if not k.startswith("KAGGLE")}
    got = subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        cwd=tmp_path,
        env={**plain, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (got.returncode, got.stdout) == (2, "")
    assert got.stderr == (
        "rft: there are no credentials that Kaggle takes; "
        "put kaggle.json in ~/.kaggle, or set KAGGLE_API_TOKEN\n"
    )
