"""`rft estimate`, as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases_grader import check, multi, python, score
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.cli.estimate import figure
from pipelines.findings import BadInput
from pipelines.rules import tokens
from pipelines.rules.request import DEFAULT_MODEL, request
from pipelines.rules.tables import assumed
from pipelines.service.assumptions import Range, exactly

GOLDEN = Path(__file__).parents[1] / "golden"
O4_MINI = "o4-mini-2025-04-16"


def assume(**ranges: object) -> tuple[str, ...]:
    return tuple(f"--assume={name}={value}" for name, value in ranges.items())


FIXED = assume(batch_size=128, n_epochs=1, seconds_per_step=731)
JUDGE = score(
    model="o3-mini",
    input=[{"role": "user", "content": "Is {{item.answer}} {{sample.output_text}}?"}],
)


def item(n: int) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f"What is {n}?"}], "answer": "four"}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with so many rows and, unless None, a grader and a job."""

    def make(train: int = 256, grader: Any = None, job: Any = None, validation: int = 10) -> Path:
        for name, count in (("train", train), ("validation", validation)):
            lines = "".join(json.dumps(item(n)) + "\n" for n in range(count))
            (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        for name, document in (("grader", grader), ("job", job)):
            if document is not None:
                (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        return tmp_path

    return make


def run(*words: str | Path) -> str:
    got = CliRunner(env={"COLUMNS": "160"}).invoke(main.app, ["estimate", *map(str, words)])
    if got.exception is not None:
        raise got.exception
    assert got.exit_code == 0
    return got.stdout


def document(*words: str | Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(*words, "--format", "json"))
    return told


def exact(value: float, unit: str) -> dict[str, Any]:
    return {"low": value, "high": value, "unit": unit}


def test_a_folder_without_a_job(folder: Callable[..., Path]) -> None:
    """The model is the one that `rft prepare` would write; for a price the last known."""
    told = document(folder())
    assert told["model"] == DEFAULT_MODEL
    assert told["files"]["train"] == {
        "rows": exact(256, "rows"),
        "total": exact(256 * 5, "tokens"),  # What| is| |7|?
        "mean": exact(5, "tokens a row"),
        "longest": exact(5, "tokens"),
        "estimated": False,
    }
    assert (told["training"] == told["total"], told["grading"]) == (True, exact(0, "USD"))
    assert O4_MINI in told["assumptions"]["hourly_rate"]["source"]
    batch = assumed()["batch_size"]
    assert told["assumptions"]["batch_size"] == {
        "value": exact(batch["value"], batch["unit"]),
        "source": batch["source"],
        "read": str(batch["read"]),
    }


def test_a_folder_with_a_job(folder: Callable[..., Path]) -> None:
    job: Any = request(O4_MINI, check(), None) | {"trainingType": "Standard"}
    job["method"]["reinforcement"]["hyperparameters"] = {"batch_size": 64, "n_epochs": 5}
    told = document(folder(job=job), *assume(seconds_per_step=731))
    assert told["steps"] == exact(20, "steps")
    assert told["total"] == exact(406.111111111, "USD")
    assert told["pause"]["train_rows"] == exact(246 // 5 * 64, "rows")
    other = document(folder(), "--job", "n_epochs=2", "--job", "batch_size=128")
    assert other["steps"] == exact(4, "steps")


def test_every_number_has_its_ends_and_its_unit(folder: Callable[..., Path]) -> None:
    told = document(folder(grader=JUDGE), *assume(hourly_rate=100), "--budget", "200")

    def bare(value: Any, path: str = "") -> list[str]:
        if isinstance(value, dict):
            if {"low", "high", "unit"} <= set(value):
                return [] if value["low"] <= value["high"] and value["unit"] else [path]
            return [each for key, part in value.items() for each in bare(part, f"{path}/{key}")]
        return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []

    assert bare(told) == []
    assert {tuple(sorted(one)) for one in told["assumptions"].values()} == {
        ("read", "source", "value")
    }


def test_everything_that_is_assumed_can_be_given(folder: Callable[..., Path]) -> None:
    """But what only says how long a step takes, where that is given."""
    prices = {"hourly_rate", "grader_input_price", "grader_output_price"}
    low_high = dict.fromkeys({*assumed(), *prices}, (1, 2))
    given = assume(**{name: f"{low}..{high}" for name, (low, high) in low_high.items()})
    known = document(folder(grader=JUDGE), *given)["assumptions"]
    assert {
        name.partition(" ")[0]: (one["value"]["low"], one["value"]["high"])
        for name, one in known.items()
        if one["source"] == "given"
    } == low_high
    known = document(folder(grader=JUDGE), *assume(seconds_per_step=600))["assumptions"]
    assert known["seconds_per_step"]["value"] == exact(600, "seconds")
    assert not known.keys() & {"seconds_per_token", "evaluation_share"}


def test_what_a_model_grader_reads(folder: Callable[..., Path]) -> None:
    """Of every row the template with its fields, and an answer of 10 tokens."""
    once = (*FIXED, *assume(step_answers=128, compute_multiplier=1, answer_tokens=10))
    job: Any = request(O4_MINI, multi(a=check(), b=JUDGE), None)
    settings = {"eval_interval": 1, "eval_samples": 1}
    job["method"]["reinforcement"]["hyperparameters"] = settings
    told = document(folder(job=job), *once, *assume(grader_tokens=7))
    asked, _ = tokens.count({"messages": [{"content": "Is four ?"}]})
    answers = 256 + 10 * 2  # 2 steps, 2 evaluations of 10 rows
    assert told["input_tokens"] == exact(answers * (asked + 10), "tokens")
    assert told["output_tokens"] == exact(answers * 7, "tokens")


def test_a_grader_without_a_price(folder: Callable[..., Path]) -> None:
    path = folder(grader=score(model="gpt-4.1-mini"))
    assert "grader  gpt-4.1-mini, the last known, of o3-mini" in run(path)
    prices = assume(grader_input_price=0.4, grader_output_price=1.6)
    assert "grader " not in run(path, *prices)
    assert "o3-mini-2025" not in run(path, "--grader-model", "o3-mini-2025-01-31")


def test_hours_money_and_steps_come_first(folder: Callable[..., Path]) -> None:
    told = run(folder(), *FIXED, "--model", O4_MINI, "--budget", "50")
    assert told.splitlines() == [
        "hours   0.406",
        "money   $40.6",
        "steps   2",
        "price   $100 an hour",
        f"rows    256 training, 10 validation; {O4_MINI}, GlobalStandard",
        "budget  $50 pays for 256 training rows, all of them",
    ]
    assert run(folder()).splitlines()[4].startswith("rows    256 training")
    assert "give --assume sample_tokens=N" in run(folder())


def test_the_tables_for_people(folder: Callable[..., Path]) -> None:
    told = run(folder(), *FIXED, "--model", O4_MINI, "--verbose")
    cells = dict(
        (cell.strip() for cell in line.strip("│").split("│"))
        for line in told.splitlines()
        if line.startswith("│") and line.count("│") == 3
    )
    assert cells["training file"] == "256 rows, 1,280 tokens: 5 a row, at most 5"
    assert cells["training tokens, all epochs"] == "1,280, of 2,000,000,000 at most"
    assert "step_answers" in told
    assert "506 in the Azure run" in told
    assert "afterwards $1.70 an hour" in told


def test_a_price_of_another_model_is_named_as_such(folder: Callable[..., Path]) -> None:
    assert f"price   $100 an hour, the last known, of {O4_MINI}" in run(folder(), *FIXED)


def test_a_warning_says_how_many_rows_stay_below_the_pause(folder: Callable[..., Path]) -> None:
    words = assume(batch_size=1, n_epochs=1, seconds_per_step=3600)
    told = run(folder(), *words, *assume(hourly_rate=100))
    assert (
        "warning: the high end is over $5,000, where the service pauses a job; "
        "start with `rft prepare --pilot` and the same --source; with these validation rows 50 "
        "training rows stay below it\n"
    ) in told


def test_the_demo_is_said_to_be_one(folder: Callable[..., Path]) -> None:
    path = folder()
    (path / "train.jsonl").write_bytes((GOLDEN / "medmcqa.jsonl").read_bytes())
    demo = f"{path}/train.jsonl:1: a row of the demo (10 in all)"
    assert f"\nwarning: {demo}" in run(path)
    assert [text.startswith(demo) for text in document(path)["warnings"]] == [True]


def test_what_is_only_advised_against_is_counted(folder: Callable[..., Path]) -> None:
    """A byte-order mark and blank lines, which `rft validate` lets through."""
    path = folder()
    (path / "train.jsonl").write_bytes(
        b"\xef\xbb\xbf" + (path / "train.jsonl").read_bytes().replace(b"\n", b"\r\n\r\n")
    )
    assert document(path)["files"]["train"]["rows"] == exact(256, "rows")


def test_without_a_vocabulary_the_counts_are_about(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_encoding", lambda: None)
    assert "256 rows, about " in run(folder(), "--verbose")
    assert document(folder(grader=JUDGE))["files"]["train"]["estimated"] is True


@pytest.mark.parametrize(
    ("words", "error"),
    [
        *(
            ((f"--assume={given}",), f"--assume {given}: give {kind} from {bounds}, or two as ")
            for given, kind, bounds in (
                ("batch_size=0", "a whole number", "1 to 256"),
                ("batch_size=", "a whole number", "1 to 256"),
                ("n_epochs=1.5", "a whole number", "1 to 50"),
                ("n_epochs=1..2..3", "a whole number", "1 to 50"),
                ("compute_multiplier=0", "a number", "1e-05 to 10"),
                ("step_answers=0", "a number", "1 to 1,000,000,000"),
                ("seconds_per_step=9..8", "a number", "1 to 1,000,000,000"),
                ("hourly_rate=nan", "a number", "0 to 1,000,000,000"),
                ("hourly_rate=inf", "a number", "0 to 1,000,000,000"),
                ("answer_tokens=-1", "a number", "0 to 1,000,000,000"),
            )
        ),
        (
            ("--assume", "batchsize=3"),
            "--assume batchsize=3: nothing of that name is assumed; did you mean batch_size? there "
            "are batch_size, n_epochs, ",
        ),
        (
            ("--assume", "=3"),
            "--assume =3: nothing of that name is assumed; there are batch_size, ",
        ),
        (
            assume(n_epochs=1) + assume(n_epochs=2),
            "--assume n_epochs: is given twice; leave one out",
        ),
        (("--budget", "0"), "--budget 0: give a sum above 0"),
        (
            ("--job", "n_epoch=2"),
            "--job n_epoch=2: no setting of a job has this name",
        ),
    ],
)
def test_wrong_options(folder: Callable[..., Path], words: tuple[str, ...], error: str) -> None:
    with pytest.raises(BadInput) as raised:
        run(folder(), *words)
    assert str(raised.value).startswith(error)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("train.jsonl", "", "train.jsonl: there is no row in it; run `rft prepare` first"),
        ("train.jsonl", "[]\n", "train.jsonl:1: not a JSON object; see `rft validate"),
        ("validation.jsonl", "{}\n{\n", "validation.jsonl:2: not a JSON object; see "),
        ("job.json", "{", "job.json: not JSON: "),
        ("grader.json", "{", "grader.json: not JSON: "),
        (
            "job.json",
            '{"method": {"reinforcement": {"hyperparameters": {"batch_size": 999}}}}',
            "job.json: /method/reinforcement/hyperparameters/batch_size: the value 999 is out of ",
        ),
    ],
)
def test_broken_files(folder: Callable[..., Path], name: str, text: str, error: str) -> None:
    path = folder()
    (path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as raised:
        run(path)
    assert str(raised.value).startswith(f"{path}/{error}")


def test_a_model_grader_without_a_model(folder: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="grader 'judge': no model; run `rft validate`"):
        run(folder(grader=score(without="model")))


def test_a_grader_that_asks_nobody_costs_nothing(folder: Callable[..., Path]) -> None:
    assert document(folder(grader=python()))["grading"] == exact(0, "USD")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (215, 215, "215"),
        (12_345, 12_345.0, "12,345"),
        (2, 21, "2 to 21"),
        (0, 0, "0"),
        (0, 0.5, "0 to 0.50"),
        (0.20555, 9.4567, "0.21 to 9.5"),
        (859, 10_321, "860 to 10,000"),
        (400.00000000000006, 999, "400 to 1,000"),
        (4.0625, 4.0625, "4.06"),
        (7_938.6, 7_938.6, "7,940"),
        (99.4, 101, "99 to 100"),
    ],
)
def test_no_false_precision(low: float, high: float, text: str) -> None:
    assert figure(Range(low, high)) == text


def test_the_most_and_the_least_that_can_be_given(folder: Callable[..., Path]) -> None:
    names = ("step_answers", "seconds_per_step", "answer_tokens", "hourly_rate")
    told = run(folder(grader=JUDGE), *assume(**dict.fromkeys(names, 10**9)), "--verbose")
    assert "1,000,000,000" in told
    names = ("evaluation_share", "answer_tokens", "grader_tokens", "hourly_rate")
    least = dict.fromkeys(names, 0) | {"step_answers": 1, "compute_multiplier": 0.00001}
    assert 0 < document(folder(grader=JUDGE), *assume(**least))["total"]["low"] < 0.01


def test_dollars() -> None:
    assert figure(Range(24.9, 1_101), "$") == "$25 to $1,100"
    assert figure(exactly(406.1), "$") == "$406"
