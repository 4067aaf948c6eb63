"""The hub as another implementation serves it: `olah`, a mirror, over a git repository of its own.

Wants the command `olah-cli` (package olah 0.5.4) on PATH or beside this Python, and git. This
mirror sends files without a length, an ETag or ranges.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import sleep

import huggingface_hub
import pytest

from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.sources.fetch import fetch
from pipelines.sources.hub import Hub

OLAH = shutil.which("olah-cli", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
QUICK = RetryPolicy(delays=(0,), silence=10)
LARGE = random.Random(1).randbytes(2_000_000)
SMALL = b'{"problem": "1+1"}\n' * 100

pytestmark = pytest.mark.skipif(
    OLAH is None or shutil.which("git") is None, reason="needs olah-cli and git"
)


@pytest.fixture(scope="module")
def commit(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A repository with a file in LFS and one in git; its commit."""
    repository = tmp_path_factory.getbasetemp() / "mirrors/datasets/some/data"
    oid = sha256(LARGE).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(LARGE)}\n"
    contents = {
        "data/train-00000-of-00001.parquet": pointer.encode(),
        "test.jsonl": SMALL,
        "README.md": b"---\nlicense: mit\n---\n",
        f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}": LARGE,
    }
    for name, data in contents.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def git(*words: str) -> str:
        known = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        got = subprocess.run(
            ["git", *known, *words], cwd=repository, check=True, capture_output=True, text=True
        )
        return got.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message=first")
    return git("rev-parse", "HEAD")


@pytest.fixture(scope="module")
def url(commit: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The mirror, offline."""
    folder = tmp_path_factory.getbasetemp()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "olah.toml").write_text(
        f'[basic]\nhost = "127.0.0.1"\nport = {port}\nmirrors-path = ["{folder}/mirrors"]\n'
        "[accessibility]\noffline = true\n"
    )
    process = subprocess.Popen(
        [str(OLAH), "--config", "olah.toml"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        huggingface_hub.close_session()
        process.terminate()
        process.wait()


@pytest.mark.parametrize("branch", [False, True], ids=["commit", "main"])
def test_the_published_bytes(url: str, commit: str, tmp_path: Path, branch: bool) -> None:
    found, remotes = Hub(url, QUICK).listing(
        "some/data", "main" if branch else commit, ["data/train-*", "test.jsonl"], print
    )
    digests = fetch(remotes, tmp_path, QUICK, Progress())
    assert found == commit
    assert {path: (tmp_path / path).read_bytes() for path in digests} == {
        "data/train-00000-of-00001.parquet": LARGE,
        "test.jsonl": SMALL,
    }
    assert [sorted(remote.published.digests) for remote in remotes] == [["sha256"], ["git-sha1"]]


def test_no_such_repository(url: str) -> None:
    with pytest.raises(BadInput, match="the hub has no such dataset"):
        Hub(url, QUICK).listing("some/other", "main", ["*"], print)
