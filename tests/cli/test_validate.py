"""`rft validate`: what it is given is compared with one another, and it makes nothing."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from changes import put
from click.testing import CliRunner
from conftest import contents, settings
from jsonschema import Draft4Validator
from known import DATASETS

from pipelines.cli import main
from pipelines.findings import BadInput
from pipelines.io.jsonl import BOM
from pipelines.io.progress import Progress
from pipelines.rules.catalogue import RULES
from pipelines.run import driver

Row = dict[str, Any]

GRADER = {
    "type": "string_check",
    "name": "same",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
    "operation": "eq",
}
FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"answer": {"type": "string"}},
            "required": ["answer"],
            "additionalProperties": False,
        },
    },
}
JOB = {
    "model": "gpt-5.4-mini-2026-03-17",
    "training_file": "file-a1",
    "validation_file": "file-b2",
    "trainingType": "GlobalStandard",
    "suffix": "mine",
    "method": {
        "type": "reinforcement",
        "reinforcement": {"grader": GRADER, "hyperparameters": {"n_epochs": 2}},
    },
}


def validate(*words: str | Path, data: bytes = b"") -> tuple[int, str]:
    """Exit code and output of the command, in this process; `data` is its standard input."""
    got = CliRunner().invoke(main.app, ["validate", *map(str, words)], input=data)
    if isinstance(got.exception, BadInput):
        return 2, str(got.exception)
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got.exit_code, got.output


def codes(*words: str | Path, data: bytes = b"") -> dict[str, int]:
    """The rules that find something, with their counts."""
    summary = orjson.loads(validate(*words, "--format", "json", data=data)[1])["summary"]
    assert isinstance(summary, dict)
    return summary


def rows(start: int, count: int, **more: Any) -> list[Row]:
    return [
        {
            "messages": [{"role": "user", "content": f"How much is {n} and {n}?"}],
            "reference_answer": str(2 * n),
            **more,
        }
        for n in range(start, start + count)
    ]


def job(**inner: Any) -> Row:
    """The job with other parts."""
    method = {"type": "reinforcement", "reinforcement": {"grader": GRADER} | inner}
    return JOB | {"method": method}


def write(path: Path, value: object) -> Path:
    """Rows as JSONL, anything else as JSON."""
    lines = value if path.suffix == ".jsonl" and isinstance(value, list) else [value]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)) + b"\n")
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound")
    driver.prepare(DATASETS["medmcqa"], settings(out), Progress())
    return out / "medmcqa"


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared dataset in the folder `processed` of the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(prepared, tmp_path / "processed/medmcqa")
    return Path("processed/medmcqa")


def test_it_makes_nothing(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", rows(0, 30))
    before = contents(tmp_path)
    assert validate("medmcqa") == validate(folder)
    assert validate(folder) == (0, "no problems in 5 files, 209 rows\n")
    code, line = validate()
    assert (code, line.count("\n")) == (2, 0)
    code, line = validate("openr1-math")
    assert code == 2
    assert "openr1-math: neither" in line
    assert validate("medmcqa", "--out", "elsewhere")[0] == 2
    assert validate("medmcqa", "--source", "demo")[0] == 2
    assert validate("train.jsonl")[0] == 0
    assert contents(tmp_path) == before


# Words that name the same three files, of which the grader reads a field that no row has.
TOGETHER = (
    ("train.jsonl", "--grader-file", "g.json"),
    ("train.jsonl", "validation.jsonl", "--grader-file", "g.json"),
    ("train.jsonl", "--job", "j.json"),
    ("train.jsonl", "grader.json"),
    (".", "--grader-file", "g.json"),
    (".", "--job", "j.json"),
    ("--train", "train.jsonl", "--validation", "validation.jsonl", "--grader-file", "g.json"),
    ("-", "--grader-file", "g.json"),
)


@pytest.mark.parametrize("words", TOGETHER)
def test_rows_meet_the_grader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("train.jsonl"), rows(0, 12))
    write(Path("validation.jsonl"), rows(20, 10))
    other = GRADER | {"reference": "{{item.solution}}"}
    write(Path("g.json"), other)
    write(Path("j.json"), job(grader=other))
    if "grader.json" in words:
        write(Path("grader.json"), other)
    data = Path("train.jsonl").read_bytes()
    assert validate(*words, data=data)[0] == 1
    assert codes(*words, data=data)["RFT301"] in (12, 22)


ITEM = {"reference_answer": "7"}
TOOL = {"type": "function", "function": {"name": "search"}}
SERVED = [{"name": "search", "server_url": "https://host/search"}]

# Rows that were called sound and cannot train: what is done to one, and the rule that says so.
USELESS = {
    "wrapped, with another key": (lambda row: {"item": row, "split": "train"}, "RFT121"),
    "question and completion": (lambda row: {"question": "x", "completion": "y"}, "RFT122"),
    "a chat elsewhere": (lambda row: {"conversation": row["messages"], "item": "7"}, "RFT201"),
    "the answer inside an item": (
        lambda row: {"messages": row["messages"], "item": ITEM, "note": "x"},
        "RFT301",
    ),
    "tools that the job does not have": (lambda row: row | {"tools": [TOOL]}, "RFT222"),
}


@pytest.mark.parametrize("name", USELESS)
@pytest.mark.parametrize("every", [1, 12])
def test_useless_rows_are_errors(tmp_path: Path, name: str, every: int) -> None:
    change, code = USELESS[name]
    some = [change(row) if n % every == 0 else row for n, row in enumerate(rows(0, 12))]
    train = write(tmp_path / "train.jsonl", some)
    request = write(tmp_path / "j.json", JOB)
    assert validate(train, "--job", request)[0] == 1
    assert codes(train, "--job", request)[code] == 12 // every


def test_tools_that_are_served_or_graded(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", rows(0, 12, tools=[TOOL]))
    assert validate(train)[0] == 0
    calls = GRADER | {"input": "{{sample.output_tools}}"}
    for n, request in enumerate((job(tools=SERVED), job(grader=calls))):
        assert validate(train, "--job", write(tmp_path / f"{n}.json", request))[0] == 0


OPTIONS = {"grader": "--grader-file", "response_format": "--response-format", "job": "--job"}


@pytest.mark.parametrize("role", OPTIONS)
@pytest.mark.parametrize("value", [None, [], {}, 0, "", False])
def test_an_empty_document_is_a_document(tmp_path: Path, role: str, value: object) -> None:
    path = write(tmp_path / "d.json", value)
    assert validate(OPTIONS[role], path)[0] == 1
    if role != "job":
        assert validate("--job", write(tmp_path / "j.json", job(**{role: value})))[0] == 1


def edit(path: Path, **changes: Any) -> None:
    """Set fields of a JSON document."""
    write(path, orjson.loads(path.read_bytes()) | changes)


def test_references_that_were_edited(folder: Path) -> None:
    lines = (folder / "train.jsonl").read_bytes().splitlines(keepends=True)
    for n in (3, 4):
        item = orjson.loads(lines[n])
        item["reference_answer"] = "A" if item["reference_answer"] != "A" else "B"
        lines[n] = orjson.dumps(item) + b"\n"
    (folder / "train.jsonl").write_bytes(b"".join(lines))
    assert validate(folder)[0] == 1
    assert codes(folder) == {"RFT607": 1}
    (folder / "manifest.json").unlink()
    assert validate(folder)[0] == 0


def test_training_rows_in_validation(folder: Path) -> None:
    lines = (folder / "train.jsonl").read_bytes().splitlines(keepends=True)[:5]
    with (folder / "validation.jsonl").open("ab") as file:
        file.write(b"".join(lines))
    assert codes(folder) == {"RFT607": 1, "RFT702": 1}
    assert codes(folder / "train.jsonl", folder / "validation.jsonl") == {"RFT702": 1}
    assert validate(folder / "train.jsonl", folder / "validation.jsonl")[0] == 1


def test_files_that_are_lost_or_ones_own(folder: Path) -> None:
    (folder / "dropped.parquet").unlink()
    shutil.rmtree(folder / "stages")
    edit(folder / "job.json", suffix="mine")
    assert validate(folder) == (0, "no problems in 5 files, 209 rows\n")
    (folder / "grader.json").unlink()
    assert codes(folder) == {"RFT607": 1}
    (folder / "manifest.json").write_bytes(b'{"files": ')
    assert codes(folder) == {"RFT102": 1}
    (folder / "manifest.json").write_bytes(b'{"files": [1, {"path": 2}], "name": "an app"}')
    assert validate(folder) == (0, "no problems in 4 files, 209 rows\n")


def test_a_job_is_built_anew(folder: Path, tmp_path: Path) -> None:
    edit(folder / "job.json", suffix="mine")
    mine = orjson.loads((folder / "grader.json").read_bytes()) | {"name": "mine"}
    given = write(tmp_path / "g.json", mine)
    found = codes(folder, "--grader-file", given)
    assert found == {"RFT526": 1}
    before = contents(folder)
    code, output = validate(folder, "--grader-file", given, "--fix", "fixed")
    assert (code, contents(folder)) == (0, before)
    assert "processed/medmcqa/job.json: fixed: RFT526 /method/reinforcement/grader" in output
    built = orjson.loads(Path("fixed/job.json").read_bytes())
    assert (built["suffix"], built["method"]["reinforcement"]["grader"]) == ("mine", mine)
    assert validate("fixed", "--grader-file", given)[0] == 0
    copies = contents(Path("fixed"))
    assert validate(folder, "--fix", "fixed")[0] == 2
    assert validate("fixed/train.jsonl", "--fix", folder)[0] == 2
    assert contents(Path("fixed")) == copies


def parts(row: Row) -> Row:
    text = row["messages"][0]["content"]
    spelled = [{"type": "text", "text": text[:5]}, {"type": "text", "text": text[5:]}]
    return row | {"messages": [{"role": "user", "content": spelled}]}


@pytest.mark.parametrize(
    ("names", "code", "exit_code"),
    [
        (("train.jsonl", "validation.jsonl"), "RFT702", 1),
        (("a_valid_50.jsonl", "a_train_100.jsonl"), "RFT702", 1),
        (("rows.jsonl", "rows-test.jsonl"), "RFT702", 1),
        (("train-0.jsonl", "train-1.jsonl", "eval.jsonl"), "RFT702", 1),
        (("one.jsonl", "other.jsonl"), "RFT704", 0),
        (("training_validated.jsonl", "attest.jsonl"), "RFT704", 0),
    ],
)
def test_files_of_rows_are_compared(
    tmp_path: Path, names: tuple[str, ...], code: str, exit_code: int
) -> None:
    paths = [write(tmp_path / name, rows(100 * n, 12)) for n, name in enumerate(names)]
    assert validate(*paths)[0] == 0
    assert code not in codes(*paths)
    write(paths[-1], [*rows(500, 12), *map(parts, rows(3, 1, note="judge kindly"))])
    assert validate(*paths)[0] == exit_code
    assert codes(*paths)[code] == 1


def test_a_file_named_twice_is_one(folder: Path, tmp_path: Path) -> None:
    assert validate(folder, folder / "train.jsonl", folder) == validate(folder)
    path = write(tmp_path / "rows.jsonl", rows(0, 12))
    assert validate(path, path) == (
        0,
        "no problems in 1 file, 12 rows; not given: grader, response format, job\n",
    )


def test_what_is_no_set(tmp_path: Path, prepared: Path) -> None:
    path = write(tmp_path / "rows.jsonl", rows(0, 12))
    other = tmp_path / "other"
    shutil.copytree(prepared, other)
    assert validate(prepared, other)[0] == 0
    assert validate(prepared, other, path)[0] == 2
    assert validate("-", "-", "--train", "-")[0] == 2
    assert validate(path, "--grader-file", tmp_path)[0] == 2
    assert validate(prepared / "grader.json", path, "--grader-file", prepared / "job.json")[0] == 2


# Small files that took a time which grows with the square of their size, or minutes.
HEAVY: dict[str, tuple[str, bytes]] = {
    "20,000 keys twice": (
        "rows.jsonl",
        b"{" + b",".join(b'"k%d":1' % (n // 2) for n in range(40_000)) + b"}\n",
    ),
    "300,000 blank lines": ("rows.jsonl", b"\n" * 300_000),
    "keys of no response format": (
        "response_format.json",
        b"{" + b",".join(b'"k%d":1' % n for n in range(40_000)) + b"}",
    ),
    "keys of no job": (
        "job.json",
        b"{" + b",".join(b'"modle%d":1' % n for n in range(40_000)) + b"}",
    ),
    "properties that are not required": (
        "response_format.json",
        orjson.dumps(
            put(
                "json_schema.schema",
                {"properties": {str(n): {} for n in range(15_000)}, "required": ["a"] * 15_000},
            )(copy.deepcopy(FORMAT))
        ),
    ),
    "names of no grader": (
        "grader.json",
        orjson.dumps(
            {
                "type": "multi",
                "name": "m",
                "graders": {f"k{n}": GRADER for n in range(4_000)},
                "calculate_output": "+".join(f"x{n}" for n in range(4_000)),
            }
        ),
    ),
    "a grader of 2 MB": (
        "grader.json",
        orjson.dumps({"type": "python", "name": "p", "source": "x = item['a']\n" * 150_000}),
    ),
}


def test_small_files_take_little_time(tmp_path: Path) -> None:
    """All of them together in 60 s, where they took minutes; they take about 3."""
    code = (
        f"import sys; from pipelines.cli.main import app; {OPTIONS=}\nfor path in sys.argv[1:]:\n"
    )
    code += "    role = path.rsplit('/', 1)[1].split('.')[0]\n"
    code += "    words = [path] if role == 'rows' else [OPTIONS[role], path]\n"
    code += "    app(['validate', *words], standalone_mode=False)\n"
    paths = []
    for n, (name, data) in enumerate(HEAVY.values()):
        (tmp_path / str(n)).mkdir()
        (tmp_path / str(n) / name).write_bytes(data)
        paths.append(str(tmp_path / str(n) / name))
    got = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, timeout=60, check=False
    )
    assert got.stderr == b""


@pytest.mark.parametrize("place", ["messages", "tools", "reference_answer", "more"])
@pytest.mark.parametrize("shape", ['[{"a":%s}]', "[%s]"])
def test_rows_nested_too_deep_are_one_error(tmp_path: Path, place: str, shape: str) -> None:
    deep = b"1"
    for _ in range(450):
        deep = shape.encode() % deep
    lines = [orjson.dumps(row) for row in rows(0, 12)]
    lines[5] = lines[5][:-1] + b',"%b":%b}' % (place.encode() + b"_" * (place == "more"), deep)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert codes(path, "--grader-file", write(tmp_path / "g.json", GRADER)) == {"RFT108": 1}


RUBRIC = {
    "type": "score_model",
    "name": "judge",
    "model": "our-own-deployment",
    "input": [{"role": "user", "content": "{{item.rubric}}: {{sample.output_text}}"}],
    "sampling_params": {"top_p": 1, "temperature": 1},
}
READS_NOTHING = RUBRIC | {"input": [{"role": "user", "content": "Score {{sample.output_text}}"}]}
OF_JSON = GRADER | {"input": "{{sample.output_json.answer}}"}


def test_a_byte_order_mark_is_read_everywhere(tmp_path: Path) -> None:
    """Public pairs that finished as real jobs begin with one."""
    (tmp_path / "grader.json").write_bytes(BOM + orjson.dumps(GRADER))
    for name, some in (("train", rows(0, 20)), ("validation", rows(50, 12))):
        lines = b"".join(orjson.dumps(row) + b"\n" for row in some)
        (tmp_path / f"{name}.jsonl").write_bytes(BOM + lines)
    assert validate(tmp_path)[0] == 0
    assert codes(tmp_path) == {"RFT104": 2}
    files = (str(tmp_path / "train.jsonl"), str(tmp_path / "validation.jsonl"))
    for words in (["audit", *files], ["estimate", str(tmp_path)]):
        got = CliRunner().invoke(main.app, words)
        assert got.exit_code == 0, got.exception


# Shapes of public files that were refused or warned of without cause: rows, and what is beside.
SOUND: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "a grader that reads JSON, alone": (rows(0, 12), {"grader": OF_JSON}),
    "a grader that reads no field": (
        [{"messages": row["messages"]} for row in rows(0, 12)],
        {"grader": READS_NOTHING},
    ),
    "a training type as a number": (rows(0, 12), {"job": job() | {"trainingType": 1}}),
    "an own deployment, at the defaults": (rows(0, 12, rubric="x"), {"grader": RUBRIC}),
}


FLAGS = {"grader": "grader-file"}


@pytest.mark.parametrize("name", SOUND)
def test_public_shapes_are_no_errors(tmp_path: Path, name: str) -> None:
    some, documents = SOUND[name]
    words: list[str | Path] = [write(tmp_path / "rows.jsonl", some)]
    for role, document in documents.items():
        words += [f"--{FLAGS.get(role, role)}", write(tmp_path / f"{role}.json", document)]
    assert validate(*words)[0] == 0
    assert set(codes(*words)) <= {"RFT415", "RFT527"}


def test_one_prompt_may_have_several_rubrics(tmp_path: Path) -> None:
    some = [row | {"rubric": f"rubric {n}"} for row in rows(0, 12) for n in (1, 2)]
    train = write(tmp_path / "train.jsonl", some[::2])
    held = write(tmp_path / "valid.jsonl", some[1::2])
    whole = write(tmp_path / "all.jsonl", some)
    judge = ("--grader-file", write(tmp_path / "g.json", RUBRIC))
    assert set(codes(whole, *judge)) == set(codes(train, held, *judge)) == {"RFT415"}
    assert codes(whole) == {"RFT701": 1}
    assert codes(train, held)["RFT702"] == 1
    again = write(tmp_path / "again.jsonl", [*some, some[0]])
    assert codes(again, *judge)["RFT701"] == 1


def test_references_are_looked_at_without_a_grader(tmp_path: Path) -> None:
    some = rows(0, 12)
    some[3]["reference_answer"] = "\\frac{1"
    some[4]["reference_answer"] = "{1, 2}"
    some[5]["solution"] = "{" * 600
    path = write(tmp_path / "rows.jsonl", some)
    assert codes(path)["RFT311"] == 1
    assert "RFT311" not in codes(path, "--grader-file", write(tmp_path / "g.json", READS_NOTHING))


def test_fields_and_answers_of_two_files(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", rows(0, 12, topic="sums"))
    held = write(tmp_path / "valid.jsonl", rows(50, 12, subject="sums"))
    assert codes(train, held) == {"RFT705": 2}
    grader = write(tmp_path / "g.json", GRADER)
    other = [row | {"reference_answer": "?"} for row in rows(0, 3)] + rows(3, 2)
    write(held, [*rows(50, 12), *other])
    write(train, rows(0, 12))
    told = validate(train, held, "--grader-file", grader)[1]
    assert "5 prompts are in another file too, 3 of them with another answer" in told


def taught(start: int, count: int, **more: Any) -> list[Row]:
    """Supervised rows: the answer is the assistant's."""
    return [
        {"messages": [*row["messages"], {"role": "assistant", "content": row["reference_answer"]}]}
        | more
        for row in rows(start, count)
    ]


CALLED = [
    {"role": "system", "content": "Use tools."},
    {"role": "user", "content": "Who?"},
    {
        "role": "assistant",
        "content": None,
        "weight": 0,
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "1", "content": "She"},
    {"role": "assistant", "content": "She did.", "weight": 1},
]


def test_supervised_rows_are_checked_as_such(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [*taught(0, 12), {"messages": CALLED, "tools": [TOOL]}])
    held = write(tmp_path / "valid.jsonl", taught(50, 10))
    assert codes(train) == {"RFT808": 1}
    assert codes(train, held) == {"RFT808": 2}
    assert validate(train, held)[0] == 0
    sft = {"type": "supervised"}
    extra = write(tmp_path / "extra.jsonl", taught(0, 12, weight=1))
    assert codes(extra, "--job", write(tmp_path / "j.json", JOB | {"method": sft}))["RFT803"] == 12
    broken = taught(0, 12)
    broken[4]["messages"].pop()
    broken[5]["messages"][-1]["content"] = ""
    assert codes(write(tmp_path / "broken.jsonl", broken)) == {
        "RFT802": 1,
        "RFT804": 1,
        "RFT808": 1,
    }


@pytest.mark.parametrize("beside", ["--grader-file", "--job"])
def test_a_reinforcement_job_takes_no_supervised_rows(tmp_path: Path, beside: str) -> None:
    train = write(tmp_path / "train.jsonl", taught(0, 12))
    path = write(tmp_path / "d.json", JOB if beside == "--job" else GRADER)
    assert validate(train, beside, path)[0] == 1
    assert codes(train, beside, path)["RFT217"] == 12


SARIF = Path(__file__).parent / "sarif-2.1.0-rtm.5.json"
ODD = "a b:ü,100%.jsonl"


def mixed(folder: Path) -> list[Path]:
    """Rows and a grader with findings of each severity, in files with odd names."""
    broken = rows(0, 110, rubric="x")
    broken[99]["messages"][0]["role"] = "system"
    for row in broken[:20]:
        row["messages"].append({"role": "assistant", "content": "\x1b[31m"})
    path = write(folder / ODD, broken)
    path.write_bytes(BOM + path.read_bytes())
    return [path, write(folder / "grader.json", RUBRIC | {"name": ""})]


@pytest.mark.parametrize("words", [(), ("--all",), ("--select", "RFT2"), ("--model", "o3")])
@pytest.mark.parametrize("relative", [True, False])
def test_the_log_is_sarif(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = mixed(Path() if relative else tmp_path)
    code, output = validate(*paths, *words, "--format", "sarif")
    log = orjson.loads(output)
    Draft4Validator(orjson.loads(SARIF.read_bytes())).validate(log)
    (run,) = log["runs"]
    assert code == 1
    assert run["results"]
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert (rule["id"], rule["defaultConfiguration"]["level"]) == (
            result["ruleId"],
            result["level"],
        )
    places = [result["locations"][0]["physicalLocation"] for result in run["results"][:5]]
    uri = unquote(places[0]["artifactLocation"]["uri"])
    assert uri == (ODD if relative else f"file://{tmp_path / ODD}")
    lines = {place.get("region", {}).get("startLine") for place in places}
    assert lines & {1, 2, 100}


def test_a_log_of_nothing_is_sarif(folder: Path) -> None:
    log = orjson.loads(validate(folder, "--format", "sarif")[1])
    Draft4Validator(orjson.loads(SARIF.read_bytes())).validate(log)
    assert log["runs"][0]["results"] == []
    assert log["runs"][0]["properties"]["verdict"] == "sound"


def test_place_first_and_a_last_line_that_says_what_was_checked(tmp_path: Path) -> None:
    path, grader = mixed(tmp_path)
    lines = validate(path, grader)[1].splitlines()
    assert f"{path}:100: error: RFT202 /messages/0/role: " in "\n".join(lines)
    assert lines[-1].endswith(" in 2 files, 110 rows; not given: response format, job")
    job_path = write(tmp_path / "j.json", job())
    assert "not given" not in validate(path, "--job", job_path)[1]


def test_the_json_has_a_verdict_and_says_what_is_cut(tmp_path: Path) -> None:
    path, grader = mixed(tmp_path)
    value = orjson.loads(validate(path, grader, "--format", "json")[1])
    assert value["verdict"] == "errors"
    assert value["totals"] == {"error": 22, "warning": 1, "info": 2}
    assert value["cut"] == {"RFT203": 15}
    every = orjson.loads(validate(path, grader, "--format", "json", "--all")[1])
    assert every["cut"] == {}
    assert len(every["findings"]) == 25
    only = orjson.loads(validate(path, "--ignore", "RFT2", "--format", "json")[1])
    assert only["verdict"] == "sound"


def test_repairs_of_one_kind_are_one_line(tmp_path: Path) -> None:
    wrapped = [{"item": row | {"n": 1}} for row in rows(0, 30)]
    write(tmp_path / "train.jsonl", wrapped)
    grader = RUBRIC | {"sampling_params": {"max_tokens": 9}}
    write(tmp_path / "grader.json", grader)
    code, output = validate(tmp_path, "--fix", tmp_path / "fixed", "--ignore", "RFT120")
    assert code == 1  # no rubric
    fixes = [line for line in output.splitlines() if ": fixed: " in line]
    assert [line.split("fixed: ")[1] for line in fixes] == [
        "RFT121 /item: its fields moved to the top level (and 29 more like it)",
        "RFT401 /sampling_params/max_tokens: 'max_tokens' became 'max_completions_tokens'",
    ]
    first = (tmp_path / "fixed/train.jsonl").read_bytes().splitlines()[0]
    assert orjson.loads(first) == rows(0, 1)[0] | {"n": 1}


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_is_explained(code: str) -> None:
    got = CliRunner().invoke(main.app, ["rules", code.lower()])
    assert got.exit_code == 0, got.exception
    text = got.output.splitlines()
    assert text[0] == f"{code}, {RULES[code].severity}: {RULES[code].title}"
    assert {line.partition(":")[0] for line in text[1:]} >= {"source", "finding", "fix"}
    known = orjson.loads(CliRunner().invoke(main.app, ["rules", code, "--format", "json"]).output)
    assert {"why", "fails", "passes", "fixed"} <= set(known)


def test_a_yaml_job_is_a_job_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text("model: gpt-4.1\ntraining_file: local:none.jsonl\n")
    assert validate(tmp_path / "job.yml")[0] == 2
    write(tmp_path / "none.jsonl", rows(0, 12))
    assert codes(tmp_path / "job.yml")["RFT528"] == 1
