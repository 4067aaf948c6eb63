"""Addresses, keys, and what hides keys."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from pipelines.findings import BadInput
from pipelines.service.endpoint import (
    VARIABLES,
    Endpoint,
    Secrets,
    access,
    endpoint,
    scope,
    setting,
)

KEY = "abcdef0123456789abcdef0123456789"
RESOURCE = Endpoint("https://x.openai.azure.com/openai/v1/", "resource", "--endpoint")


@pytest.mark.parametrize(
    ("text", "url", "kind"),
    [
        ("https://x.openai.azure.com", "https://x.openai.azure.com/openai/v1/", "resource"),
        ("https://x.openai.azure.com/", "https://x.openai.azure.com/openai/v1/", "resource"),
        ("https://x.openai.azure.com/openai", "https://x.openai.azure.com/openai/v1/", "resource"),
        (
            "https://X.OpenAI.azure.com/openai/v1/",
            "https://x.openai.azure.com/openai/v1/",
            "resource",
        ),
        (
            "https://x.cognitiveservices.azure.com/",
            "https://x.cognitiveservices.azure.com/openai/v1/",
            "resource",
        ),
        (
            "https://x.services.ai.azure.com",
            "https://x.services.ai.azure.com/openai/v1/",
            "resource",
        ),
        (
            "https://x.services.ai.azure.com/api/projects/p",
            "https://x.services.ai.azure.com/api/projects/p/openai/v1/",
            "project",
        ),
        (
            "https://x.services.ai.azure.com/api/projects/p/openai/v1",
            "https://x.services.ai.azure.com/api/projects/p/openai/v1/",
            "project",
        ),
        ("https://x.openai.azure.us", "https://x.openai.azure.us/openai/v1/", "resource"),
        ("https://gateway.corp/ai/openai/v1", "https://gateway.corp/ai/openai/v1/", "resource"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1/", "openai"),
        ("https://eu.api.openai.com", "https://eu.api.openai.com/v1/", "openai"),
        ("https://gateway.corp/llm", "https://gateway.corp/llm/", "openai"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/", "openai"),
        ("http://localhost/openai/v1", "http://localhost/openai/v1/", "resource"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1/", "openai"),
        (" https://api.openai.com/v1\n", "https://api.openai.com/v1/", "openai"),
    ],
)
def test_an_address(text: str, url: str, kind: str) -> None:
    assert endpoint(text, {}) == Endpoint(url, kind, "--endpoint")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x.openai.azure.com", "--endpoint: 'x.openai.azure.com' is no address; write it as "),
        ("ftp://x.openai.azure.com", "--endpoint: 'ftp://x.openai.azure.com' is no address; "),
        ("https://", "--endpoint: 'https://' is no address; "),
        ("https://x:port/", "--endpoint: 'https://x:port/' is no address; "),
        ("https://[::1", "--endpoint: 'https://[::1' is no address; "),
        (
            f"https://user:{KEY}@x.openai.azure.com",
            "--endpoint: x.openai.azure.com comes with a user, a query or a fragment; ",
        ),
        (
            f"https://x.openai.azure.com/?api-key={KEY}",
            "--endpoint: x.openai.azure.com comes with a user, a query or a fragment; ",
        ),
        (
            "https://x.openai.azure.com/openai/deployments/y",
            "--endpoint: no service of Azure's is at '/openai/deployments/y'; write it as ",
        ),
    ],
)
def test_no_address(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        endpoint(text, {})
    assert str(caught.value).startswith(message)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"AZURE_OPENAI_API_KEY": KEY}, None),
        ({"OPENAI_API_KEY": " "}, None),
        (
            {"OPENAI_API_KEY": KEY},
            Endpoint("https://api.openai.com/v1/", "openai", "OPENAI_API_KEY"),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": "https://gateway.corp/a", "OPENAI_API_KEY": KEY},
            Endpoint("https://gateway.corp/a/openai/v1/", "resource", "AZURE_OPENAI_ENDPOINT"),
        ),
        (
            {
                "OPENAI_BASE_URL": "https://a.b/v1",
                "AZURE_AI_PROJECT_ENDPOINT": "https://x.services.ai.azure.com/api/projects/p",
            },
            Endpoint(
                "https://x.services.ai.azure.com/api/projects/p/openai/v1/",
                "project",
                "AZURE_AI_PROJECT_ENDPOINT",
            ),
        ),
        (
            {"AZURE_OPENAI_ENDPOINT": "", "OPENAI_BASE_URL": "https://a.b/v1"},
            Endpoint("https://a.b/v1/", "openai", "OPENAI_BASE_URL"),
        ),
    ],
)
def test_the_environment(environment: dict[str, str], expected: Endpoint | None) -> None:
    assert endpoint(None, environment) == expected


def test_the_page_has_every_name_in_its_order() -> None:
    page = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8").partition("## Endpoint")[2]
    for names in VARIABLES.values():
        assert ", ".join(f"`{name}`" for name in names) in page


def test_where_a_project_is_and_where_to_look() -> None:
    project = endpoint("https://x.services.ai.azure.com/api/projects/p", {})
    assert project is not None
    assert project.resource == "https://x.services.ai.azure.com"
    assert (
        project.where_to_look("ftjob-1")
        == "https://ai.azure.com, your project, Fine-tuning, ftjob-1"
    )
    openai = endpoint(None, {"OPENAI_API_KEY": KEY})
    assert openai is not None
    assert openai.where_to_look("ftjob-1") == "https://platform.openai.com/finetune/ftjob-1"


# Keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "environment", "key"),
    [
        (
            "https://x.openai.azure.com",
            {"AZURE_OPENAI_API_KEY": KEY + "\n", "OPENAI_API_KEY": "other-key"},
            KEY,
        ),
        (
            "https://api.openai.com/v1",
            {"AZURE_OPENAI_API_KEY": "other-key", "OPENAI_API_KEY": KEY},
            KEY,
        ),
        (
            None,
            {"OPENAI_BASE_URL": "https://x.openai.azure.com/openai/v1", "OPENAI_API_KEY": KEY},
            KEY,
        ),
        (
            None,
            {"OPENAI_BASE_URL": "https://x.openai.azure.com", "AZURE_OPENAI_API_KEY": KEY},
            KEY,
        ),
    ],
)
def test_each_key_to_its_own_service(
    text: str | None, environment: dict[str, str], key: str
) -> None:
    where = endpoint(text, environment)
    assert where is not None
    found = access(where, environment)
    assert found.key == key
    assert found.secrets.hide(f"x{KEY}y") == "x[redacted]y"


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        (
            "https://api.openai.com/v1",
            {"AZURE_OPENAI_API_KEY": KEY},
            "https://api.openai.com/v1/: no key; set OPENAI_API_KEY",
        ),
        (
            "https://gateway.corp/openai/v1",
            {"OPENAI_API_KEY": KEY},
            "https://gateway.corp/openai/v1/: not a host of Azure's; set AZURE_OPENAI_API_KEY to "
            "its key",
        ),
        (
            "https://x.openai.azure.com.evil.com/openai/v1",
            {},
            "https://x.openai.azure.com.evil.com/openai/v1/: not a host of Azure's; set "
            "AZURE_OPENAI_API_KEY to its key",
        ),
        *(
            (
                f"http://{host}",
                {name: KEY} if name else {},
                f"--endpoint: http://{host}/ is not encrypted, and {name or 'a token of Entra ID'} "
                "would be sent; write https://",
            )
            for host, name in (
                ("x.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY"),
                ("x.openai.azure.com/openai/v1", ""),
                ("10.0.0.1/v1", "OPENAI_API_KEY"),
                ("127.0.0.1.evil.com/v1", "OPENAI_API_KEY"),
            )
        ),
        *(
            (
                "https://x.openai.azure.com",
                {"AZURE_OPENAI_API_KEY": key},
                "AZURE_OPENAI_API_KEY: holds characters that no key has; copy it again",
            )
            for key in (KEY + " " + KEY, KEY + "\n" + KEY, "«" + KEY + "»")
        ),
    ],
)
def test_no_key(text: str, environment: dict[str, str], message: str) -> None:
    where = endpoint(text, environment)
    assert where is not None
    with pytest.raises(BadInput) as caught:
        access(where, environment)
    assert str(caught.value) == message


# What public samples call it ---------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIABLES["endpoint"])
@pytest.mark.parametrize("key", VARIABLES["azure_key"])
def test_every_name_is_read(name: str, key: str) -> None:
    environment = {name: "https://x.openai.azure.com", key: KEY}
    where = endpoint(None, environment)
    assert where is not None
    assert where.source == name
    assert access(where, environment).key == KEY


@pytest.fixture
def dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `.env` in the working folder, and an environment that names nothing."""
    for name in itertools.chain.from_iterable(VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".env"
    path.write_text("")
    return path


def test_a_dotenv_file_is_read(dotenv: Path) -> None:
    assert endpoint(None, os.environ) is None
    lines = 'PROJECT_ENDPOINT="https://x.services.ai.azure.com/api/projects/p"  # ours'
    dotenv.write_text(f"{lines}\nexport AZURE_OPENAI_KEY={KEY}\nMODEL_DEPLOYMENT_NAME=${{HOME}}\n")
    where = endpoint(None, os.environ)
    assert where is not None
    assert (where.kind, where.source) == ("project", "PROJECT_ENDPOINT")
    assert access(where, os.environ).key == KEY
    assert setting("model", os.environ) == "${HOME}"  # nothing of the environment is put in
    assert "AZURE_OPENAI_KEY" not in os.environ
    assert endpoint(None, {}) is None  # an environment that is handed over is all there is


def test_the_environment_comes_before_the_file(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text(
        "AZURE_OPENAI_ENDPOINT=https://file.openai.azure.com\nOPENAI_API_KEY=of-file\n"
    )
    monkeypatch.setenv("OPENAI_BASE_URL", "https://mine.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    where = endpoint(None, os.environ)
    assert where is not None
    assert where.url == "https://mine.example/v1/"
    assert access(where, os.environ).key == KEY


def test_a_file_of_somebody_else_gets_no_key_of_yours(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text("OPENAI_BASE_URL=https://evil.example/v1\n")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    where = endpoint(None, os.environ)
    assert where is not None
    with pytest.raises(BadInput, match=r"OPENAI_API_KEY: is not sent to https://evil\.example/v1/"):
        access(where, os.environ, keyless=True)
    dotenv.write_text("OPENAI_BASE_URL=https://evil.example/v1\nOPENAI_API_KEY=of-the-file\n")
    assert access(where, os.environ).key == "of-the-file"
    dotenv.write_text("OPENAI_BASE_URL=https://x.openai.azure.com\n")
    azure = endpoint(None, os.environ)
    assert azure is not None
    assert access(azure, os.environ).key == KEY


def test_a_dotenv_file_that_is_none(dotenv: Path) -> None:
    dotenv.write_bytes(b"\xff\xfe=1")
    with pytest.raises(BadInput, match=r"\.env: cannot be read"):
        endpoint(None, os.environ)


def test_without_a_key_and_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(BadInput) as caught:
        access(RESOURCE, {})
    assert str(caught.value) == (
        "https://x.openai.azure.com/openai/v1/: no AZURE_OPENAI_API_KEY, and azure-identity is not "
        "installed; set the key, or pip install 'rft-data[submit]' and run `az login`"
    )


class Static:
    """A credential as azure-identity wants it, without anything behind it."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.scopes += scopes
        if self.problem:
            raise self.problem
        return AccessToken(f"token-{len(self.scopes)}-{KEY}", 4_000_000_000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://x.openai.azure.com", "https://cognitiveservices.azure.com/.default"),
        ("https://x.services.ai.azure.com/api/projects/p", "https://ai.azure.com/.default"),
    ],
)
def test_tokens_of_entra_id(text: str, wanted: str) -> None:
    pytest.importorskip("azure.identity")
    where = endpoint(text, {})
    assert where is not None
    credential = Static()
    found = access(where, {}, credential)
    assert callable(found.key)
    token = found.key()
    assert (token, found.key(), scope(where)) == (f"token-1-{KEY}", token, wanted)
    assert credential.scopes == [wanted]  # held until it is about to expire
    assert found.secrets.hide(token) == "[redacted]"


def test_entra_id_that_gives_no_token() -> None:
    pytest.importorskip("azure.identity")
    from azure.identity import CredentialUnavailableError

    problem = CredentialUnavailableError(message="Please run 'az login'\nand more\nlines")
    found = access(RESOURCE, {}, Static(problem))
    assert callable(found.key)
    with pytest.raises(BadInput) as caught:
        found.key()
    assert str(caught.value) == (
        "https://x.openai.azure.com/openai/v1/: Entra ID gives no token (Please run 'az login'); "
        "run `az login`, or set AZURE_OPENAI_API_KEY"
    )


def test_the_chain_of_azure_identity_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = pytest.importorskip("azure.identity")
    monkeypatch.setattr(identity, "DefaultAzureCredential", Static)
    found = access(RESOURCE, {})
    assert callable(found.key)
    assert found.key() == f"token-1-{KEY}"


# Hiding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"key {KEY}.", "key [redacted]."),
        (f"{KEY}{KEY}", "[redacted][redacted]"),
        ("Authorization: Bearer another-long-token", "Authorization: Bearer [redacted]"),
        ("{'api-key': 'another-long-key'}", "{'api-key': '[redacted]'}"),
        ("provided: sk-proj-abcdefgh****wxyz.", "provided: [redacted]."),
        ("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln-x", "[redacted]"),
        ("a Bearer is wanted", "a Bearer is wanted"),
        ("task-force and risk-taking", "task-force and risk-taking"),
        ("", ""),
    ],
)
def test_what_is_hidden(text: str, hidden: str) -> None:
    assert Secrets([KEY]).hide(text) == hidden


def test_short_values_hide_no_words() -> None:
    assert Secrets(["", "a", "none"]).hide("a job, none") == "a job, none"


def test_a_key_that_holds_another_is_hidden_whole() -> None:
    assert Secrets([KEY, KEY + "-and-more"]).hide(f"{KEY}-and-more") == "[redacted]"


def test_what_is_hidden_in_json() -> None:
    value = {
        KEY: [KEY, 1, None],
        "tools": [{"name": "t", "headers": {"X-Key": "short", "Accept": "any"}}],
        "headers": "text",
    }
    assert Secrets([KEY]).hidden(value) == {
        "[redacted]": ["[redacted]", 1, None],
        "tools": [{"name": "t", "headers": {"X-Key": "[redacted]", "Accept": "[redacted]"}}],
        "headers": "text",
    }


def test_custom_headers_of_the_client_are_hidden_too() -> None:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_CUSTOM_HEADERS": "X-Gateway: gateway-secret\nbad"}
    where = endpoint(None, environment)
    assert where is not None
    assert access(where, environment).secrets.hide("gateway-secret") == "[redacted]"
