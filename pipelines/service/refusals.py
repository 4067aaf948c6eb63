"""What the service says when it will not, and what a person can do about it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from pipelines.service.endpoint import Endpoint

# Characters of a service's message that are shown.
_MESSAGE = 400


class Refused(Exception):
    """The service will not have it, or gave up on it. One line; the command exits with 1."""


class Unclear(Exception):
    """A request went out and what it did is not known. One line."""


def todo(status: int, where: Endpoint) -> str:
    """What to do about a refusal whose message is not known."""
    match status:
        case 401:
            key = "AZURE_OPENAI_API_KEY or `az login`" if where.is_azure else "OPENAI_API_KEY"
            return f"check {key}, and that the key is of this endpoint"
        case 403:
            if where.is_azure:
                return "the role Cognitive Services OpenAI Contributor is wanted on the resource"
            return "is the key allowed to fine-tune?"
        case 404 | 405:
            return f"check the address in {where.source}, and the id"
        case 413:
            return "prepare fewer rows: --rows, --max-bytes"
        case 429:
            return "wait and run it again; what was uploaded is kept"
        case _ if status in range(300, 400):
            return f"it wants to go elsewhere: check the address in {where.source}"
        case _ if status >= 500:
            return "run it again later; what was uploaded is kept"
    return "mend what it names, and run it again"


@cache
def _messages() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
    return tuple((re.compile(m["pattern"], re.IGNORECASE), m["remedy"]) for m in table["message"])


def remedy(message: str) -> str | None:
    """What to do about a message of the service, where that is known (`messages.toml`)."""
    return next((known for pattern, known in _messages() if pattern.search(message)), None)


def saying(message: str) -> str:
    """A message of the service as a line has it, with the remedy where one is known."""
    known = remedy(message)
    return repr(cut(" ".join(message.split()))) + (f"; {known}" if known else "")


def cut(message: str) -> str:
    """A message, of a long one its beginning."""
    return message if len(message) <= _MESSAGE else message[: _MESSAGE - 1] + "…"
