"""`rft calibrate` and `rft select`, as a user runs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import polars as pl
import pytest
from cases_grader import check, multi, python, score, similarity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.cli import main
from pipelines.findings import BadInput
from pipelines.graders import select
from pipelines.graders.pass_rates import Rate
from pipelines.graders.select import REASONS

COLUMNS = ["id", "stage", "reason", "detail", "prompt"]
BINARY = check()
NUMBER = python("def grade(sample, item):\n    return float(sample['output_text'])\n")


def item(n: int, **more: Any) -> dict[str, Any]:
    messages = [
        {"role": "developer", "content": "Answer."},
        {"role": "user", "content": f"What is {n}?"},
    ]
    return {"messages": messages, "id": f"i{n}", "answer": "yes", **more}


ITEMS = [item(n) for n in range(1, 7)]
# Of four answers to each item so many are right; the last item has none.
RIGHT = (4, 0, 2, 1, 3)


def answers(rights: tuple[int, ...] = RIGHT, n: int = 4, by: str = "line") -> list[dict]:
    return [
        {by: line if by == "line" else f"i{line}", "output_text": "yes" if k < right else "no"}
        for k in range(n)
        for line, right in enumerate(rights, 1)
    ]


def rows(path: Path, objects: list[Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*words: str | Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rft", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.main()
    return int(left.value.code or 0)


Rft = Callable[..., Done]


@pytest.fixture
def rft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rft:
    """Run a command in a folder with items, samples and a grader."""
    (tmp_path / "data").mkdir()
    rows(tmp_path / "data/train.jsonl", ITEMS)
    rows(tmp_path / "data/validation.jsonl", [item(7)])
    rows(tmp_path / "samples.jsonl", answers())
    rows(tmp_path / "data/grader.json", [BINARY])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")

    def done(*words: str | Path) -> Done:
        code = run(*words)
        return Done(code, *capsys.readouterr())

    return done


FILES = ("data", "--samples", "samples.jsonl")
GRADED = (*FILES, "--trust-grader")
CALIBRATE = ("calibrate", *GRADED)
BAND = ("--min-pass-rate", "0.1", "--max-pass-rate", "0.9")
SELECT = ("select", *GRADED, *BAND)
RATED = ("select", *FILES, "--rates", "rates.jsonl", *BAND)


# calibrate ----------------------------------------------------------------------------------------


def test_calibrate_prints_tables(rft: Rft) -> None:
    done = rft(*CALIBRATE)
    told = [line.rstrip() for line in done.stdout.splitlines()]
    assert told[:3] == [
        "6 items, 20 answers (0 to 4 an item), 20 graded, 0 errors, 0 not run",
        "1 items have no sample",
        "items by pass rate",
    ]
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in told if line[:1] == "│"
    ]
    bar = "█" * 6
    assert [row for row in cells if row[1] != "0"] == [
        ["0 to 0.1", "1", "20.0%", bar],
        ["0.2 to 0.3", "1", "20.0%", bar],
        ["0.5 to 0.6", "1", "20.0%", bar],
        ["0.7 to 0.8", "1", "20.0%", bar],
        ["0.9 to 1", "1", "20.0%", bar],
    ]
    assert told[-4:] == [
        "mean 0.500; 1 items (20.0%) at 0, 1 (20.0%) at 1; "
        "2 teach nothing, for all their answers score the same",
        "50.0% of the answers fail at 1, within the advised 25% to 50%",
        "data/train.jsonl:2: suspect_reference: 4 of 4 answers say 'no'",
        "1 item with answers that agree, and not with the reference",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_calibrate_as_json(rft: Rft) -> None:
    found = json.loads(rft(*CALIBRATE, "--format", "json").stdout)
    assert found.pop("of")["split"] == "train"
    assert found == {
        "items": 6,
        "answers": 20,
        "samples_per_item": {"0": 1, "4": 5},
        "errors": {},
        "not_run": 0,
        "unfinished": {},
        "graded": 20,
        "pass_threshold": 1.0,
        "passed": 10,
        "fail_share": 0.5,
        "fail_share_advised": [0.25, 0.5],
        "suggested_threshold": {"threshold": 1.0, "fail_share": 0.5},
        "thresholds": [],
        "pass_rate": {
            "items": 5,
            "mean": 0.5,
            "at_zero": 1,
            "at_one": 1,
            "no_signal": 2,
            "deciles": [1, 0, 1, 0, 0, 1, 0, 1, 0, 1],
        },
        "score": {"mean": 0.5, "lowest": 0.0, "highest": 1.0},
        "suspect_references": [
            {"line": 2, "id": "i2", "reference": None, "answer": "no", "agree": 4, "n": 4}
        ],
        "passed_over": 0,
        "samples": {
            "model": None,
            "settings": None,
            "answers": 20,
            "items": 5,
            "n": 4,
            "tokens_per_answer": None,
            "temperature": None,
            "asked": {},
            "dates": None,
        },
    }


def test_calibrate_writes_a_line_an_item(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/train.jsonl", [*ITEMS[:5], {"answer": "yes"}])
    done = rft(*CALIBRATE, "-q", "--out", "some/rates.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert read(tmp_path / "some" / "rates.jsonl") == [
        {
            "line": line,
            "id": f"i{line}",
            "n": 4,
            "passed": right,
            "pass_rate": right / 4,
            "mean_score": right / 4,
            "errors": 0,
            "not_run": 0,
            "unfinished": 0,
        }
        for line, right in enumerate(RIGHT, 1)
    ] + [
        {
            "line": 6,
            "n": 0,
            "passed": 0,
            "pass_rate": None,
            "mean_score": None,
            "errors": 0,
            "not_run": 0,
            "unfinished": 0,
        }
    ]


def graded_scores(*scores: float, line: int = 1) -> list[dict[str, Any]]:
    return [{"line": line, "output_text": str(score)} for score in scores]


@pytest.mark.parametrize(
    ("grader", "words", "threshold", "passed"),
    [
        (NUMBER, (), 1.0, 1),
        (NUMBER | {"pass_threshold": 0.5}, (), 0.5, 3),
        (NUMBER | {"pass_threshold": 0.5}, ("--pass-threshold", "0.25"), 0.25, 4),
        (NUMBER, ("--pass-threshold", "-1"), -1.0, 5),
        (NUMBER, ("--pass-threshold", "2"), 2.0, 0),
    ],
)
def test_which_score_passes(
    grader: dict, words: tuple[str, ...], threshold: float, passed: int, rft: Rft, tmp_path: Path
) -> None:
    rows(tmp_path / "data/grader.json", [grader])
    rows(tmp_path / "samples.jsonl", graded_scores(0.0, 0.25, 0.5, 0.75, 1.0))
    found = json.loads(rft(*CALIBRATE, "--format", "json", *words).stdout)
    assert (found["pass_threshold"], found["passed"]) == (threshold, passed)


def test_graded_scores_have_a_table_of_thresholds(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/grader.json", [NUMBER])
    rows(tmp_path / "samples.jsonl", graded_scores(*(n / 20 for n in range(20))))
    done = rft(*CALIBRATE)
    assert "answers by threshold" in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith("│       0.3 "))
    assert line.split() == ["│", "0.3", "│", "70.0%", "│", "30.0%", "│"]
    assert done.stdout.splitlines()[-1] == (
        "100.0% of the answers fail at 1, not the advised 25% to 50%; 35.0% would at 0.35"
    )


def test_no_threshold_may_do(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "samples.jsonl", answers((1, 0, 1, 0, 0, 0)))
    assert rft(*CALIBRATE).stdout.splitlines()[-6] == (
        "91.7% of the answers fail at 1, not the advised 25% to 50%; "
        "no threshold reaches that: change the grader or the items"
    )


def test_scores_above_the_full_one_are_told(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/grader.json", [NUMBER])
    rows(tmp_path / "samples.jsonl", graded_scores(0, 5))
    note = "note: scores reach 5, and 1 passes; see --pass-threshold"
    assert rft(*CALIBRATE).stderr.splitlines()[-1] == note
    assert note not in rft(*CALIBRATE, "--pass-threshold", "1").stderr


def test_errors_are_in_no_rate(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/grader.json", [NUMBER])
    samples = [*graded_scores(1, 0), *({"line": line, "output_text": "x"} for line in (2, 1, 2))]
    rows(tmp_path / "samples.jsonl", samples)
    done = rft(*CALIBRATE, "--format", "json", "--out", "rates.jsonl")
    found = json.loads(done.stdout)
    assert (found["graded"], found["errors"]) == (2, {"python_grader_runtime_error": 3})
    assert done.stderr.splitlines()[-1].startswith(
        "error: python_grader_runtime_error: 3, first data/train.jsonl:1: line 2: ValueError: "
    )
    assert done.returncode == 1
    rates = read(tmp_path / "rates.jsonl")
    assert [(rate["n"], rate["passed"], rate["errors"]) for rate in rates[:3]] == [
        (2, 1, 1),
        (0, 0, 2),
        (0, 0, 0),
    ]


def test_what_cannot_be_run_is_in_no_rate(
    rft: Rft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    rows(tmp_path / "data/grader.json", [multi("a * b", a=check(), b=score())])
    done = rft(*CALIBRATE)
    assert done.stdout.splitlines() == [
        "6 items, 20 answers (0 to 4 an item), 0 graded, 0 errors, 20 not run",
        "1 items have no sample",
    ]
    assert done.stderr.startswith("not run: 20: b: no model to ask")
    assert done.returncode == 1
    done = rft(*SELECT, "--out", "kept")
    assert done.returncode == 1
    assert "answers: 0 errors, 20 not run" in done.stdout
    ledger = pl.read_parquet(tmp_path / "kept/dropped.parquet")
    assert ledger["reason"].to_list() == ["not_graded"] * 5 + ["no_samples"]
    assert ledger["detail"][0] == "line 1: 0 errors, 4 not run"


# select -------------------------------------------------------------------------------------------


def dropped(path: Path) -> list[tuple[str | None, str]]:
    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.DataFrame(read(path))
    assert frame.columns == COLUMNS
    return list(zip(frame["id"], frame["reason"], strict=True))


def test_select(rft: Rft, tmp_path: Path) -> None:
    done = rft(*SELECT, "--out", "out")
    assert (tmp_path / "out/train.jsonl").read_bytes() == b"".join(
        (tmp_path / "data/train.jsonl").read_bytes().splitlines(keepends=True)[2:5]
    )
    assert pl.read_parquet(tmp_path / "out/dropped.parquet").rows() == [
        ("i1", "select", "too_easy", "line 1: 4 of 4 pass", "What is 1?"),
        ("i2", "select", "too_hard", "line 2: 0 of 4 pass", "What is 2?"),
        ("i6", "select", "no_samples", "line 6", "What is 6?"),
    ]
    assert done.stdout.splitlines()[-1] == ("3 of 6 training rows in out")
    assert (done.returncode, done.stderr) == (0, "")


def test_select_as_json(rft: Rft) -> None:
    done = rft(*SELECT, "--keep-ratio", "0.5", "--out", "k", "--format", "json")
    found = json.loads(done.stdout)
    assert {name: found[name] for name in ("items", "kept", "dropped", "folder")} == {
        "items": 6,
        "kept": 2,
        "dropped": {"too_easy": 1, "too_hard": 1, "no_samples": 1, "over_keep_ratio": 1},
        "folder": "k",
    }


def test_the_share_nearest_to_a_half_is_kept(rft: Rft, tmp_path: Path) -> None:
    rft(*SELECT, "--keep-ratio", "0.6", "--out", "k")
    assert [each["id"] for each in read(tmp_path / "k/train.jsonl")] == ["i3", "i4"]
    assert dropped(tmp_path / "k/dropped.parquet") == [
        ("i1", "too_easy"),
        ("i2", "too_hard"),
        ("i5", "over_keep_ratio"),
        ("i6", "no_samples"),
    ]


def test_the_share_is_the_decimal_that_is_written(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/train.jsonl", ITEMS[:5])
    words = ("--min-pass-rate", "0", "--keep-ratio", "0.4", "--out", "k")
    assert rft("select", *GRADED, *words).returncode == 0
    assert len(read(tmp_path / "k/train.jsonl")) == 2


def test_lines_stay_as_they_are(rft: Rft, tmp_path: Path) -> None:
    texts = [
        b'\xef\xbb\xbf{"answer": "yes",   "id": "\\u0069"}\r\n',
        b"\n",
        '{"answer":"yes","note":"äß€","messages":[{"role":"user","content":"a"}]}\n'.encode(),
        b"  \n",
        b'{"answer":"yes", "id": [1, "x"], "messages": [{"role":"user","content":'
        b'[{"type":"text","text":"b"},{"type":"image_url"}]},{"role":"user","content":"c"}]}\n',
        b' {"answer":"yes","id":7}',
    ]
    (tmp_path / "data/train.jsonl").write_bytes(b"".join(texts))
    both = [{"line": line, "output_text": text} for line in (1, 3, 5, 6) for text in ("yes", "x")]
    rows(tmp_path / "samples.jsonl", both)
    assert rft(*SELECT, "--out", "all").returncode == 0
    assert (tmp_path / "all/train.jsonl").read_bytes() == b"".join(texts[i] for i in (0, 2, 4, 5))
    words = ("--min-pass-rate", "1", "--out", "none")
    assert rft("select", *GRADED, *words).returncode == 0
    assert (tmp_path / "none/train.jsonl").read_bytes() == b""
    ledger = pl.read_parquet(tmp_path / "none/dropped.parquet")
    assert ledger["id"].to_list() == ["i", None, '[1,"x"]', "7"]
    assert ledger["prompt"].to_list() == ["", "a", "b\nc", ""]


def test_an_empty_ledger_is_a_ledger(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/train.jsonl", ITEMS[:5])
    rft("select", *GRADED, "--min-pass-rate", "0", "--out", "k")
    assert (tmp_path / "k/train.jsonl").read_bytes() == (tmp_path / "data/train.jsonl").read_bytes()
    assert dropped(tmp_path / "k/dropped.parquet") == []


@pytest.mark.parametrize("by", ["line", "id"])
def test_rates_in_place_of_samples(by: str, rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "samples.jsonl", answers(by=by))
    rft(*CALIBRATE, "--out", "rates.jsonl")
    rft(*SELECT, "--keep-ratio", "0.7", "--out", "one")
    rft(*RATED, "--keep-ratio", "0.7", "--out", "two")
    for name in ("train.jsonl", "dropped.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_answers_that_failed_are_told_from_rates_too(rft: Rft, tmp_path: Path) -> None:
    rates = [{"line": n, "id": f"i{n}", "n": 2, "passed": 1, "errors": 0} for n in range(1, 7)]
    rates[3] |= {"n": 0, "passed": 0, "errors": 2}
    rates[4] |= {"not_run": 1}
    rows(tmp_path / "rates.jsonl", rates)
    done = rft(*RATED, "--out", "k")
    assert done.stdout.splitlines()[-1] == "answers: 2 errors, 1 not run"
    assert done.returncode == 1
    assert dropped(tmp_path / "k/dropped.parquet") == [("i4", "not_graded")]


GOOD = [{"line": n, "id": f"i{n}", "n": 2, "passed": 1} for n in range(1, 7)]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (GOOD[:5], "rates.jsonl: no rate of the item in line 6; "),
        ([], "rates.jsonl: no rate of the item in line 1; "),
        ([*GOOD, GOOD[0]], "rates.jsonl:7: line 1, id 'i1', is no item, or is here twice; "),
        ([GOOD[0] | {"id": "j"}], "rates.jsonl:1: line 1, id 'j', is no item, or is here twice; "),
        ([GOOD[0] | {"line": 7}], "rates.jsonl:1: line 7, id 'i1', is no item, or is here twice; "),
        ([GOOD[0] | {"passed": 3}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        ([GOOD[0] | {"n": 2.0}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        ([GOOD[0] | {"n": True}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        ([GOOD[0] | {"errors": -1}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        ([{"line": 1, "id": "i1"}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        ([{"id": "i1", "score": 1}], "rates.jsonl:1: no counts `line`, `n` and `passed`; "),
        (["x"], "rates.jsonl:1: not a JSON object; "),
    ],
)
def test_rates_of_something_else(rates: list, message: str, rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "rates.jsonl", rates)
    done = rft(*RATED, "--out", "k")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"rft: {message}")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.glob("k*")) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*SELECT, "--out", "."), "--out .: is there already; name a new folder"),
        ((*SELECT, "--out", "samples.jsonl"), "--out samples.jsonl: is there already; "),
        ((*SELECT, "--out", "data/in"), "--out data/in: is in data; name a folder beside it"),
        ((*SELECT, "--out", "k", "--keep-ratio", "0"), "--keep-ratio 0.0: give a share above 0, "),
        ((*SELECT, "--out", "k", "--keep-ratio", "nan"), "--keep-ratio nan: give a share above"),
        ((*SELECT, "--out", "k", "--keep-ratio", "1.1"), "--keep-ratio 1.1: give a share above"),
        (
            ("select", *GRADED, "--min-pass-rate", "0.9", "--max-pass-rate", "0.1", "--out", "k"),
            "--min-pass-rate 0.9 --max-pass-rate 0.1: give shares from 0 to 1, the first not above",
        ),
        (
            ("select", *GRADED, "--keep-ratio", "0.5", "--out", "k"),
            "which items? give --min-pass-rate, --max-pass-rate, or both",
        ),
        ((*RATED, "--pass-threshold", "1", "--out", "k"), "--pass-threshold: --rates tells "),
        ((*RATED, "--out", "k"), "rates.jsonl: there is no such file"),
        (
            (*CALIBRATE, "--out", "data/grader.json"),
            "data/grader.json: is used for something else too; ",
        ),
        ((*CALIBRATE, "--pass-threshold", "inf"), "--pass-threshold inf: is no score; give a num"),
        ((*CALIBRATE, "--samples", "no.jsonl"), "no.jsonl: there is no such file"),
        ((*CALIBRATE, "--grader-file", "no.json"), "no.json: there is no such file"),
        ((*CALIBRATE, "--grader-file", "data/train.jsonl"), "data/train.jsonl: not JSON: "),
        ((*CALIBRATE, "--split", "test"), "data/test.jsonl: there is no such file; give --split"),
        ((*CALIBRATE, "--split", "validation"), "samples.jsonl:2: no item of data/validation"),
        ((*CALIBRATE, "--samples", "empty"), "empty: it has no samples; "),
    ],
)
def test_wrong_use(words: tuple[str, ...], message: str, rft: Rft, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = rft(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"rft: {message}")
    assert done.stderr.count("\n") == 1
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_a_grader_that_is_none_is_refused(rft: Rft, tmp_path: Path) -> None:
    rows(tmp_path / "data/grader.json", [check(operation="neq")])
    done = rft(*CALIBRATE)
    assert (
        done.stderr
        == "rft: data/grader.json: RFT405 /operation: 'neq' is no operation; write 'ne'\n"
    )
    assert done.returncode == 2


def test_items_that_change_on_the_way_are_not_half_selected(tmp_path: Path) -> None:
    items = rows(tmp_path / "items.jsonl", ITEMS)
    rates = [Rate(line, f"i{line}", 2, 1) for line in range(1, 7)]
    reasons = [None, "too_easy", None, None, None, None]
    for lines in (ITEMS[:5], [*ITEMS, ITEMS[0]]):
        rows(items, lines)
        with pytest.raises(BadInput, match="it changed while it was read; run the command again"):
            select.write(items, tmp_path / "k.jsonl", tmp_path / "l.parquet", rates, reasons)
        assert list(tmp_path.iterdir()) == [items]


@pytest.mark.parametrize("command", ["calibrate", "select"])
def test_help_has_examples(command: str, rft: Rft) -> None:
    done = rft(command, "--help")
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    assert f"  rft {command} medmcqa --samples" in done.stdout


# Whatever the items and their answers -------------------------------------------------------------

sets = st.lists(
    st.lists(st.sampled_from(["1", "12", "1234", "x"]), max_size=4), min_size=1, max_size=8
)
SCORE = similarity(pass_threshold=0.4)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sets, st.randoms(use_true_random=False), st.sampled_from([(), ("--keep-ratio", "0.4")]))
def test_order_and_conservation(
    tmp_path: Path, outputs: list[list[str]], random: Any, keep: tuple[str, ...]
) -> None:
    items = [item(n, answer="1") for n in range(1, len(outputs) + 1)]
    samples = [
        {"id": f"i{n}", "output_text": text} for n, of in enumerate(outputs, 1) for text in of
    ] or [{"id": "i1", "output_text": "1"}]
    (tmp_path / "data").mkdir(exist_ok=True)
    for split in ("train", "validation"):
        rows(tmp_path / f"data/{split}.jsonl", items)
    rows(tmp_path / "data/grader.json", [SCORE])
    written = []
    for name in ("a", "b"):
        answered = rows(tmp_path / "samples.jsonl", samples)
        words = (tmp_path / "data", "--samples", answered, "-q")
        rates, out = tmp_path / f"{name}.rates", tmp_path / name
        rmtree(out, ignore_errors=True)
        assert run("calibrate", *words, "--out", rates) == 0
        assert run("select", *words, *BAND, *keep, "--out", out) == 0
        kept, ledger = out / "train.jsonl", out / "dropped.parquet"
        written.append([path.read_bytes() for path in (rates, kept, ledger)])
        random.shuffle(samples)
    assert written[0] == written[1]
    gone = dropped(ledger)
    assert sorted([each["id"] for each in read(kept)] + [str(name) for name, _ in gone]) == [
        each["id"] for each in items
    ]
    assert {reason for _, reason in gone} <= set(REASONS)
