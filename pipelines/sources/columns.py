"""Some columns of published parquet files, without the rest of their bytes.

The footer and the pages of the columns come over ranged requests and are written as a parquet file
of the same row groups. No published digest covers a part of a file, so less is checked: that every
answer is of the same file and of the published size, and the checksums of pages that have one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.sources.fetch import AT_ONCE, Remote

# In the metadata of a written file: what it was made from.
_MADE_FROM = b"made from"


def narrow(
    remotes: Sequence[Remote],
    columns: Sequence[str],
    folder: Path,
    known: Mapping[str, str],
    retry: RetryPolicy,
    progress: Progress,
) -> dict[str, str]:
    """Write the named columns of parquet files into a folder; the sha256 of each, by its path.

    A column that a file lacks is left out. What an earlier run wrote of the same file is kept, but
    not where `known` has another digest for it. Raises BadInput as `fetch` does, and where the
    server gives no parts of a file.
    """

    def one(remote: Remote) -> str:
        path = folder / remote.path
        made_from = f"{','.join(columns)} of {remote.name}, {remote.published.digests}".encode()
        if _made_from(path) == made_from:
            digest = files.sha256(path)
            if known.get(remote.path, digest) == digest:
                return digest
        _narrow(_Ranged(remote, retry, progress), columns, path, made_from)
        return files.sha256(path)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = [remote.path for remote in remotes]
        return dict(zip(paths, pool.map(one, remotes), strict=True))


def _narrow(source: _Ranged, columns: Sequence[str], path: Path, made_from: bytes) -> None:
    def fill(out: BinaryIO) -> None:
        opened = pq.ParquetFile(source, pre_buffer=True, page_checksum_verification=True)
        names = [name for name in columns if name in opened.schema_arrow.names]
        schema = pa.schema([opened.schema_arrow.field(name) for name in names])
        schema = schema.with_metadata({_MADE_FROM: made_from})
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for group in range(opened.num_row_groups):
                table = opened.read_row_group(group, columns=names)
                writer.write_table(table.select(names).cast(schema))

    try:
        files.write(path, fill)
    except pa.ArrowException as error:
        first = str(error).partition("\n")[0]
        raise BadInput(
            f"{source.remote.name}: no parquet file ({first}); take all columns"
        ) from error


def _made_from(path: Path) -> bytes | None:
    try:
        return (pq.read_schema(path).metadata or {}).get(_MADE_FROM)
    except (OSError, pa.ArrowException):
        return None


class _Ranged(io.RawIOBase):
    """A published file to read and seek in; each read is a request for a range."""

    def __init__(self, remote: Remote, retry: RetryPolicy, progress: Progress) -> None:
        self.remote, self.retry, self.progress = remote, retry, progress
        self.place = 0
        self.validator = ""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = self.remote.published.size
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: size}[whence]
        return self.place

    def read(self, size: int = -1) -> bytes:
        begin, end = self.place, self.remote.published.size
        if size >= 0:
            end = min(end, begin + size)
        if end <= begin:
            return b""
        self.progress.expect(end - begin)
        try:
            data = self.retry.call(lambda: self._get(begin, end), self.progress.note)
        except httpx2.HTTPError as error:
            raise BadInput(f"{self.remote.name}: {self.remote.explain(error)}") from error
        self.place = end
        self.progress.advance(len(data))
        return data

    def _get(self, begin: int, end: int) -> bytes:
        address = self.remote.address
        with self.remote.client.stream(
            address.method,
            address.url,
            headers={
                **address.headers,
                "Accept-Encoding": "identity",
                "Range": f"bytes={begin}-{end - 1}",
            },
            content=address.body,
            follow_redirects=True,
            timeout=self.retry.timeout,
        ) as response:
            response.raise_for_status()
            if response.status_code != 206:
                raise BadInput(
                    f"{self.remote.name}: the server gives no parts of a file; take all columns"
                )
            self._check(response, f"bytes {begin}-{end - 1}/{self.remote.published.size}")
            data = b"".join(response.iter_raw())
        if len(data) != end - begin:
            raise httpx2.RemoteProtocolError(f"{len(data)} bytes came of {end - begin}")
        return data

    def _check(self, response: httpx2.Response, expected: str) -> None:
        """End the run where the answer is of another file than the answers before."""
        validator = response.headers.get("etag") or response.headers.get("last-modified") or ""
        self.validator = self.validator or validator
        if response.headers.get("content-range") != expected or validator != self.validator:
            raise BadInput(f"{self.remote.name}: the file changed while it was read; run it again")
