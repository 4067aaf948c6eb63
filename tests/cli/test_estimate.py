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
FIXED = ("--batch-size", "128", "--epochs", "1", "--seconds-per-step", "731")
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
    """The model is the one that `rft prepare` would write, whose price nobody published."""
    told = document(folder())
    assert told["model"] == DEFAULT_MODEL
    assert told["files"]["train"] == {
        "rows": exact(256, "rows"),
        "total": exact(256 * 5, "tokens"),  # What| is| |7|?
        "mean": exact(5, "tokens a row"),
        "longest": exact(5, "tokens"),
        "estimated": False,
    }
    assert (told["training"], told["total"], told["grading"]) == (None, None, exact(0, "USD"))
    assert told["training_at_published_rate"]["model"] == O4_MINI
    batch = assumed()["batch_size"]
    assert told["assumptions"]["batch_size"] == {
        "value": {"low": batch["low"], "high": batch["high"], "unit": batch["unit"]},
        "source": batch["source"],
        "read": str(batch["read"]),
        "option": "--batch-size",
    }


def test_a_folder_with_a_job(folder: Callable[..., Path]) -> None:
    job: Any = request(O4_MINI, check(), None) | {"trainingType": "Standard"}
    job["method"]["reinforcement"]["hyperparameters"] = {"batch_size": 64, "n_epochs": 5}
    told = document(folder(job=job), "--seconds-per-step", "731")
    assert told["steps"] == exact(20, "steps")
    assert told["total"] == exact(406.111111111, "USD")
    assert told["training_at_published_rate"] is None
    assert told["pause"]["hours"] == exact(50, "hours")


def test_every_number_has_its_ends_and_its_unit(folder: Callable[..., Path]) -> None:
    told = document(folder(grader=JUDGE), "--hourly-rate", "100", "--budget", "200")

    def bare(value: Any, path: str = "") -> list[str]:
        if isinstance(value, dict):
            if {"low", "high", "unit"} <= set(value):
                return [] if value["low"] <= value["high"] and value["unit"] else [path]
            return [each for key, part in value.items() for each in bare(part, f"{path}/{key}")]
        return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []

    assert bare(told) == []
    assert {tuple(sorted(one)) for one in told["assumptions"].values()} == {
        ("option", "read", "source", "value")
    }


def test_every_option_overrides(folder: Callable[..., Path]) -> None:
    options = {
        "batch_size": ("--batch-size", 16, 32),
        "n_epochs": ("--epochs", 2, 3),
        "samples_per_prompt": ("--samples-per-prompt", 2, 2.5),
        "seconds_per_step": ("--seconds-per-step", 600, 900),
        "answer_tokens": ("--output-tokens", 0, 10),
        "grader_tokens": ("--grader-output-tokens", 20, 30),
        "hourly_rate": ("--hourly-rate", 0, 50),
        "grader_input_price o3-mini": ("--grader-input-price", 1, 2),
        "grader_output_price o3-mini": ("--grader-output-price", 3, 4),
    }
    words = [word for option, low, high in options.values() for word in (option, f"{low}..{high}")]
    known = document(folder(grader=JUDGE), *words)["assumptions"]
    assert {
        name: (one["option"], one["value"]["low"], one["value"]["high"])
        for name, one in known.items()
        if one["source"] == "given"
    } == options
    named = {one["option"] for one in document(folder(grader=JUDGE))["assumptions"].values()}
    assert named - {None} == {option for option, _, _ in options.values()} - {"--hourly-rate"}


def test_what_a_model_grader_reads(folder: Callable[..., Path]) -> None:
    """Of every row the template with its fields, and an answer of 10 tokens."""
    once = (*FIXED, "--samples-per-prompt", "1", "--output-tokens", "10")
    job: Any = request(O4_MINI, multi(a=check(), b=JUDGE), None)
    settings = {"eval_interval": 1, "eval_samples": 1}
    job["method"]["reinforcement"]["hyperparameters"] = settings
    told = document(folder(job=job), *once, "--grader-output-tokens", "7")
    asked, _ = tokens.count({"messages": [{"content": "Is four ?"}]})
    low, high = 256 + 10 * 2, 256 + 10 * 3  # answers: 2 steps, 2 or 3 evaluations of 10 rows
    unit = {"unit": "tokens"}
    assert told["input_tokens"] == {"low": low * (asked + 10), "high": high * (asked + 10)} | unit
    assert told["output_tokens"] == {"low": low * 7, "high": high * 7} | unit


def test_a_grader_without_a_price(folder: Callable[..., Path]) -> None:
    path = folder(grader=score(model="gpt-4.1-mini"))
    told = run(path, "--hourly-rate", "100")
    assert "note: a grader model's prices are not known; give --grader-input-price and" in told
    prices = ("--grader-input-price", "0.4", "--grader-output-price", "1.6")
    assert document(path, "--hourly-rate", "100", *prices)["total"] is not None


def test_the_table_for_people(folder: Callable[..., Path]) -> None:
    told = run(folder(), *FIXED, "--model", O4_MINI, "--hourly-rate", "100", "--budget", "50")
    cells = dict(
        (cell.strip() for cell in line.strip("│").split("│"))
        for line in told.splitlines()
        if line.startswith("│") and line.count("│") == 3
    )
    assert cells == {
        "training file": "256 rows, 1,280 tokens: 5 a row, at most 5",
        "validation file": "10 rows, 50 tokens: 5 a row, at most 5",
        "training tokens, all epochs": "1,280, of 2,000,000,000 at most",
        "steps": "2",
        "evaluations": "1 to 3",
        "answers to training rows": "1,000 to 4,100",
        "answers to validation rows": "50 to 300",
        "hours": "0.406, of 720 at most",
        "training": "$40.6",
        "grading": "$0",
        "total": "$40.6",
        "pause, at $5,000": "not within this job; after 246 steps, 50 hours",
        "within $50": "256 training rows, all of them",
    }
    assert "--seconds-per-step" in told
    assert "note: afterwards, $1.70 an hour" in told
    assert "warning" not in told


def test_a_price_of_another_model_is_named_as_such(folder: Callable[..., Path]) -> None:
    told = run(folder(), *FIXED)
    assert f"at the $100 an hour of {O4_MINI} │ $40.6" in told
    assert f"note: no hourly rate of {DEFAULT_MODEL} is known; give --hourly-rate" in told


def test_a_warning_says_how_many_rows_stay_below_the_pause(folder: Callable[..., Path]) -> None:
    words = ("--batch-size", "1", "--epochs", "1", "--seconds-per-step", "3600")
    told = run(folder(), *words, "--hourly-rate", "100")
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
    assert "256 rows, about " in run(folder())
    told = document(folder(grader=JUDGE), *FIXED, "--samples-per-prompt", "1")
    assert told["files"]["train"]["estimated"] is True
    once = 256 * (len("Is four ?") // 4)  # and 45 tokens of an answer, as they may be
    assert told["input_tokens"]["low"] == once + 10 * 5 * 2 + (256 + 10 * 5) * 45


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ("--batch-size", "0"),
            "--batch-size 0: give a whole number from 1 to 256, or two as LOW..HIGH",
        ),
        (
            ("--epochs", "1.5"),
            "--epochs 1.5: give a whole number from 1 to 50, or two as LOW..HIGH",
        ),
        (
            ("--seconds-per-step", "9..8"),
            "--seconds-per-step 9..8: give a number from 1 to 1,000,000,000, or two as LOW..HIGH",
        ),
        (
            ("--hourly-rate", "nan"),
            "--hourly-rate nan: give a number from 0 to 1,000,000,000, or two as LOW..HIGH",
        ),
        (
            ("--hourly-rate", "inf"),
            "--hourly-rate inf: give a number from 0 to 1,000,000,000, or two as LOW..HIGH",
        ),
        (
            ("--output-tokens", "-1"),
            "--output-tokens -1: give a number from 0 to 1,000,000,000, or two as LOW..HIGH",
        ),
        (("--budget", "0"), "--budget 0: give a sum above 0"),
        (
            ("--budget", "9"),
            f"--budget 9: no hourly rate of {DEFAULT_MODEL} is known; give --hourly-rate",
        ),
    ],
)
def test_wrong_options(folder: Callable[..., Path], words: tuple[str, ...], error: str) -> None:
    with pytest.raises(BadInput) as raised:
        run(folder(), *words)
    assert str(raised.value) == error


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("train.jsonl", "", "train.jsonl: there is no row in it; run `rft prepare` first"),
        ("train.jsonl", "[]\n", "train.jsonl:1: not an object; run `rft validate`"),
        ("validation.jsonl", "{}\n{\n", "validation.jsonl:2: not JSON: "),
        ("job.json", "{", "job.json: not JSON: "),
        ("grader.json", "{", "grader.json: not JSON: "),
        (
            "job.json",
            '{"method": {"reinforcement": {"hyperparameters": {"batch_size": 999}}}}',
            "job.json: /method/reinforcement/hyperparameters/batch_size: 999 is out of range; ",
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
        (0.20555, 9.4567, "0.20 to 9.5"),
        (859, 10_321, "850 to 11,000"),
        (400.00000000000006, 999, "400 to 1,000"),
        (4.0625, 4.0625, "4.06"),
        (7_938.6, 7_938.6, "7,940"),
        (99.5, 101, "99 to 110"),
    ],
)
def test_no_false_precision(low: float, high: float, text: str) -> None:
    assert figure(Range(low, high)) == text


def test_the_most_that_options_may_say(folder: Callable[..., Path]) -> None:
    most = "1000000000"
    names = ("--samples-per-prompt", "--seconds-per-step", "--output-tokens", "--hourly-rate")
    told = run(folder(grader=JUDGE), *(word for name in names for word in (name, most)))
    assert "hourly_rate" in told
    assert "1,000,000,000" in told


def test_dollars() -> None:
    assert figure(Range(24.9, 1_101), "$") == "$24 to $1,200"
    assert figure(exactly(406.1), "$") == "$406"
