"""The endpoint that jobs and model graders share: its address, its key, what keeps the key unseen.

This is the one reader of endpoint settings; docs/jobs.md, "Endpoint and key", is the one page.
Sources: Learn, "Azure OpenAI v1 API" (the path `/openai/v1/`, a key as the bearer), and the Azure
SDK for Python, azure-ai-projects 2.10 (a project's endpoint and its scope). Read 2026-11-21.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from pipelines.findings import BadInput, install, show

# What each setting is called in the environment; the first name that is set counts. A resource
# comes before a project, for a project takes no upload in parts.
VARIABLES = {
    "endpoint": (
        "AZURE_OPENAI_ENDPOINT",
        "FOUNDRY_PROJECT_ENDPOINT",
        "AZURE_AI_PROJECT_ENDPOINT",
        "PROJECT_ENDPOINT",
        "OPENAI_BASE_URL",
    ),
    "azure_key": ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"),
    "openai_key": ("OPENAI_API_KEY",),
    "model": ("MODEL_DEPLOYMENT_NAME",),
    "grader_model": ("GRADER_MODEL_DEPLOYMENT_NAME",),
}
OPENAI = "https://api.openai.com/v1/"
# Shown by a dry run for which nothing is named.
EXAMPLE = "https://NAME.openai.azure.com/openai/v1/"

# Hosts of the public, the US government's and the Chinese cloud.
_AZURE = re.compile(r"\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)\Z")
_PROJECT = re.compile(r"(/api/projects/[^/]+)(/openai(/v1)?)?")
_SHAPE = (
    "write it as https://NAME.openai.azure.com, "
    "https://NAME.services.ai.azure.com/api/projects/PROJECT, or https://HOST/v1"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service: its URL up to `/v1/`, what it is, and the option or variable that named it.

    kind: a resource of Azure's, a project in one, or OpenAI and what speaks like it. dotenv:
    whether the file `.env` named it, which may be anybody's.
    """

    url: str
    kind: Literal["resource", "project", "openai"]
    source: str
    dotenv: bool = False

    @property
    def is_azure(self) -> bool:
        """Whether jobs have a training type and Entra ID may open it."""
        return self.kind != "openai"

    @property
    def resource(self) -> str:
        """The endpoint of the resource in which a project is."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def where_to_look(self, job: str) -> str:
        """Where a person finds a job in a browser."""
        if self.is_azure:
            return f"https://ai.azure.com, your project, Fine-tuning, {job}"
        return f"https://platform.openai.com/finetune/{job}"


def endpoint(option: str | None, environment: Mapping[str, str]) -> Endpoint | None:
    """The endpoint of `--endpoint`, else of the environment; None where neither names one.

    A key of OpenAI's alone names OpenAI. Raises BadInput where the address is none.
    """
    named = ("--endpoint", (option or "").strip(), False), *_settings(environment, "endpoint")
    for source, address, dotenv in named:
        if address:
            return replace(_parsed(address, source), dotenv=dotenv)
    for source, _, _ in _settings(environment, "openai_key"):
        return Endpoint(OPENAI, "openai", source)
    return None


def setting(kind: str, environment: Mapping[str, str]) -> str | None:
    """What the environment says of one of VARIABLES; None where it says nothing."""
    return next((value for _, value, _ in _settings(environment, kind)), None)


def _settings(environment: Mapping[str, str], *kinds: str) -> Iterator[tuple[str, str, bool]]:
    """The variables of these kinds that are set, with their values, and whether `.env` does it.

    Those of the environment come first. Where that is the process's own, the file `.env` of
    the working folder says what it does not.
    """
    names = [name for kind in kinds for name in VARIABLES[kind]]
    for values in (environment, _dotenv() if environment is os.environ else {}):
        for name in names:
            if value := (values.get(name) or "").strip():
                yield name, value, values is not environment


def _dotenv() -> Mapping[str, str | None]:
    """What the file `.env` says. Nothing is put in for `${NAME}`, which might send it away."""
    path = Path(".env")
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # only where there is such a file

    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f".env: cannot be read ({error}); mend or remove it") from None


def _parsed(text: str, source: str) -> Endpoint:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("http", "https"):
        raise BadInput(f"{source}: {show(text)} is no address; {_SHAPE}")
    place = host if port is None else f"{host}:{port}"
    if parts.username is not None or parts.query or parts.fragment:
        # Not shown: it may be a key.
        raise BadInput(f"{source}: {place} comes with a user, a query or a fragment; {_SHAPE}")
    path, kind = _path(parts, source)
    netloc = f"[{host}]" + place.removeprefix(host) if ":" in host else place
    return Endpoint(f"{parts.scheme}://{netloc}{path}/", kind, source)


def _path(parts: SplitResult, source: str) -> tuple[str, Literal["resource", "project", "openai"]]:
    """The path of the API below an address, and what is there."""
    path = parts.path.rstrip("/")
    if project := _PROJECT.fullmatch(path):
        return f"{project[1]}/openai/v1", "project"
    if _AZURE.search(parts.hostname or ""):
        if path not in ("", "/openai", "/openai/v1"):
            raise BadInput(f"{source}: no service of Azure's is at {show(path)}; {_SHAPE}")
        return "/openai/v1", "resource"
    if path.endswith("/openai/v1"):
        return path, "resource"
    if source == "AZURE_OPENAI_ENDPOINT":
        return path.removesuffix("/openai") + "/openai/v1", "resource"
    return path or "/v1", "openai"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Keys --------------------------------------------------------------------------------------------

HIDDEN = "[redacted]"

# Shorter values are no keys, and hiding them would hide words.
_SHORTEST = 6
# Keys that are not ours to know: what follows a header's name, OpenAI's form, and a token's.
_FORMS = re.compile(
    r"(?i)(bearer\s+|api[-_]key[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]{12,}"
    r"|()\bsk-[\w*-]{8,}|()\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
)


class Secrets:
    """What must never be shown, and the means to hide it."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """One more key or token."""
        if len(value) >= _SHORTEST:
            self._values.add(value)

    def hide(self, text: str) -> str:
        """A text without the keys, and without what looks like one."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        return _FORMS.sub(lambda match: f"{match[1] or ''}{HIDDEN}", text)

    def hidden(self, value: Any) -> Any:
        """A JSON value without them; of `headers`, which graders and tools have, names alone."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list):
            return [self.hidden(each) for each in value]
        if isinstance(value, dict):
            return {
                self.hide(name): dict.fromkeys(each, HIDDEN)
                if name == "headers" and isinstance(each, dict)
                else self.hidden(each)
                for name, each in value.items()
            }
        return value


@dataclass(frozen=True, slots=True)
class Access:
    """What opens an endpoint: a key, or a function that gives a token; and what hides them."""

    key: str | Callable[[], str]
    secrets: Secrets


def access(
    where: Endpoint,
    environment: Mapping[str, str],
    credential: Any = None,
    *,
    keyless: bool = False,
) -> Access:
    """The key of the environment; for Azure without one, Entra ID's tokens.

    Each key goes to its own service, and only encrypted or to this machine: OpenAI's goes to Azure
    where OPENAI_BASE_URL names the endpoint, as Microsoft's samples have it. `credential` is in
    place of the default chain of azure-identity. Raises BadInput where there is nothing, but with
    `keyless` a server that is not Azure's is asked without a key.
    """
    secrets = Secrets(_custom_headers(environment))
    kinds = ["azure_key"] if where.is_azure else ["openai_key"]
    if where.source == "OPENAI_BASE_URL":
        kinds = ["openai_key", *kinds]
    withheld = None
    for name, key, dotenv in _settings(environment, *kinds):
        if where.dotenv and not dotenv and not _is_known(where):
            withheld = name
            continue
        if not key.isascii() or not key.isprintable() or " " in key:
            raise BadInput(f"{name}: holds characters that no key has; copy it again")
        _check_encrypted(where, name)
        secrets.add(key)
        return Access(key, secrets)
    if withheld:
        raise BadInput(
            f"{withheld}: is not sent to {where.url}, which only .env names; put the key into .env "
            f"too, or set {where.source} yourself"
        )
    if not where.is_azure:
        if keyless:
            return Access("none", secrets)
        raise BadInput(f"{where.url}: no key; set OPENAI_API_KEY")
    _check_encrypted(where, "a token of Entra ID")
    host = urlsplit(where.url).hostname or ""
    if not _AZURE.search(host) and not _is_loopback(host):
        raise BadInput(f"{where.url}: not a host of Azure's; set AZURE_OPENAI_API_KEY to its key")
    return Access(_tokens(where, secrets, credential), secrets)


def _is_known(where: Endpoint) -> bool:
    """Whether an address is Azure's, OpenAI's or this machine."""
    host = urlsplit(where.url).hostname or ""
    return bool(_AZURE.search(host)) or where.url == OPENAI or _is_loopback(host)


def _check_encrypted(where: Endpoint, secret: str) -> None:
    """BadInput where a secret would go over a network for everybody to read."""
    parts = urlsplit(where.url)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise BadInput(
            f"{where.source}: {where.url} is not encrypted, and {secret} would be sent; "
            "write https://"
        )


def scope(where: Endpoint) -> str:
    """What an Entra ID token is asked for: projects and resources want different ones."""
    if where.kind == "project":
        return "https://ai.azure.com/.default"
    return "https://cognitiveservices.azure.com/.default"


def _tokens(where: Endpoint, secrets: Secrets, credential: Any) -> Callable[[], str]:
    """A function that gives a token, a new one before the last expires."""
    try:
        identity = import_module("azure.identity")
        problem = import_module("azure.core.exceptions").AzureError
    except ImportError:
        raise BadInput(
            f"{where.url}: no AZURE_OPENAI_API_KEY, and azure-identity is not installed; set the "
            f"key, or {install('submit')} and run `az login`"
        ) from None
    # Without a handler its warnings, twelve lines on what was tried, would go to the terminal.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    draw = identity.get_bearer_token_provider(
        credential or identity.DefaultAzureCredential(), scope(where)
    )

    def token() -> str:
        try:
            drawn: str = draw()
        except problem as error:
            reason = secrets.hide(str(error).strip()).partition("\n")[0][:200]
            raise BadInput(
                f"{where.url}: Entra ID gives no token ({reason}); run `az login`, or set "
                "AZURE_OPENAI_API_KEY"
            ) from None
        secrets.add(drawn)
        return drawn

    return token


def _custom_headers(environment: Mapping[str, str]) -> list[str]:
    """Values of the headers that the client adds: `name: value`, one a line."""
    lines = environment.get("OPENAI_CUSTOM_HEADERS", "").splitlines()
    return [line.partition(":")[2].strip() for line in lines]
