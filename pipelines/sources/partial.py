"""A published file while it comes: its bytes so far on the disk, and their digests.

The bytes are in `<name>.part`; `<name>.part.json` says of which published file they are, so that a
killed run goes on where it was and never joins two versions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import orjson

from pipelines.findings import BadInput
from pipelines.io.files import open_new, unwritable

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Published:
    """What is known of a file before it comes.

    size: bytes. digests: what is published of its bytes, in hex, by `sha256`, `md5` or `git-sha1`
    (the name that git gives the file); may be empty.
    """

    size: int
    digests: Mapping[str, str]


class Part:
    """The bytes of a file so far. As a context it is open; `finish` gives it its final name.

    length: bytes so far. validator: the server's ETag or date for them, empty where it gave none.
    """

    def __init__(self, path: Path, published: Published) -> None:
        self.path, self.published = path, published
        self.length = 0
        self.validator = ""

    def __enter__(self) -> Self:
        """Open the file, and read once what an earlier run left of it."""
        with _plainly(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            known = _validator(self.path, self.published)
            part = _beside(self.path, ".part")
            if part.is_symlink():
                part.unlink()  # what it leads to is somebody's, and no bytes of ours
            # Unbuffered: what was written before a kill is in the file.
            self.file = part.open("ab+", buffering=0)
            self.hashers = _hashers(self.published)
            if known is None:
                self.begin("")
            else:
                self.validator = known
                self.file.seek(0)
                self.length = _read_into(self.hashers, self.file)
                if self.length > self.published.size:
                    self.begin("")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; what came stays, for the next run."""
        self.file.close()
        if error is not None and self.length == 0:
            remove_part(self.path)

    @property
    def joinable(self) -> bool:
        """Whether anything would tell if the rest were of another file than the bytes so far."""
        return bool(self.validator or self.published.digests)

    def begin(self, validator: str) -> None:
        """Forget the bytes; `validator` is of those to come."""
        with _plainly(self.path):
            self.file.truncate(0)
            self.length, self.validator = 0, validator
            self.hashers = _hashers(self.published)
            note = _beside(self.path, ".part.json")
            if self.joinable:
                with open_new(note) as file:
                    file.write(orjson.dumps({**_known(self.published), "validator": validator}))
            else:
                note.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add bytes. BadInput where there are more of them than are published."""
        with _plainly(self.path):
            rest = memoryview(chunk)
            while rest:
                rest = rest[self.file.write(rest) :]
        for hasher in self.hashers.values():
            hasher.update(chunk)
        self.length += len(chunk)
        if self.length > self.published.size:
            self._refuse(f"more than {self.published.size} bytes")

    def finish(self) -> str:
        """Check the bytes, flush them to the disk, give them the final name; their sha256."""
        wrong = _wrong(self.hashers, self.published)
        if wrong:
            self._refuse(f"their {wrong} differs")
        with _plainly(self.path):
            os.fsync(self.file.fileno())
            self.file.close()
            _beside(self.path, ".part").replace(self.path)
            _beside(self.path, ".part.json").unlink(missing_ok=True)
        return self.hashers["sha256"].hexdigest()

    def _refuse(self, wrong: str) -> None:
        self.file.close()
        remove_part(self.path)
        raise BadInput(
            f"{self.path}: the bytes that came are not the published ones ({wrong}) and are "
            "removed; run it again"
        )


def held(path: Path, published: Published) -> int:
    """Bytes of the file that an earlier run left."""
    part = _beside(path, ".part")
    if _validator(path, published) is None or not part.exists():
        return 0
    return min(part.stat().st_size, published.size)


def matches(path: Path, published: Published) -> str | None:
    """The sha256 of a file that has every published digest, and at least one; else None."""
    if not published.digests or not path.is_file() or path.stat().st_size != published.size:
        return None
    hashers = _hashers(published)
    with path.open("rb", buffering=0) as file:
        _read_into(hashers, file)
    return None if _wrong(hashers, published) else hashers["sha256"].hexdigest()


def remove_part(path: Path) -> None:
    """Remove what tries to bring a file have left beside it."""
    for ending in (".part", ".part.json"):
        _beside(path, ending).unlink(missing_ok=True)


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _known(published: Published) -> dict[str, object]:
    return {"size": published.size, "digests": dict(published.digests)}


def _validator(path: Path, published: Published) -> str | None:
    """The validator of the bytes in `.part`; None where they are of another file, or of none."""
    with suppress(OSError, orjson.JSONDecodeError, KeyError, AttributeError):
        note = orjson.loads(_beside(path, ".part.json").read_bytes())
        validator = note.pop("validator")
        if note == _known(published):
            return str(validator)
    return None


def _hashers(published: Published) -> dict[str, _Hasher]:
    hashers: dict[str, _Hasher] = {"sha256": hashlib.sha256()}
    if "md5" in published.digests:
        hashers["md5"] = hashlib.md5(usedforsecurity=False)
    if "git-sha1" in published.digests:
        head = b"blob %d\0" % published.size
        hashers["git-sha1"] = hashlib.sha1(head, usedforsecurity=False)
    return hashers


def _read_into(hashers: Mapping[str, _Hasher], file: FileIO) -> int:
    length = 0
    while block := file.read(_BLOCK):
        for hasher in hashers.values():
            hasher.update(block)
        length += len(block)
    return length


def _wrong(hashers: Mapping[str, _Hasher], published: Published) -> str | None:
    """The name of the first digest that is not the published one."""
    digests = published.digests.items()
    return next((name for name, digest in digests if hashers[name].hexdigest() != digest), None)


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Turn an error of the disk into the one line for the user."""
    try:
        yield
    except OSError as error:
        room = "free some and run it again; it goes on where it is"
        raise unwritable(path, error, room=room, otherwise="is the folder yours?") from error
