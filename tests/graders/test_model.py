"""Graders that ask a model, against a real server on the loopback interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cases_grader import ENDPOINT, LABEL, check, multi, score
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.findings import BadInput
from pipelines.graders.grade import Grade
from pipelines.graders.run import Setup
from pipelines.rules.runnable import compiled
from pipelines.service import endpoint, models

ITEM = {"answer": "4"}


class Model:
    """A chat completions endpoint: what it is asked, and what it is to answer."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.status = 200
        self.error, self.location = "no", ""
        self.message: dict[str, Any] = {"content": '{"steps": [], "result": 0.5}'}
        self.finish_reason = "stop"
        self.choices = True
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                model.asked.append(json.loads(body))
                model.keys.append(self.headers["Authorization"])
                model.paths.append(self.path)
                choice = {
                    "index": 0,
                    "finish_reason": model.finish_reason,
                    "message": {"role": "assistant", **model.message},
                }
                reply = {
                    "id": "a",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "m",
                    "choices": [choice] if model.choices else [],
                }
                data = json.dumps(
                    reply if model.status == 200 else {"error": {"message": model.error}}
                )
                self.send_response(model.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Location", model.location)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def setup(self) -> Setup:
        return Setup(open_model=models.opener(f"{self.url}/v1", {"OPENAI_API_KEY": "the-key"}))

    def grade(self, grader: dict[str, Any], text: str = "four") -> Grade:
        with closing(compiled(grader, self.setup)) as ready:
            return ready.score(text, ITEM)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def model() -> Iterator[Model]:
    with closing(Model()) as served:
        yield served


def test_what_is_asked(model: Model) -> None:
    grader = score(
        sampling_params={"seed": 42, "max_completions_tokens": 9, "temperature": 0, "top_p": None}
    )
    assert model.grade(grader) == Grade(0.5)
    (asked,) = model.asked
    schema = asked.pop("response_format")["json_schema"]["schema"]
    assert asked == {
        "model": "gpt-4o-2024-08-06",
        "messages": [
            {"role": "system", "content": "Give a number from 0 to 1."},
            {"role": "user", "content": "Expected 4, got four"},
        ],
        "seed": 42,
        "max_completion_tokens": 9,
        "temperature": 0,
    }
    assert list(schema["properties"]) == ["steps", "result"]
    assert schema["properties"]["result"] == {"type": "number"}
    assert model.keys == ["Bearer the-key"]
    assert model.paths == ["/v1/chat/completions"]


def test_parts_become_one_text(model: Model) -> None:
    parts = [{"type": "input_text", "text": "Expected {{item.answer}}"}, "got"]
    model.grade(score(input=[{"role": "user", "content": parts}]))
    assert model.asked[0]["messages"] == [{"role": "user", "content": "Expected 4\ngot"}]


@pytest.mark.parametrize(
    ("content", "bounds", "expected"),
    [
        ('{"steps": [], "result": 1}', None, 1.0),
        ('{"result": 7}', None, 1.0),
        ('{"result": -7}', None, 0.0),
        ('{"result": 7}', [0, 5], 5.0),
        ('{"result": -0.5}', [-1, 1], -0.5),
        ("0.25", None, 0.25),
    ],
)
def test_a_score_is_clipped_to_its_range(
    content: str, bounds: list | None, expected: float, model: Model
) -> None:
    model.message = {"content": content}
    assert model.grade(score(**({"range": bounds} if bounds else {}))) == Grade(expected)


@pytest.mark.parametrize(
    "content", ['{"result": "1"}', '{"result": true}', '{"score": 1}', "good", "", None, "[1]"]
)
def test_what_is_no_number_counts_0(content: str | None, model: Model) -> None:
    model.message = {"content": content}
    grade = model.grade(score(range=[1, 5]))
    assert (grade.score, grade.error) == (0.0, "model_grader_parse_error")


@pytest.mark.parametrize(
    ("message", "reason", "error"),
    [
        (
            {"content": None, "refusal": "I will not."},
            "stop",
            "model_grader_refusal_error",
        ),
        ({"content": None}, "content_filter", "model_grader_refusal_error"),
        ({"content": '{"result": 1'}, "length", "model_grader_exceeded_max_tokens_error"),
    ],
)
def test_a_model_that_does_not_answer(
    message: dict[str, Any], reason: str, error: str, model: Model
) -> None:
    model.message, model.finish_reason = message, reason
    grade = model.grade(score())
    assert (grade.score, grade.error) == (0.0, error)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("good", Grade(1.0)),
        ("bad", Grade(0.0)),
        ("fine", Grade(0.0, "model_grader_parse_error", 'no result in \'{"result": "fine"}\'')),
    ],
)
def test_labels(label: str, expected: Grade, model: Model) -> None:
    model.message = {"content": json.dumps({"result": label})}
    grade = model.grade(multi("a", a=LABEL))
    assert (grade.score, grade.error) == (expected.score, expected.error)
    schema = model.asked[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["result"] == {"type": "string", "enum": ["good", "bad"]}


def test_a_missing_field_is_not_asked_about(model: Model) -> None:
    grader = score(input=[{"role": "user", "content": "{{item.other}}"}])
    grade = model.grade(grader)
    assert (grade.score, grade.error) == (0.0, "invalid_variable_error")
    assert model.asked == []


@pytest.mark.parametrize("status", [400, 401, 404])
def test_an_endpoint_that_refuses_gives_no_score(status: int, model: Model) -> None:
    model.status = status
    grade = model.grade(score())
    assert (grade.score, grade.error) == (None, None)
    assert grade.not_run is not None
    assert f"Error code: {status}" in grade.not_run


def test_an_answer_without_choices_gives_no_score(model: Model) -> None:
    model.choices = False
    assert model.grade(score()) == Grade(None, not_run="the endpoint's answer has no message")


def test_a_multi_grader_of_a_model_and_a_check(model: Model) -> None:
    grade = model.grade(multi("0.5 * a + 0.5 * b", a=check(), b=score()), "4")
    assert grade == Grade(0.75, scores={"a": 1.0, "b": 0.5})


def test_many_are_asked_at_once_and_answered_in_order(model: Model) -> None:
    with closing(compiled(score(), model.setup)) as ready:
        grades = [grade for _, grade in ready.scores(("x", ITEM) for _ in range(50))]
    assert grades == [Grade(0.5)] * 50


@pytest.mark.parametrize(
    "grader", [score(), multi("a", a=LABEL), multi("a + b", a=check(), b=score())]
)
def test_without_an_endpoint_nothing_is_guessed(grader: dict[str, Any]) -> None:
    with closing(compiled(grader)) as ready:
        grade = ready.score("4", ITEM)
    assert (grade.score, grade.error) == (None, None)
    assert grade.not_run is not None
    assert "no model to ask; give --endpoint, or set AZURE_OPENAI_ENDPOINT" in grade.not_run


def test_a_part_that_is_no_text_is_not_asked_about(model: Model) -> None:
    image = {"type": "input_image", "image_url": "data:"}
    grade = model.grade(score(input=[{"role": "user", "content": [image]}]))
    assert grade.not_run == "a message with a part of type 'input_image'; only text is asked here"


def test_an_endpoint_grader_is_not_run() -> None:
    with closing(compiled(ENDPOINT)) as ready:
        assert ready.score("4", ITEM).not_run is not None


# Where they ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "named", "keys", "asked"),
    [
        (None, {"AZURE_OPENAI_ENDPOINT": ""}, ("AZURE", "OPENAI"), ("/openai/v1", "AZURE-key")),
        (None, {"OPENAI_BASE_URL": "/v1"}, ("AZURE", "OPENAI"), ("/v1", "OPENAI-key")),
        ("", {"OPENAI_BASE_URL": "/not-here/v1"}, ("OPENAI",), ("/v1", "OPENAI-key")),
        # A server of one's own wants no key; another's is not given it.
        ("/v1", {}, ("AZURE",), ("/v1", "none")),
        (
            None,
            {"FOUNDRY_PROJECT_ENDPOINT": "/api/projects/p", "OPENAI_BASE_URL": "/not-here/v1"},
            ("AZURE",),
            ("/api/projects/p/openai/v1", "AZURE-key"),
        ),
    ],
)
def test_graders_ask_where_jobs_go(
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    option: str | None,
    named: dict[str, str],
    keys: tuple[str, ...],
    asked: tuple[str, str],
) -> None:
    """The same variables in the same order, the same key to the same service."""
    for name in (name for names in endpoint.VARIABLES.values() for name in names):
        monkeypatch.delenv(name, raising=False)
    environment = {name: f"{model.url}{path}" for name, path in named.items()}
    environment |= {
        f"{owner}_API_KEY".replace("AZURE", "AZURE_OPENAI"): f"{owner}-key" for owner in keys
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "grader.json").write_text(json.dumps(score()))
    (tmp_path / "items.jsonl").write_text(json.dumps(ITEM))
    words = [
        "grade",
        "--grader-file",
        "grader.json",
        "--items",
        "items.jsonl",
        "--template",
        "4",
        "-q",
    ]
    address = None if option is None else f"{model.url}{option}"
    words += [] if address is None else ["--endpoint", address]
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main.app, words)
    assert (done.exit_code, json.loads(done.stdout)["score"]) == (0, 0.5)
    assert (model.paths, model.keys) == ([f"{asked[0]}/chat/completions"], [f"Bearer {asked[1]}"])
    where = endpoint.endpoint(address, environment)
    assert where is not None
    assert where.url == f"{model.url}{asked[0]}/"


def test_a_key_alone_names_no_endpoint() -> None:
    """Nobody is asked before rows are sent, so nothing is sent to a place that was not named."""
    assert models.opener(None, {"OPENAI_API_KEY": "the-key", "OPENAI_BASE_URL": ""}) is None


def test_a_grader_that_asks_no_model_needs_no_key() -> None:
    environment = {"AZURE_OPENAI_ENDPOINT": "https://gateway.example"}
    setup = Setup(open_model=models.opener(None, environment))
    with closing(compiled(check(), setup)) as ready:
        assert ready.score("4", ITEM) == Grade(1.0)
    with pytest.raises(BadInput, match="set AZURE_OPENAI_API_KEY to its key"):
        compiled(score(), setup)


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": "the-key"}])
def test_a_key_is_sent_encrypted_or_to_this_machine(environment: dict[str, str]) -> None:
    setup = Setup(open_model=models.opener("http://192.0.2.1:8000/v1", environment))
    if not environment:
        compiled(score(), setup).close()
        return
    with pytest.raises(BadInput, match="is not encrypted, and OPENAI_API_KEY would be sent"):
        compiled(score(), setup)


def test_a_key_that_is_echoed_is_hidden(model: Model) -> None:
    model.status, model.error = 401, "Incorrect API key provided: the-key"
    not_run = model.grade(score()).not_run
    assert not_run is not None
    assert "[redacted]" in not_run
    assert "the-key" not in not_run


def test_no_redirect_is_followed(model: Model) -> None:
    with closing(Model()) as other:
        model.status, model.location = 307, f"{other.url}/v1/chat/completions"
        assert model.grade(score()).score is None
        assert other.asked == []
