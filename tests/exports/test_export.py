"""The command: what it prints and writes, how it refuses, what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from conftest import contents

from pipelines.exports import TARGETS
from pipelines.io import schema
from pipelines.io.prepared import Prepared

ALL = [word for name in TARGETS if name != "sft" for word in ("--to", name)]


def test_all_targets_at_once(export, demo: dict[str, Prepared], tmp_path: Path) -> None:
    for name, prepared in demo.items():
        done = export(prepared.folder, *ALL, "--out", "out")
        assert (done.returncode, "exported" in done.stdout) == (0, True)
        for target in TARGETS:
            if target == "sft":
                continue
            folder = tmp_path / "out" / target / name
            record = orjson.loads((folder / "export.json").read_bytes())
            schema.compiled("export").validate(record)
            written = contents(folder)
            del written["export.json"]
            digests = {path: sha256(data).hexdigest() for path, data in written.items()}
            assert {entry["path"]: entry["sha256"] for entry in record["files"]} == digests
            assert (record["target"], record["dataset"]) == (target, name)
            assert str(tmp_path) not in (folder / "export.json").read_text()
            assert f"{target:<10}" in done.stdout


PROGRAM = """
import sys
from pipelines.cli.main import main
sys.argv.insert(1, "export")
main()
"""


def test_two_runs_give_the_same_bytes(demo: dict[str, Prepared], tmp_path: Path) -> None:
    for out, seed in (("one", "1"), ("two", "2"), ("two", "3")):
        done = subprocess.run(
            [
                *(sys.executable, "-W", "error", "-c", PROGRAM, demo["medmcqa"].folder),
                *(*ALL, "--out", tmp_path / out, "-q"),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_closing_lines_say_what_was_left_out(export, make) -> None:
    prepared = make(train=5001, validation=600)
    done = export(prepared.folder, "--to", "gemini")
    assert done.returncode == 0
    assert "gemini: 101 rows left out: row_limit" in done.stdout
    again = export(prepared.folder, "--to", "gemini", "--format", "json")
    told = orjson.loads(again.stdout)["exports"][0]
    assert (told["rows"], told["left_out"]) == (
        {"train": 5000, "validation": 500},
        {"row_limit": 101},
    )
    assert told["folder"] == "exports/gemini/squares"
    assert told["limits"]["train_rows"] == 5000


def test_more_rows_than_the_service_takes_are_cut_not_refused(export, make) -> None:
    prepared = make(train=120, validation=1001)
    done = export(prepared.folder, "--to", "foundry", "--to", "verifiers")
    assert done.returncode == 0
    assert "foundry: 1 row left out: row_limit" in done.stdout
    assert "verifiers: 1" not in done.stdout


def test_unsound_data_is_refused_as_by_validate(export, make, tmp_path: Path) -> None:
    def change(item: dict) -> None:
        item["messages"].append({"role": "assistant", "content": "7"})

    prepared = make(change=change)
    done = export(prepared.folder, "--to", "trl")
    assert done.returncode == 1
    first = f"{prepared.path('train')}:1: error: RFT203 /messages/2/role: expected 'user'"
    assert done.stdout.startswith(first)
    assert "RFT203: 135 more like it" in done.stdout
    assert not (tmp_path / "exports").exists()


def test_one_target_is_refused_and_the_other_is_written(export, make, tmp_path: Path) -> None:
    done = export(make(train=99).folder, "--to", "bedrock", "--to", "verl", "--format", "json")
    assert done.returncode == 1
    told = orjson.loads(done.stdout)
    assert [each["target"] for each in told["exports"]] == ["verl"]
    assert told["summary"] == {"EXP102": 1}
    assert told["findings"][0]["remedy"] == "prepare more"
    assert contents(tmp_path / "exports/bedrock") == {}
    assert "export.json" in contents(tmp_path / "exports/verl/squares")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--to", "geminy"], "unknown target 'geminy'; did you mean 'gemini'?"),
        (["--to", "trl", "--samples", "a.jsonl"], "--samples: goes with --to sft alone"),
        (["--to", "sft", "--to", "trl", "--keep-ratio", "0.5"], "--keep-ratio: goes with --to"),
        (["--to", "trl", "--trust-grader"], "--trust-grader: goes with --to sft alone"),
        (["--to", "trl", "--max-bytes", "9"], "--max-bytes: goes with --to sft alone"),
    ],
)
def test_wrong_use_is_one_line(words: list[str], line: str, export, make) -> None:
    done = export(make().folder, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"rft: {line}")


@pytest.mark.parametrize("name", ["train.jsonl", "left_out.parquet"])
def test_what_is_read_is_not_written_over(name: str, export, make, tmp_path: Path) -> None:
    prepared = make()
    samples = tmp_path / "exports/sft/squares" / name
    samples.parent.mkdir(parents=True)
    samples.write_text('{"id": "n1", "output_text": "1"}\n')
    done = export(prepared.folder, "--to", "sft", "--samples", samples)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is used for something else too; choose another file" in done.stderr
    assert samples.read_text() == '{"id": "n1", "output_text": "1"}\n'


def test_a_share_of_nothing_is_refused(export, make, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"id": "n1", "output_text": "1"}\n')
    words = ("--to", "sft", "--samples", "s.jsonl", "--keep-ratio", "0")
    done = export(make().folder, *words)
    assert (done.returncode, done.stderr.startswith("rft: --keep-ratio 0.0: give a")) == (2, True)
    assert not (tmp_path / "exports/sft/squares").exists()


def test_nothing_is_written_into_the_prepared_folder(export, make) -> None:
    prepared = make()
    before = contents(prepared.folder)
    done = export(prepared.folder, "--to", "trl", "--out", prepared.folder / "exports")
    assert (done.returncode, "is inside the prepared folder" in done.stderr) == (2, True)
    assert contents(prepared.folder) == before


def test_a_folder_that_is_not_there(export) -> None:
    done = export("nowhere", "--to", "trl")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nowhere: neither" in done.stderr


def test_a_file_that_no_export_wrote_is_left_alone(export, make, tmp_path: Path) -> None:
    prepared = make()
    out = tmp_path / "exports/trl/squares"
    out.mkdir(parents=True)
    (out / "reward.py").write_text("mine")
    done = export(prepared.folder, "--to", "trl")
    assert (done.returncode, contents(out)) == (2, {"reward.py": b"mine"})
    (out / "reward.py").unlink()
    assert export(prepared.folder, "--to", "trl").returncode == 0
    assert export(prepared.folder, "--to", "trl").returncode == 0
    (out / "reward.py").write_text("edited")
    assert export(prepared.folder, "--to", "trl").returncode == 2
    assert (out / "reward.py").read_text() == "edited"


def test_a_file_of_an_earlier_export_goes(export, make, tmp_path: Path) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    prepared = make(response_format=shape)
    out = tmp_path / "exports/foundry/squares"
    (tmp_path / "exports/foundry/squares").mkdir(parents=True)
    (out / "mine.txt").write_text("mine")
    assert export(prepared.folder, "--to", "foundry").returncode == 0
    assert "response_format.json" in contents(out)
    (prepared.folder / "response_format.json").unlink()
    assert export(prepared.folder, "--to", "foundry").returncode == 0
    assert sorted(contents(out)) == [
        "export.json",
        "grader.json",
        "mine.txt",
        "train.jsonl",
        "validation.jsonl",
    ]


# Dies while it writes the second file, after so many rows.
DEADLY = """
import os, signal, sys
from pathlib import Path
from pipelines.exports import TARGETS
from pipelines.io.prepared import find
from pipelines.io.progress import Progress

class Deadly(Progress):
    rows = 0
    def advance(self, rows):
        self.rows += rows
        if self.rows == 130:
            os.kill(os.getpid(), signal.SIGKILL)

TARGETS[sys.argv[1]].write(find(sys.argv[2]), Path(sys.argv[3]), report=Deadly())
"""


@pytest.mark.parametrize("target", ["trl", "gemini"])
def test_a_kill_leaves_no_half_file(target: str, export, make, tmp_path: Path) -> None:
    prepared = make()
    out = tmp_path / "exports" / target / "squares"
    done = subprocess.run(
        [sys.executable, "-c", DEADLY, target, str(prepared.folder), str(out)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    first, second = TARGETS[target].files[:2]
    assert sorted(contents(out)) == [first, f"{second}.part"]
    (out.parent / ".lock").touch()  # which the command holds while it writes
    assert export(prepared.folder, "--to", target).returncode == 0
    assert export(prepared.folder, "--to", target, "--out", "clean").returncode == 0
    assert contents(out) == contents(tmp_path / "clean" / target / "squares")
