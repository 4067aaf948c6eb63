"""`rft` as a user runs it: words in, lines and exit codes out."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import orjson
import polars as pl
import pytest
from conftest import DEMO, ROOT, Run, contents, frame, math, mcq, problem
from known import DATASETS

from pipelines.cli.main import MODULES
from pipelines.io import schema
from pipelines.stages import order

Case = Callable[[Path], list[str]]

TRAIN = DEMO / "medmcqa/data/train-00000-of-00001.parquet"


def folder_with(path: Path, name: str, content: bytes | pl.DataFrame) -> str:
    """A folder `raw` that holds one file; its path."""
    folder = path / "raw"
    folder.mkdir()
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        content.write_parquet(folder / name)
    return str(folder)


def raw(
    content: bytes | pl.DataFrame, name: str = "train.parquet", dataset: str = "medmcqa"
) -> Case:
    return lambda path: [dataset, "--source", folder_with(path, name, content)]


def under_a_file(path: Path) -> list[str]:
    (path / "file").write_text("x")
    return ["medmcqa", "--out", str(path / "file" / "out")]


_ROWS = frame(*(mcq(f"Question {n}") for n in range(30)))
_BYTES = TRAIN.read_bytes()


def twice(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    folder = folder_with(path, "train.parquet", _ROWS)
    file = Path(folder, "train.parquet")
    table = pq.read_table(file)
    pq.write_table(table.append_column("cop", table["cop"]), file)
    return ["medmcqa", "--source", folder]


def strange_folder(path: Path) -> list[str]:
    (path / "out" / "medmcqa").mkdir(parents=True)
    (path / "out" / "medmcqa" / "train.jsonl").write_bytes(b"precious")
    return ["medmcqa", "--out", str(path / "out")]


BAD: dict[str, tuple[Case, str]] = {
    "unknown dataset": (
        lambda path: ["medmqa"],
        "rft: unknown dataset 'medmqa'; did you mean 'medmcqa'?",
    ),
    "nothing like it": (
        lambda path: ["zzz"],
        "rft: unknown dataset 'zzz'; there are openr1-math, medmcqa, ",
    ),
    "missing folder": (
        lambda path: ["--source", "nowhere"],
        "rft: nowhere: there is no such folder; there are demo, huggingface, kaggle, a folder",
    ),
    "a file for a folder": (
        lambda path: ["--source", str(TRAIN)],
        "it is a file; there are demo, huggingface, kaggle, a folder",
    ),
    "no parquet": (
        raw(b"x", "notes.txt"),
        "raw: no file data/train-*.parquet, with medmcqa/ or without",
    ),
    "not parquet": (
        raw(b"id,question\n" * 99),
        "train.parquet: not a whole parquet file (Parquet magic bytes not found in footer",
    ),
    "empty file": (
        raw(b""),
        "train.parquet: not a whole parquet file (Parquet file size is 0 bytes); download it again",
    ),
    "cut short": (
        raw(_BYTES[:-999]),
        "train.parquet: not a whole parquet file (Parquet magic bytes not found in footer",
    ),
    "broken inside": (
        raw(_BYTES[:3000] + b"\xff" * 6000 + _BYTES[9000:]),
        "train.parquet: not a whole parquet file",
    ),
    "missing column": (
        raw(_ROWS.drop("opc", "cop")),
        "train.parquet: no column 'opc'; ",
    ),
    "the other dataset": (
        raw(_ROWS, dataset="openr1-math"),
        "train.parquet: no column 'problem', 'answer'; openr1-math needs problem, answer",
    ),
    "wrong type": (
        raw(_ROWS.with_columns(cop=pl.concat_list("cop"))),
        "train.parquet:1: cop: expected a text, got [0]; give a dotted path into it",
    ),
    "wrong type inside a list": (
        raw(frame(math()).with_columns(correctness_llama=pl.Series([[1]])), dataset="openr1-math"),
        "train.parquet: column 'correctness_llama': expected boolean or null, got int64;",
    ),
    "labels counted from 1": (
        raw(frame(*(mcq(f"Question {n}", cop=n % 4 + 1) for n in range(30)))),
        "medmcqa.toml: answer_is = 'index': answers run from 1 to 4; did you mean 'index1'?",
    ),
    "no rows": (raw(_ROWS.clear()), "train.parquet: holds no rows; give files that do"),
    "nothing left": (
        raw(_ROWS.with_columns(cop=-1)),
        "medmcqa: nothing is left after normalize (unlabelled 30); give other rows, or loosen",
    ),
    "folder that cannot be made": (under_a_file, "cannot be written (Not a directory); choose"),
    "share": (
        lambda path: ["--validation-share", "1.5"],
        "rft: --validation-share 1.5: give a share between 0 and 1",
    ),
    "instruction": (
        lambda path: ["--instruction", " "],
        "rft: --instruction: is empty; give a text, or leave the option out",
    ),
    "no Kaggle copy": (
        lambda path: ["medmcqa", "--source", "kaggle"],
        "rft: medmcqa: no parquet copy on Kaggle is known; use --source huggingface",
    ),
    "dry run of what is not there": (
        lambda path: ["medmcqa", "--source", "huggingface", "--dry-run"],
        "rft: raw/medmcqa: not downloaded yet; run "
        "`rft prepare medmcqa --until download --source huggingface`",
    ),
    "two columns of one name": (
        twice,
        "train.parquet: has two columns 'cop'; leave one of them",
    ),
    "a column of nothing": (
        raw(_ROWS.with_columns(cop=pl.lit(None))),
        "medmcqa: nothing is left after normalize (unlabelled 30); give other rows, or loosen",
    ),
    "labels that cannot be negative": (
        raw(_ROWS.with_columns(cop=pl.lit(9, pl.UInt64))),
        "medmcqa: nothing is left after normalize (missing_options 30); give other rows, or",
    ),
    "no benchmark": (
        lambda path: ["medmcqa", "--benchmark", "nofile"],
        "rft: nofile: there is no such file; give --benchmark a file with questions",
    ),
    "a folder for a benchmark": (
        lambda path: ["medmcqa", "--benchmark", f"{path}:problem"],
        "is a folder; give --benchmark a file with questions",
    ),
    "a folder of somebody else's": (
        strange_folder,
        "holds 'train.jsonl', which `rft prepare` did not make; give another --out",
    ),
    "benchmark without a question": (
        lambda path: ["medmcqa", "--benchmark", str(ROOT / "schemas" / "item.json")],
        "item.json:1: expected an object with a row's columns",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(rft: Run, tmp_path: Path, name: str) -> None:
    words, message = BAD[name]
    got = rft("prepare", *words(tmp_path), "--quiet")
    assert message in got.stderr
    assert got.stderr.count("\n") == 1
    assert (got.returncode, got.stdout) == (2, "")
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize("room", [1, 5_000, 60_000])
def test_no_room_on_the_disk(tmp_path: Path, room: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    got = subprocess.run(
        [sys.executable, "-B", "-m", "pipelines", "prepare", "medmcqa", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert got.returncode == 2
    assert "no room left on the disk; free some, or choose another --out" in got.stderr
    assert got.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("*.part"))


def test_wrong_words_are_exit_code_2(rft: Run) -> None:
    assert rft("prepare", "--nonsense").returncode == 2
    assert rft("nonsense").returncode == 2
    assert rft("prepare", "--rows", "0").returncode == 2


def test_prepare_prints_tables_and_lines(rft: Run, tmp_path: Path) -> None:
    got = rft("prepare")
    assert got.returncode == 0
    assert "processed/medmcqa/" in got.stdout
    assert "conflicting_answers" in got.stdout
    assert "near_duplicate" in got.stdout
    assert "\x1b" not in got.stdout + got.stderr
    assert [line.split()[:2] for line in got.stderr.splitlines()] == [
        [dataset, stage] for dataset in DATASETS for stage in order.NAMES
    ]
    again = rft("prepare")
    assert again.stdout.count("nothing to do") == 2
    assert set(contents(tmp_path / "processed" / "medmcqa")) >= {
        "train.jsonl",
        "validation.jsonl",
        "grader.json",
        "response_format.json",
        "job.json",
        "manifest.json",
        "dropped.parquet",
        "repairs.parquet",
        "splits.parquet",
    }


def test_version(rft: Run) -> None:
    got = rft("--version")
    assert (got.returncode, got.stderr) == (0, "")
    assert re.fullmatch(r"rft \d+\.\d+\.\d+\n", got.stdout)


def test_quiet(rft: Run) -> None:
    got = rft("prepare", "-q")
    assert (got.returncode, got.stdout, got.stderr) == (0, "", "")


def test_json_is_one_document(rft: Run) -> None:
    got = rft("prepare", "--format", "json")
    value = orjson.loads(got.stdout)
    assert [entry["dataset"] for entry in value["datasets"]] == list(DATASETS)
    rows = value["datasets"][0]["rows"]
    assert rows["raw"] == rows["train"] + rows["validation"] + rows["dropped"]


def test_github_annotations(rft: Run, tmp_path: Path) -> None:
    rows = frame(*(math(problem(n), str(n)) for n in range(200)))
    folder = folder_with(tmp_path, "train.parquet", rows)
    got = rft("prepare", "openr1-math", "--source", folder, "--format", "github", "-q")
    assert got.stdout == (
        "::warning file=processed/openr1-math,line=1::RFT601 decontaminated against nothing; "
        "give benchmark files with --benchmark\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "--source", "x" * 5_000],
        ["prepare", "medmcqa", "--previous", "x" * 5_000],
        ["prepare", "medmcqa", "--out", "x" * 300],
        ["validate", "x" * 5_000],
        ["audit", "x" * 5_000, "x"],
        ["grade", "--grader-file", "a", "--items", "a", "--template", "x", "--out", "loop"],
        ["grade", "--grader-file", "a", "--items", "a", "--template", "x", "--out", "."],
    ],
)
def test_a_path_that_cannot_be_used_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    from pipelines.cli.main import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a").write_bytes(b"{}\n")
    monkeypatch.setattr(sys, "argv", ["rft", *words])
    with pytest.raises(SystemExit) as left:
        main()
    err = capsys.readouterr().err
    assert left.value.code == 2
    assert err.startswith("rft: ")
    assert len(err) < 6_000


HOSTILE = "x\n::error file=a,line=1::forged\r\x1b[2J\x9b1;1H\u202e%0A,:"


@pytest.mark.parametrize("words", [[], ["--format", "github"], ["--format", "json"]])
def test_what_a_file_holds_stays_in_its_line(rft: Run, tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "a\nb\x1b[31m,c:d%.jsonl"
    grader = tmp_path / "grader.json"
    grader.write_bytes(
        orjson.dumps(
            {
                "type": "string_check",
                "name": HOSTILE,
                "operation": HOSTILE,
                "input": f"{{{{ {HOSTILE} }}}}",
                "reference": "{{item.x}}",
                HOSTILE: 1,
            }
        )
    )
    messages = [{"role": HOSTILE, "content": "a"}, {"role": "user", "content": HOSTILE, HOSTILE: 1}]
    path.write_bytes(orjson.dumps({"messages": messages, HOSTILE: HOSTILE}) + b"\n")
    got = rft("validate", "--train", path, "--grader-file", grader, *words)
    assert got.returncode == 1
    text = got.stdout + got.stderr
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\n::error file=a,line=1::forged" not in text
    if words[1:] == ["github"]:
        lines = got.stdout.splitlines()
        assert len(lines) > 3
        # What stands between file= and ,line= has no comma and no colon of its own.
        assert all(re.match(r"::\w+ file=[^,:]*,line=\d+::RFT\d", line) for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        ["datasets", HOSTILE],
        ["validate", f"--{HOSTILE}"],
        [HOSTILE],
        ["prepare", "--rows", HOSTILE],
    ],
)
def test_words_that_are_refused_are_escaped(rft: Run, words: list[str]) -> None:
    got = rft(*words)
    assert (got.returncode, got.stdout) == (2, "")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", got.stderr)
    assert "\n::error" not in got.stderr


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_closing_table_fits_and_cuts_nothing(width: int, tmp_path: Path) -> None:
    from io import StringIO

    from pipelines.cli import terminal
    from pipelines.cli.results import show_results
    from pipelines.run.result import Result

    folder = tmp_path / "a long folder" / "with [brackets] in its name"
    results = [
        Result(
            dataset=name,
            folder=folder / name,
            raw=1_234_567,
            dropped={"near_duplicate": 1_000_001, f"of_{name}": 2},
            splits={"train": 50_000, "validation": 1_000},
            size=123_456_789,
            findings=[],
            seconds=1234.5,
            unchanged=False,
        )
        for name in ("openr1-math", "medmcqa", "another")
    ]
    out = terminal.console()
    out.file, out.width = StringIO(), width
    show_results(results, out)
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for whole in ("1,234,567", "1,000,001", "123,456,789", "1234.5"):
        assert text.count(whole) == 3


def test_the_last_line_claims_no_more_than_was_done(rft: Run) -> None:
    def last_line(*words: str) -> str:
        lines = rft("prepare", "medmcqa", *words).stdout.splitlines()
        return next(line for line in reversed(lines) if not line.startswith(" "))

    assert last_line("--until", "convert") == "medmcqa: up to convert; in processed/medmcqa/"
    assert last_line() == "medmcqa: no problems, 209 rows; in processed/medmcqa/"
    assert last_line().startswith("medmcqa: no problems, 209 rows; in processed/medmcqa/; nothing")
    assert rft("validate", "medmcqa").stdout == "no problems in 5 files, 209 rows\n"


def test_dry_run_writes_nothing(rft: Run, tmp_path: Path) -> None:
    got = rft("prepare", "medmcqa", "--dry-run")
    assert got.stdout.count('"messages"') == 3
    assert got.stdout.endswith("medmcqa: no problems, 209 rows; nothing is written (--dry-run)\n")
    assert list(tmp_path.iterdir()) == []


def test_pilot_and_rows(rft: Run, tmp_path: Path) -> None:
    def counts(*words: str) -> tuple[int, int]:
        rows = orjson.loads(rft("prepare", "openr1-math", "--format", "json", *words).stdout)
        return tuple(rows["datasets"][0]["rows"][side] for side in ("train", "validation"))

    assert counts("--rows", "40") == (40, 10)
    assert counts("--rows", "40", "--validation-rows", "3") == (40, 3)
    pilot = counts("--pilot")
    assert pilot[0] == 200
    assert pilot[1] <= 50
    ledger = pl.read_parquet(tmp_path / "processed/openr1-math/dropped.parquet")
    splits = pl.read_parquet(tmp_path / "processed/openr1-math/splits.parquet")
    over = (splits["split"] == "train").sum() - 200
    assert over > 0
    assert ledger.filter(pl.col("reason") == "row_limit").height == over


def test_instruction_and_model(rft: Run, tmp_path: Path) -> None:
    got = rft("prepare", "medmcqa", "--instruction", "Pick one.", "--model", "o4-mini-2025-04-16")
    line = (tmp_path / "processed/medmcqa/train.jsonl").read_bytes().splitlines()[0]
    assert orjson.loads(line)["messages"][0] == {"role": "developer", "content": "Pick one."}
    job = orjson.loads((tmp_path / "processed/medmcqa/job.json").read_bytes())
    assert job["model"] == "o4-mini-2025-04-16"
    assert "RFT502 /model: 'o4-mini-2025-04-16': its base model was to retire" in got.stdout
    assert got.returncode == 0


@pytest.mark.parametrize("stage", order.NAMES)
def test_a_stage_runs_up_to_itself(rft: Run, tmp_path: Path, stage: str) -> None:
    got = rft("prepare", "medmcqa", "--until", stage, "-q")
    assert got.returncode == 0
    made = {path.stem for path in (tmp_path / "processed/medmcqa/stages").glob("*.json")}
    assert made == set(order.NAMES[1 : order.NAMES.index(stage) + 1])
    assert (tmp_path / "processed/medmcqa/manifest.json").exists() == (stage == "validate")


def test_validate_a_folder(rft: Run, tmp_path: Path) -> None:
    rft("prepare", "-q")
    got = rft("validate", "processed/medmcqa", "processed/openr1-math")
    assert (got.returncode, got.stdout) == (0, "no problems in 9 files, 445 rows\n")
    path = tmp_path / "processed/medmcqa/train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    item = orjson.loads(lines[6])
    item["messages"].append({"role": "assistant", "content": "A"})
    lines[6] = orjson.dumps(item) + b"\n"
    lines.insert(8, b"[1]\n")
    path.write_bytes(b"".join(lines))
    (tmp_path / "processed/medmcqa/manifest.json").unlink()
    got = rft("validate", "processed/medmcqa")
    assert got.returncode == 1
    assert got.stdout.splitlines() == [
        "processed/medmcqa/train.jsonl:9: error: RFT102: expected an object, got [1]; "
        "write one JSON object a line",
        "processed/medmcqa/train.jsonl:7: error: RFT203 /messages/2/role: expected 'user', "
        "got 'assistant'; keep the answer in its own field",
        "2 errors in 5 files, 210 rows",
    ]
    found = orjson.loads(rft("validate", "processed/medmcqa", "--format", "json").stdout)
    assert [(f["code"], f["line"], f["pointer"]) for f in found["findings"]] == [
        ("RFT203", 7, "/messages/2/role"),
        ("RFT102", 9, ""),
    ]


def vendor(folder: Path) -> list[str]:
    """Files with faults that have one right answer, and the options that name them."""
    row = {"messages": [{"role": "system", "content": "Do it."}, {"role": "user", "content": ""}]}
    lines = []
    for n in range(12):
        row["messages"][1]["content"] = f"Question {n}"
        lines.append(orjson.dumps(row | {"answer": str(n)}))
    (folder / "t.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines[:6]) + b"\r\n\r\n")
    (folder / "v.jsonl").write_bytes(b"\n".join(lines[6:]))
    grader = {"type": "string_check", "name": "g", "operation": "neq"}
    templates = {"input": "{{ sample.output_text }}", "reference": "{{item.answer}}"}
    (folder / "g.json").write_bytes(orjson.dumps(grader | templates))
    return ["--train", "t.jsonl", "--validation", "v.jsonl", "--grader-file", "g.json"]


def test_fix_writes_copies_and_lists_every_change(rft: Run, tmp_path: Path) -> None:
    words = vendor(tmp_path)
    before = contents(tmp_path)
    assert rft("validate", *words).returncode == 1
    got = rft("validate", *words, "--fix", "out")
    fixed = [line.split(": ")[2].split()[0] for line in got.stderr.splitlines()]
    assert sorted(set(fixed)) == [
        "RFT104",
        "RFT105",
        "RFT106",
        "RFT107",
        "RFT202",
        "RFT405",
        "RFT424",
    ]
    assert got.stderr.count("RFT202 /messages/0/role: role 'system' became 'developer' (and 5") == 2
    assert {path: data for path, data in contents(tmp_path).items() if "/" not in path} == before
    assert "RFT111" in got.stdout  # six rows are too few, and no repair makes more
    again = rft(
        "validate",
        *words[:1],
        "out/t.jsonl",
        "--validation",
        "out/v.jsonl",
        "--grader-file",
        "out/g.json",
        "--strict",
        "--ignore",
        "RFT111",
        "--ignore",
        "RFT113",
    )
    assert again.returncode == 0
    assert again.stdout.startswith("no problems in 3 files, 12 rows; not given: response format")
    refused = rft("validate", *words, "--fix", ".")
    assert (refused.returncode, contents(tmp_path).keys() >= before.keys()) == (2, True)


def test_select_ignore_and_strict(rft: Run, tmp_path: Path) -> None:
    words = vendor(tmp_path)
    got = rft("validate", *words, "--select", "RFT2", "--format", "json", "--all")
    found = orjson.loads(got.stdout)
    assert found["summary"] == {"RFT202": 12}
    assert len(found["findings"]) == 12
    assert rft("validate", *words, "--select", "RFT105").returncode == 0
    assert rft("validate", *words, "--select", "RFT105", "--strict").returncode == 1
    assert "RFT405" not in rft("validate", *words, "--ignore", "RFT4").stdout
    assert rft("validate", *words, "--select", "RFT999").returncode == 2


def test_standard_input_and_missing_files(tmp_path: Path) -> None:
    vendor(tmp_path)

    def run(*words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "pipelines", "validate", *words]
        return subprocess.run(command, cwd=tmp_path, input=data, capture_output=True, check=False)

    got = run("-", data=(tmp_path / "t.jsonl").read_bytes())
    assert got.returncode == 1
    assert b"-:1: error: RFT202 /messages/0/role" in got.stdout
    assert run("nowhere.jsonl").returncode == 2
    assert run("--train", "nowhere.jsonl").returncode == 2
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "broken.json").write_bytes(b"{")
    got = run("--train", "empty.jsonl", "--grader-file", "broken.json")
    assert got.returncode == 1
    assert b"empty.jsonl: error: RFT111: 0 rows" in got.stdout
    assert b"broken.json: error: RFT102: not JSON" in got.stdout


def test_tokens_are_counted(rft: Run, tmp_path: Path) -> None:
    lines = []
    for n in (1, 3, 2):
        row = {"messages": [{"role": "user", "content": " ".join(["one two"] * n)}], "answer": "1"}
        lines.append(orjson.dumps(row) + b"\n")
    (tmp_path / "t.jsonl").write_bytes(b"".join(lines))
    got = rft("validate", "t.jsonl", "--tokens", "--ignore", "RFT1")
    tokens, last = got.stdout.splitlines()
    assert tokens == "t.jsonl: 3 rows, 12 tokens, at most 6 (line 2)"
    assert last.startswith("no problems in 1 file, 3 rows; ")
    found = orjson.loads(rft("validate", "t.jsonl", "--tokens", "--format", "json").stdout)
    assert found["tokens"] == {
        "t.jsonl": {"rows": 3, "total": 12, "longest": 6, "line": 2, "estimated": False}
    }
    assert rft("validate", "medmcqa", "--tokens").returncode == 2


def test_the_model_is_judged_with_and_without_a_job(rft: Run) -> None:
    rft("prepare", "medmcqa", "-q")
    folder = "processed/medmcqa"
    assert rft("validate", folder, "--strict").returncode == 0
    got = rft("validate", folder, "--model", "gpt-4")
    assert got.stdout.startswith(f"{folder}/job.json: warning: RFT502 /model: 'gpt-4' is not in")
    got = rft("validate", f"{folder}/train.jsonl", "--model", "gpt-4")
    assert got.stdout.startswith("--model: warning: RFT502 /model: 'gpt-4' is not in")
    assert (
        rft("validate", f"{folder}/train.jsonl").stdout
        == "no problems in 1 file, 193 rows; not given: grader, response format, job\n"
    )


def test_a_fault_of_the_jobs_grader_points_into_the_job(rft: Run, tmp_path: Path) -> None:
    grader = {"type": "string_check", "name": "g", "operation": "neq", "reference": "a"}
    reinforcement = {"grader": grader | {"input": "{{sample.output_text}}"}}
    job = {"method": {"type": "reinforcement", "reinforcement": reinforcement}}
    (tmp_path / "job.json").write_bytes(orjson.dumps(job))
    got = rft("validate", "--job", "job.json", "--select", "RFT405")
    assert "RFT405 /method/reinforcement/grader/operation: 'neq'" in got.stdout


def _rows_of_15_mb() -> Iterator[bytes]:
    row = {"messages": [{"role": "user", "content": "ab c " * 3_000_000}], "reference_answer": "1"}
    yield from [orjson.dumps(row) + b"\n"] * 34


def _prompts_twice() -> Iterator[bytes]:
    for start in range(0, 6_000_000, 10_000):
        yield b"".join(
            b'{"messages":[{"role":"user","content":"%d"}],"reference_answer":"%d"}\n' % (n // 2, n)
            for n in range(start, start + 10_000)
        )


STREAMS: dict[str, Callable[[], Iterable[bytes]]] = {
    "one line": lambda: [b"x" * 1_000_000] * 500,
    "rows of 15 MB": _rows_of_15_mb,
    "rows of many objects": lambda: [b'{"a":[' + b"{}," * 5_300_000 + b"1]}\n"] * 4,
    "a field name of 15 MB": lambda: [
        b'{"messages":[{"role":"user","content":"x"}],"%d' % n + b"y" * 15_000_000 + b'":1}\n'
        for n in range(20)
    ],
    "prompts twice": _prompts_twice,
}


@pytest.mark.parametrize("name", STREAMS)
def test_memory_stays_below_300_mb_whatever_the_rows(name: str) -> None:
    # A process in between, for a child's peak begins at what the process that starts it holds.
    between = "import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=2)\n"
    between += "print(os.wait4(p.pid, 0)[2].ru_maxrss)"
    validate = [sys.executable, "-m", "pipelines", "validate", "-"]
    with subprocess.Popen(
        [sys.executable, "-c", between, *validate],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for part in STREAMS[name]():
            process.stdin.write(part)
        process.stdin.close()
        peak = int(process.stdout.read()) * 1024
    assert peak < 300_000_000


def test_checking_files_loads_no_frames() -> None:
    """polars and pyarrow take 70 MB and 0.25 s, which is more than checking 20,000 rows takes."""
    code = (
        "import pipelines.cli.main, sys; print({'polars', 'pyarrow', 'numpy'} & set(sys.modules))"
    )
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert got.stdout == "set()\n"


def test_the_rules_are_listed(rft: Run) -> None:
    from pipelines.rules.catalogue import RULES

    assert [rule["code"] for rule in orjson.loads(rft("rules", "--format", "json").stdout)] == (
        sorted(RULES)
    )
    assert "RFT203" in rft("rules").stdout


def test_five_findings_a_rule_unless_all(rft: Run, tmp_path: Path) -> None:
    rft("prepare", "medmcqa", "-q")
    path = tmp_path / "processed/medmcqa/train.jsonl"
    path.write_bytes(b"[]\n" * 12)
    got = rft("validate", "processed/medmcqa").stdout
    assert got.count("RFT102") == 6
    assert "RFT102: 7 more like it (--all shows them)" in got
    assert rft("validate", "processed/medmcqa", "--all").stdout.count("RFT102") == 12


def test_validate_a_folder_without_files(rft: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    got = rft("validate", "empty")
    assert got.returncode == 2
    assert got.stderr == (
        "rft: empty/train.jsonl: there is no such file; run `rft prepare` first\n"
    )


def test_tables(rft: Run) -> None:
    listed = rft("datasets").stdout
    for name, dataset in DATASETS.items():
        assert name in listed
        assert dataset.license in listed


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["va"], {"validate"}),
        (["prepare", "med"], {"medmcqa", "medqa"}),
        (["prepare", "pipelines/datasets/shipped/gs"], {"pipelines/datasets/shipped/gsm8k.toml"}),
        ([""], set(MODULES)),
        (["validate", "--gr"], {"--grader-file"}),
        (["rules", "--format", ""], {"text", "json"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], completed: set[str]) -> None:
    """The script as bash runs it, with a folder in PATH that has the command."""
    command = tmp_path / "rft"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pipelines "$@"\n')
    command.chmod(0o755)
    script = """
        eval "$(rft --show-completion bash)"
        complete -p rft >&2
        COMP_WORDS=(rft "$@") COMP_CWORD=$#
        _rft_completion rft "${!#}"
        printf '%s\n' "${COMPREPLY[@]}"
    """
    got = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(got.stdout.split()) == completed
    assert "_rft_completion rft" in got.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(rft: Run, shell: str) -> None:
    got = rft("--show-completion", shell)
    assert (got.returncode, got.stderr) == (0, "")
    assert f"_RFT_COMPLETE={shell}_complete" in got.stdout


def test_a_command_loads_only_what_it_needs(tmp_path: Path) -> None:
    """Modules are counted, of `rft validate` on a small file, in place of its time."""
    row = {"messages": [{"role": "user", "content": "1+1?"}], "reference_answer": "2"}
    (tmp_path / "t.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    code = (
        "import sys; from pipelines.cli.main import app; "
        "app(sys.argv[1:], standalone_mode=False); print(*sys.modules, sep='\\n')"
    )
    got = subprocess.run(
        [sys.executable, "-c", code, "validate", str(tmp_path / "t.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(got.stdout.split())
    assert "pipelines.cli.validate" in loaded
    heavy = {"polars", "pyarrow", "numpy", "rich", "pydantic", "httpx2", "importlib.metadata"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("pipelines.datasets")} == set()
    commands = {f"pipelines.cli.{module}" for module in MODULES.values()}
    assert loaded & commands == {"pipelines.cli.validate"}


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["validate", "--grader", "g.json"], "--grader-file"),
        (["prepare", "--grader", "g.json", "medmcqa"], "--grader-file"),
        (["valdate"], "'validate'"),
        (["prepare", "medmqa"], "'medmcqa'"),
        (["prepare", "gsm-8k"], "'gsm8k'"),
        (["prepare", "--source", "hugginface"], "'huggingface'"),
        (["prepare", "--until", "dedup"], "'dedupe'"),
    ],
)
def test_a_word_that_is_nearly_right_is_told_the_right_one(
    rft: Run, tmp_path: Path, words: list[str], remedy: str
) -> None:
    got = rft(*words)
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (2, "", 1)
    assert remedy in got.stderr
    assert list(tmp_path.iterdir()) == []  # and no empty folder is left


@pytest.mark.parametrize("words", [["frobnicate"], ["prepare", "xyz"], ["prepare", "--frob"]])
def test_what_is_near_to_nothing_gets_no_guess(rft: Run, words: list[str]) -> None:
    got = rft(*words)
    assert (got.returncode, got.stderr.count("\n")) == (2, 1)
    assert "id you mean" not in got.stderr


def test_help_has_examples(rft: Run) -> None:
    got = rft("prepare", "--help")
    assert "rft prepare medmcqa --source DIR" in got.stdout
    assert "rft prepare my.toml" in got.stdout
    assert all(name in got.stdout for name in order.NAMES)


def test_a_wheel_in_an_empty_folder(tmp_path: Path) -> None:
    """The package as it is installed: schemas inside, no demo."""
    wheel = tmp_path / "wheel"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(wheel)], cwd=ROOT, check=True, capture_output=True)
    (built,) = wheel.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(built), str(site)], check=True)
    empty = tmp_path / "empty"
    empty.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        # By an explicit path, so that the checkout's own install does not come first.
        code = (
            f"import sys; sys.path[:0] = [{str(site)!r}]; import pipelines; "
            f"assert pipelines.__file__.startswith({str(site)!r}); "
            "from pipelines.cli.main import main; main()"
        )
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = run("prepare")
    assert refused.returncode == 2
    assert refused.stderr.startswith("rft: the demo is part of a checkout")
    got = run("prepare", "--source", str(DEMO), "--out", "out")
    assert got.returncode == 0, got.stderr
    assert sorted(path.name for path in (empty / "out").iterdir()) == sorted(DATASETS)
    assert schema.folder().is_dir()


def test_download_check_reads_every_byte(rft: Run, tmp_path: Path) -> None:
    assert rft("prepare", "--check").returncode == 2
    folder = tmp_path / "raw/medmcqa"
    (folder / "data").mkdir(parents=True)
    (folder / "data/train-00000-of-00001.parquet").write_bytes(_BYTES)
    entry = {
        "path": "data/train-00000-of-00001.parquet",
        "sha256": sha256(_BYTES).hexdigest(),
        "bytes": len(_BYTES),
        "verified": True,
    }
    source = {
        "source": "huggingface",
        "repository": "openlifescienceai/medmcqa",
        "revision": "0" * 40,
        "license": "Apache-2.0",
        "choices": {},
        "patterns": {
            "train": ["data/train-*.parquet"],
            "benchmark": ["data/validation-*.parquet"],
        },
        "benchmarks": [],
        "files": [entry],
    }
    (folder / "SOURCE.json").write_bytes(orjson.dumps(source))
    assert rft("prepare", "medmcqa", "--check").stdout == "every downloaded file is as it came\n"
    changed = _BYTES[:-1] + bytes([_BYTES[-1] ^ 1])
    (folder / "data/train-00000-of-00001.parquet").write_bytes(changed)
    got = rft("prepare", "medmcqa", "--check")
    assert got.returncode == 1
    assert got.stdout.startswith("raw/medmcqa/data/train-00000-of-00001.parquet")
    assert rft("prepare", "medmcqa", "--source", "huggingface", "--offline").returncode == 2


@pytest.mark.parametrize("error", [KeyError, RecursionError, AssertionError, BaseException])
def test_a_fault_of_ours_is_one_line_and_exit_code_3(
    rft: Run, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def fault() -> None:
        raise error("a\x1b[2J\nb")

    monkeypatch.setattr("pipelines.cli.tables.datasets", fault)
    done = rft("datasets")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("rft: this is a fault of rft-data (")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    shown = rft("--debug", "datasets")
    assert shown.returncode == 3
    assert "Traceback (most recent call last)" in shown.stderr
    assert shown.stderr.splitlines()[-1] == done.stderr.rstrip("\n")
    assert "\x1b" not in shown.stderr


def test_what_the_system_refuses_without_a_name_is_one_line(
    rft: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.cli.tables.datasets", full)
    done = rft("datasets")
    assert (done.returncode, done.stderr) == (2, "rft: cannot be used (No space left on device)\n")
