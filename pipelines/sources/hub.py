"""What a repository of the Hugging Face hub publishes: files, sizes, digests, addresses.

The client gives the endpoint (HF_ENDPOINT), the token (HF_TOKEN, or what `hf auth login` left),
proxies and the classes of refusal. It does not bring the bytes: it takes any of the right size, a
killed process of it begins anew, and it tries a failing GET once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import orjson
from huggingface_hub import (
    get_session,
    hf_hub_url,
    hf_raise_for_status,
    is_offline_mode,
)
from huggingface_hub.constants import ENDPOINT
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    build_hf_headers,
    validate_repo_id,
)

from pipelines.findings import BadInput
from pipelines.io.retry import Note, RetryPolicy
from pipelines.sources.fetch import Address, Remote, plainly, within
from pipelines.sources.partial import Published

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Hub:
    """Where to ask and how patiently; endpoint: the client's where None, which is HF_ENDPOINT."""

    endpoint: str | None
    retry: RetryPolicy

    def session(self) -> httpx2.Client:
        """The client's HTTP session, which takes many threads."""
        session = get_session()
        # It waits for ever unless told.
        session.timeout = self.retry.timeout
        return session

    def listing(
        self, repository: str, revision: str, patterns: Sequence[str], note: Note
    ) -> tuple[str, list[Remote]]:
        """The commit of a revision, and its files that match a pattern, by path.

        Raises BadInput where the hub cannot be reached, refuses, or has no such file.
        """
        where = f"{repository} at {revision[:12]}"
        if is_offline_mode():
            raise BadInput(
                f"{where}: HF_HUB_OFFLINE forbids to ask the hub; unset it, or give a folder"
            )
        session = self.session()
        base = f"{self.endpoint or ENDPOINT}/api/datasets/{repository}"
        try:
            validate_repo_id(repository)
            info = self._json(session, "GET", f"{base}/revision/{quote(revision, safe='')}", note)
            commit: str = info["sha"]
            siblings: list[str] = [sibling["rfilename"] for sibling in info["siblings"]]
            names = {
                name for name in siblings if any(fnmatch(name, pattern) for pattern in patterns)
            }
            if not names:
                wanted = " or ".join(patterns)
                raise BadInput(f"{where}: no file matches {wanted}; is the revision right?")
            if len(names) > _MOST_FILES:
                raise BadInput(f"{where}: {len(names):,} files match; the most are {_MOST_FILES:,}")
            other = _COMMIT.fullmatch(revision) and commit != revision
            if other or not _COMMIT.fullmatch(commit):
                raise BadInput(f"{where}: the hub answers with the commit {commit!r}; is it a hub?")
            form = {"paths": sorted(names), "expand": "false"}
            url = f"{base}/paths-info/{commit}"
            entries = self._json(session, "POST", url, note, form)
            files = [entry for entry in entries if entry["type"] == "file"]
            if sorted(entry["path"] for entry in files) != sorted(names):
                raise BadInput(
                    f"{where}: the hub lists {len(files)} of {len(names)} files; try later"
                )
            published = {entry["path"]: _published(entry) for entry in files}
        except (httpx2.HTTPError, HFValidationError) as error:
            raise BadInput(f"{where}: {explain(repository, error)}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput(
                f"{where}: the answer is not a hub's; is there a login page in between?"
            ) from error
        return commit, [
            self._remote(session, repository, commit, path, published[path])
            for path in sorted(published)
        ]

    def _json(
        self,
        session: httpx2.Client,
        method: str,
        url: str,
        note: Note,
        form: Mapping[str, object] | None = None,
    ) -> Any:
        """The answer of the hub's API, in bounded bytes and time."""

        def ask() -> Any:
            with session.stream(
                method,
                url,
                data=form,
                headers=build_hf_headers(),
                follow_redirects=True,
                timeout=self.retry.timeout,
            ) as response:
                response.raise_for_status()
                return orjson.loads(within(response.url.host, response.iter_bytes(), self.retry))

        return self.retry.call(ask, note)

    def _remote(
        self, session: httpx2.Client, repository: str, commit: str, path: str, published: Published
    ) -> Remote:
        known = _known().get((repository, commit, path))
        digests = dict(published.digests)
        if known and digests.setdefault("sha256", known) != known:
            raise BadInput(
                f"{repository}: the hub lists other bytes of {path} at {commit[:12]} than "
                f"are known (sha256 {digests['sha256'][:12]}…, known {known[:12]}…); "
                "do not use this hub"
            )
        url = hf_hub_url(
            repository, path, repo_type="dataset", revision=commit, endpoint=self.endpoint
        )
        return Remote(
            path=path,
            name=f"{path} of {repository} at {commit[:12]}",
            published=Published(published.size, digests),
            client=session,
            address=Address(url, build_hf_headers()),
            explain=partial(explain, repository),
        )


def _published(entry: dict[str, Any]) -> Published:
    """Size and digest of an entry of the listing; ValueError or the like where it is none."""
    lfs = entry.get("lfs")
    name, digest = ("sha256", lfs["oid"]) if lfs else ("git-sha1", entry["oid"])
    size = entry["size"]
    if type(size) is not int or size < 0 or not _DIGEST.fullmatch(digest):
        raise ValueError("neither a size nor a digest")
    return Published(size, {name: digest})


def explain(repository: str, error: Exception) -> str:
    """What the hub's refusal means and what to do about it."""
    if isinstance(error, httpx2.HTTPStatusError):
        try:
            hf_raise_for_status(error.response)
        except HfHubHTTPError as named:
            error = named
    response = getattr(error, "response", None)
    match error:
        case GatedRepoError():
            page = f"https://huggingface.co/datasets/{repository}"
            return f"access must be asked for on {page}; then set HF_TOKEN to a token of yours"
        case RevisionNotFoundError():
            return "the hub has no such revision; give a commit, branch or tag of the repository"
        case RemoteEntryNotFoundError():
            return "the hub has no such file; is the revision right?"
        case HFValidationError():
            return f"{str(error).partition(':')[0]}; give owner/name and a revision"
        case _ if response is not None and response.status_code == 401 and _has_token(response):
            return "the hub does not accept the token; mend HF_TOKEN, or run `hf auth login`"
        case RepositoryNotFoundError():
            return "the hub has no such dataset, or shows it to a token only; set HF_TOKEN"
        case _ if response is not None and response.status_code in (401, 403):
            return f"the hub refuses ({response.status_code}); is the token allowed to read it?"
        case _ if response is not None and response.status_code == 404:
            return "the hub has no such dataset, revision or file; is HF_ENDPOINT a hub?"
        case httpx2.HTTPError():
            return plainly(error)
    return str(error).partition("\n")[0]


def _has_token(response: httpx2.Response) -> bool:
    return "authorization" in response.request.headers


@cache
def _known() -> dict[tuple[str, str, str], str]:
    """Committed digests by repository, commit and path."""
    table = tomllib.loads(Path(__file__).with_name("checksums.toml").read_text(encoding="utf-8"))
    return {(f["repository"], f["revision"], f["path"]): f["sha256"] for f in table["file"]}
