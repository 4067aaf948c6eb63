"""From a prepared folder to one job, whatever happens on the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Heard
from hub_server import serving
from service_server import BREAKS, GRADER, KEY, SYSTEM, Fault, ServiceServer, prepared

from pipelines.findings import BadInput
from pipelines.io.prepared import find
from pipelines.io.progress import Progress
from pipelines.io.retry import Note, RetryPolicy
from pipelines.service import events
from pipelines.service.client import Service
from pipelines.service.endpoint import access, endpoint
from pipelines.service.refusals import Refused, Unclear
from pipelines.service.submission import Settings, Submitted, requests, submit

QUICK = RetryPolicy(delays=(0, 0, 0), silence=10)
SETTINGS = Settings(every=0)

Run = Callable[..., Submitted]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path / "data")


def connected(
    server: ServiceServer,
    url: str | None = None,
    silence: float = 10,
    note: Note = lambda text: None,
) -> Service:
    where = endpoint(url or server.url, {})
    assert where is not None
    environment = {"AZURE_OPENAI_API_KEY": KEY, "OPENAI_API_KEY": KEY}
    retry = replace(QUICK, silence=silence)
    return Service(where, access(where, environment), retry=retry, note=note)


@pytest.fixture
def run(server: ServiceServer, folder: Path) -> Run:
    def go(url: str | None = None, progress: Progress | None = None, **changes: Any) -> Submitted:
        service = connected(server, url)
        try:
            return submit(
                find(str(folder)), service, progress or Progress(), replace(SETTINGS, **changes)
            )
        finally:
            service.close()

    return go


def state(folder: Path) -> Any:
    return json.loads((folder / "submission.json").read_bytes())


def edited(folder: Path, **changes: Any) -> None:
    """Change the job request."""
    path = folder / "job.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes), encoding="utf-8")


# The way through ---------------------------------------------------------------------------------


def test_a_job_is_made(run: Run, server: ServiceServer, folder: Path) -> None:
    done = run()
    assert (done.new, done.job["id"], done.job["status"]) == (True, "ftjob-1", "validating_files")
    assert server.paths("POST") == [
        "files",
        "files",
        "fine_tuning/alpha/graders/validate",
        "fine_tuning/jobs",
    ]
    assert [server.contents[id] for id in ("file-1", "file-2")] == [
        (folder / name).read_bytes() for name in ("train.jsonl", "validation.jsonl")
    ]
    *_, grader, job = [
        each.json for each in server.asked if each.method == "POST" if each.body[:1] == b"{"
    ]
    wanted = json.loads((folder / "job.json").read_bytes())
    token = job["metadata"]["rft_submission"]
    assert grader == {"grader": GRADER}
    assert job == wanted | {
        "training_file": "file-1",
        "validation_file": "file-2",
        "metadata": {"rft_submission": token, "rft_attempt": "1"},
    }
    assert job["trainingType"] == "GlobalStandard"
    assert len(token) == 64


def test_what_is_written_down(run: Run, server: ServiceServer, folder: Path) -> None:
    job = run().job
    digests = [
        sha256((folder / name).read_bytes()).hexdigest()
        for name in ("train.jsonl", "validation.jsonl")
    ]
    sizes = [(folder / name).stat().st_size for name in ("train.jsonl", "validation.jsonl")]
    assert state(folder) == {
        "endpoints": {
            server.url: {
                "files": {
                    digests[0]: {"name": "train.jsonl", "bytes": sizes[0], "id": "file-1"},
                    digests[1]: {"name": "validation.jsonl", "bytes": sizes[1], "id": "file-2"},
                },
                "jobs": [
                    {
                        "submission": job["metadata"]["rft_submission"],
                        "attempt": 1,
                        "training_file": "file-1",
                        "validation_file": "file-2",
                        "id": "ftjob-1",
                    }
                ],
            }
        }
    }


def test_a_request_goes_out_as_it_stands(run: Run, server: ServiceServer, folder: Path) -> None:
    """Whatever the client's types know: nothing is dropped, renamed or added."""
    grader = GRADER | {"pass_threshold": 0.5, "image_tag": "x", "nothing": None}
    (folder / "grader.json").unlink()
    method = {
        "type": "reinforcement",
        "reinforcement": {
            "grader": grader,
            "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
            "hyperparameters": {"n_epochs": 2, "eval_interval": 5, "reasoning_effort": "low"},
            "tools": [{"name": "t", "server_url": "https://t", "headers": {"X-Key": "s"}}],
            "max_episode_steps": 5,
        },
    }
    edited(folder, method=method, suffix="first", seed=7, metadata={"team": "a"}, model="o4-mini")
    run()
    grader_sent, sent = [each.json for each in server.asked if each.body[:1] == b"{"]
    assert grader_sent == {"grader": grader}
    assert (sent["method"], sent["suffix"], sent["seed"]) == (method, "first", 7)
    assert sent["metadata"] | {"rft_submission": "", "rft_attempt": ""} == {
        "team": "a",
        "rft_submission": "",
        "rft_attempt": "",
    }


def test_openai_has_no_training_type(run: Run, server: ServiceServer) -> None:
    assert run(server.openai).job["id"] == "ftjob-1"
    assert "trainingType" not in server.jobs["ftjob-1"]


def test_a_project(run: Run, server: ServiceServer) -> None:
    assert run(server.project).job["id"] == "ftjob-1"
    assert "trainingType" in server.jobs["ftjob-1"]


def test_each_endpoint_has_its_own_files_and_jobs(
    run: Run, server: ServiceServer, folder: Path
) -> None:
    run()
    server.jobs.clear()
    assert run(server.openai).new
    assert list(state(folder)["endpoints"]) == [server.url, f"{server.openai}/"]
    assert server.numbers == {"file": 4, "ftjob": 2}


def test_in_parts(run: Run, server: ServiceServer, folder: Path) -> None:
    run(single=0, part=100)
    assert server.contents["file-1"] == (folder / "train.jsonl").read_bytes()
    assert len(server.uploads) == 2


# Once more ---------------------------------------------------------------------------------------


def test_a_second_run_makes_nothing(run: Run, server: ServiceServer) -> None:
    run()
    before = len(server.paths("POST"))
    done = run()
    assert (done.new, done.job["id"], len(server.paths("POST"))) == (False, "ftjob-1", before)


def test_again_makes_another_of_the_same_files(run: Run, server: ServiceServer) -> None:
    made = [run(), run(again=True), run(again=True)]
    assert [(each.new, each.job["id"]) for each in made] == [
        (True, "ftjob-1"),
        (True, "ftjob-2"),
        (True, "ftjob-3"),
    ]
    assert [job["metadata"]["rft_attempt"] for job in server.jobs.values()] == ["1", "2", "3"]
    assert (server.duplicates(), server.numbers["file"]) == (2, 2)
    assert run().job["id"] == "ftjob-3"


def test_again_counts_jobs_that_another_machine_made(
    run: Run, server: ServiceServer, folder: Path
) -> None:
    run()
    before = (folder / "submission.json").read_bytes()
    run(again=True)
    (folder / "submission.json").write_bytes(before)
    run(again=True)
    assert [job["metadata"]["rft_attempt"] for job in server.jobs.values()] == ["1", "2", "3"]


def test_another_request_is_another_job(run: Run, server: ServiceServer, folder: Path) -> None:
    run()
    edited(folder, suffix="second")
    assert run().job["id"] == "ftjob-2"
    assert (server.duplicates(), server.numbers["file"]) == (0, 2)


def test_a_job_is_found_when_the_record_is_lost(
    run: Run, server: ServiceServer, folder: Path
) -> None:
    run()
    for n in range(250):
        server.jobs[f"other-{n}"] = {"id": f"other-{n}", "metadata": {"n": str(n)}}
    (folder / "submission.json").unlink()
    done = run()
    assert (done.new, done.job["id"]) == (False, "ftjob-1")
    assert state(folder)["endpoints"][server.url]["jobs"][0]["id"] == "ftjob-1"
    assert server.numbers["file"] == 2


def test_a_job_that_is_gone_is_not_made_anew_unasked(run: Run, server: ServiceServer) -> None:
    run()
    server.jobs.clear()
    done = run()
    assert (done.new, done.job) == (False, {"id": "ftjob-1", "status": "gone from the service"})
    assert run(again=True).job["id"] == "ftjob-2"


def test_a_file_that_is_gone_or_broken_is_uploaded_again(
    run: Run, server: ServiceServer, folder: Path
) -> None:
    run()
    del server.files["file-1"]
    server.files["file-2"]["status"] = "error"
    heard = Heard()
    assert run(progress=heard, again=True).new
    assert [line for line in heard.lines if "file-" in line] == [
        "train.jsonl: file-1 is of no use any more; uploading again",
        "validation.jsonl: file-2 is of no use any more; uploading again",
    ]
    assert server.jobs["ftjob-2"]["training_file"] == "file-3"
    held = state(folder)["endpoints"][server.url]["files"].values()
    assert [each["id"] for each in held] == ["file-3", "file-4"]


def test_a_run_that_broke_off_goes_on(run: Run, server: ServiceServer) -> None:
    server.faults["GET file-2"] = [Fault(400)]
    with pytest.raises(Refused):
        run()
    heard = Heard()
    assert run(progress=heard).new
    assert [line for line in heard.lines if "file-" in line] == [
        "train.jsonl: uploaded before as file-1",
        "validation.jsonl: uploaded before as file-2",
    ]
    assert server.numbers["file"] == 2


# A job is made once ------------------------------------------------------------------------------


def test_an_answer_that_is_lost(run: Run, server: ServiceServer) -> None:
    server.faults["POST fine_tuning/jobs"] = [Fault(broken="closed", after=True)]
    done = run()
    assert (done.new, done.job["id"], len(server.jobs)) == (True, "ftjob-1", 1)
    assert run().job["id"] == "ftjob-1"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(broken="closed"),
        Fault(500),
        Fault(502),
        Fault(503, {"Retry-After": "0"}),
        Fault(200, body=b"<html>"),
        Fault(200, body=b"{}"),
    ],
)
def test_an_answer_that_says_nothing(run: Run, server: ServiceServer, fault: Fault) -> None:
    """The creation is asked for once; looked for; and at the next run asked for again."""
    server.faults["POST fine_tuning/jobs"] = [fault]
    with pytest.raises(BadInput) as caught:
        run()
    assert str(caught.value).startswith(f"the job: {server.url}")
    assert str(caught.value).endswith(
        "; it may have been made and is not listed; run it again later: it is looked for before it "
        "is asked for"
    )
    assert server.paths("POST").count("fine_tuning/jobs") == 1
    assert run().new
    assert len(server.jobs) == 1


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_job_is_found_by_the_next_run(
    run: Run, server: ServiceServer, folder: Path, forgetful: bool
) -> None:
    """Nothing came back, and the list did not either; some services give no metadata."""
    server.forgetful = forgetful
    server.faults["POST fine_tuning/jobs"] = [Fault(broken="closed", after=True)]
    server.faults["GET fine_tuning/jobs"] = [None, Fault(400)]
    with pytest.raises(BadInput, match="it may have been made"):
        run()
    assert [each["id"] for each in state(folder)["endpoints"][server.url]["jobs"]] == [None]
    done = run()
    assert (done.new, done.job["id"], len(server.jobs)) == (False, "ftjob-1", 1)
    assert state(folder)["endpoints"][server.url]["jobs"][0]["id"] == "ftjob-1"


def test_an_earlier_job_of_the_same_files_is_not_taken_for_another(
    run: Run, server: ServiceServer
) -> None:
    server.forgetful = True
    run()
    server.faults["POST fine_tuning/jobs"] = [Fault(broken="closed")]
    with pytest.raises(BadInput, match="it may have been made"):
        run(again=True)
    server.faults["POST fine_tuning/jobs"] = [Fault(broken="closed", after=True)]
    assert run(again=True).job["id"] == "ftjob-2"


# Those that a service may give where it did nothing, and more that it may give in any case.
REFUSALS = {400, 401, 403, 404, 405, 407, 411, 413, 415, 422}
STATUSES = {*(each.value for each in HTTPStatus if each >= 300), 299, 430, 440, 499, 520, 524, 599}
# Answers without an id.
ANSWERS = (b"", b"{}", b"[]", b"null", b'{"id": 7}', b'{"id": ""}', b'{"id": "ftjob-', b"<html>")
FAULTS = [
    *(Fault(status) for status in (201, 204, 302, 400, 403, 408, 409, 422, 425, 500, 504, 599)),
    Fault(307, {"Location": "/openai/v1/fine_tuning/jobs"}),
    Fault(429, {"Retry-After": "0"}),
    Fault(503, {"Retry-After": "3600"}),
    *(Fault(broken=how) for how in BREAKS),
    *(Fault(200, body=body) for body in ANSWERS),
]


@pytest.mark.parametrize("after", [False, True])
def test_a_job_is_made_once_whatever_is_answered(
    server: ServiceServer, folder: Path, after: bool
) -> None:
    """The service acts or not, and then its answer is a fault: another job for each of them.

    The first run takes the job that was made or ends with a line; never does it ask twice. The
    second has the one job.
    """
    service = connected(server, silence=0.2)
    for number, fault in enumerate(FAULTS):
        if after and fault.broken == "unread":
            continue
        server.forgetful = number % 2 == 0
        edited(folder, seed=number)
        server.asked.clear()
        server.jobs.clear()
        server.faults["POST fine_tuning/jobs"] = [replace(fault, after=after)]
        first = None
        with suppress(BadInput, Refused):
            first = submit(find(str(folder)), service, Progress(), SETTINGS)
        assert server.paths("POST").count("fine_tuning/jobs") == 1, fault
        assert (len(server.jobs), first is not None) == (after, after), fault
        second = submit(find(str(folder)), service, Progress(), SETTINGS)
        assert [second.job["id"]] == list(server.jobs), fault
    service.close()


def test_every_status_is_final_or_leaves_open_what_was_done(server: ServiceServer) -> None:
    service = connected(server)
    body = {"model": "o4-mini", "training_file": "file-1"}
    for status in sorted(STATUSES):
        server.asked.clear()
        server.faults["POST fine_tuning/jobs"] = [Fault(status)]
        expected = (BadInput, Refused) if status in REFUSALS else Unclear
        with pytest.raises(expected) as caught:
            service.create_job(body)
        assert "\n" not in str(caught.value)
        assert server.paths("POST") == ["fine_tuning/jobs"], status
    service.close()


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_job_that_is_listed_late(server: ServiceServer, folder: Path, forgetful: bool) -> None:
    """One that was made and not answered is looked for a few times, by both runs."""
    server.forgetful = forgetful
    service = connected(server)
    for late, found_by_first in ((0, True), (3, True), (4, False), (7, False)):
        edited(folder, seed=late)
        server.faults["POST fine_tuning/jobs"] = [Fault(429, after=True)]
        # The first list is asked for before the job is.
        server.unlisted = late + 1
        jobs = set(server.jobs)
        if found_by_first:
            submit(find(str(folder)), service, Progress(), SETTINGS)
        else:
            with pytest.raises(BadInput, match="run it again"):
                submit(find(str(folder)), service, Progress(), SETTINGS)
            done = submit(find(str(folder)), service, Progress(), SETTINGS)
            assert not done.new
        assert len(server.jobs) == len(jobs) + 1
    service.close()


def test_a_list_that_cannot_be_read_is_no_proof(run: Run, server: ServiceServer) -> None:
    """Without one it is not known that there is no such job, so none is made."""
    for body in (b"{}", b"[]", b"<html>", b'{"data": null}'):
        server.faults["GET fine_tuning/jobs"] = [Fault(200, body=body)]
        with pytest.raises(BadInput, match="is this the service"):
            run()
    assert server.paths("POST") == []


def test_nobody_there_to_make_a_job(server: ServiceServer, folder: Path) -> None:
    """Nothing went out, so it may be asked again, and nothing is to be looked for."""

    class Gone(Progress):
        def note(self, line: str) -> None:
            server.shutdown()
            server.server_close()

    server.faults["POST graders/validate"] = [Fault(404, {"Connection": "close"})]
    notes: list[str] = []
    service = connected(server, note=notes.append)
    with pytest.raises(BadInput, match="cannot be reached"):
        submit(find(str(folder)), service, Gone(), SETTINGS)
    service.close()
    assert [note.count("asking again") for note in notes[:2]] == [1, 1]
    assert state(folder)["endpoints"][server.url]["jobs"] == []


def test_the_client_asks_nothing_twice_by_itself(server: ServiceServer) -> None:
    service = connected(server)
    assert service._client.max_retries == 0
    service.close()


def test_a_refused_job_leaves_no_trace(run: Run, server: ServiceServer, folder: Path) -> None:
    edited(folder, trainingType="Developer")
    with pytest.raises(Refused) as caught:
        run()
    assert str(caught.value) == (
        f"the job: {server.url} answers 400 'invalidPayload: The fineTuningJob field is required.'"
        "; the body was not understood: write trainingType as Standard, GlobalStandard or "
        "developerTier in job.json"
    )
    assert state(folder)["endpoints"][server.url]["jobs"] == []
    edited(folder, trainingType="globalStandard")
    assert run().new


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"trainingType": "Standard"}, "set trainingType in job.json to GlobalStandard, or "),
        ({"method": {"type": "dpo", "reinforcement": {"grader": GRADER}}}, "set method.type in "),
    ],
)
def test_known_refusals_come_with_a_remedy(
    run: Run, folder: Path, changes: dict[str, Any], remedy: str
) -> None:
    edited(folder, **changes)
    with pytest.raises(Refused) as caught:
        run()
    assert f"; {remedy}" in str(caught.value)


def test_a_job_of_files_that_are_not_ready(server: ServiceServer) -> None:
    """They are waited for, so this takes a service that forgets that they were processed."""
    server.add_file("train.jsonl", b"", "fine-tune")
    files = dict.fromkeys(("training_file", "validation_file"), "file-1")
    method = {"type": "reinforcement", "reinforcement": {"grader": GRADER}}
    service = connected(server)
    with pytest.raises(Refused, match="; run it again: it waits until both files are processed"):
        service.create_job({"model": "o4-mini-2025-04-16", "method": method, **files})
    service.close()


# What is not submitted ---------------------------------------------------------------------------


def test_a_grader_that_the_service_refuses(run: Run, server: ServiceServer, folder: Path) -> None:
    (folder / "grader.json").unlink()
    edited(
        folder,
        method={"type": "reinforcement", "reinforcement": {"grader": {"type": "regex"}}},
    )
    with pytest.raises(Refused) as caught:
        run()
    assert str(caught.value) == (
        f"the grader: {server.url} answers 400 \"invalid_grader: no grader is a 'regex'\"; mend "
        "what it names, and run it again"
    )
    assert server.jobs == {}


def test_a_service_that_validates_no_grader(run: Run, server: ServiceServer) -> None:
    server.faults["POST graders/validate"] = [Fault(404)]
    heard = Heard()
    assert run(progress=heard).new
    assert "the service has no place to validate a grader; going on without" in heard.lines


def test_a_grader_without_its_deployment(run: Run, server: ServiceServer) -> None:
    body = b'{"error": {"code": "DeploymentNotFound", "message": "The API deployment is not here"}}'
    server.faults["POST graders/validate"] = [Fault(404, body=body)]
    with pytest.raises(BadInput, match="; deploy the grader's model in the same resource"):
        run()
    assert server.jobs == {}


@pytest.mark.parametrize("role", ["grader", "response_format"])
def test_a_document_that_the_job_does_not_have(
    run: Run, server: ServiceServer, folder: Path, role: str
) -> None:
    (folder / f"{role}.json").write_text('{"type": "text_similarity"}', encoding="utf-8")
    with pytest.raises(BadInput, match=rf"job.json: its {role} differs from .*{role}.json; "):
        run()
    assert server.asked == []


def test_a_folder_without_a_job(run: Run, folder: Path) -> None:
    (folder / "job.json").unlink()
    with pytest.raises(BadInput, match=r"job.json: there is no such file; run `rft prepare`"):
        run()


def test_too_much_metadata(run: Run, folder: Path) -> None:
    edited(folder, metadata={str(n): "x" for n in range(15)})
    with pytest.raises(BadInput, match="metadata has over 14 pairs, and two are added; cut it"):
        run()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"endpoints": []}',
        '{"endpoints": {"URL": {"jobs": [{}]}}}',
        '{"endpoints": {"URL": {"jobs": {"a": 1}}}}',
        '{"endpoints": {"URL": {"files": {"a": "b"}}}}',
    ],
)
def test_a_record_that_is_not_ours(
    run: Run, server: ServiceServer, folder: Path, text: str
) -> None:
    (folder / "submission.json").write_text(text.replace("URL", server.url), encoding="utf-8")
    with pytest.raises(BadInput, match=r"submission.json: not as `rft submit` writes it; move it"):
        run()
    assert server.asked == []


def test_no_secret_is_written_down(run: Run, server: ServiceServer, folder: Path) -> None:
    """Even where the service puts the key into its ids, which are no ids then."""
    server.id = lambda kind: f"{kind}-{KEY}"  # type: ignore[method-assign]
    with pytest.raises(Refused, match=r"file-\[redacted\] is gone"):
        run()
    assert '"file-[redacted]"' in (folder / "submission.json").read_text(encoding="utf-8")
    assert KEY not in (folder / "submission.json").read_text(encoding="utf-8")


# A dry run ---------------------------------------------------------------------------------------


def dry(folder: Path, url: str = "https://x.openai.azure.com", **changes: Any) -> list[Any]:
    where = endpoint(url, {})
    assert where is not None
    return requests(find(str(folder)), where, replace(SETTINGS, **changes))


def posted(server: ServiceServer) -> list[tuple[str, Any]]:
    """What was sent to the server: paths, and bodies that are JSON."""
    return [
        (each.path, each.json if each.body[:1] == b"{" else None)
        for each in server.asked
        if each.method == "POST"
    ]


def as_sent(requests: list[Any], url: str) -> list[tuple[str, Any]]:
    """What was shown, as a server that gives these ids gets it."""
    ids = {"id-of-train.jsonl": "file-1", "id-of-validation.jsonl": "file-2"}
    text = json.dumps(requests)
    for name, id in ids.items():
        text = text.replace(name, id)
    return [
        (each["url"].removeprefix(url), None if "purpose" in each["body"] else each["body"])
        for each in json.loads(text)
    ]


def test_a_dry_run_shows_what_would_be_sent(
    run: Run, server: ServiceServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    shown = dry(folder, server.url)
    assert server.asked == []
    assert not (folder / "submission.json").exists()
    monkeypatch.undo()
    run()
    assert as_sent(shown, server.url) == posted(server)
    for request, name in zip(shown, ("train.jsonl", "validation.jsonl"), strict=False):
        data = (folder / name).read_bytes()
        digest = sha256(data).hexdigest()
        assert request["body"]["file"] == {"name": name, "bytes": len(data), "sha256": digest}


def test_a_dry_run_in_parts(run: Run, server: ServiceServer, folder: Path) -> None:
    shown = dry(folder, single=0, part=1000)
    run(single=0, part=1000)
    parts = [each["body"]["file"]["parts"] for each in shown if each["url"].endswith("/uploads")]
    paths = server.paths("POST")
    ends = [at for at, path in enumerate(paths) if path.endswith("/complete")]
    assert parts == [ends[0] - 1, ends[1] - ends[0] - 2]


def test_a_dry_run_hides_the_headers_of_tools(folder: Path) -> None:
    (folder / "grader.json").unlink()
    grader = {"type": "endpoint", "url": "https://g", "headers": {"X-Key": "tool-secret"}}
    edited(folder, method={"type": "reinforcement", "reinforcement": {"grader": grader}})
    text = json.dumps(dry(folder))
    assert '"headers": {"X-Key": "[redacted]"}' in text
    assert "secret" not in text


def test_a_dry_run_after_a_run(run: Run, server: ServiceServer, folder: Path) -> None:
    run()
    before = (folder / "submission.json").read_bytes()
    assert dry(folder, server.url) == []
    shown = dry(folder, server.url, again=True)
    server.asked.clear()
    assert (folder / "submission.json").read_bytes() == before
    run(again=True)
    assert as_sent(shown, server.url) == posted(server)


# A job of another order ---------------------------------------------------------------------------


def turned(value: Any) -> Any:
    """A JSON value with the fields of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(each) for name, each in reversed(value.items())}
    return [turned(each) for each in value] if isinstance(value, list) else value


def test_a_reordered_request_is_the_same_job(run: Run, server: ServiceServer, folder: Path) -> None:
    run()
    path = folder / "job.json"
    body = json.loads(path.read_bytes())
    assert list(turned(body)) != list(body)
    path.write_text(json.dumps(turned(body), indent=3), encoding="utf-8")
    (folder / "submission.json").unlink()
    done = run()
    assert (done.new, done.job["id"], len(server.jobs)) == (False, "ftjob-1", 1)


# Following ---------------------------------------------------------------------------------------

# From the guide, shortened.
REAL = {
    "id": "ftevent-1",
    "created_at": 1746679539,
    "message": "Step 10/20 , train mean reward=0.42, full validation mean reward=0.68, full "
    "validation mean parse error=0.00",
    "data": {
        "step": 10,
        "usage": {"samples": {"train_reasoning_tokens_mean": 3330.017964071856}},
        "errors": {
            "graders": [
                {
                    "name": "basic_model_grader",
                    "train_other_error_mean": 0.0,
                    "train_sample_parse_error_mean": 0.02,
                    "valid_sample_parse_error_mean": 0.5,
                    "train_sample_parse_error_count": 3.0,
                }
            ]
        },
        "scores": {
            "graders": [],
            "train_reward_mean": 0.4215686274509804,
            "valid_reward_mean": 0.675,
        },
        "total_steps": 20,
    },
    "type": "metrics",
}


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            REAL,
            "      10/20    0.422       0.675             3,330  basic_model_grader: "
            "sample_parse_error 2.0%",
        ),
        (
            {"message": REAL["message"], "data": None},
            "      10/20    0.420       0.680",
        ),
        ({"message": "Step 3/20 , train mean reward=0.40"}, "       3/20    0.400"),
        (
            {"data": {"step": 1, "train_mean_reward": 0, "full_valid_mean_reward": "0.25"}},
            "          1    0.000       0.250",
        ),
        ({"message": "Job started."}, None),
        ({"message": "Step 3: checkpoint saved", "data": {"step": 3}}, None),
        ({"message": None, "data": {"step": "x", "scores": []}}, None),
        ({"data": {"step": True, "train_mean_reward": 1}}, None),
        ({"data": {"step": "inf", "train_mean_reward": 10**400}}, None),
        ({}, None),
    ],
)
def test_a_step_in_a_line(event: dict[str, Any], line: str | None) -> None:
    step = events.step(event)
    assert (step and step.line()) == line


@pytest.mark.parametrize("ascending", [False, True])
def test_every_event_is_told_once_and_in_order(
    run: Run, server: ServiceServer, ascending: bool
) -> None:
    server.steps, server.page, server.ascending = 8, 3, ascending
    id = run().job["id"]
    told: list[dict[str, Any]] = []
    service = connected(server)
    turns: list[str] = []
    job = events.follow(service, id, told.append, turns.append, every=0)
    service.close()
    assert job["status"] == "succeeded"
    assert told == server.happened[id]
    assert turns == ["validating_files", "queued", "pending", "running", "succeeded"]
    assert [step.step for event in told if (step := events.step(event))] == list(range(1, 9))


def test_system_messages_fail_the_job_when_it_begins(
    run: Run, server: ServiceServer, folder: Path
) -> None:
    row = {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}]}
    (folder / "train.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    id = run().job["id"]
    service = connected(server)
    job = events.follow(service, id, lambda event: None, lambda status: None, every=0)
    service.close()
    assert (job["status"], job["error"]["message"]) == ("failed", SYSTEM)


def test_no_redirect_is_followed(server: ServiceServer) -> None:
    other = ServiceServer()
    with serving(other):
        server.faults["GET file-1"] = [Fault(307, {"Location": f"{other.url}files/file-1"})]
        service = connected(server)
        with pytest.raises(BadInput, match="answers 307"):
            service.file("file-1")
        service.close()
    assert other.asked == []


def test_azure_is_told_nothing_of_openais_organization(
    server: ServiceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    server.add_file("a", b"", "fine-tune")
    for url in (server.url, server.openai):
        service = connected(server, url)
        service.file("file-1")
        service.close()
    named = [httpx2.Headers(each.headers).get("openai-organization") for each in server.asked]
    assert named == [None, "org-1"]
