"""Descriptions: the same rows in every kind of file, options and answers as people have them."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from pipelines.datasets import find, shipped_paths
from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput
from pipelines.sources import rows as files

ROWS: list[dict[str, Any]] = [
    {"q": "What is 2 + 2?", "a": "4", "level": "1"},
    {"q": 'Who wrote "Emma", and\nwhen?', "a": "Austen, 1815", "level": "2"},
    {"q": "How many is a dozen, as agents write it?", "a": "007", "level": "3"},
    {"q": "Hälfte von 1?", "a": "0.50", "level": "4"},
]


def described(folder: Path, text: str, name: str = "mine") -> Dataset:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return find(str(path))


def records(dataset: Dataset, path: Path) -> pl.DataFrame:
    assert dataset.cells is not None
    return dataset.record(pl.concat(files.frames(path, dataset.cells), how="diagonal_relaxed"))


def reasons(dataset: Dataset, frame: pl.DataFrame) -> list[str | None]:
    found: list[str | None] = [None] * frame.height
    for fault in dataset.faults:
        for place, hit in enumerate(frame.select(fault.where.fill_null(False)).to_series()):
            if hit and found[place] is None:
                found[place] = fault.reason
    return found


def written(folder: Path, rows: list[dict[str, Any]], suffix: str) -> Path:
    path = folder / f"rows{suffix}"
    kind = suffix.removesuffix(".gz").removesuffix(".zst")
    if kind == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
        return path
    if kind in (".csv", ".tsv"):
        plain = folder / f"plain{kind}"
        with plain.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0], delimiter="\t" if kind == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
        data = plain.read_bytes()
    elif kind == ".json":
        data = json.dumps(rows).encode()
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if suffix.endswith(".gz"):
        data = gzip.compress(data)
    if suffix.endswith(".zst"):
        data = pa.compress(data, "zstd", asbytes=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "suffix", [".jsonl", ".json", ".csv", ".tsv", ".csv.gz", ".jsonl.zst", ".json.gz", ".tsv.zst"]
)
def test_one_content_in_any_kind_of_file(tmp_path: Path, suffix: str) -> None:
    text = 'files = "x"\nprompt = "q"\nanswer = "a"\ngrader = "text"\nkeep = ["level"]'
    dataset = described(tmp_path, text)
    expected = records(dataset, written(tmp_path, ROWS, ".parquet"))
    assert records(dataset, written(tmp_path, ROWS, suffix)).equals(expected)
    assert expected["reference_answer"].to_list() == ["4", "Austen, 1815", "007", "0.50"]
    item = dataset.item(expected.row(2, named=True))
    assert item["level"] == "3"
    assert list(item) == ["messages", "reference_answer", "level", "id"]


def test_cells_of_any_type_become_texts(tmp_path: Path) -> None:
    values = [4, 0.5, 1e-7, True, "x", 12345678901234567890]
    path = written(tmp_path, [{"q": "?", "a": value} for value in values], ".jsonl")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n\n")
    dataset = described(tmp_path, 'files = "x"\nprompt = "q"\nanswer = "a"\ngrader = "text"')
    found = records(dataset, path)["reference_answer"].to_list()
    assert found == ["4", "0.5", "0.0000001", "true", "x", "12345678901234567890"]
    assert files.count(path) == len(values)


def test_dotted_paths_and_names_with_points(tmp_path: Path) -> None:
    rows = [{"p": [{"content": "a?"}, {"content": "b?"}], "r.x": "whole", "r": {"y": "in"}}]
    text = 'files = "x"\nprompt = "p.-1.content"\nanswer = "r.x"\ngrader = "text"\nkeep = ["r.y"]'
    for suffix in (".jsonl", ".parquet"):
        dataset = described(tmp_path, text)
        row = records(dataset, written(tmp_path, rows, suffix)).row(0, named=True)
        assert (row["prompt"], row["reference_answer"], row["kept"]) == (
            "b?",
            "whole",
            '{"r.y":"in"}',
        )


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ({"a": "x", "b": "y", "c": "z", "n": "B"}, 'options = ["a", "b", "c"]'),
        ({"o": ["x", "y", "z"], "n": "(b)"}, 'options = "o"'),
        ({"o": ["A) x", "B) y", "C) z"], "n": "B"}, 'options = "o"'),
        ({"o": {"A": "x", "B": "y", "C": "z"}, "n": "B"}, 'options = "o"'),
        ({"o": '["x", "y", "z"]', "n": "B"}, 'options = "o"'),
        ({"o": ["x", "y", "z"], "n": 1}, 'options = "o"\nanswer_is = "index"'),
        ({"o": ["x", "y", "z"], "n": 2.0}, 'options = "o"\nanswer_is = "index1"'),
        ({"o": ["x", "y", "z"], "n": " Y. "}, 'options = "o"\nanswer_is = "text"'),
        (
            {"o": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]}, "n": "2"},
            'options = "o.text"\noption_labels = "o.label"',
        ),
    ],
)
def test_options_as_people_have_them(tmp_path: Path, row: dict[str, Any], keys: str) -> None:
    dataset = described(tmp_path, f'files = "x"\nprompt = "q"\nanswer = "n"\n{keys}')
    frame = records(dataset, written(tmp_path, [{"q": "Which?", **row}], ".jsonl"))
    found = frame.row(0, named=True)
    assert found["prompt"] == "Which?\n\nA. x\nB. y\nC. z"
    assert (found["reference_answer"], found["options"]) == ("B", ["x", "y", "z"])
    assert reasons(dataset, frame) == [None]


def test_faults_of_rows_are_reasons(tmp_path: Path) -> None:
    options = ["x", "y", "z"]
    rows = [
        {"q": "a?", "o": options, "n": "B"},
        {"q": " ", "o": options, "n": "B"},
        {"q": "b?", "o": options, "n": None},
        {"q": "c?", "o": ["x", "", "z"], "n": "A"},
        {"q": "d?", "o": options, "n": "E"},
        {"q": "e?", "o": options, "n": "both"},
        {"q": "f?", "o": ["x", "X.", "z"], "n": "A"},
    ]
    dataset = described(tmp_path, 'files = "x"\nprompt = "q"\noptions = "o"\nanswer = "n"')
    assert reasons(dataset, records(dataset, written(tmp_path, rows, ".jsonl"))) == [
        None,
        "empty_prompt",
        "unlabelled",
        "empty_option",
        "missing_options",
        "missing_options",
        "duplicate_correct_option",
    ]


def test_indexes_that_count_from_the_other_end_stop_the_run(tmp_path: Path) -> None:
    rows = [{"q": "a?", "o": ["x", "y", "z"], "n": place} for place in (1, 2, 3)]
    keys = 'files = "x"\nprompt = "q"\noptions = "o"\nanswer = "n"\nanswer_is = "index"'
    dataset = described(tmp_path, keys)
    with pytest.raises(BadInput, match="did you mean 'index1'"):
        records(dataset, written(tmp_path, rows, ".jsonl"))


def test_answers_out_of_solutions(tmp_path: Path) -> None:
    rows = [{"q": "a?", "a": r"so \boxed{1}, no: \boxed{\frac{1}{2}}"}, {"q": "b?", "a": "none"}]
    path = written(tmp_path, rows, ".jsonl")
    base = 'files = "x"\nprompt = "q"\nanswer = "a"\n'
    dataset = described(tmp_path, base + 'answer_from = "boxed"')
    frame = records(dataset, path)
    assert frame["reference_answer"].to_list() == [r"\frac{1}{2}", ""]
    assert reasons(dataset, frame) == [None, "no_match"]
    dataset = described(tmp_path, base + "answer_pattern = 'no: (.*)$'\ngrader = \"text\"")
    assert reasons(dataset, records(dataset, path)) == [None, "no_match"]


def test_a_template_joins_cells(tmp_path: Path) -> None:
    rows = [{"c": "A contract.", "q": "Who?", "a": "me"}, {"c": "", "q": "What?", "a": "it"}]
    keys = 'files = "x"\nprompt = "{c}\\n\\n{q}"\nanswer = "a"\ngrader = "text"\ngroup = "c"'
    frame = records(described(tmp_path, keys), written(tmp_path, rows, ".csv"))
    assert frame["prompt"].to_list() == ["A contract.\n\nWho?", "What?"]
    assert frame["parts"].to_list() == [["A contract.", "Who?"], ["", "What?"]]
    assert frame["group"].to_list() == ["A contract.", ""]


def test_conversations_are_taken_whole(tmp_path: Path) -> None:
    def turn(role: str, content: str) -> dict[str, str]:
        return {"role": role, "content": content}

    rows = [
        {"m": [turn("system", "Be brief."), turn("user", "Hi"), turn("assistant", "4")]},
        {"m": [turn("user", "a"), turn("assistant", "b"), turn("user", "c")]},
        {"m": [{"from": "human", "value": "x?"}, {"from": "gpt", "value": "y"}]},
        {"m": [turn("tool", "x")]},
    ]
    keys = 'files = "x"\nprompt = "m"\nanswer = "m.-1.content"\ngrader = "text"'
    for suffix in (".jsonl", ".parquet"):
        dataset = described(tmp_path, keys)
        frame = records(dataset, written(tmp_path, rows[:2], suffix))
        items = [dataset.item(row) for row in frame.iter_rows(named=True)]
        first: Any = items[0]["messages"]
        assert [turn["role"] for turn in first] == ["developer", "user"]
        assert first[0]["content"].endswith("Be brief.")
        assert len(str(items[1]["messages"][1])) > 0  # type: ignore[index]
        assert frame["prompt"].to_list() == ["Hi", "a\n\nb\n\nc"]
    frame = records(dataset, written(tmp_path, rows, ".jsonl"))
    assert reasons(dataset, frame)[3] == "unusable_conversation"
    plain = described(tmp_path, 'files = "x"\nprompt = "m"\nanswer = "m.0.content"\ngrader="text"')
    found = records(plain, written(tmp_path, rows, ".jsonl"))
    assert reasons(plain, found)[0] == "unusable_conversation"
    assert found["no_prompt"][0] == "it does not end with the user"


def test_conditions_drop_rows_with_their_reason(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"q": "a?", "a": "1", "n": 1},
        {"q": "b?", "a": "1", "n": 5},
        {"q": "c?", "a": "1"},
    ]
    base = 'files = "x"\nprompt = "q"\nanswer = "a"\n[drop]\n'
    dataset = described(tmp_path, base + 'too_hard = "n > 3"\nshort = "length(q) < 2"')
    frame = records(dataset, written(tmp_path, rows, ".jsonl"))
    assert reasons(dataset, frame) == [None, "too_hard", None]
    dataset = described(tmp_path, base + 'too_hard = "n > 3"')
    with pytest.raises(BadInput, match="cells of CSV are texts"):
        records(dataset, written(tmp_path, [{**row, "n": "1"} for row in rows], ".csv"))


_BASE = 'files = "x.csv"\nprompt = "q"\nanswer = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_BASE + "answer_patern = 'x'", "answer_patern: unknown key; did you mean 'answer_patt"),
        ('files = "x"\nquestion = "q"', "did you mean 'prompt'"),
        ('files = "x"\nanswer = "a"', "prompt: is missing"),
        ('prompt = "q"\nanswer = "a"', "says of no file"),
        ('files = "x"\nprompt = "q"', "answer: is missing"),
        (_BASE + "prompt = ", "mine.toml:4: not TOML"),
        (_BASE + "threshold = 3", "threshold = 3: does not fit"),
        (_BASE + 'grader = "maths"', "did you mean 'math'"),
        (_BASE + 'grader = "my.json"', "my.json: cannot be read"),
        (_BASE + 'answer_is = "index"', "answer_is: needs options"),
        (_BASE + "answer_pattern = 'x(.)'\nanswer_from = \"boxed\"", "give one of them"),
        (_BASE + "answer_pattern = '(?<=x)y'", "answer_pattern"),
        (_BASE + "answer_pattern = 'xyz'", "no group"),
        (_BASE + 'revision = "main"', "revision"),
        (_BASE + 'keep = ["id"]', "keep: id is a field of every item"),
        (_BASE + '[drop]\nbad = "n > "', "drop.bad = 'n > ': not SQL"),
        (_BASE + '[drop]\nbad = "n > AVG(n)"', "one row by itself"),
        (_BASE + '[drop]\nbad = "SUM(n) OVER (PARTITION BY a) > 3"', "one row by itself"),
        (_BASE + '[drop]\nbad = "n > (SELECT 1)"', "one row by itself"),
        (_BASE + '[drop]\nbad = "1 = 1"', "one row by itself"),
    ],
)
def test_broken_descriptions_are_one_located_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        described(tmp_path, text)
    message = str(error.value)
    assert said in message
    assert "mine.toml" in message or "my.json" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.csv", b"q,a\nx,1\ny,1,2\n", "x.csv:3: 3 cells where the header has 2"),
        ("x.csv", b'q,a\n"x\ny",1\nz\n', "x.csv:4: 1 cells"),
        ("x.csv", b"q,q\n1,2\n", "two columns are called 'q'"),
        ("x.csv", b'q,a\n"x,1\n', "quotation marks"),
        ("x.csv", "q,a\nü,1\n".encode("latin-1"), "not UTF-8"),
        ("x.jsonl", b'{"q": "x", "a": 1}\n{"q": \n', "x.jsonl:2: not JSON"),
        ("x.jsonl", b'{"q": "x", "a": 1}\n[1]\n', "x.jsonl:2: expected an object"),
        ("x.jsonl", b'{"q": "x", "a": 1}\n{"q": "x", "a": [1]}\n', "x.jsonl:2: a: expected a text"),
        ("x.json", b'{"a": 1}', "expected a list of objects"),
        ("x.jsonl", b'{"qq": "x", "a": 1}\n', "no column 'q'; did you mean 'qq'"),
        ("x.csv.gz", gzip.compress(b"q,a\nx,1\n" * 1000, mtime=0)[:40], "not a whole gzip file"),
        ("x.xlsx", b"PK", "not a kind of file that is read"),
        ("x.parquet", b"PAR1", "not a whole parquet file"),
    ],
)
def test_broken_files_are_one_located_line(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    dataset = described(tmp_path, _BASE + 'grader = "text"')
    with pytest.raises(BadInput) as error:
        records(dataset, path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_shipped_descriptions_say_what_they_were_tried_on() -> None:
    names = list(shipped_paths())
    assert len(names) == 8
    for name in names:
        text = shipped_paths()[name].read_text(encoding="utf-8")
        assert "tried = " in text
        assert find(name).license
    with pytest.raises(BadInput, match="did you mean 'gsm8k'"):
        find("gsm-8k")


def test_an_own_description_takes_no_name_of_ours(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="another name"):
        described(tmp_path, _BASE, "medmcqa")


def test_cells_that_stand_for_no_answer(tmp_path: Path) -> None:
    cells = ["N/A", " - ", "--", "null", "NaN", "?", "tbd", "Na", "none", "-1", "no"]
    rows = [{"q": f"What is {n}?", "a": cell} for n, cell in enumerate(cells)]
    dataset = described(tmp_path, 'files = "rows.csv"\nprompt = "q"\nanswer = "a"\ngrader = "text"')
    got = reasons(dataset, records(dataset, written(tmp_path, rows, ".csv")))
    assert got == ["unlabelled"] * 7 + [None] * 4
