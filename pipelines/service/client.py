"""The fine-tuning service as `rft` asks it: OpenAI's client, retry, and one line for an error.

Answers are read as JSON and not through the client's types, which know neither Azure's states nor
an answer that is a login page. What comes is hidden of keys before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import import_module
from typing import Any, BinaryIO

import httpx2
import orjson

from pipelines.findings import BadInput, install
from pipelines.io.retry import Note, RetryPolicy, in_words
from pipelines.service.endpoint import Access, Endpoint
from pipelines.service.refusals import Refused, Unclear, cut, remedy, todo

Json = dict[str, Any]

# A request may take its time: a job is checked before it is answered for.
RETRY = RetryPolicy(delays=(1, 2, 4, 8, 16), silence=120)

# With these not a byte of a request went out.
_UNCONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)

# Objects asked for at once where there are pages.
_PAGE = 100

# Refusals of a request that was not acted upon. Any other status may come after it was: 408, 425,
# 429 and 5xx from a gateway that waits no longer, 409 because of what the request itself made.
_REFUSALS = frozenset({400, 401, 403, 404, 405, 407, 411, 413, 415, 422})

# Refusals that concern the asking, not what is asked for.
_OF_ACCESS = {401, 403, 404, 405, 407, 408, 429}


class Service:
    """One endpoint. A call raises BadInput where it cannot be asked, Refused where it refuses."""

    def __init__(
        self,
        where: Endpoint,
        access: Access,
        *,
        retry: RetryPolicy = RETRY,
        note: Note = lambda text: None,
    ) -> None:
        self.where, self.secrets = where, access.secrets
        self._retry, self._note = retry, note
        self._openai = package()
        self._client = connected(where, access, retry.timeout, retries=0)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    # Files

    def add_file(self, name: str, opened: Callable[[], BinaryIO]) -> Json:
        """Upload a file at one go; `opened` opens it, anew for another try."""

        def send() -> Any:
            with opened() as file:
                return self._client.files.with_raw_response.create(
                    file=(name, file), purpose="fine-tune"
                )

        # After a 429 it may come twice, which costs nothing.
        return self._lost_at_worst(lambda: self._ask(name, send, once=_REFUSALS | {429}))

    def file(self, id: str) -> Json | None:
        """What the service has to say of a file; None where it has none of that id."""
        return self._unless_missing(id, lambda: self._client.files.with_raw_response.retrieve(id))

    def content(self, id: str) -> bytes:
        """The bytes of a file."""
        call = self._client.files.with_raw_response.content
        data: bytes = self._sent(id, lambda: call(id)).content
        return data

    def begin_upload(self, name: str, size: int) -> str | None:
        """Begin an upload in parts; its id, or None where the endpoint takes none."""
        begun = self._unless_missing(
            name,
            lambda: self._client.uploads.with_raw_response.create(
                bytes=size, filename=name, mime_type="text/jsonl", purpose="fine-tune"
            ),
        )
        return None if begun is None else _id(begun)

    def add_part(self, upload: str, data: bytes) -> str:
        """Add a part; its id. A part that came twice does no harm: only named ones count."""
        call = self._client.uploads.parts.with_raw_response.create
        return _id(self._ask("a part", lambda: call(upload, data=data)))

    def end_upload(self, upload: str, parts: list[str], md5: str) -> Json:
        """Make a file of the parts; the file."""
        call = self._client.uploads.with_raw_response.complete
        end = lambda: call(upload, part_ids=parts, md5=md5)  # noqa: E731
        done = self._lost_at_worst(lambda: self._ask("the upload", end, once=_REFUSALS | {429}))
        file = done.get("file")
        return file if isinstance(file, dict) else done

    def cancel_upload(self, upload: str) -> None:
        """Give an upload up."""
        call = self._client.uploads.with_raw_response.cancel
        self._ask("the upload", lambda: call(upload, extra_body={}))

    # Jobs

    def validate_grader(self, grader: Json) -> bool:
        """Have the service look at a grader; False where it has no such endpoint.

        Raises Refused where it finds fault.
        """
        call = self._client.fine_tuning.alpha.graders.with_raw_response.validate
        # In extra_body it is sent as it stands; the client's types would rename and drop fields.
        send = lambda: call(grader=grader, extra_body={"grader": grader})  # noqa: E731
        return self._unless_missing("the grader", send) is not None

    def create_job(self, body: Json) -> Json:
        """Create a job, asking once: Unclear where the answer leaves open whether it was made."""
        call = self._client.fine_tuning.jobs.with_raw_response.create
        needed = {"model": body["model"], "training_file": body["training_file"]}
        job = self._ask("the job", lambda: call(**needed, extra_body=body), once=_REFUSALS)
        if not _has_id(job):
            raise Unclear(f"{self.where.url}: the answer has no id; is this the service?")
        return job

    def jobs(self) -> Iterator[Json]:
        """Every job of the endpoint."""
        call = self._client.fine_tuning.jobs.with_raw_response.list
        for page in self._pages("jobs", call):
            yield from page

    def job(self, id: str) -> Json | None:
        """A job; None where there is none of that id."""
        call = self._client.fine_tuning.jobs.with_raw_response.retrieve
        return self._unless_missing(id, lambda: call(id))

    def change(self, id: str, verb: str) -> Json:
        """Cancel, pause or resume a job. With a body, for Azure answers 411 where there is none."""
        call = getattr(self._client.fine_tuning.jobs.with_raw_response, verb)
        return self._ask(id, lambda: call(id, extra_body={}))

    def events(self, id: str) -> Iterator[list[Json]]:
        """What happened in a job, page by page as the service orders them: newest first."""
        call = self._client.fine_tuning.jobs.with_raw_response.list_events
        return self._pages(id, lambda **page: call(id, **page))

    def checkpoints(self, id: str) -> list[Json]:
        """The checkpoints of a job."""
        call = self._client.fine_tuning.jobs.checkpoints.with_raw_response.list
        return [each for page in self._pages(id, lambda **page: call(id, **page)) for each in page]

    # Asking

    def _ask(self, what: str, call: Callable[[], Any], once: Collection[int] | None = None) -> Json:
        """The object that a request gives, asked for again where that may help.

        once: for a request that must not be acted upon twice, the statuses which say that it was
        not acted upon. It is repeated after those, as far as they pass, and where no connection
        came about; after anything else it may have been acted upon, and Unclear is raised.
        """
        try:
            answer = self.secrets.hidden(orjson.loads(self._sent(what, call, once).content))
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            reason = f"{self.where.url}: the answer is no JSON object; is this the service?"
            raise BadInput(reason) if once is None else Unclear(reason)
        return answer

    def _sent(self, what: str, call: Callable[[], Any], once: Collection[int] | None = None) -> Any:
        """The answer to a request as it came, asked for as `_ask` has it."""
        openai = self._openai

        def send() -> Any:
            try:
                return call()
            except openai.APIStatusError as error:
                if once is None or error.status_code in once:
                    raise
                raise Unclear(self._explained(what, error)) from None
            except openai.APIConnectionError as error:
                cause = error.__cause__ or error
            except openai.OpenAIError as error:
                cause = error
            if once is not None and not isinstance(cause, _UNCONNECTED):
                raise Unclear(self._unreached(cause))
            if isinstance(cause, httpx2.HTTPError):
                raise cause
            raise BadInput(f"{self.where.url}: {self.secrets.hide(str(cause))}; run it again")

        try:
            return self._retry.call(send, lambda text: self._note(self.secrets.hide(text)))
        except openai.APIStatusError as error:
            access = error.status_code in _OF_ACCESS or error.status_code not in range(400, 500)
            raise (BadInput if access else Refused)(self._explained(what, error)) from None
        except httpx2.HTTPError as error:
            raise BadInput(self._unreached(error)) from None

    def _unless_missing(self, what: str, call: Callable[[], Any]) -> Json | None:
        """What is asked for; None where the service has no such thing."""
        missing = False

        def send() -> Any:
            nonlocal missing
            try:
                return call()
            except self._openai.NotFoundError as error:
                missing = remedy(self._message(error)) is None
                raise

        try:
            return self._ask(what, send)
        except BadInput:
            if missing:
                return None
            raise

    def _lost_at_worst(self, call: Callable[[], Json]) -> Json:
        """A request that is only lost where it is not known what it did."""
        try:
            return call()
        except Unclear as error:
            raise BadInput(str(error)) from None

    def _pages(self, what: str, call: Callable[..., Any]) -> Iterator[list[Json]]:
        after: dict[str, str] = {}
        while True:
            page = self._ask(what, lambda after=after: call(limit=_PAGE, **after))  # type: ignore[misc]
            listed = page.get("data")
            if not isinstance(listed, list):
                raise BadInput(f"{self.where.url}: the answer is no list; is this the service?")
            data = [each for each in listed if _has_id(each)]
            yield data
            if not data or not page.get("has_more") or after == {"after": _id(data[-1])}:
                return
            after = {"after": _id(data[-1])}

    # Errors

    def _message(self, error: Any) -> str:
        """What a refusal says: its code and its message, without line breaks and keys."""
        body = error.body if isinstance(error.body, Mapping) else {}
        message = body.get("message")
        text = message if isinstance(message, str) else error.response.text
        code = body.get("code")
        if isinstance(code, str) and code not in text:
            text = f"{code}: {text}"
        return " ".join(self.secrets.hide(text).split())

    def _explained(self, what: str, error: Any) -> str:
        message = self._message(error)
        quoted = f" {cut(message)!r}" if message else ""
        advice = remedy(message) or todo(error.status_code, self.where)
        return f"{what}: {self.where.url} answers {error.status_code}{quoted}; {advice}"

    def _unreached(self, error: BaseException) -> str:
        advice = "run it again; what was uploaded is kept"
        if isinstance(error, _UNCONNECTED):
            advice = f"check the address in {self.where.source}, the network and HTTPS_PROXY"
        return f"{self.where.url}: {self.secrets.hide(in_words(error))}; {advice}"


def connected(
    where: Endpoint,
    access: Access,
    timeout: float | httpx2.Timeout,
    *,
    retries: int,
    looked_at: Callable[[httpx2.Response], None] = lambda response: None,
) -> Any:
    """OpenAI's client for an endpoint; `looked_at` gets each response before its body is read.

    A redirect could take the data elsewhere, so none is followed.
    """
    openai = package()
    hooks = {"response": [looked_at]}
    try:
        http_client = httpx2.Client(timeout=timeout, follow_redirects=False, event_hooks=hooks)
    except (ValueError, ImportError):
        raise BadInput("HTTPS_PROXY or HTTP_PROXY: not the address of a proxy; mend it") from None
    except OSError as error:
        raise BadInput(f"SSL_CERT_FILE: cannot be read ({error.strerror}); mend it") from None
    # The variables OPENAI_ORG_ID and OPENAI_PROJECT_ID are no concern of Azure's.
    organization = ("OpenAI-Organization", "OpenAI-Project") if where.is_azure else ()
    return openai.OpenAI(
        base_url=where.url,
        api_key=access.key,
        max_retries=retries,
        timeout=timeout,
        default_headers=dict.fromkeys(organization, openai.Omit()),
        http_client=http_client,
    )


def package() -> Any:
    """The package `openai`; BadInput where it is not installed."""
    try:
        return import_module("openai")
    except ImportError:
        raise BadInput(f"openai is not installed; {install('submit')}") from None


def _id(answer: Json) -> str:
    """The id of what the service made."""
    if not _has_id(answer):
        raise BadInput("the service's answer has no id; is this the service?")
    id: str = answer["id"]
    return id


def _has_id(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("id"), str) and answer["id"] != ""
