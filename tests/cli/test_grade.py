"""`rft grade`, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cases_grader import check, multi, python, score, similarity
from model_server import KEY, ModelServer, Reply

from pipelines.cli.main import main

ITEMS = [{"id": f"i{n}", "messages": [], "answer": str(n)} for n in range(1, 5)]
NUMBER = "def grade(sample, item):\n    return float(sample['output_text']) / 4\n"


def rows(path: Path, objects: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


Grade = Callable[..., "Done"]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Grade:
    """Run `rft grade` on ITEMS with a grader and, unless None, samples."""

    def run(grader: dict, samples: list[dict] | None, *words: str) -> Done:
        rows(tmp_path / "grader.json", [grader])
        rows(tmp_path / "items.jsonl", ITEMS)
        if samples is not None:
            rows(tmp_path / "samples.jsonl", samples)
            words = ("--samples", "samples.jsonl", *words)
        named = ("grade", "--grader-file", "grader.json", "--items", "items.jsonl")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["rft", *named, *words])
        with pytest.raises(SystemExit) as left:
            main()
        return Done(int(left.value.code or 0), *capsys.readouterr())

    return run


def answers(*texts: str) -> list[dict[str, str]]:
    return [{"output_text": text} for text in texts]


def test_scores_and_summary(grade: Grade) -> None:
    done = grade(check(), answers("1", "x", "3", "x"))
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"line": 1, "id": "i1", "sample": 1, "score": 1.0},
        {"line": 2, "id": "i2", "sample": 2, "score": 0.0},
        {"line": 3, "id": "i3", "sample": 3, "score": 1.0},
        {"line": 4, "id": "i4", "sample": 4, "score": 0.0},
    ]
    assert done.stderr == (
        "4 answers, mean 0.5 (0 to 1), 50.0% at 0, 50.0% at 1, 0 errors, 0 not run\n"
    )
    assert done.returncode == 0


def test_a_python_grader(grade: Grade) -> None:
    done = grade(python(NUMBER), answers("4", "2", "x", "0"), "--workers", "2", "--trust-grader")
    scores = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["score"] for row in scores] == [1.0, 0.5, 0.0, 0.0]
    assert [row.get("error") for row in scores] == [
        None,
        None,
        "python_grader_runtime_error",
        None,
    ]
    told = done.stderr.splitlines()
    assert told[-2:] == [
        "4 answers, mean 0.375 (0 to 1), 50.0% at 0, 25.0% at 1, 1 error, 0 not run",
        "error: python_grader_runtime_error: 1, first items.jsonl:3: line 2: ValueError: "
        "could not convert string to float: 'x'",
    ]
    assert all("sandbox" in line for line in told[:-2])
    assert done.returncode == 1


def test_a_stranger_without_a_sandbox_is_refused(
    grade: Grade, tmp_path: Path, no_bubblewrap: None
) -> None:
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\n{NUMBER}"
    grader = multi("a + b", a=check(), b=python(source))
    done = grade(grader, answers("4", "2", "3", "0"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("rft: grader.json /graders/b: its Python is not ours, and ")
    assert "apt-get install bubblewrap" in done.stderr
    assert "--trust-grader" in done.stderr
    assert not (tmp_path / "ran").exists()
    done = grade(grader, answers("4", "2", "3", "0"), "--trust-grader")
    assert done.returncode == 0
    assert "warning: --trust-grader: python graders run without a sandbox" in done.stderr
    assert (tmp_path / "ran").exists()


def test_what_cannot_be_run_is_not_guessed(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    done = grade(multi("a * b", a=check(), b=score()), answers("1", "x", "3", "x"))
    first = json.loads(done.stdout.splitlines()[0])
    assert first["score"] is None
    assert first["scores"] == {"a": 1.0, "b": None}
    assert first["not_run"].startswith("b: no model to ask")
    assert done.stderr.splitlines()[0] == "4 answers, 0 errors, 4 not run"
    assert done.returncode == 1


def test_one_json_document(grade: Grade) -> None:
    grader = similarity(pass_threshold=0.5)
    samples = [{"line": 2, "output_text": "2"}, {"line": 2, "output_text": "2xxx"}]
    done = grade(grader, samples, "--format", "json")
    assert json.loads(done.stdout) == {
        "scores": [
            {"line": 2, "id": "i2", "sample": 1, "score": 1.0},
            {"line": 2, "id": "i2", "sample": 2, "score": 0.4},
        ],
        "summary": {
            "rows": 2,
            "scored": 2,
            "mean": 0.7,
            "lowest": 0.4,
            "highest": 1.0,
            "at_zero": 0,
            "full": 1.0,
            "at_full": 1,
            "passed": 1,
            "errors": {},
            "not_run": 0,
            "unfinished": {},
            "reasons": {},
        },
    }
    assert done.stderr.splitlines() == [
        "2 answers, mean 0.7 (0.4 to 1), 0.0% at 0, 50.0% at 1, 50.0% pass at 0.5, 0 errors, "
        "0 not run",
        "note: 3 items have no sample",
    ]


def test_one_json_document_without_rows(grade: Grade, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    done = grade(check(), None, "--template", "x", "--items", "none.jsonl", "--format", "json")
    document = json.loads(done.stdout)
    assert document["scores"] == []
    assert document["summary"]["mean"] is None


def test_a_template_in_place_of_samples(grade: Grade) -> None:
    done = grade(check(operation="like"), None, "--template", "it is {{item.answer}}", "-q")
    assert done.stdout.count('"score":1.0') == 4
    assert "sample" not in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("name", ["grader.json", "items.jsonl", "samples.jsonl"])
def test_the_standard_input(
    name: str, grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [{"id": "i3", "output_text": "3"}, {"id": "i1", "output_text": "2"}]
    expected = grade(check(), samples)
    with (tmp_path / name).open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        option = {"grader.json": "--grader-file"}.get(name, f"--{name.partition('.')[0]}")
        assert grade(check(), samples, option, "-").stdout == expected.stdout


def test_scores_go_to_a_file(grade: Grade, tmp_path: Path) -> None:
    shown = grade(check(), answers(*"1234"))
    done = grade(check(), answers(*"1234"), "--out", "scores/out.jsonl")
    assert done.stdout == ""
    assert (tmp_path / "scores" / "out.jsonl").read_text(encoding="utf-8") == shown.stdout


@pytest.mark.parametrize(
    "name", ["grader.json", "items.jsonl", "samples.jsonl", "../x/items.jsonl"]
)
def test_what_is_read_is_not_written_over(grade: Grade, tmp_path: Path, name: str) -> None:
    (tmp_path / "x").symlink_to(tmp_path)
    out = name.replace("../x", "x")
    got = grade(check(), [{"output_text": "1"}], "--out", out)
    assert (got.returncode, got.stderr) == (
        2,
        f"rft: {out}: is used for something else too; choose another file\n",
    )
    assert len((tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()) == len(ITEMS)


def test_an_error_of_a_grader_reaches_no_terminal_raw(grade: Grade) -> None:
    source = "def grade(sample, item):\n    raise ValueError('\\x1b[2J\\x9b1;1H\\u202e')\n"
    got = grade(python(source), answers("1", "2", "3", "4"), "--trust-grader")
    assert not set("\x1b\x9b\u202e") & set(got.stdout + got.stderr)
    assert got.stdout, got.stderr
    assert "\x1b[2J\x9b1;1H\u202e" in json.loads(got.stdout.splitlines()[0])["details"]


def test_a_fault_on_the_way_leaves_no_file(grade: Grade, tmp_path: Path) -> None:
    done = grade(check(), answers("1", "2"), "--out", "out.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("rft: items.jsonl:3: no sample is left for this item; ")
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "rft: give --samples, the model's answers, or --template, "),
        (
            ("--samples", "items.jsonl", "--template", "x"),
            "rft: give --samples, the model's answers, or --template, ",
        ),
        (("--samples", "none.jsonl"), "rft: none.jsonl: there is no such file\n"),
        (("--template", "x", "--items", "none.jsonl"), "rft: none.jsonl: there is no such file\n"),
        (
            ("--template", "x", "--grader-file", "items.jsonl"),
            "rft: items.jsonl: not JSON: ",
        ),
        (("--template", "{{item.b}}"), "rft: items.jsonl:1: {{item.b}}: item has no 'b'; "),
    ],
)
def test_wrong_use(words: tuple[str, ...], message: str, grade: Grade) -> None:
    done = grade(check(), None, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_grader_that_is_none_is_refused(grade: Grade) -> None:
    done = grade(check(operation="neq"), None, "--template", "x")
    assert done.stderr == "rft: grader.json: RFT405 /operation: 'neq' is no operation; write 'ne'\n"
    assert done.returncode == 2


def test_the_same_bytes_whatever_the_workers(grade: Grade) -> None:
    words = ("--trust-grader", "--workers")
    runs = [grade(python(NUMBER), answers("4", "2", "x", "0"), *words, str(n)) for n in (1, 3)]
    assert runs[0].stdout == runs[1].stdout


def test_an_interrupted_run_ends_at_once(tmp_path: Path) -> None:
    source = (
        "import time\ndef grade(sample, item):\n    open('busy', 'w').close()\n    time.sleep(99)\n"
    )
    rows(tmp_path / "grader.json", [python(source)])
    rows(tmp_path / "items.jsonl", ITEMS)
    words = ("--grader-file", "grader.json", "--items", "items.jsonl", "--template", "x")
    words = (*words, "--trust-grader")
    (tmp_path / "bin").mkdir()
    (tmp_path / "tmp").mkdir()
    running = subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli.main import main; main()", "grade", *words],
        cwd=tmp_path,
        # No bubblewrap, so that the scratch folders can be seen.
        env={**os.environ, "PATH": str(tmp_path / "bin"), "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("tmp/*/busy")) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert list(tmp_path.glob("tmp/*")) == []


def test_the_grader_is_asked_by_the_name_of_its_deployment(
    grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ModelServer(lambda *_: Reply('{"steps": [], "result": 0.5}'))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    words = ("--endpoint", server.url)
    try:
        assert grade(score(), answers("1", "2", "3", "4"), *words).returncode == 0
        named = {body["model"] for _, body in server.asked}
        monkeypatch.setenv("GRADER_MODEL_DEPLOYMENT_NAME", "our-grader")
        done = grade(score(), answers("1", "2", "3", "4"), *words)
    finally:
        server.shutdown()
        server.server_close()
    assert named == {score()["model"]}
    assert {body["model"] for _, body in server.asked[4:]} == {"our-grader"}
    assert done.stdout.count('"score":0.5') == 4


def test_a_folder_in_place_of_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "validation"):
        rows(tmp_path / f"{split}.jsonl", ITEMS[:2])
    job = {"method": {"reinforcement": {"grader": check()}}}
    (tmp_path / "job.json").write_text(json.dumps(job))  # which alone has a grader
    rows(tmp_path / "s.jsonl", answers("1", "x"))
    monkeypatch.chdir(tmp_path)
    words = ["rft", "grade", ".", "--samples", "s.jsonl"]
    for more, code in (([], 0), (["--items", "train.jsonl"], 2), (["--split", "test"], 2)):
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as left:
            main()
        assert int(left.value.code or 0) == code
    shown = capsys.readouterr()
    assert [json.loads(line)["score"] for line in shown.out.splitlines()] == [1.0, 0.0]
    assert "--items: the folder has them" in shown.err
    monkeypatch.setattr(sys, "argv", ["rft", "grade", "--samples", "s.jsonl"])
    with pytest.raises(SystemExit):
        main()
    assert "name a folder, or --grader-file and --items" in capsys.readouterr().err
