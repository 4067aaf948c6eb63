"""CPU seconds and peak memory of a checked download against two usual ones, from loopback.

    python scripts/bench_download.py [--megabytes 500] [--repeat 3]

One file, three ways, each in a process of its own: ours, which compares the sha256 while the bytes
come; `hf_hub_download` of huggingface_hub over plain HTTP, which compares none; and `curl`, then
`sha256sum`. The least CPU of the repeats is shown. The server is a further process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0" * 40
NAME = "data/train.parquet"

OURS = """
import sys
from pathlib import Path
from pipelines.io.progress import Progress
from pipelines.sources.fetch import fetch
from pipelines.sources.hub import Hub
from pipelines.io.retry import RetryPolicy
url, commit, name, folder = sys.argv[1:]
retry, progress = RetryPolicy(), Progress()
commit, remotes = Hub(url, retry).listing("some/data", commit, [name], print)
fetch(remotes, Path(folder), retry, progress)
"""

CLIENT = """
import sys
from huggingface_hub import hf_hub_download
url, commit, name, folder = sys.argv[1:]
hf_hub_download(
    "some/data", name, repo_type="dataset", revision=commit, local_dir=folder, endpoint=url
)
"""

CURL = 'curl --silent --fail --output "$2/file" "$1" && sha256sum "$2/file" > "$2/sum"'


class _Server(ThreadingHTTPServer):
    """A hub with one file."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path, self.size = path, path.stat().st_size
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        lfs = {"oid": self.server.sha256, "size": self.server.size, "pointerSize": 130}
        entry = {"type": "file", "path": NAME, "size": self.server.size, "oid": COMMIT, "lfs": lfs}
        self._json([entry])

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._json({"id": "some/data", "sha": COMMIT, "siblings": [{"rfilename": NAME}]})
            return
        self._head()
        with self.server.path.open("rb") as file:
            self.connection.sendfile(file)

    def _head(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.size))
        self.send_header("ETag", f'"{self.server.sha256}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(path: Path) -> None:
    """Print the address, then serve until the process is ended."""
    with _Server(path) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


def measure(*command: str | Path, **environment: str) -> tuple[float, float]:
    """CPU seconds, user and system, and peak resident MB (10^6 bytes) of a command."""
    process = subprocess.Popen(list(map(str, command)), env={**os.environ, **environment})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def compare(url: str, folder: Path, repeat: int) -> None:
    """Measure each way `repeat` times, in turn; print a row each."""
    file = f"{url}/datasets/some/data/resolve/{COMMIT}/{NAME}"
    words = (url, COMMIT, NAME)
    ways: dict[str, tuple[str, ...]] = {
        "ours, sha256 compared": (sys.executable, "-c", OURS, *words),
        "hf_hub_download, none compared": (sys.executable, "-c", CLIENT, *words),
        "curl, then sha256sum": ("sh", "-c", CURL, "sh", file),
    }
    costs: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way, command in ways.items():
            with tempfile.TemporaryDirectory(dir=folder) as out:
                quiet = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
                costs[way].append(measure(*command, out, HF_HOME=str(folder), **quiet))
    print(f"{'':<32}{'CPU s':>8}{'MB':>8}")
    for way, runs in costs.items():
        cpu, memory = min(runs)
        print(f"{way:<32}{cpu:>8.2f}{memory:>8.0f}")


def main() -> None:
    """Parse the words, make the file, serve it, measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=500, help="10^6 bytes of the file")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "published")
        with path.open("wb") as file:
            for _ in range(arguments.megabytes):
                file.write(os.urandom(1_000_000))
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", path], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            compare(server.stdout.readline().strip(), Path(scratch), arguments.repeat)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
