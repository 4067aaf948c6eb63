"""What crosses between two files, on rows made here and through the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st

from pipelines.findings import BadInput
from pipelines.similarity.audit import Pair, audit, jaccard
from pipelines.similarity.certificate import certificate
from pipelines.similarity.keys import digest, fold, key
from pipelines.similarity.prompts import prompts
from pipelines.sources.benchmarks import questions

LONG = (
    "A train leaves the station in the morning and travels along the river to the next town, where "
    "the passengers change to a bus that takes them over the hills. "
)
OPTIONS = "\n\nA. one\nB. two\nC. three\nD. four"


def lines(*texts: str) -> list[bytes]:
    return [
        orjson.dumps({"messages": [{"role": "user", "content": text}], "reference_answer": "1"})
        + b"\n"
        for text in texts
    ]


def across(train: list[str], validation: list[str], **options: Any) -> list[tuple[str, int, int]]:
    found = audit(
        prompts(lines(*train), "t"),
        prompts(lines(*validation), "v"),
        **{"threshold": 0.8} | options,
    )
    return [(pair.kind, pair.train_line, pair.validation_line) for pair in found.pairs]


@pytest.mark.parametrize(
    ("train", "validation", "expected"),
    [
        (["one", "two"], ["three"], []),
        (["one", "two"], ["two"], [("same text", 2, 1)]),
        (["one", "Two."], ["two"], [("same question", 2, 1)]),
        (["x", LONG + "Why?"], ["y", "z", LONG + "When?"], [("near-duplicate", 2, 3)]),
        (["Which?" + OPTIONS], ["Which?\n\nA. 1\nB. 2\nC. 3"], [("same stem", 1, 1)]),
        (
            ["Which?" + OPTIONS],
            ["which\nA. two\nB. one\nC. four\nD. three"],
            [("same question", 1, 1)],
        ),
        (
            ["two", "Two", "two"],
            ["two", "other"],
            [("same text", 1, 1), ("same text", 3, 1), ("same question", 2, 1)],
        ),
    ],
)
def test_kinds(train: list[str], validation: list[str], expected: list[tuple]) -> None:
    assert across(train, validation) == expected


def test_the_band_is_apart() -> None:
    train, validation = prompts(lines(LONG + "Why?"), "t"), prompts(lines(LONG[:120] + "Why?"), "v")
    found = audit(train, validation, threshold=0.9, band=0.3)
    assert found.pairs == []
    assert found.sound
    similarity = round(
        max(jaccard(f(LONG + "Why?"), f(LONG[:120] + "Why?")) for f in (key, fold)), 6
    )
    assert 0.6 < similarity < 0.9
    assert found.band == [Pair("near-duplicate", similarity, 1, 1)]


def test_what_all_prompts_begin_or_end_with_is_not_compared() -> None:
    before = "Combine the numbers to reach the target, with each of them used once. "
    after = " Answer with one line that holds the expression and nothing else."
    sets = [
        [f"{before}Numbers: {n * 37}, {n * 91}.{after}" for n in part]
        for part in (range(2, 9), range(9, 14))
    ]
    found = audit(*(prompts(lines(*part), "x") for part in sets), threshold=0.8)
    assert found.pairs == []
    assert {one.text.strip() for one in found.wrappings["both files"]} == {
        before + "Numbers:",
        after.strip(),
    }
    assert across(sets[0], [*sets[1], sets[0][1]]) == [("same text", 2, 6)]


def test_what_is_wrapped_in_one_file_is_found_in_the_other() -> None:
    """600 problems in both files, with an instruction around each in one of them."""
    problems = [f"How many of {n * 37} {digest(str(n))} are in {n + 5} boxes?" for n in range(600)]
    for before, after in (
        ("Solve this problem. Think step by step, and box the result.\n\n", ""),
        ("", " Answer briefly."),
        ("Question: ", "\nA:"),
    ):
        train = prompts(lines(*(before + problem + after for problem in problems)), "t")
        found = audit(train, prompts(lines(*problems), "v"), threshold=0.8)
        assert {(pair.train_line, pair.validation_line) for pair in found.pairs} == {
            (n, n) for n in range(1, 601)
        }
        assert (found.sampled[0], found.sampled[2]) == (200, 0)


def test_a_stem_that_all_prompts_share_is_no_question() -> None:
    rows = [
        f"Which answer is better?\n\nA. {digest(str(n))}\nB. {digest(str(-n))}"
        for n in range(1, 60)
    ]
    assert across(rows[:40], rows[40:]) == []
    assert across(rows[:40], [*rows[40:], rows[7]]) == [("same text", 8, 20)]


def test_options_that_a_row_lists_are_those_of_its_prompt() -> None:
    """`B. two` in an option is no second option where the row says what its options are."""
    options = ["one\nB. two", "three"]
    text = "Which of these are counted here?\n\nA. one\nB. two\nB. three"
    row = {"messages": [{"role": "user", "content": text}], "options": options}
    read = prompts([orjson.dumps(row)], "t")
    read.compare([])
    assert read.keys == [key("Which of these are counted here?", options)]


def test_the_brute_force_tells_what_the_join_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.similarity.audit._near", lambda *_: {})
    texts = [LONG + one for one in ("Why?", "When?")]
    found = audit(prompts(lines(texts[0]), "t"), prompts(lines(texts[1]), "v"), threshold=0.8)
    assert found.sampled == (1, 1, 1)
    assert not found.sound
    digests = {"train": "", "validation": ""}
    assert certificate([found], digests, band=0.1, benchmarks=0)["pairs"] == 1


def test_50_000_copies_are_counted_and_some_are_listed() -> None:
    many = prompts(lines(*["the same"] * 50_000), "t")
    found = audit(many, many, threshold=0.8)
    assert found.counts == {"same text": 2_500_000_000}
    assert len(found.pairs) == 10_000


def test_benchmarks() -> None:
    questions = pl.DataFrame(
        {
            "key": [key(LONG + "Why?"), key("One?")],
            "question": [LONG + "Why?", "One?"],
            "name": ["b.jsonl:1", "b.jsonl:2"],
        }
    )
    train = prompts(lines("two", LONG + "When?", "one", LONG[:80] + "x " * 60), "t")
    found = audit(train, prompts(lines("three"), "v"), threshold=0.8, benchmarks=questions)
    assert [(h.kind, h.file, h.line, h.benchmark) for h in found.hits] == [
        ("near-duplicate", "t", 2, "b.jsonl:1"),
        ("same question", "t", 3, "b.jsonl:2"),
    ]
    assert [(h.kind, h.line, h.benchmark) for h in found.quotes] == [("quoted", 4, "b.jsonl:1")]
    assert not found.sound


words = st.lists(st.sampled_from(["ab", "cd", "ef", "7"]), min_size=1, max_size=12).map(" ".join)


@given(st.lists(words, min_size=1, max_size=8), st.lists(words, min_size=1, max_size=8))
def test_it_finds_what_comparing_all_pairs_finds(train: list[str], validation: list[str]) -> None:
    expected = {
        (i, j)
        for i, one in enumerate(train, 1)
        for j, other in enumerate(validation, 1)
        if max(jaccard(f(one), f(other)) for f in (key, fold)) >= 0.8
    }
    assert {(i, j) for _, i, j in across(train, validation)} == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "v:1: not a JSON object"),
        (b"[]", "v:1: not a JSON object"),
        (b"{}", "v:1: no user message with text; give chat rows"),
        (b'{"messages": [{"role": "user", "content": " "}]}', "v:1: no user message with text"),
    ],
)
def test_bad_lines(line: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        prompts([line], "v")


# The command --------------------------------------------------------------------------------------


def write(path: Path, *texts: str) -> str:
    path.write_bytes(b"".join(lines(*texts)))
    return path.name


def test_the_command(rft: Run, tmp_path: Path) -> None:
    train = write(tmp_path / "t.jsonl", "one", "Two", LONG + "Why?")
    validation = write(tmp_path / "v.jsonl", "two.", LONG + "When?", "three")
    got = rft("audit", train, validation)
    assert got.returncode == 1
    assert got.stdout.splitlines() == [
        "same question 1.000: t.jsonl:2 and v.jsonl:1",
        "near-duplicate 0.976: t.jsonl:3 and v.jsonl:2",
        "check by brute force: 3 validation rows, 1 near-duplicates, 0 missed",
        "2 pairs across (1 same question, 1 near-duplicate): 3 training and 3 validation rows, "
        "threshold 0.8",
    ]
    found = orjson.loads(rft("audit", train, validation, "--format", "json").stdout)
    assert [(p["kind"], p["train_line"], p["validation_line"]) for p in found["pairs"]] == [
        ("same question", 2, 1),
        ("near-duplicate", 3, 2),
    ]
    assert found["summary"]["kinds"] == {"same question": 1, "near-duplicate": 1}
    assert rft("audit", train, write(tmp_path / "w.jsonl", "three")).returncode == 0
    assert rft("audit", train, "nowhere.jsonl").returncode == 2
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + (tmp_path / "t.jsonl").read_bytes())
    assert rft("audit", path.name, "w.jsonl").returncode == 0
    assert rft("audit", train, validation, "--threshold", "2").returncode == 2


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_a_benchmark_row_nested_deep(tmp_path: Path, depth: int) -> None:
    """Only the question is kept of a row; a frame of the others took 15 s for 1,000 levels."""
    path = tmp_path / "b.jsonl"
    deep = b'{"question": "Why?", "more": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    path.write_bytes(b'{"question": null, "id": 7}\n\n' + deep + b"\n")
    if depth == 1000:
        assert questions(path, None) == [("", []), ("Why?", [])]
        assert questions(path, "id") == [("7", []), ("", [])]
        with pytest.raises(BadInput, match="no column 'ids'; did you mean 'id'"):
            questions(path, "ids")
    else:
        with pytest.raises(BadInput, match=r"b\.jsonl:3: not JSON"):
            questions(path, None)


def test_against_a_named_field(rft: Run, tmp_path: Path) -> None:
    train, validation = write(tmp_path / "t.jsonl", "One?"), write(tmp_path / "v.jsonl", "two")
    (tmp_path / "b.jsonl").write_text('{"text": "one", "n": 1}\n')
    got = rft("audit", train, validation, "--benchmark", "b.jsonl")
    assert got.returncode == 2
    assert got.stderr == (
        "rft: b.jsonl: no text field 'problem' or 'question' or 'prompt'; "
        "name one of text as PATH:FIELD\n"
    )
    got = rft("audit", train, validation, "--benchmark", "b.jsonl:text")
    assert got.returncode == 1
    assert "benchmark, same question 1.000: t.jsonl:1 and b.jsonl:1" in got.stdout


def test_what_prepare_writes_is_sound(rft: Run, tmp_path: Path) -> None:
    rft("prepare", "-q")
    for name, threshold in (("openr1-math", 0.8), ("medmcqa", 0.7)):
        got = rft("audit", name, "--format", "json")
        assert got.returncode == 0
        assert orjson.loads(got.stdout)["summary"]["threshold"] == threshold
        manifest = orjson.loads((tmp_path / f"processed/{name}/manifest.json").read_bytes())
        told = manifest["certificate"]
        assert (told["pairs"], told["benchmarks"]["hits"]) == (0, 0)
        hashes = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
        assert {f"{side}.jsonl": file["sha256"] for side, file in told["files"].items()} == {
            name: hashes[name] for name in ("train.jsonl", "validation.jsonl")
        }
