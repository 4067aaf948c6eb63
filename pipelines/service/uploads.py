"""Files to the service: at one go or in parts, hashed as they are read, and waited for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.rules.tables import limit
from pipelines.service.client import Service
from pipelines.service.refusals import Refused, saying

# Bytes of a part, which is held in memory. The service takes 64 MB (OpenAI's client 3.52;
# Microsoft's fine-tuning skill, 2026-08-21), and no page says what an MB is.
PART_BYTES = 32_000_000

_GONE = {"deleting", "deleted"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be sent: its name at the service, its bytes, their digest."""

    path: Path
    name: str
    size: int
    sha256: str

    def parts(self, single: int | None = None, part: int = PART_BYTES) -> int:
        """In how many parts of `part` bytes it goes; 0 where it goes at one go.

        That is below `single` bytes; by default 100 MB, from where Microsoft saw uploads at one go
        fail without a word.
        """
        at_one_go = self.size < (limit("single_upload_bytes") if single is None else single)
        return 0 if at_one_go else -(-self.size // part)


def source(path: Path) -> Source:
    """A file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Source(path, path.name, file.tell(), digest)


def send(
    service: Service,
    what: Source,
    progress: Progress,
    *,
    single: int | None = None,
    part: int = PART_BYTES,
) -> dict[str, Any]:
    """Upload a file; the service's answer, with its `id`.

    single, part: as `Source.parts` has them. Raises BadInput where the file is another by the time
    it is sent.
    """
    progress.note(f"{what.name}: uploading {what.size:,} bytes")
    progress.begin(f"uploading {what.name}", what.size, "bytes")
    if what.parts(single, part):
        file = _in_parts(service, what, progress, part)
    else:
        reader = _Reader(what.path, progress)
        file = service.add_file(what.name, reader.opened)
        _check(what, reader.digest.hexdigest())
    progress.end()
    if not isinstance(file.get("id"), str):
        raise BadInput(f"{what.name}: the service's answer has no id; is this the service?")
    return file


def wait(
    service: Service,
    file: dict[str, Any],
    name: str,
    progress: Progress,
    *,
    every: float = 5,
    most: float = 1800,
) -> None:
    """Look at a file every so many seconds until it is `processed`.

    Raises Refused with the service's words where it ends as `error`; BadInput after `most` seconds.
    `processed` says that the bytes came through, not that the rows are sound: those are checked as
    the job begins.
    """
    began, shown = monotonic(), None
    while True:
        status = str(file.get("status"))
        if status == "processed":
            progress.end(f"{name}: processed")
            return
        if status == "error":
            details = file.get("status_details") or file.get("error") or "it gives no reason"
            raise Refused(f"{name}: the service could not take the file: {saying(str(details))}")
        if status in _GONE:
            raise Refused(f"{name}: {file['id']} was deleted at the service; run it again")
        spent = monotonic() - began
        if spent >= most:
            raise BadInput(
                f"{name}: {file['id']} is still {status!r} after {most:g} s; run it again to wait "
                "on, or with a longer --timeout"
            )
        if status != shown:
            shown = status
            progress.note(f"{name}: {status}")
            progress.begin(f"{name} {status}", unit="")
        sleep(min(every, most - spent))
        current = service.file(str(file["id"]))
        if current is None:
            raise Refused(f"{name}: {file['id']} is gone from the service; run it again")
        file = {**current, "id": file["id"]}


class _Reader:
    """A file that is read to be sent: hashed and counted."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress, self._sent = path, progress, 0
        self.digest = hashlib.sha256()

    def opened(self) -> io.FileIO:
        """The file from its beginning; once more for another try."""
        self._progress.advance(-self._sent)
        self._sent, self.digest = 0, hashlib.sha256()
        reader = self

        class Counted(io.FileIO):
            def read(self, size: int | None = -1) -> bytes:
                data = super().read(-1 if size is None else size)
                reader.digest.update(data)
                reader._sent += len(data)
                reader._progress.advance(len(data))
                return data

        return Counted(self._path)


def _in_parts(service: Service, what: Source, progress: Progress, size: int) -> dict[str, Any]:
    """Upload in parts, one in memory at a time; an upload that is not ended is cancelled."""
    upload = service.begin_upload(what.name, what.size)
    if upload is None:
        where = service.where
        if where.kind == "project":
            raise BadInput(
                f"{what.name}: {what.size / 1e6:,.0f} MB go in parts, which a project's endpoint "
                f"does not take (404); give its resource: --endpoint {where.resource}"
            )
        raise BadInput(
            f"{what.name}: {what.size / 1e6:,.0f} MB go in parts, and {where.url} takes none "
            "(404); prepare fewer rows: --rows"
        )
    parts, sha256, md5 = [], hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with _cancelled_on_failure(service, upload):
        with what.path.open("rb", buffering=0) as file:
            while data := _exactly(file, size):
                sha256.update(data)
                md5.update(data)
                parts.append(service.add_part(upload, data))
                progress.advance(len(data))
        _check(what, sha256.hexdigest())
        return service.end_upload(upload, parts, md5.hexdigest())


@contextmanager
def _cancelled_on_failure(service: Service, upload: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # It expires within the hour in any case.
        with suppress(BadInput, Refused):
            service.cancel_upload(upload)
        raise


def _exactly(file: io.FileIO, size: int) -> bytes:
    """The next `size` bytes, fewer only at the end."""
    data = file.read(size)
    while data and len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data


def _check(what: Source, digest: str) -> None:
    if digest != what.sha256:
        raise BadInput(f"{what.path}: it changed while it was sent; run it again")
