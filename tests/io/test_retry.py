from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from pipelines.io.retry import RetryPolicy

RETRY = RetryPolicy(delays=(1, 2, 4), longest=60)
REQUEST = httpx2.Request("GET", "http://127.0.0.1/")


def answer(status: int, **headers: str) -> httpx2.HTTPStatusError:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=told, request=REQUEST)
    return httpx2.HTTPStatusError(str(status), request=REQUEST, response=response)


@pytest.mark.parametrize(
    ("failures", "error", "expected"),
    [
        (0, answer(503), 1),
        (2, answer(503), 4),
        (3, answer(503), None),
        (0, answer(429, Retry_After="30"), 30),
        (2, answer(429, Retry_After="3"), 4),
        (0, answer(429, Retry_After="61"), None),
        (0, answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), 1),
        (0, answer(429, Retry_After="soon"), 1),
        (0, answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 -0000"), 1),  # without a zone
        (0, answer(429, Retry_After=f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT"), 1),
        (0, answer(429, Retry_After=f"Wed, 21 Oct 2015 07:28:00 +{'9' * 20}"), 1),
        (0, answer(429, RateLimit='"api";r=0;t=55'), 55),
        (0, answer(429, RateLimit='"api";r=9;t=55'), 1),
        (0, answer(408), 1),
        (0, answer(404), None),
        (0, answer(401), None),
        (0, httpx2.ReadTimeout(""), 1),
        (0, httpx2.ReadError(""), 1),
        (0, httpx2.RemoteProtocolError(""), 1),
        (0, httpx2.ConnectError(""), 1),
        (0, httpx2.ProxyError("407"), None),
        (0, httpx2.UnsupportedProtocol(""), None),
        (0, ValueError(), None),
    ],
)
def test_pause(failures: int, error: Exception, expected: float | None) -> None:
    assert RETRY.delay(failures, error) == expected


def test_a_date_is_waited_for() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    pause = RETRY.delay(0, answer(503, Retry_After=date))
    assert pause is not None
    assert 30 < pause <= 40


def test_ask_gives_up_sooner_on_a_server_that_is_not_there() -> None:
    """Three tries for one that cannot be reached, all tries for one that answers."""

    def tries(error: Exception) -> int:
        seen = []

        def call() -> None:
            seen.append(1)
            raise error

        with pytest.raises(type(error)):
            RetryPolicy(delays=(0,) * 5).call(call, lambda text: None)
        return len(seen)

    assert [tries(httpx2.ConnectError("")), tries(answer(500)), tries(answer(404))] == [3, 6, 1]
