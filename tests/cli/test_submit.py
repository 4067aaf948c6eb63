"""`rft submit` and `rft job`, as a user runs them, against a service on loopback."""

from __future__ import annotations

import inspect
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from conftest import DEMO, ROOT, settings
from known import DATASETS
from service_server import KEY, SYSTEM, Fault, ServiceServer
from submitting import Rft, rft

from pipelines.cli import job, submit
from pipelines.cli import main as entry
from pipelines.cli.estimate import figure
from pipelines.io.progress import Progress
from pipelines.rules import check
from pipelines.run import driver
from pipelines.service.assumptions import Range

__all__ = ["rft"]  # a fixture

# submit ------------------------------------------------------------------------------------------


def test_a_folder_becomes_a_job(rft: Rft, server: ServiceServer) -> None:
    done = rft("submit", "data")
    assert (done.code, list(server.jobs)) == (0, ["ftjob-1"])
    names = ("job", "status", "model", "training file", "validation file", "endpoint", "look at")
    assert [done.field(name) for name in names] == [
        "ftjob-1",
        "validating_files",
        "gpt-5.4-mini-2026-03-17",
        "file-1",
        "file-2",
        server.url,
        "https://ai.azure.com, your project, Fine-tuning, ftjob-1",
    ]
    assert done.stdout.endswith("\nrft job ftjob-1 --follow shows how it goes\n")
    assert "\na job that is paid for:\n" in f"\n{done.stderr}"
    size = Path("data/train.jsonl").stat().st_size
    lines = [
        f"train.jsonl: uploading {size:,} bytes",
        *("train.jsonl: " + state for state in ("uploaded", "pending", "running", "processed")),
    ]
    assert [line for line in done.stderr.splitlines() if line.startswith("train.jsonl")] == lines


def real(folder: Path) -> Path:
    """A source of MedMCQA's rows that are not the demo's: their words stand in another order."""
    for path in (DEMO / "medmcqa" / "data").iterdir():
        rows = pl.read_parquet(path)
        words = pl.col("question").str.split(" ").list.reverse().list.join(" ")
        (folder / "medmcqa" / "data").mkdir(parents=True, exist_ok=True)
        rows.with_columns(words).write_parquet(folder / "medmcqa" / "data" / path.name)
    return folder


def test_from_raw_rows_to_a_job(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    """What `rft prepare` makes is submitted by its name, and neither command troubles the other."""
    run = settings(tmp_path / "processed", real(tmp_path / "raw"))
    driver.prepare(DATASETS["medmcqa"], run, Progress())
    assert rft("submit", "medmcqa", "--quiet").code == 0
    folder = tmp_path / "processed" / "medmcqa"
    assert server.contents["file-1"] == (folder / "train.jsonl").read_bytes()
    before = (folder / "submission.json").read_bytes()
    again = driver.prepare(DATASETS["medmcqa"], run, Progress())
    assert (again.unchanged, again.sound) == (True, True)
    assert "error" not in {finding.severity for finding in check.check(folder)}
    assert (folder / "submission.json").read_bytes() == before
    assert rft("submit", "medmcqa").field("job") == "ftjob-1"
    assert len(server.jobs) == 1


# The demo, and the question before a job is paid for ---------------------------------------------


def test_the_demo_is_not_paid_for(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    driver.prepare(DATASETS["medmcqa"], settings(tmp_path / "processed"), Progress())
    for more in ((), ("--again",), ("--format", "json"), ("--quiet",)):
        done = rft("submit", "medmcqa", *more)
        lines = [line for line in done.stderr.splitlines() if line.startswith("rft: ")]
        assert done.code == 2
        assert lines[0].startswith("rft: processed/medmcqa/train.jsonl:1: a row of the demo (209 ")
    assert server.asked == []
    assert not (tmp_path / "processed" / "medmcqa" / "submission.json").exists()
    done = rft("submit", "medmcqa", "--dry-run", yes=False)
    assert (done.code, server.asked) == (0, [])
    assert "POST " in done.stdout
    assert "the demo's rows, shown only" in done.stderr


def test_one_row_of_the_demo_is_enough(rft: Rft, server: ServiceServer) -> None:
    row = (ROOT / "tests" / "golden" / "medmcqa.jsonl").read_bytes().splitlines()[0]
    path = Path("data/validation.jsonl")
    item = json.loads(row)
    item["messages"][-1]["content"] = "Answer this. " + item["messages"][-1]["content"]
    path.write_text(path.read_text(encoding="utf-8") + json.dumps(item) + "\n", encoding="utf-8")
    done = rft("submit", "data")
    assert (done.code, server.asked) == (2, [])
    assert "\nrft: data/validation.jsonl:13: a row of the demo (1 in all)" in done.stderr


def test_what_is_paid_for_is_shown(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    run = settings(
        tmp_path / "processed", real(tmp_path / "raw"), job={"model": "o4-mini-2025-04-16"}
    )
    driver.prepare(DATASETS["medmcqa"], run, Progress())
    done = rft("submit", "medmcqa", yes=False)
    assert (done.code, server.paths("POST"), server.files) == (2, [], {})
    assert done.stderr.splitlines()[-1].endswith(
        "nobody can be asked; nothing was sent; give --yes"
    )
    shown = done.stderr[done.stderr.index("a job that is paid for:") :].splitlines()[:-1]
    assert max(map(len, shown)) <= 60
    fields = {line[:11].strip(): line[11:] for line in shown if line[2:3].strip()}
    assert {"dataset", "from", "rows", "model", "epochs", "hours", "money", "at"} <= set(fields)
    assert fields["from"] == "your folder"
    assert re.fullmatch(r"\d+ training, \d+ validation", fields["rows"])
    assert fields["model"].startswith("o4-mini-2025-04-16")
    assert fields["epochs"].startswith("auto, ")
    estimate = json.loads(
        CliRunner().invoke(entry.app, ["estimate", "medmcqa", "--format", "json"]).stdout
    )
    assert fields["hours"] == figure(Range(*list(estimate["hours"].values())[:2]))
    assert fields["money"] == figure(Range(*list(estimate["total"].values())[:2]), "$")


def test_a_price_that_is_not_known_is_said_to_be(rft: Rft) -> None:
    job = Path("data/job.json")
    body = json.loads(job.read_bytes())
    body["method"]["reinforcement"]["hyperparameters"] = {"n_epochs": 3}
    job.write_text(json.dumps(body), encoding="utf-8")
    done = rft("submit", "data", yes=False)
    text = " ".join(done.stderr.split())
    assert "epochs 3 hours" in text
    assert "price $100 an hour, the last known, of o4-mini-2025-04-16" in text
    assert "from not known: no manifest is beside the files" in text


def test_the_settings_of_a_job_are_sent_and_stay(rft: Rft, server: ServiceServer) -> None:
    words = ("--job", "n_epochs=2", "--job", "suffix=pilot", "--job", "metadata.team=a")
    shown = rft("submit", "data", *words, "--dry-run")
    assert '"suffix": "pilot"' in shown.stdout
    assert "suffix" not in Path("data/job.json").read_text(encoding="utf-8")  # only shown
    assert rft("submit", "data", *words).code == 0
    (job,) = server.jobs.values()
    assert job["method"]["reinforcement"]["hyperparameters"] == {"n_epochs": 2}
    assert (job["suffix"], job["metadata"]["team"]) == ("pilot", "a")
    assert rft("submit", "data").code == 0  # the same job, for the settings stayed
    assert len(server.jobs) == 1
    assert rft("submit", "data", "--job", "suffix=").code == 0
    assert len(server.jobs) == 2
    wrong = rft("submit", "data", "--job", "n_epochs=99")
    assert (wrong.code, wrong.stderr.count("\n"), len(server.jobs)) == (2, 1, 2)
    assert "--job n_epochs=99: the value 99 is out of range" in wrong.stderr


def test_what_was_submitted_is_prepared_again_with_its_settings(
    rft: Rft, server: ServiceServer, tmp_path: Path
) -> None:
    rows = [{"q": f"Which number is {n} times {n}, in words of old?", "a": n} for n in range(60)]
    Path("rows.json").write_text(json.dumps(rows), encoding="utf-8")
    text = 'files = "rows.json"\nprompt = "q"\nanswer = "a"\n[job]\nsuffix = "own"\n'
    Path("my.toml").write_text(text, encoding="utf-8")
    assert rft("prepare", "my.toml", "--job", "seed=7", "--quiet").code == 0
    words = ("--job", "n_epochs=2", "--job", "metadata.a=b", "--job", "suffix=new")
    assert rft("submit", "my", *words).code == 0
    assert rft("prepare", "my.toml", "--quiet").code == 0  # job.json is no edit
    job = json.loads(Path("processed/my/job.json").read_bytes())
    assert job["method"]["reinforcement"]["hyperparameters"] == {"n_epochs": 2}
    assert (job["suffix"], job["seed"], job["metadata"]) == ("new", 7, {"a": "b"})
    assert rft("submit", "my").code == 0
    assert len(server.jobs) == 1


def test_files_that_were_changed_are_not_sent(
    rft: Rft, server: ServiceServer, tmp_path: Path
) -> None:
    run = settings(tmp_path / "processed", real(tmp_path / "raw"))
    driver.prepare(DATASETS["medmcqa"], run, Progress())
    text = " ".join(rft("submit", "medmcqa", yes=False).stderr.split())
    assert "from your folder rows " in text
    path = tmp_path / "processed" / "medmcqa" / "train.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:50]))
    done = rft("submit", "medmcqa")
    assert (done.code, server.paths("POST")) == (1, [])
    assert "RFT607" in done.stdout + done.stderr


def test_a_program_that_reads_the_result_is_not_asked(rft: Rft, server: ServiceServer) -> None:
    done = rft("submit", "data", "--format", "json", yes=False)
    assert (done.code, done.stdout, server.paths("POST")) == (2, "", [])
    assert done.stderr.count("\n") == 1


def test_what_was_submitted_is_not_asked_for(rft: Rft, server: ServiceServer) -> None:
    rft("submit", "data")
    done = rft("submit", "data", yes=False)
    assert (done.code, done.field("job")) == (0, "ftjob-1")
    assert "paid" not in done.stderr
    done = rft("submit", "data", "--again", yes=False)
    assert (done.code, len(server.jobs)) == (2, 1)
    assert "a job that is paid for:" in done.stderr


def test_what_goes_on_is_asked_for_again(rft: Rft, server: ServiceServer) -> None:
    server.faults["POST fine_tuning/jobs"] = [Fault(403)]
    assert rft("submit", "data").code == 2
    assert rft("submit", "data", yes=False).code == 2
    assert (len(server.files), server.jobs) == (2, {})


def test_no_progress_and_no_plan(rft: Rft, server: ServiceServer) -> None:
    assert rft("submit", "data", "--quiet").stderr == ""
    assert len(server.jobs) == 1


@pytest.mark.parametrize(
    ("typed", "jobs"),
    [
        (b"y\n", 1),
        (b" YES \n", 1),
        (b"\n", 0),
        (b"n\n", 0),
        (b"yellow\n", 0),
        (b"\xff\n", 0),
        (b"\4", 0),
    ],
)
def test_the_question(
    rft: Rft, server: ServiceServer, monkeypatch: pytest.MonkeyPatch, typed: bytes, jobs: int
) -> None:
    """On a terminal; the last is its end."""
    ours, its = pty.openpty()
    os.write(ours, typed)
    with open(its, closefd=False) as stdin, open(its, "w", closefd=False) as stderr:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stderr", stderr)
        # Its progress would be drawn on the terminal; the question comes in any case.
        done = rft("submit", "data", "--quiet", yes=False)
    os.close(its)
    lines = read_until(ours, None).decode(errors="replace").replace("\r", "").splitlines()
    assert (done.code, len(server.jobs)) == (0 if jobs else 2, jobs)
    assert "a job that is paid for:" in lines
    assert any(line.startswith("Create this job? [y/N] ") for line in lines)
    if not jobs:
        assert lines[-1].endswith("rft: the answer is not yes; nothing was sent")
        assert (server.paths("POST"), server.files) == ([], {})


def test_control_c_at_the_question(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    process, ours = on_terminal(tmp_path, "submit", "data")
    shown = read_until(ours, b"[y/N] ")
    os.write(ours, b"\3")
    shown += read_until(ours, None)
    assert process.wait(20) == 130
    assert shown.endswith(b"\r\nrft: interrupted; nothing was sent\r\n")
    assert (server.paths("POST"), server.files) == ([], {})


def test_a_job_is_followed_to_its_end(rft: Rft, server: ServiceServer) -> None:
    done = rft("submit", "data", "--follow")
    assert done.code == 0
    told = [line for line in done.stdout.splitlines() if line[:1] in "2s "]
    assert told[: told.index("status: succeeded") + 1][-13:] == [
        "2025-11-21 04:40:00Z  info: Created fine-tuning job: ftjob-1",
        "2025-11-21 04:40:01Z  info: Preprocessing completed.",
        "status: validating_files",
        "status: queued",
        "2025-11-21 04:40:01Z  info: Job started.",
        "status: pending",
        "       step    train  validation  reasoning tokens  grader errors",
        "        1/3    0.500       0.600",
        "status: running",
        "        2/3    0.600       0.700             3,330  exact: sample_parse_error 25.0%",
        "        3/3    0.700       0.800             3,330  exact: sample_parse_error 25.0%",
        "2025-11-21 04:40:03Z  info: Job succeeded.",
        "status: succeeded",
    ]
    assert done.field("status") == "succeeded"
    assert done.field("trained model") == "gpt-5.4-mini-2026-03-17.ft-ftjob-1"
    assert done.field("trained tokens") == "1,234,567"


def test_a_job_that_fails(rft: Rft, server: ServiceServer) -> None:
    """`rft validate` would have found the row, so it comes to the service by another way."""
    row = {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}]}
    added = server.add_file
    server.add_file = lambda name, data, purpose: added(  # type: ignore[method-assign]
        name, json.dumps(row).encode(), purpose
    )
    done = rft("submit", "data", "--follow")
    remedy = "write the role developer in place of system: rft validate FOLDER --fix DIR"
    assert done.code == 1
    assert f"  error: Job failed: {SYSTEM}; {remedy}\n" in done.stdout
    assert done.field("error") == f'"{SYSTEM}"; {remedy}'
    assert rft("submit", "data").code == 1
    assert rft("job", "ftjob-1").code == 1


def test_one_json_document(rft: Rft, server: ServiceServer) -> None:
    done = rft("submit", "data", "--format", "json", "--follow")
    assert (done.code, list(done.json)) == (0, ["findings", "new", "endpoint", "job"])
    assert (done.json["new"], done.json["job"]["status"]) == (True, "succeeded")
    assert "        2/3    0.600" in done.stderr


def test_findings_of_severity_error_are_shown_and_nothing_is_sent(
    rft: Rft, server: ServiceServer
) -> None:
    row = {"messages": [{"role": "assistant", "content": "x"}], "reference_answer": "1"}
    with Path("data/train.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    done = rft("submit", "data")
    assert done.code == 1
    assert "data/train.jsonl:13: error: RFT203 /messages/0/role: expected 'user', " in done.stdout
    found = rft("submit", "data", "--format", "json").json["findings"]
    assert [finding["code"] for finding in found if finding["severity"] == "error"] == ["RFT203"]
    assert server.asked == []
    assert not Path("data/submission.json").exists()


def test_long_texts_are_cut_on_a_screen() -> None:
    body = {"grader": [{"source": "x" * 2001, "name": "y" * 2000}], "seed": 7}
    shown = submit._on_screen(body)
    cut = f"{'x' * 60} … 2,001 characters; --format json shows all"
    assert shown == {"grader": [{"source": cut, "name": "y" * 2000}], "seed": 7}


def test_a_dry_run(rft: Rft, server: ServiceServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs neither a key nor the client."""
    monkeypatch.delenv("AZURE_OPENAI_API_KEY")
    monkeypatch.setitem(sys.modules, "openai", None)
    done = rft("submit", "data", "--dry-run")
    assert (done.code, server.asked) == (0, [])
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("POST ")] == [
        f"POST {server.url}{path}"
        for path in ("files", "files", "fine_tuning/alpha/graders/validate", "fine_tuning/jobs")
    ]
    assert '  "trainingType": "GlobalStandard",' in lines
    shown = rft("submit", "data", "--dry-run", "--format", "json").json["requests"]
    assert [f"{each['method']} {each['url']}" for each in shown] == [
        line for line in lines if line.startswith("POST ")
    ]
    assert shown[0]["body"]["file"]["bytes"] == Path("data/train.jsonl").stat().st_size
    assert not Path("data/submission.json").exists()
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT")
    bare = rft("submit", "data", "--dry-run")
    assert bare.code == 0
    assert "POST https://NAME.openai.azure.com/openai/v1/fine_tuning/jobs\n" in bare.stdout
    assert (
        "no endpoint is named; shown for https://NAME.openai.azure.com/openai/v1/\n" in bare.stderr
    )


def test_a_dry_run_of_what_was_submitted(rft: Rft, server: ServiceServer) -> None:
    rft("submit", "data")
    done = rft("submit", "data", "--dry-run")
    assert done.stdout.endswith("was submitted before; --again makes another job\n")


def test_a_service_that_refuses(rft: Rft, server: ServiceServer) -> None:
    server.file_errors["validation.jsonl"] = "Example 1 is missing key 'messages'."
    done = rft("submit", "data")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        'rft: validation.jsonl: the service could not take the file: "Example 1 is missing key '
        "'messages'.\""
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("submit", "none"), "rft: none: neither a file or folder nor prepared in processed; "),
        (
            ("submit", "data", "--endpoint", "http://x.openai.azure.com"),
            "rft: --endpoint: http://x.openai.azure.com/openai/v1/ is not encrypted, and ",
        ),
        (("submit", "data", "--timeout", "nan"), "rft: --timeout nan: give seconds, from 0 to "),
        (
            ("job", "ftjob-1", "--poll-interval", "-1"),
            "rft: --poll-interval -1: give seconds, from 0 to 604,800\n",
        ),
        (("job", "../files"), "rft: '../files' is no id of a job; it looks as ftjob-"),
        (("job", "ftjob-1", "--cancel", "--pause"), "rft: --cancel and --pause: give one of them"),
        (("job", "ftjob-9"), "rft: ftjob-9: no such job at http://127.0.0.1:"),
        (("job", "ftjob-9", "--follow"), "rft: ftjob-9: the service has no such job; check the "),
        (("job", "ftjob-9", "--cancel"), "rft: ftjob-9: http://127.0.0.1:"),
    ],
)
def test_wrong_use(rft: Rft, words: tuple[str, ...], message: str) -> None:
    done = rft(*words)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("submit", "data"), ("job", "ftjob-1")])
def test_no_endpoint(rft: Rft, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT")
    done = rft(*words)
    assert (done.code, done.stderr) == (
        2,
        "rft: no endpoint; give --endpoint https://NAME.openai.azure.com, or set "
        "AZURE_OPENAI_ENDPOINT; for OpenAI, set OPENAI_API_KEY\n",
    )


def test_without_the_client(rft: Rft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    done = rft("submit", "data")
    assert (done.code, done.stderr) == (
        2,
        "rft: openai is not installed; pip install 'rft-data[submit]'\n",
    )


def test_entra_id_that_gives_no_token(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    """Azure's own credential, which finds nothing in the environment and would say so at length."""
    pytest.importorskip("azure.identity")
    environment = {name: value for name, value in os.environ.items() if "AZURE" not in name}
    source = (
        "from azure import identity; "
        "chain = identity.ChainedTokenCredential(identity.EnvironmentCredential()); "
        "identity.DefaultAzureCredential = lambda: chain; "
        "from pipelines.cli.main import main; main()"
    )
    done = started(
        tmp_path,
        "submit",
        "data",
        "-q",
        "--yes",
        "--endpoint",
        server.url,
        source=source,
        **environment,
    )
    _, stderr = done.communicate(timeout=20)
    assert (done.returncode, server.asked) == (2, [])
    assert stderr.startswith(f"rft: {server.url}: Entra ID gives no token (")
    assert stderr.endswith("; run `az login`, or set AZURE_OPENAI_API_KEY\n")
    assert stderr.count("\n") == 1


def test_a_job_that_is_gone(rft: Rft, server: ServiceServer) -> None:
    rft("submit", "data")
    server.jobs.clear()
    done = rft("submit", "data")
    assert (done.code, done.field("status")) == (1, "gone from the service")
    assert "submitted before; --again makes another job" in done.stdout


def test_two_at_once(rft: Rft, server: ServiceServer) -> None:
    from pipelines.io import files

    with files.alone(Path("data")):
        done = rft("submit", "data")
    assert (done.code, server.asked) == (2, [])
    assert done.stderr == "rft: data: another run is writing here; wait for it\n"


# What the service says to a terminal --------------------------------------------------------------

HOSTILE = "\x1b]0;t\x07\x1b[2J\x9b31m\u202eb\u2028\x7f\x00\r\nEVIL: \U000e0001"


def steers(text: str) -> list[str]:
    """Characters that are neither text nor line ends, and lines that somebody else began."""
    lines = [line for line in text.splitlines() if line.startswith("EVIL")]
    return lines + [each for each in text if not each.isprintable() and each != "\n"]


def hostile(server: ServiceServer) -> None:
    """Have everything that the service names hold what steers a terminal."""
    created, told = server.create_job, server.tell

    def create(body: dict[str, Any], azure: bool) -> dict[str, Any]:
        job = created(body, azure)
        named = ("model", "fine_tuned_model", "trained_tokens", "result")
        job |= dict.fromkeys(named, HOSTILE) | {"error": {"code": HOSTILE, "message": HOSTILE}}
        job["method"] = {"type": "t", "t": {"hyperparameters": {HOSTILE: HOSTILE}}}
        return job

    def tell(id: str, message: str, **more: Any) -> None:
        data = more.get("data")
        if data:
            data["errors"]["graders"][0]["name"] = HOSTILE
        told(id, f"{message} {HOSTILE}", **more | {"level": HOSTILE})

    server.create_job, server.tell = create, tell  # type: ignore[method-assign]
    server.file_states = ("uploaded", HOSTILE, "processed")


def test_what_a_service_names_steers_no_terminal(rft: Rft, server: ServiceServer) -> None:
    hostile(server)
    shown = [rft("submit", "data", "--follow")]
    for checkpoint in server.checkpoints["ftjob-1"]:
        checkpoint |= {"fine_tuned_model_checkpoint": HOSTILE, "metrics": {HOSTILE: HOSTILE}}
    server.jobs["ftjob-1"]["status"] = HOSTILE
    for more in ((), ("--events",), ("--checkpoints",)):
        shown += [rft("job", "ftjob-1", *more)]
        as_json = rft("job", "ftjob-1", *more, "--format", "json")
        # A program reads it as it was.
        assert json.dumps(HOSTILE)[1:-1] in json.dumps(as_json.json)
        shown += [as_json]
    assert [steers(done.stdout + done.stderr) for done in shown] == [[]] * len(shown)
    assert "\\x1b]0;t\\x07" in shown[0].stdout
    assert "\\u202e" in shown[0].stdout


@pytest.mark.parametrize("where", ["POST files", "POST graders/validate", "POST fine_tuning/jobs"])
def test_a_refusal_steers_no_terminal(rft: Rft, server: ServiceServer, where: str) -> None:
    for status in (400, 401, 429, 500):
        error = {"error": {"code": HOSTILE, "message": HOSTILE}}
        server.faults[where] = [Fault(status, body=json.dumps(error).encode())] * 9
        done = rft("submit", "data", "--quiet")
        assert done.code in (1, 2)
        assert (steers(done.stderr), done.stderr.count("\n")) == ([], 1)


@pytest.mark.parametrize("named", ["file", "ftjob"])
def test_an_id_steers_no_terminal(rft: Rft, server: ServiceServer, named: str) -> None:
    given = server.id
    server.id = lambda kind: given(kind) + HOSTILE * (kind == named)  # type: ignore[method-assign]
    shown = [rft("submit", "data", *more) for more in ((), ("--follow",), (), ("--dry-run",))]
    assert [steers(done.stdout + done.stderr) for done in shown] == [[]] * 4
    assert f"{named}-1\\x1b]0;t" in shown[0].stdout + shown[0].stderr


# Secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 400, 401, 404, 429, 500])
def test_no_secret_is_shown_or_written(
    rft: Rft, server: ServiceServer, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even from a service that tells the headers that it got, with the client's own log on."""
    monkeypatch.setenv("OPENAI_LOG", "debug")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: gateway-secret")
    server.echo = True
    if status:
        server.faults["POST fine_tuning/jobs"] = [Fault(status)] * 9
    else:
        created = server.create_job
        server.create_job = lambda body, azure: created(  # type: ignore[method-assign]
            body | {"error": {"code": "x", "message": f"Authorization: Bearer {KEY}"}}, azure
        )
    for more in ((), ("--follow",), ("--format", "json"), ("--dry-run",)):
        done = rft("submit", "data", *more)
        assert KEY not in done.stdout + done.stderr
        assert "gateway-secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    if not status:
        assert "[redacted]" in rft("job", "ftjob-1").stdout
    written = [path.read_text(encoding="utf-8") for path in Path("data").glob("*.json")]
    assert KEY not in "".join(written)


@pytest.mark.parametrize("command", [submit.submit, job.show])
def test_a_key_is_no_option(command: Callable[..., None]) -> None:
    """It would be in the shell's history, and in the list of processes."""
    names = inspect.signature(command).parameters
    assert [name for name in names if "key" in name or "token" in name] == []


# job ---------------------------------------------------------------------------------------------


def running(rft: Rft, server: ServiceServer, steps: int = 1) -> None:
    """A job that has made so many steps of three."""
    rft("submit", "data", "--quiet")
    while len(server.checkpoints["ftjob-1"]) < steps:
        server.look_at_job("ftjob-1")


def test_a_job_is_shown(rft: Rft, server: ServiceServer) -> None:
    running(rft, server)
    server.jobs["ftjob-1"]["method"]["reinforcement"]["hyperparameters"] = {
        "n_epochs": 2,
        "batch_size": "auto",
        "eval_samples": None,
    }
    done = rft("job", "ftjob-1")
    assert (done.code, done.field("status")) == (0, "running")
    assert done.field("hyperparameters") == "n_epochs 2, batch_size auto"
    assert done.field("created") == "2025-11-21 04:40:00Z"
    assert rft("job", "ftjob-1", "--format", "json").json["job"]["id"] == "ftjob-1"


def test_a_folder_stands_for_its_last_job(rft: Rft, server: ServiceServer) -> None:
    done = rft("job", "data")
    assert (done.code, done.stderr) == (
        2,
        f"rft: data: no job at {server.url} is on record here; give a job's id\n",
    )
    rft("submit", "data", "--quiet")
    rft("submit", "data", "--again", "--quiet")
    assert rft("job", "data").field("job") == "ftjob-2"
    assert rft("job", "data", "--cancel").field("status") == "cancelled"
    assert server.jobs["ftjob-1"]["status"] != "cancelled"
    assert rft("job", "data", "--endpoint", server.project).code == 2


def test_cancel_is_sent_with_a_body(rft: Rft, server: ServiceServer) -> None:
    """Azure answers 411 to a request without one, as the client sends it by itself."""
    running(rft, server)
    done = rft("job", "ftjob-1", "--cancel")
    assert (done.code, done.field("status")) == (0, "cancelled")
    (asked,) = [each for each in server.asked if each.path.endswith("/cancel")]
    assert asked.body == b"{}"
    assert rft("job", "ftjob-1", "--follow").code == 1


def test_pause_and_resume(rft: Rft, server: ServiceServer) -> None:
    running(rft, server)
    assert rft("job", "ftjob-1", "--pause").field("status") == "pausing"
    assert rft("job", "ftjob-1").field("status") == "paused"
    assert rft("job", "ftjob-1", "--resume").field("status") == "resuming"
    assert rft("job", "ftjob-1", "--follow").field("status") == "succeeded"


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_is_not_legal_is_refused_in_a_line(rft: Rft, server: ServiceServer, verb: str) -> None:
    rft("submit", "data", "--quiet")
    if verb == "cancel":
        server.jobs["ftjob-1"]["status"] = "succeeded"
    status = server.jobs["ftjob-1"]["status"]
    done = rft("job", "ftjob-1", f"--{verb}")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == (
        f"rft: ftjob-1: {server.url} answers 400 'invalidJobState: A job that is {status} "
        f"refuses to {verb}.'; mend what it names, and run it again\n"
    )


def test_checkpoints(rft: Rft, server: ServiceServer) -> None:
    running(rft, server, steps=3)
    server.page = 1
    shown = rft("job", "ftjob-1", "--checkpoints").stdout
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        [str(n), f"gpt-5.4-mini-2026-03-17.ft-ftjob-1:ckpt-step-{n}", metrics]
        for n, metrics in (
            (3, "step 3, valid_reward_mean 0.8"),
            (2, "step 2, valid_reward_mean 0.7"),
            (1, "step 1, valid_reward_mean 0.6"),
        )
    ]
    listed = rft("job", "ftjob-1", "--checkpoints", "--format", "json").json["checkpoints"]
    assert [each["step_number"] for each in listed] == [3, 2, 1]


def test_events(rft: Rft, server: ServiceServer) -> None:
    running(rft, server, steps=2)
    server.page = 2
    assert rft("job", "ftjob-1", "--events").stdout.splitlines() == [
        "2025-11-21 04:40:00Z  info: Created fine-tuning job: ftjob-1",
        "2025-11-21 04:40:01Z  info: Preprocessing completed.",
        "2025-11-21 04:40:01Z  info: Job started.",
        "       step    train  validation  reasoning tokens  grader errors",
        "        1/3    0.500       0.600",
        "        2/3    0.600       0.700             3,330  exact: sample_parse_error 25.0%",
    ]
    listed = rft("job", "ftjob-1", "--events", "--format", "json").json["events"]
    assert listed == server.happened["ftjob-1"]


# Broken off --------------------------------------------------------------------------------------


def started(
    folder: Path,
    *words: str,
    source: str = "from pipelines.cli.main import main; main()",
    **environment: str,
) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    paths = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    return subprocess.Popen(
        [sys.executable, "-c", source, *words],
        cwd=folder,
        env={**(environment or os.environ), **paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def on_terminal(folder: Path, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """The command with a terminal of its own, and our end of it."""
    ours, its = pty.openpty()
    source = (
        "import fcntl, signal, termios; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        # The terminal from which Ctrl-C comes.
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0); from pipelines.cli.main import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", source, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdin=its,
        stdout=subprocess.DEVNULL,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    return process, ours


def read_until(terminal: int, end: bytes | None) -> bytes:
    """What a terminal shows up to some text, or until nobody is there any more, or for 30 s."""
    shown = b""
    with suppress(OSError):
        while end is None or end not in shown:
            ready = select.select([terminal], [], [], 30)[0]
            if not ready or not (more := os.read(terminal, 1 << 12)):
                break
            shown += more
    return shown


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_control_c_leaves_the_job_alone(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    server.steps = 10**6
    rft("submit", "data", "--quiet")
    process = started(tmp_path, "job", "ftjob-1", "--follow", "--poll-interval", "0.01")
    until(lambda: server.checkpoints["ftjob-1"])
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (
        130,
        "rft: detached; the job goes on: rft job ftjob-1 --follow, or rft job ftjob-1 --cancel\n",
    )
    assert server.jobs["ftjob-1"]["status"] == "running"


def test_killed_before_the_answer_came(rft: Rft, server: ServiceServer, tmp_path: Path) -> None:
    """The gap in which a second job could come about: it was made, and its id is not written."""
    created = server.create_job
    gone = []

    def late(body: dict[str, Any], azure: bool) -> dict[str, Any]:
        job = created(body, azure)
        until(lambda: gone)
        return job

    server.create_job = late  # type: ignore[method-assign]
    process = started(tmp_path, "submit", "data", "--yes", "--poll-interval", "0")
    until(lambda: server.jobs)
    process.kill()
    process.communicate(timeout=20)
    gone.append(True)
    record = json.loads(Path("data/submission.json").read_bytes())["endpoints"][server.url]
    assert [job["id"] for job in record["jobs"]] == [None]
    done = rft("submit", "data")
    assert (done.code, done.field("job"), len(server.jobs)) == (0, "ftjob-1", 1)
    assert (server.duplicates(), server.numbers["file"]) == (0, 2)
