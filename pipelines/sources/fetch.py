"""Published files over HTTP: several at once, each resumed, tried again and hashed as it comes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import httpx2

from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy, in_words, remedy
from pipelines.sources.partial import Part, Published, held

# Files at once: enough to fill a line that one connection does not, and no burden to a server.
AT_ONCE = 4

# Once so many bytes have come, the pauses begin at the shortest again.
_STRIDE = 1 << 20

# Of a list of files: bytes (200,000 files take 25 MB), and how long it may take at most.
_LIST_BYTES = 64 << 20
_LIST_SILENCES = 4

# Bytes a second, over `RetryPolicy.silence`, below which a connection is given up.
_SLOWEST = 1000


@dataclass(frozen=True, slots=True)
class Address:
    """What to ask for a file's bytes. The headers may hold a token: never shown or written."""

    url: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None


def plainly(error: httpx2.HTTPError) -> str:
    """What a server or a connection did, and what to do about it."""
    return f"{in_words(error)}; {remedy(error)}"


@dataclass(frozen=True, slots=True)
class Remote:
    """A published file.

    path: where it goes, below the dataset's folder. name: the file and where it is published, for
    messages. client: to ask with, from many threads. explain: an error of the last try in words.
    """

    path: str
    name: str
    published: Published
    client: httpx2.Client
    address: Address
    explain: Callable[[httpx2.HTTPError], str] = plainly

    def __post_init__(self) -> None:
        """BadInput for a path that leaves the folder, or that a file system may not have."""
        parts = self.path.split("/")
        plain = self.path.isprintable() and "\\" not in self.path
        if not plain or any(part in ("", ".", "..") or len(part) > 200 for part in parts):
            raise BadInput(f"{self.path!r} is no path of a file; do not use this server")


def within(host: str, chunks: Iterable[bytes], retry: RetryPolicy) -> bytes:
    """The body of a list that a server gives; BadInput where it does not come to an end."""
    body, since = bytearray(), monotonic()
    for chunk in chunks:
        body += chunk
        if len(body) > _LIST_BYTES or monotonic() - since > _LIST_SILENCES * retry.silence:
            raise BadInput(
                f"{host}: its list does not end ({len(body):,} bytes in "
                f"{monotonic() - since:.0f} s); do not use this server, or try later"
            )
    return bytes(body)


def fetch(
    remotes: Sequence[Remote], folder: Path, retry: RetryPolicy, progress: Progress
) -> dict[str, str]:
    """Bring files into a folder; the sha256 of each, by its path.

    Raises BadInput where the disk is too small or full, where a server gives nothing, and where
    bytes are not the published ones. What came until then is kept and gone on with.
    """
    to_come = sum(r.published.size - held(folder / r.path, r.published) for r in remotes)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if to_come > free:
        raise BadInput(
            f"{folder}: {to_come / 1e6:,.1f} MB are to come and {free / 1e6:,.1f} MB are free; "
            "free some, or ask for fewer files"
        )
    progress.expect(to_come)
    stop = Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [
            pool.submit(_Fetch(remote, retry, progress, stop).bring, folder / remote.path)
            for remote in remotes
        ]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    for error in (future.exception() for future in futures):
        if error and not isinstance(error, _Stopped):
            raise error
    return {remote.path: f.result() for remote, f in zip(remotes, futures, strict=True)}


class _Stopped(Exception):
    """Another file failed or the user broke off; what came of this one is kept."""


class _Changed(httpx2.RemoteProtocolError):
    """The server has other bytes than those begun."""


class _Fetch:
    """One file on its way."""

    def __init__(self, remote: Remote, retry: RetryPolicy, progress: Progress, stop: Event) -> None:
        self.remote, self.retry, self.progress, self.stop = remote, retry, progress, stop

    def bring(self, path: Path) -> str:
        """Bring the file to `path`; its sha256."""
        with Part(path, self.remote.published) as part:
            try:
                self._all(part)
            except httpx2.HTTPError as error:
                raise BadInput(f"{self.remote.name}: {self.remote.explain(error)}") from error
            return part.finish()

    def _all(self, part: Part) -> None:
        """Ask until every byte is there or no try is left."""
        failures = 0
        size = self.remote.published.size
        while part.length < size:
            before = part.length
            try:
                self._some(part)
                if part.length < size:
                    raise httpx2.RemoteProtocolError(f"ended after {part.length} of {size} bytes")
            except httpx2.HTTPError as error:
                if part.length - before >= _STRIDE:
                    failures = 0
                pause = self.retry.delay(failures, error)
                if pause is None:
                    raise
                failures += 1
                self.progress.note(
                    f"{self.remote.path}: {in_words(error)}; going on in {pause:.0f} s"
                )
                if self.stop.wait(pause):
                    raise _Stopped from None

    def _some(self, part: Part) -> None:
        """One request, and what comes of it."""
        if self.stop.is_set():
            raise _Stopped
        if not part.joinable:
            self.progress.advance(-part.length)
            part.begin("")
        address = self.remote.address
        headers = {**address.headers, "Accept-Encoding": "identity"}
        if part.length:
            headers["Range"] = f"bytes={part.length}-"
            if part.validator and not part.validator.startswith("W/"):
                headers["If-Range"] = part.validator
        with self.remote.client.stream(
            address.method,
            address.url,
            headers=headers,
            content=address.body,
            follow_redirects=True,
            timeout=self.retry.timeout,
        ) as response:
            self._meet(response, part)
            since, came = monotonic(), 0
            for chunk in response.iter_raw():
                if self.stop.is_set():
                    raise _Stopped
                part.write(chunk)
                self.progress.advance(len(chunk))
                came += len(chunk)
                seconds = monotonic() - since
                if seconds > self.retry.silence:
                    if came < _SLOWEST * seconds:
                        raise httpx2.ReadTimeout(f"{came} bytes in {seconds:.0f} s")
                    since, came = monotonic(), 0

    def _meet(self, response: httpx2.Response, part: Part) -> None:
        """Make ready for a response's bytes: the rest, or all; raise where there are none."""
        validator = response.headers.get("etag") or response.headers.get("last-modified") or ""
        size = self.remote.published.size
        if part.length and response.status_code in (206, 416):
            same = not validator or not part.validator or validator == part.validator
            if same and _rest(response) == (part.length, size):
                return
            self.progress.advance(-part.length)
            part.begin("")
            raise _Changed("the file has changed on the server")
        response.raise_for_status()
        length = response.headers.get("content-length", str(size))
        if length != str(size):
            raise BadInput(
                f"{self.remote.name}: the server sends {length} bytes where {size} are published; "
                "is there a login page or a proxy in between?"
            )
        self.progress.advance(-part.length)
        part.begin(validator)


def _rest(response: httpx2.Response) -> tuple[int, int] | None:
    """Where the bytes of a partial response begin, and the size of the whole."""
    place = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("content-range", ""))
    return (int(place[1]), int(place[2])) if place else None
