"""Many answers from one endpoint: asked at once, retried, counted, handed on as they come.

One thread decides what is sent next; the others only wait for a reply each. They are daemons, so
that a run that is interrupted ends at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import httpx2
import orjson

from pipelines.findings import BadInput
from pipelines.io.jsonl import MOST_LINE_BYTES
from pipelines.io.retry import RetryPolicy, in_words, requested_pause
from pipelines.service.client import connected
from pipelines.service.endpoint import Access, Endpoint
from pipelines.service.refusals import cut
from pipelines.service.sampling import replies
from pipelines.service.sampling.journal import Key
from pipelines.service.sampling.prices import Spent
from pipelines.service.sampling.settings import Api, Json
from pipelines.service.sampling.throttle import Throttle

# A model that reasons is silent for minutes.
RETRY = RetryPolicy(delays=(1, 2, 4, 8, 16, 32, 60, 60), silence=900)

# Requests that come to nothing one after another, before the run ends.
_FAILED_IN_A_ROW = 5

# Further tries of a server that cannot be reached.
_TRIES_UNREACHED = 3

# Seconds that replies under way have when a run is over: what comes then is not kept.
_LAST_REPLIES = 1.0

# Bytes of a reply: its line in a file is hardly longer, and readers of files take twice as many.
_MOST_BYTES = MOST_LINE_BYTES // 2

# What 429 says where waiting does not help.
_NO_QUOTA = "insufficient_quota"


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One answer that is wanted: its key, and what builds the body of its request."""

    key: Key
    body: Callable[[], Json] = field(compare=False)


@dataclass(slots=True)
class _Try:
    task: Task
    failures: int = 0
    round: int = 0


class Failed(Exception):
    """A request that came to nothing; `stops` where every other one would too."""

    def __init__(self, message: str, *, stops: bool = False) -> None:
        super().__init__(message)
        self.stops = stops


class _Bounded(httpx2.SyncByteStream):
    """A body that ends; Failed where it goes on for too long. A silence is the client's to end."""

    def __init__(self, stream: Any, url: str) -> None:
        self._stream, self._url = stream, url

    def __iter__(self) -> Iterator[bytes]:
        size, end = 0, monotonic() + RETRY.silence
        for part in self._stream:
            size += len(part)
            if size > _MOST_BYTES or monotonic() > end:
                what = f"{_MOST_BYTES:,} bytes or {RETRY.silence:,.0f} s"
                raise Failed(f"{self._url}: an answer goes on for over {what}; see --max-tokens")
            yield part

    def close(self) -> None:
        self._stream.close()


class Asker:
    """One endpoint and API; to be closed."""

    def __init__(
        self,
        where: Endpoint,
        access: Access,
        api: Api,
        *,
        most: int = 32,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.failed: list[tuple[Key, str]] = []
        self._where, self._api, self._retry, self._note = where, api, RETRY, note
        self._secrets = access.secrets
        self._throttle = Throttle(most, RETRY)
        self._client = connected(where, access, RETRY.timeout, retries=0, looked_at=self._bound)
        self._todo: SimpleQueue[tuple[_Try, Json] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[_Try, Json | Exception]] = SimpleQueue()
        self._threads: list[Thread] = []
        self._noted = False

    def _bound(self, response: httpx2.Response) -> None:
        response.stream = _Bounded(response.stream, self._where.url)

    def close(self) -> None:
        """Let threads and connections go."""
        for _ in self._threads:
            self._todo.put(None)
        end = monotonic() + _LAST_REPLIES
        for thread in self._threads:
            thread.join(max(0, end - monotonic()))
        self._client.close()

    def answers(self, tasks: Iterable[Task], spent: Spent) -> Iterator[tuple[Key, Json]]:
        """The answers as they come, each with its key; `failed` has the keys that got none.

        Ends early, with some neither answered nor failed, where `spent` allows no more. BadInput
        where asking on is of no use.
        """
        waiting = iter(tasks)
        later: list[tuple[float, int, _Try]] = []  # what is tried again, by its time
        number, under_way, in_a_row, answered = count(), 0, 0, False
        more = True
        while more or later or under_way:
            now = monotonic()
            while under_way < self._throttle.limit and now >= self._throttle.paused_until:
                ready = bool(later) and later[0][0] <= now
                if not (ready or more) or not (allowed := spent.allows(under_way)):
                    if (ready or more) and allowed is False:
                        more, later = False, []
                    break
                if ready:
                    attempt = heapq.heappop(later)[2]
                else:
                    task = next(waiting, None)
                    if task is None:
                        more = False
                        continue
                    attempt = _Try(task)
                attempt.round = self._throttle.round
                self._send(attempt, under_way)
                under_way += 1
            if not (more or later or under_way):
                return
            try:
                attempt, result = self._done.get(timeout=self._pause(later, under_way))
            except Empty:
                continue
            under_way -= 1
            if isinstance(result, dict):
                in_a_row, answered = 0, True
                self._throttle.answered()
                yield attempt.task.key, result
                continue
            pause = self._again_after(attempt, result)
            if pause is not None:
                heapq.heappush(later, (monotonic() + pause, next(number), attempt))
                continue
            failure = result if isinstance(result, Failed) else Failed(self._unreached(result))
            in_a_row += 1
            if (
                failure.stops
                or (not answered and not _is_gone(result))
                or in_a_row >= _FAILED_IN_A_ROW
            ):
                raise BadInput(str(failure))
            self.failed.append((attempt.task.key, str(failure)))

    def _pause(self, later: list[tuple[float, int, _Try]], under_way: int) -> float:
        """Seconds until something may be sent, should no reply come before."""
        now = monotonic()
        due = [self._throttle.paused_until] if self._throttle.paused_until > now else []
        due += [later[0][0]] if later else []
        # A wait without an end could not be interrupted everywhere.
        return max(0.001, min(max(due, default=now + 1) - now, 1.0))

    def _send(self, attempt: _Try, under_way: int) -> None:
        if under_way >= len(self._threads):
            self._threads.append(Thread(target=self._work, daemon=True))
            self._threads[-1].start()
        self._todo.put((attempt, attempt.task.body()))

    def _work(self) -> None:
        while (sent := self._todo.get()) is not None:
            attempt, body = sent
            try:
                self._done.put((attempt, self._reply(body)))
            except Exception as error:
                self._done.put((attempt, error))

    def _reply(self, body: Json) -> Json:
        """The answer to one request, asked for once."""
        import openai

        client = self._client
        try:
            if self._api is Api.chat:
                call = client.chat.completions.with_raw_response.create
                raw = call(model=body["model"], messages=body["messages"], extra_body=body)
            else:
                call = client.responses.with_raw_response.create
                raw = call(model=body["model"], input=body["input"], extra_body=body)
            return replies.read(self._api, orjson.loads(raw.content))
        except openai.APIStatusError as error:
            answer = self._refusal(error, str(body["model"]))
            if answer is None:
                raise
            return answer
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
        except orjson.JSONDecodeError:
            problem = "the answer is no JSON; is this the service?"
            raise Failed(f"{self._where.url}: {problem}") from None
        except replies.Unreadable as error:
            raise Failed(f"{self._where.url}: {self._secrets.hide(str(error))}") from None
        raise cause  # out here, for in there it would become its own cause's context

    def _refusal(self, error: Any, model: str) -> Json | None:
        """The answer that a refusal is, None where it may pass; Failed where it will not."""
        body = error.body if isinstance(error.body, dict) else {}
        code, status = body.get("code"), error.status_code
        if status == 400 and code == "content_filter":
            return replies.filtered()
        if status in (408, 409, 425, 500, 502, 503, 504) or (status == 429 and code != _NO_QUOTA):
            return None
        words = body.get("message")
        text = words if isinstance(words, str) else error.response.text
        message = " ".join(self._secrets.hide(f"{code}: {text}" if code else text).split())
        advice = self._advice(status, model)
        raise Failed(
            f"{self._where.url} answers {status} {cut(message)!r}; {advice}",
            stops=status not in (400, 413, 422),
        )

    def _advice(self, status: int, model: str) -> str:
        if status == 401:
            name = (
                "AZURE_OPENAI_API_KEY or `az login`" if self._where.is_azure else "OPENAI_API_KEY"
            )
            return f"check {name}, and that the key is of this endpoint"
        if status == 403:
            return "may this key or account use the model?"
        if status == 404:
            return f"is {model!r} deployed there? --model takes a deployment's name"
        if status == 429:
            return "the account has no money left; what came is kept"
        if status in range(300, 400):
            return f"it wants to go elsewhere: check the address in {self._where.source}"
        return "mend what it names, and run it again"

    def _again_after(self, attempt: _Try, error: Exception) -> float | None:
        """Seconds until the same is asked again; None where it is not."""
        if getattr(error, "status_code", None) == 429:
            self._throttle.throttled(attempt.round, monotonic(), requested_pause(error))
            if not self._noted:
                self._noted = True
                self._note("the service throttles; fewer requests at once from here on")
            return 0.0
        if isinstance(error, Failed):
            return None
        unreached = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
        if unreached and attempt.failures >= _TRIES_UNREACHED:
            return None
        pause = self._retry.delay(attempt.failures, error)
        attempt.failures += 1
        return pause

    def _unreached(self, error: Exception) -> str:
        what = in_words(error) if isinstance(error, httpx2.HTTPError) or _is_gone(error) else None
        reason = self._secrets.hide(what or f"{type(error).__name__}: {error}")
        return f"{self._where.url}: {reason}; check the address in {self._where.source}"


def _is_gone(error: object) -> bool:
    """Whether a service in trouble refused, where another request may go better."""
    return getattr(error, "response", None) is not None
