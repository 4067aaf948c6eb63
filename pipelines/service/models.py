"""The models of an endpoint, as graders ask them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from pipelines.findings import install
from pipelines.graders.grade import NotRun
from pipelines.service.endpoint import VARIABLES, Endpoint, access, endpoint

# Seconds for one answer; a model that reasons takes its time.
_TIMEOUT = 300.0


class Models:
    """Chat completions of an endpoint (`graders.model.Model`), to be closed after use.

    NotRun where the client is not installed; BadInput where there is no key.
    """

    def __init__(self, where: Endpoint, environment: Mapping[str, str]) -> None:
        try:
            self._error = import_module("openai").OpenAIError
        except ImportError:
            raise NotRun(f"openai is not installed; {install('grade')}") from None
        from pipelines.service.client import connected  # with httpx2 behind it

        opened = access(where, environment, keyless=True)
        self._where, self._secrets = where, opened.secrets
        self._client = connected(where, opened, _TIMEOUT, retries=2)

    def complete(self, **request: Any) -> Any:
        """The endpoint's answer, as the client gives it; NotRun, with the reason, without one."""
        try:
            return self._client.chat.completions.create(**request)
        except self._error as error:
            reason = " ".join(self._secrets.hide(str(error)).split())
            raise NotRun(f"{self._where.url}: {reason[:200]}") from None

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def opener(option: str | None, environment: Mapping[str, str]) -> Callable[[], Models] | None:
    """What opens the models of the endpoint of `--endpoint`, else of the environment, when asked.

    None where neither names one. A key alone names none: before a job is sent a person is asked,
    before a row is graded nobody is.
    """
    where = endpoint(option, environment)
    if where is None or where.source in VARIABLES["openai_key"]:
        return None
    return partial(Models, where, environment)
