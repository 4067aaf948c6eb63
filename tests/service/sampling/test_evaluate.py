"""`rft evaluate`, as a user runs it, and the numbers that it gives."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_server import GRADER

from pipelines.cli import main
from pipelines.io.items import item_digest
from pipelines.service.sampling.compare import difference

REPLACED = GRADER | {"operation": "ilike"}  # passes an answer that holds the reference


def rft(*words: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rft", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.main()
    return int(left.value.code or 0)


def rows(path: Path, objects: list[Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


def item(n: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"What is {n} + {n}?"}]
    return {
        "messages": messages,
        "reference_answer": f"={2 * n}=",
        "kind": "odd" if n % 2 else "even",
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared folder with a test split of forty items."""
    data = tmp_path / "data"
    data.mkdir()
    rows(data / "train.jsonl", [item(n) for n in range(100, 112)])
    rows(data / "validation.jsonl", [item(n) for n in range(200, 212)])
    rows(data / "test.jsonl", [item(n) for n in range(40)])
    (data / "grader.json").write_text(json.dumps(REPLACED))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answers(right: set[int], items: int = 40, n: int = 2, **more: Any) -> list[dict[str, Any]]:
    return [
        {"line": k + 1, "output_text": f"={2 * k}=" if k in right else "no", **more}
        for _ in range(n)
        for k in range(items)
    ]


def evaluate(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert rft("evaluate", "data", "--trust-grader", "--format", "json", *words) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_a_better_and_a_worse_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows(folder / "base.jsonl", answers(set(range(20))))
    rows(folder / "tuned.jsonl", answers(set(range(1, 35))))
    words = "--samples", "base.jsonl", "--samples", "tuned.jsonl", "--by", "kind"
    value = evaluate(capsys, *words)
    base, tuned = value["models"]
    assert (value["split"], value["base"]) == ("test", "base")
    assert (base["pass_rate"], tuned["pass_rate"]) == (0.5, 0.85)
    against = tuned["against_base"]
    assert against["verdict"] == "better"
    assert (against["won"], against["lost"]) == (15, 1)
    assert against["difference"] == pytest.approx(0.35)
    low, high = against["interval"]
    assert 0.15 < low < 0.35 < high < 0.55
    assert {name: parts[0]["items"] for name, parts in value["strata"].items()} == {
        "even": 20,
        "odd": 20,
    }
    again = evaluate(capsys, "--samples", "tuned.jsonl", "--samples", "base.jsonl")
    assert again["models"][1]["against_base"]["verdict"] == "worse"


def test_too_few_items(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows(folder / "base.jsonl", answers({1, 2, 3}))
    rows(folder / "tuned.jsonl", answers({3, 4, 5, 6}))
    words = "evaluate", "data", "--trust-grader", "--samples", "base.jsonl"
    assert rft(*words, "--samples", "tuned.jsonl") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("tuned: too few items to tell: 40 of about ")


def test_the_order_of_items_and_answers_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, tuned = answers(set(range(20))), answers(set(range(5, 30)))
    words = "--samples", "base.jsonl", "--samples", "tuned.jsonl", "--by", "kind"
    seen = []
    for step in (1, -1):
        items = [{**item(n), "id": f"i{n}"} for n in range(40)]
        rows(folder / "data/test.jsonl", items[::step])
        for name, given_answers in (("base", base), ("tuned", tuned)):
            by_id = [
                {"id": f"i{a['line'] - 1}", "output_text": a["output_text"]} for a in given_answers
            ]
            rows(folder / f"{name}.jsonl", by_id[::step])
        value = evaluate(capsys, *words)
        assert json.loads((folder / "data/evaluation.json").read_text()) == value
        del value["of"]  # the file's digest
        seen.append(value)
    assert seen[0] == seen[1]


def test_answers_that_earn_without_solving(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = " ".join(f"={2 * n}=" for n in range(40))
    hedged = [{"line": k + 1, "output_text": every} for k in range(40)]
    rows(folder / "base.jsonl", answers(set(range(20))))
    rows(folder / "tuned.jsonl", hedged)
    value = evaluate(capsys, "--samples", "base.jsonl", "--samples", "tuned.jsonl")
    base, tuned = value["models"]
    assert base["unearned"] == {}
    assert tuned["pass_rate"] == 1
    assert tuned["unearned"] == {"also right for the references of other items": 40}


def test_unfinished_answers_do_not_pass_and_are_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(folder / "base.jsonl", answers(set(range(40)), n=1))
    cut = answers(set(range(30)), n=1)
    for number in (0, 1, 2):
        cut[number]["finish"] = "length"
    cut[3] |= {"output_text": "", "finish": "content_filter"}
    rows(folder / "tuned.jsonl", cut)
    _, tuned = evaluate(capsys, "--samples", "base.jsonl", "--samples", "tuned.jsonl")["models"]
    assert tuned["unfinished"] == {"content_filter": 1, "length": 3}
    assert tuned["pass_rate"] == 26 / 40


def test_one_file_of_two_models(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = answers({1}, model="a") + answers({1, 2}, model="b")
    rows(folder / "both.jsonl", both)
    assert rft("evaluate", "data", "--samples", "both.jsonl") == 2
    assert "which is the base?" in capsys.readouterr().err
    words = "--samples", "both.jsonl", "--model", "b", "--model", "a"
    value = evaluate(capsys, *words)
    assert [each["model"] for each in value["models"]] == ["b", "a"]
    assert value["models"][1]["against_base"]["lost"] == 1


def test_without_a_test_split_it_says_what_was_seen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data/test.jsonl").unlink()
    rows(folder / "s.jsonl", [{"line": k + 1, "output_text": "x"} for k in range(12)])
    assert rft("evaluate", "data", "--samples", "s.jsonl", "--trust-grader") == 0
    shown = capsys.readouterr().out
    assert "12 items of the validation split" in shown
    assert "choice of the checkpoint has seen this split" in shown


def test_the_interval_holds_what_it_promises() -> None:
    """Of 200 draws from a known difference about 95 % hold it."""
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        base, tuned = random.binomial(4, 0.4, 150) / 4, random.binomial(4, 0.5, 150) / 4
        seen = difference(dict(enumerate(base)), dict(enumerate(tuned)))
        assert seen is not None
        held += seen.low <= 0.1 <= seen.high
    assert 180 <= held <= 199


def test_no_difference_is_seldom_taken_for_one() -> None:
    """Of draws of a few items without a difference nearly 95 % hold 0, at most 5 % tell."""
    random = np.random.default_rng(3)
    held = told = 0
    for items in (8, 12, 20) * 200:
        rates = random.beta(0.5, 0.5, items)
        one, other = (dict(enumerate(random.binomial(4, rates) / 4)) for _ in range(2))
        seen = difference(one, other)
        assert seen is not None
        held += seen.low <= 0 <= seen.high
        told += seen.verdict != "too few items to tell"
    assert held >= 0.925 * 600
    assert told <= 0.05 * 600


def test_models_that_never_differ_may_yet_differ() -> None:
    seen = difference(dict.fromkeys(range(30), 1.0), dict.fromkeys(range(30), 1.0))
    assert seen is not None
    assert (seen.low, seen.mean, seen.high) == (-0.1, 0, 0.1)
    assert seen.verdict == "too few items to tell"


def test_samples_without_a_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows(folder / "s.jsonl", [])
    assert rft("evaluate", "data", "--samples", "s.jsonl", "--trust-grader") == 2
    assert "s.jsonl: it has no samples" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [{"finish": []}, {"finish": {}}, {"usage": {"output": "7"}}, {"usage": {"output": -7}}],
    ids=str,
)
def test_what_samples_say_of_themselves_may_be_anything(
    folder: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any]
) -> None:
    rows(folder / "s.jsonl", answers({1}, **wrong))
    assert evaluate(capsys, "--samples", "s.jsonl")["models"][0]["tokens_per_answer"] is None


def test_a_sample_of_an_item_that_is_no_digest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = item_digest(item(0))
    samples = [{"item": name, "output_text": "x"} for name in (digest, [digest])]
    rows(folder / "s.jsonl", samples)
    assert rft("evaluate", "data", "--samples", "s.jsonl", "--trust-grader") == 2
    assert "s.jsonl:2: no item of " in capsys.readouterr().err


def test_the_items_needed_tell_the_difference() -> None:
    """With as many items as were said to be needed, about four draws in five tell."""
    random = np.random.default_rng(11)

    def draw(items: int) -> Any:
        base, tuned = random.binomial(1, 0.4, items), random.binomial(1, 0.5, items)
        return difference(dict(enumerate(base)), dict(enumerate(tuned)))

    spread = 0.4 * 0.6 + 0.5 * 0.5
    needed = int(2.8**2 * spread / 0.1**2) + 1
    told = sum(draw(needed).verdict == "better" for _ in range(150))
    assert 0.7 < told / 150 < 0.9


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=1,
        max_size=30,
    )
)
def test_a_difference_and_its_reverse(pairs: list[tuple[float, float]]) -> None:
    one, other = (dict(enumerate(rates)) for rates in zip(*pairs, strict=True))
    there, back = difference(one, other), difference(other, one)
    assert there is not None
    assert back is not None
    assert there.low <= there.mean + 1e-9
    assert there.mean <= there.high + 1e-9
    assert (there.won, there.lost, there.mean) == (back.lost, back.won, -back.mean)
    if there.won + there.lost < 6:
        assert there.verdict == "too few items to tell"
    assert difference(dict(enumerate(range(0))), other) is None
