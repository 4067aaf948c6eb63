"""How long to wait for a server, when to ask it again, and what to say when it gives nothing."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import TypeVar

import httpx2

T = TypeVar("T")
Note = Callable[[str], None]

# Too early, too many, or a server in trouble; what else a server refuses it will refuse again.
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_BROKEN = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)

# Tries to reach a server from which nothing has come yet.
_TRIES_UNREACHED = 3


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Times in seconds.

    delays: before each further try. longest: the longest pause that a server may ask for; where it
    asks for more, the run ends. silence: without a byte, before a connection is given up.
    """

    delays: tuple[float, ...] = (1, 2, 4, 8, 16, 32)
    longest: float = 300
    silence: float = 30

    @property
    def timeout(self) -> httpx2.Timeout:
        """For one request; a third of `silence` to be connected."""
        return httpx2.Timeout(self.silence, connect=self.silence / 3)

    def delay(self, failures: int, error: Exception) -> float | None:
        """Seconds to wait after an error and so many before it; None where no try is left."""
        pause = requested_pause(error)
        if failures >= len(self.delays) or not _passes(error) or pause > self.longest:
            return None
        return max(self.delays[failures], pause)

    def call(self, request: Callable[[], T], note: Note) -> T:
        """What a short request gives, tried as often as is due; the last error where all fail."""
        failures = 0
        while True:
            try:
                return request()
            except Exception as error:
                pause = self.delay(failures, error)
                failures += 1
                unreached = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if pause is None or (unreached and failures == _TRIES_UNREACHED):
                    raise
                note(f"{in_words(error)}; asking again in {pause:.0f} s")
            sleep(pause)


def in_words(error: BaseException) -> str:
    """An error of a connection or a server in a few words."""
    status = _status(error)
    if status is not None:
        pause = requested_pause(error)
        return f"the server answers {status}" + (f", come back in {pause:.0f} s" if pause else "")
    match error:
        case httpx2.ProxyError():
            return f"the proxy refuses ({error})"
        case httpx2.TooManyRedirects():
            return "redirected without end"
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            for cause in _causes(error):
                if isinstance(cause, ssl.SSLCertVerificationError):
                    return f"the server's certificate is not trusted ({cause.verify_message})"
                if isinstance(cause, socket.gaierror):
                    return f"the server's name is not resolved ({cause.strerror})"
            return f"the server cannot be reached ({str(error) or 'no answer'})"
        case httpx2.TimeoutException():
            return f"the server has gone silent ({str(error) or 'timed out'})"
    return f"the connection broke ({error})"


def remedy(error: Exception) -> str:
    """What a person can do about an error of a connection or a server."""
    match error:
        case httpx2.ProxyError():
            return "check HTTPS_PROXY and HTTP_PROXY"
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
                return "behind a proxy that opens TLS, name its certificates in SSL_CERT_FILE"
            return "check the network and HTTPS_PROXY, or give a folder with --source"
    return "run it again later; what came is kept"


def _passes(error: Exception) -> bool:
    """Whether another try may go better."""
    status = _status(error)
    if status is not None:
        return status in _PASSING
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return False
    return isinstance(error, _BROKEN)


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def requested_pause(error: BaseException) -> float:
    """Seconds that a server asks for, in `Retry-After`, Azure's `-ms` or the hub's `RateLimit`."""
    response = getattr(error, "response", None)
    headers = {} if response is None else response.headers
    milliseconds = headers.get("retry-after-ms", "").strip()
    if milliseconds.isdecimal():
        return float(milliseconds) / 1000
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return float(after)
    with suppress(ValueError, TypeError, OverflowError):
        date = parsedate_to_datetime(after)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - datetime.now(UTC)).total_seconds())
    spent = re.search(r"\br=0\s*;\s*t=(\d+)", headers.get("ratelimit", ""))
    return float(spent[1]) if spent else 0.0
