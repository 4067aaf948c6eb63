"""Files from a hub that fails: the published bytes in the end, or one line that says why not."""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import huggingface_hub
import pytest
from conftest import Heard
from hub_server import COMMIT, Fault, HubServer, serving

from pipelines.findings import BadInput
from pipelines.io.retry import RetryPolicy
from pipelines.sources.fetch import Remote, fetch
from pipelines.sources.hub import Hub
from pipelines.sources.partial import Published

NAME = "data/a.parquet"
DATA = random.Random(5).randbytes(3_000_000)
OTHER = random.Random(6).randbytes(3_000_000)
QUICK = RetryPolicy(delays=(0,) * 6, silence=5)
ONCE = RetryPolicy(delays=(), silence=5)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server = HubServer({NAME: DATA})
    with serving(server):
        yield server
        huggingface_hub.close_session()


def listed(hub: HubServer, retry: RetryPolicy = QUICK) -> list[Remote]:
    heard: list[str] = []
    return Hub(hub.url, retry).listing(hub.repository, COMMIT, ["data/*"], heard.append)[1]


def bring(hub: HubServer, folder: Path, retry: RetryPolicy = QUICK) -> Heard:
    """Fetch everything, and see that it is what is published and nothing else."""
    ear = Heard()
    digests = fetch(listed(hub, retry), folder, retry, ear)
    assert digests == {path: sha256(data).hexdigest() for path, data in hub.published.items()}
    there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert {path: file.read_bytes() for path, file in there.items()} == hub.published
    assert ear.came == ear.to_come
    return ear


def refused(hub: HubServer, folder: Path, retry: RetryPolicy = QUICK) -> str:
    """The one line with which a run ends."""
    with pytest.raises(BadInput) as caught:
        fetch(listed(hub, retry), folder, retry, Heard())
    text = str(caught.value)
    assert "\n" not in text
    assert "hf_secret" not in text
    return text


def test_the_published_bytes_come_at_one_request(hub: HubServer, tmp_path: Path) -> None:
    bring(hub, tmp_path)
    assert [kind for kind, _, _ in hub.asked] == ["info", "paths", "file"]
    assert hub.sent[NAME] == len(DATA)


MENDED = {
    "429 that asks for a pause": [Fault(429, {"Retry-After": "0"})],
    "500": [Fault(500)],
    "502, 503, 504, 408": [Fault(502), Fault(503), Fault(504), Fault(408)],
    "cut before the first byte": [Fault(cut=0)],
    "cut five times": [Fault(cut=random.Random(n).randrange(500_000)) for n in range(5)],
    "an early end, well formed": [Fault(body=DATA[:1000], length="chunked")],
    "no length told": [Fault(length="chunked")],
    "a cut, then the whole in place of the rest": [Fault(cut=1_000_000), Fault(whole=True)],
    "a cut, then a range refused": [Fault(cut=1_000_000), Fault(416)],
    "a cut, then 503": [Fault(cut=1_000_000), Fault(503)],
    "a cut, then the rest of another file": [
        Fault(cut=1_000_000),
        Fault(body=DATA + b"more", blind=True),
    ],
}


@pytest.mark.parametrize("faults", MENDED.values(), ids=MENDED)
def test_mended_by_another_try(hub: HubServer, tmp_path: Path, faults: list[Fault]) -> None:
    hub.faults["file"] = list(faults)
    bring(hub, tmp_path)
    assert hub.faults["file"] == []


@pytest.mark.parametrize("kind", ["info", "paths"])
def test_the_listing_is_tried_again(hub: HubServer, tmp_path: Path, kind: str) -> None:
    hub.faults[kind] = [Fault(503), Fault(500), Fault(429, {"Retry-After": "0"})]
    bring(hub, tmp_path)
    assert len(hub.paths(kind)) == 4


def test_head_is_never_asked(hub: HubServer, tmp_path: Path) -> None:
    """Of which every answer of this server is 500; sizes and digests are in the listing."""
    bring(hub, tmp_path)
    assert hub.paths("HEAD") == []


def test_what_came_before_a_cut_is_not_sent_again(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(cut=900_000), Fault(cut=900_000)]
    ear = bring(hub, tmp_path)
    assert hub.sent[NAME] == len(DATA)
    assert [line.partition(" (")[0] for line in ear.lines] == [f"{NAME}: the connection broke"] * 2


def test_another_run_goes_on_where_one_ended(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(cut=2_000_000)]
    assert "the connection broke" in refused(hub, tmp_path, ONCE)
    ear = bring(hub, tmp_path, ONCE)
    assert (hub.sent[NAME], ear.came) == (len(DATA), 1_000_000)
    assert hub.headers("file")[-1]["if-range"] == hub.etag(NAME)


@pytest.mark.parametrize("blind", [False, True])
def test_another_etag_begins_anew(hub: HubServer, tmp_path: Path, blind: bool) -> None:
    hub.faults["file"] = [Fault(cut=2_000_000)]
    refused(hub, tmp_path, ONCE)
    hub.etags[NAME] = '"another"'
    hub.faults["file"] = [Fault(blind=blind)]
    bring(hub, tmp_path)
    assert hub.sent[NAME] >= 2_000_000 + len(DATA)


def test_a_part_of_another_version_is_not_gone_on_with(hub: HubServer, tmp_path: Path) -> None:
    hub.etags[NAME] = '"the same for both"'
    hub.faults["file"] = [Fault(cut=2_000_000)]
    refused(hub, tmp_path, ONCE)
    hub.files[NAME] = hub.published[NAME] = OTHER
    bring(hub, tmp_path, ONCE)
    assert hub.sent[NAME] == 2_000_000 + len(OTHER)


def test_nothing_is_joined_that_nothing_tells_apart(hub: HubServer, tmp_path: Path) -> None:
    """Without a digest, an ETag or a date, the rest might be of another file."""
    hub.etags[NAME] = ""
    hub.faults["file"] = [Fault(cut=2_000_000)]
    remote = replace(listed(hub)[0], published=Published(len(DATA), {}))
    fetch([remote], tmp_path, QUICK, Heard())
    assert (tmp_path / NAME).read_bytes() == DATA
    assert hub.sent[NAME] == 2_000_000 + len(DATA)


def test_a_broken_note_beside_the_part(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(cut=2_000_000)]
    refused(hub, tmp_path, ONCE)
    (tmp_path / f"{NAME}.part.json").write_bytes(b'{"size": 3')
    bring(hub, tmp_path, ONCE)
    assert hub.sent[NAME] == 2_000_000 + len(DATA)


@pytest.mark.parametrize("plain", [False, True], ids=["LFS", "git"])
def test_other_bytes_of_the_right_size(hub: HubServer, tmp_path: Path, plain: bool) -> None:
    hub.plain = {NAME} if plain else set()
    hub.files[NAME] = OTHER
    digest = "git-sha1" if plain else "sha256"
    assert refused(hub, tmp_path) == (
        f"{tmp_path}/{NAME}: the bytes that came are not the published ones (their {digest} "
        "differs) and are removed; run it again"
    )
    assert list((tmp_path / "data").iterdir()) == []
    hub.files[NAME] = DATA
    bring(hub, tmp_path)


def test_more_bytes_than_are_published(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(body=DATA + b"more", length="chunked")]
    assert "(more than 3000000 bytes)" in refused(hub, tmp_path)
    assert list((tmp_path / "data").iterdir()) == []
    bring(hub, tmp_path)


def test_a_page_in_place_of_the_file(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(body=b"<html>Please log in</html>")]
    assert refused(hub, tmp_path) == (
        f"{NAME} of some/data at {COMMIT[:12]}: the server sends 26 bytes where 3000000 are "
        "published; is there a login page or a proxy in between?"
    )


def test_a_connection_that_drips_is_given_up(hub: HubServer, tmp_path: Path) -> None:
    hub.faults["file"] = [Fault(drip=2)]
    ear = bring(hub, tmp_path, replace(QUICK, silence=0.3))
    assert [line.partition(" (")[0] for line in ear.lines] == [
        f"{NAME}: the server has gone silent"
    ]


def test_the_token_stays_with_the_hub(hub: HubServer, tmp_path: Path) -> None:
    hub.storage = HubServer({NAME: DATA})
    hub.storage.faults["file"] = [Fault(cut=1_000_000)]
    with serving(hub.storage):
        bring(hub, tmp_path)
    assert {h["authorization"] for h in hub.headers("file")} == {"Bearer hf_secret"}
    assert [h.get("range") for h in hub.storage.headers("file")] == [None, "bytes=1000000-"]
    assert not any("authorization" in headers for _, _, headers in hub.storage.asked)
    assert hub.storage.sent[NAME] == len(DATA)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            Fault(404, {"X-Error-Code": "EntryNotFound"}),
            "the hub has no such file; is the revision",
        ),
        (Fault(403), "the hub refuses (403); is the token allowed to read it?"),
        (Fault(401), "the hub does not accept the token; mend HF_TOKEN, or run `hf auth login`"),
        (Fault(503), "the server answers 503; run it again later; what came is kept"),
        (Fault(cut=5), "the connection broke ("),
        (Fault(302, {"Location": "/nowhere"}), "the hub has no such dataset"),
    ],
    ids=lambda value: str(value.status or "cut") if isinstance(value, Fault) else "",
)
def test_refusals(hub: HubServer, tmp_path: Path, fault: Fault, expected: str) -> None:
    hub.faults["file"] = [fault] * 7
    place = f"{NAME} of some/data at {COMMIT[:12]}: "
    assert refused(hub, tmp_path)[: len(place + expected)] == place + expected


def test_one_that_fails_ends_the_others_and_keeps_them(hub: HubServer, tmp_path: Path) -> None:
    for n in range(1, 4):
        hub.files[f"data/{n}"] = hub.published[f"data/{n}"] = DATA
    hub.published["data/0"] = b"told of and not there"
    hub.pause = 0.001
    assert refused(hub, tmp_path).startswith("data/0 of some/data")
    del hub.published["data/0"]
    bring(hub, tmp_path)
    assert sum(hub.sent.values()) < 4 * len(DATA) + 4 * 500_000  # what sockets held


def test_a_disk_that_is_too_small(hub: HubServer, tmp_path: Path) -> None:
    remote = replace(listed(hub)[0], published=Published(10**17, {}))
    with pytest.raises(BadInput, match=r"100,000,000,000\.0 MB are to come and .* MB are free"):
        fetch([remote], tmp_path, QUICK, Heard())
    assert hub.paths("file") == []


def test_a_disk_that_becomes_full(hub: HubServer, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        text = refused(hub, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert text == (
        f"{tmp_path}/{NAME}: no room left on the disk; free some and run it again; "
        "it goes on where it is"
    )
    ear = bring(hub, tmp_path)
    assert ear.came == len(DATA) - 1_000_000


def test_a_folder_that_cannot_be_written(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert refused(hub, tmp_path).startswith(f"{tmp_path}/{NAME}: cannot be written (")


def test_an_empty_file(hub: HubServer, tmp_path: Path) -> None:
    hub.files = {"data/empty": b""}
    hub.published = dict(hub.files)
    bring(hub, tmp_path)
    assert hub.paths("file") == []
