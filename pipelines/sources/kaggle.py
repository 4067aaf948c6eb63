"""The copy of a dataset on Kaggle: its files at one version, their sizes, digests and addresses.

The client `kaggle` gives credentials, the version, the list of files and, for each, the address in
the service's storage, with the MD5 in `X-Goog-Hash`. The bytes are brought by `fetch`: the client's
own download resumes too, but it compares no MD5, does not go on after a 429, and has half a file
under its final name. `kagglehub` compares the MD5, but resumes without asking whether the file is
still the same, and does not go on after a cut.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from zipfile import BadZipFile, ZipFile

import httpx2

from pipelines.findings import BadInput, install
from pipelines.io import bounds, files
from pipelines.io.retry import Note, RetryPolicy
from pipelines.sources.fetch import Address, Remote, plainly, within
from pipelines.sources.partial import Published

T = TypeVar("T")

_PAGE, _MOST_PAGES = 200, 50
# Of the request that led to a file, what is not sent again as it was.
_NOT_AGAIN = {"accept-encoding", "connection", "content-length", "host"}


class Copy:
    """A dataset on Kaggle at its present version."""

    def __init__(self, slug: str, client: httpx2.Client, retry: RetryPolicy, note: Note) -> None:
        """Find credentials and the version. BadInput where there are none, or no answer."""
        self.slug, self.client, self.retry, self.note = slug, client, retry, note
        try:
            with _unheard():
                from kaggle import api
                from kagglesdk.datasets.types import dataset_api_service as types
            self.api, self.types = api, types
            self._ask(api.authenticate)
        except ImportError:
            raise BadInput(f"the Kaggle client is not installed; {install('kaggle')}") from None
        except SystemExit:
            raise BadInput(
                "there are no credentials that Kaggle takes; "
                "put kaggle.json in ~/.kaggle, or set KAGGLE_API_TOKEN"
            ) from None
        dataset = self._call("get_dataset", types.ApiGetDatasetRequest())
        self.version: int = dataset.current_version_number
        if type(self.version) is not int:
            raise BadInput(f"{slug} on Kaggle: has no version; use --source huggingface")

    def names(self, pattern: str) -> list[str]:
        """The files whose last name matches, in order."""
        names: list[str] = []
        request = self._versioned(self.types.ApiListDatasetFilesRequest())
        request.page_size = _PAGE
        for _ in range(_MOST_PAGES):
            page = self._call("list_dataset_files", request)
            names += [f.name for f in page.files if PurePosixPath(f.name).match(pattern)]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        else:
            raise BadInput(f"{self.slug} on Kaggle: its list of files does not end; try later")
        if len({PurePosixPath(name).name for name in names}) < len(names):
            raise BadInput(
                f"{self.slug} on Kaggle: two files of one name; use --source huggingface"
            )
        return sorted(names)

    def remote(self, name: str) -> Remote:
        """A file, to be laid in `data/`."""
        request = self._versioned(self.types.ApiDownloadDatasetRequest())
        request.file_name = name
        answer = self._call("download_dataset", request)
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise BadInput(f"{name} of {self.slug}: Kaggle gives no size for it; try again later")
        md5 = re.search(r"md5=([\w+/=]+)", answer.headers.get("X-Goog-Hash", ""))
        digests = {}
        if md5:
            with suppress(ValueError):
                digests["md5"] = base64.b64decode(md5[1]).hex()
        plain = PurePosixPath(name).name
        # Kaggle packs some files, and tells it in the address alone.
        packed = PurePosixPath(httpx2.URL(answer.url).path).name == f"{plain}.zip"
        return Remote(
            path=f"data/{plain}.zip" if packed else f"data/{plain}",
            name=f"{name} of {self.slug}, version {self.version}",
            published=Published(int(length), digests),
            client=self.client,
            # One serves all tries of a run, as in the client's own download.
            address=_address(answer),
            explain=self._explain,
        )

    def _versioned(self, request: Any) -> Any:
        request.dataset_version_number = self.version
        return request

    def _call(self, method: str, request: Any) -> Any:
        """One call of the service; a file's answer is not read."""
        request.owner_slug, request.dataset_slug = self.slug.split("/")

        def call() -> Any:
            with self.api.build_kaggle_client() as client:
                _bound(client.http_client(), self.retry)
                return getattr(client.datasets.dataset_api_client, method)(request)

        return self._ask(call)

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return self.retry.call(lambda: _as_httpx(call), self.note)
        except httpx2.HTTPError as error:
            raise BadInput(f"{self.slug} on Kaggle: {self._explain(error)}") from error

    def _explain(self, error: httpx2.HTTPError) -> str:
        response = getattr(error, "response", None)
        match None if response is None else response.status_code:
            case 401:
                return "the credentials are not accepted; make new ones in your Kaggle settings"
            case 403:
                page = f"https://www.kaggle.com/datasets/{self.slug}"
                return f"access is refused; sign in and accept the terms on {page}"
            case 404:
                return "there is no such dataset or file; use --source huggingface"
        return plainly(error)


def unpack(folder: Path, path: str) -> str:
    """Unpack a file that came as `<name>.zip` and remove the archive; the path of the file."""
    archive = folder / path
    name = path.removesuffix(".zip")
    try:
        with ZipFile(archive) as opened:
            inner = opened.open(PurePosixPath(name).name)

            def fill(out: Any) -> None:
                blocks = iter(lambda: inner.read(1 << 20), b"")
                for block in bounds.inflated(archive, archive.stat().st_size, blocks):
                    out.write(block)

            files.write(folder / name, fill)
    except (BadZipFile, KeyError, RuntimeError, zlib.error) as error:
        raise BadInput(f"{archive}: is no archive of the file ({error}); remove it") from error
    archive.unlink()
    return name


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what the client prints from the terminal; it leaves by SystemExit after advice."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield


def _bound(http: Any, retry: RetryPolicy) -> None:
    """Bound the answers of the client's session, which waits for ever and reads what comes."""
    from requests.adapters import HTTPAdapter

    class Bounded(HTTPAdapter):
        def send(self, *sent: Any, **how: Any) -> Any:
            answer = super().send(*sent, **{**how, "timeout": retry.silence})
            if not how.get("stream"):
                host = httpx2.URL(answer.url).host
                # More at once would wait for them all, however slowly they come.
                answer._content = within(host, answer.iter_content(1), retry)
            return answer

    http._session.mount("http://", Bounded())
    http._session.mount("https://", Bounded())


def _address(answer: Any) -> Address:
    """What to ask for the bytes to which an answer (of requests) leads; it is closed unread."""
    answer.close()
    sent = answer.request
    headers = {k: v for k, v in sent.headers.items() if k.lower() not in _NOT_AGAIN}
    return Address(sent.url, headers, sent.method, sent.body)


def _as_httpx(call: Callable[[], T]) -> T:
    """What a call gives, its errors of requests as those of httpx2."""
    from requests import exceptions

    try:
        with _unheard():
            return call()
    except exceptions.ProxyError as error:
        raise httpx2.ProxyError(str(error)) from error
    except exceptions.Timeout as error:
        raise httpx2.ReadTimeout(str(error)) from error
    except exceptions.ConnectionError as error:
        # The last words tell what happened, those before them which objects it happened to.
        reason = getattr(error.args[0], "reason", error)
        raise httpx2.ConnectError(str(reason).rpartition(": ")[2]) from error
    except exceptions.HTTPError as error:
        refused = error.response
        assert refused is not None
        request = httpx2.Request("POST", refused.url)
        answer = httpx2.Response(
            refused.status_code, headers=dict(refused.headers), request=request
        )
        raise httpx2.HTTPStatusError(str(error), request=request, response=answer) from error
    except (exceptions.RequestException, ValueError) as error:
        raise httpx2.RemoteProtocolError(str(error)) from error
