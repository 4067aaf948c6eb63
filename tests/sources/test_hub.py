"""What the hub lists, and one line for each way in which it refuses or is not there."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import pytest
from hub_server import COMMIT, Fault, HubServer, git_sha1, serving

from pipelines.findings import BadInput
from pipelines.io.retry import RetryPolicy
from pipelines.sources.fetch import Remote
from pipelines.sources.hub import Hub

FILES = {"data/train-0": b"a", "data/train-1": b"bb", "README.md": b"# about"}
QUICK = RetryPolicy(delays=(0,) * 3, silence=5)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server = HubServer(FILES)
    with serving(server):
        yield server
        huggingface_hub.close_session()


def listing(url: str, revision: str = COMMIT, *patterns: str) -> tuple[str, list[Remote]]:
    wanted = patterns or ("data/train-*",)
    return Hub(url, QUICK).listing("some/data", revision, wanted, lambda text: None)


def refusal(url: str, revision: str = COMMIT, *patterns: str) -> str:
    with pytest.raises(BadInput) as caught:
        listing(url, revision, *patterns)
    text = str(caught.value)
    assert "\n" not in text
    assert "hf_secret" not in text
    return text


def test_files_by_pattern_with_sizes_and_digests(hub: HubServer) -> None:
    hub.plain = {"README.md"}
    commit, found = listing(hub.url, COMMIT, "data/train-*", "README.md")
    assert commit == COMMIT
    assert [(f.path, f.published.size, dict(f.published.digests)) for f in found] == [
        ("README.md", 7, {"git-sha1": git_sha1(b"# about")}),
        ("data/train-0", 1, {"sha256": sha256(b"a").hexdigest()}),
        ("data/train-1", 2, {"sha256": sha256(b"bb").hexdigest()}),
    ]


def test_a_branch_is_resolved(hub: HubServer) -> None:
    assert listing(hub.url, "main")[0] == COMMIT
    assert hub.paths("info") == ["main"]


PLACE = f"some/data at {COMMIT[:12]}: "


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            Fault(403, {"X-Error-Code": "GatedRepo"}),
            "access must be asked for on https://huggingface.co/datasets/some/data; "
            "then set HF_TOKEN to a token of yours",
        ),
        (
            Fault(401, {"X-Error-Code": "GatedRepo"}),
            "access must be asked for on https://huggingface.co/datasets/some/data; "
            "then set HF_TOKEN to a token of yours",
        ),
        (Fault(401), "the hub does not accept the token; mend HF_TOKEN, or run `hf auth login`"),
        (
            Fault(404, {"X-Error-Code": "RepoNotFound"}),
            "the hub has no such dataset, or shows it to a token only; set HF_TOKEN",
        ),
        (
            Fault(404, {"X-Error-Code": "RevisionNotFound"}),
            "the hub has no such revision; give a commit, branch or tag of the repository",
        ),
        (Fault(403), "the hub refuses (403); is the token allowed to read it?"),
        (Fault(429), "the server answers 429; run it again later; what came is kept"),
        (Fault(500), "the server answers 500; run it again later; what came is kept"),
    ],
)
def test_refusals(hub: HubServer, fault: Fault, expected: str) -> None:
    hub.faults["info"] = [fault] * 4
    assert refusal(hub.url) == PLACE + expected


@pytest.mark.parametrize("kind", ["info", "paths"])
def test_a_page_in_place_of_the_listing(hub: HubServer, kind: str) -> None:
    hub.faults[kind] = [Fault(200)]
    assert refusal(hub.url) == (
        f"{PLACE}the answer is not a hub's; is there a login page in between?"
    )


def test_a_listing_that_lacks_a_file(hub: HubServer) -> None:
    hub.hidden = {"data/train-1"}
    assert refusal(hub.url) == f"{PLACE}the hub lists 1 of 2 files; try later"


def test_without_a_token(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    hub.faults["info"] = [Fault(401)]
    assert refusal(hub.url) == f"{PLACE}the hub refuses (401); is the token allowed to read it?"
    assert "authorization" not in hub.headers("info")[0]


def test_no_file_of_that_name(hub: HubServer) -> None:
    assert refusal(hub.url, COMMIT, "train-*") == (
        f"{PLACE}no file matches train-*; is the revision right?"
    )


def test_a_name_that_leads_out_of_the_folder(hub: HubServer) -> None:
    hub.published["data/train-/../../../x"] = b"x"
    assert refusal(hub.url) == (
        "'data/train-/../../../x' is no path of a file; do not use this server"
    )


def test_another_commit_than_asked_for(hub: HubServer) -> None:
    hub.branches["a" * 40] = COMMIT
    assert refusal(hub.url, "a" * 40) == (
        f"some/data at aaaaaaaaaaaa: the hub answers with the commit {COMMIT!r}; is it a hub?"
    )


@pytest.mark.parametrize("plain", [False, True], ids=["LFS", "git"])
def test_a_digest_that_is_known(plain: bool) -> None:
    """A hub that tells another one is not believed; where it tells none, the known one is used."""
    commit, known = "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be", "35dc41080a36"
    server = HubServer({"test.jsonl": b"{}"}, "HuggingFaceH4/MATH-500", commit)
    server.plain = {"test.jsonl"} if plain else set()
    words = server.repository, commit, ["test.jsonl"], lambda text: None
    with serving(server):
        if plain:
            (found,) = Hub(server.url, QUICK).listing(*words)[1]
            assert found.published.digests["sha256"][:12] == known
        else:
            with pytest.raises(BadInput, match=f"known {known}…\\); do not use this hub"):
                Hub(server.url, QUICK).listing(*words)
    huggingface_hub.close_session()


def test_nobody_answers() -> None:
    text = refusal("http://127.0.0.1:9")
    assert text.startswith(f"{PLACE}the server cannot be reached ([Errno 111] Connection refused")
    assert text.endswith("; check the network and HTTPS_PROXY, or give a folder with --source")


def test_a_name_that_is_not_resolved() -> None:
    assert refusal("http://hub.invalid").startswith(f"{PLACE}the server's name is not resolved (")


class _Refusing(BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        self.send_error(407)

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    with serving(server):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.server_port}")
        huggingface_hub.close_session()
        text = refusal("https://hub.invalid")
    huggingface_hub.close_session()
    assert text == (
        f"{PLACE}the proxy refuses (407 Proxy Authentication Required); "
        "check HTTPS_PROXY and HTTP_PROXY"
    )
