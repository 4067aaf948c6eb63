"""The reward modules that are written, run alone, without packages, as the trainers call them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from known import DATASETS

from pipelines.exports import TARGETS
from pipelines.exports.target import Unfit
from pipelines.findings import BadInput
from pipelines.graders import python_grader
from pipelines.io.prepared import Prepared, find
from pipelines.io.progress import Progress

NAMES = ["bedrock", "gemini", "fireworks", "trl", "verl", "verifiers", "aml"]

# Loads reward.py from its path, as trainers do, and makes the calls that come in as JSON.
PROGRAM = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("reward", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
called = [getattr(module, name)(*args, **more) for name, args, more in json.load(sys.stdin)]
json.dump(called, sys.stdout)
"""


def export(target: str, prepared: Prepared, out: Path) -> list[dict]:
    TARGETS[target].write(prepared, out, report=Progress())
    name = TARGETS[target].files[0]
    if name.endswith(".parquet"):
        return pq.read_table(out / name).to_pylist()
    return [orjson.loads(line) for line in (out / name).read_bytes().splitlines()]


def reference(target: str, row: dict) -> str:
    match target:
        case "gemini":
            return row["references"]["reference_answer"]
        case "fireworks":
            return row["ground_truth"]
        case "verl":
            return row["reward_model"]["ground_truth"]
        case "verifiers":
            return row["answer"]
        case "aml":
            return row["solution"]
    return row["reference_answer"]


def asked(target: str, row: dict) -> str:
    """The instruction that a row gives the model."""
    match target:
        case "gemini":
            return row["systemInstruction"]["parts"][0]["text"]
        case "aml":
            return row["problem"].partition("\n\n")[0]
    return (row.get("messages") or row["prompt"])[0]["content"]


def scores(target: str, path: Path, rows: list[dict], answers: list[str]) -> list[float]:
    """What the module of the folder gives for an answer to each row."""
    said = [[{"role": "assistant", "content": text}] for text in answers]
    each = list(zip(rows, said, answers, strict=True))
    match target:
        case "bedrock":
            event = [{**row, "messages": row["messages"] + turn} for row, turn, _ in each]
            calls = [["lambda_handler", [event, None], {}]]
        case "gemini":
            thought = {"text": "\\boxed{0} A", "thought": True}
            calls = [
                ["evaluate", [row, {"role": "model", "parts": [thought, {"text": text}]}], {}]
                for row, _, text in each
            ]
        case "fireworks":
            calls = [
                [
                    "score",
                    [row["messages"] + turn, row["ground_truth"]],
                    {"fields": row["input_metadata"]["dataset_info"]},
                ]
                for row, turn, _ in each
            ]
        case "verl":
            calls = [
                [
                    "compute_score",
                    [row["data_source"], text, row["reward_model"]["ground_truth"]],
                    {"extra_info": row["extra_info"] | {"num_turns": 2}},
                ]
                for row, _, text in each
            ]
        case "verifiers":
            calls = [
                ["reward", [], {"completion": turn, "answer": row["answer"], "info": row["info"]}]
                for row, turn, _ in each
            ]
        case _:
            name = "reward" if target == "trl" else "accuracy"
            columns = {key: [row[key] for row in rows] for key in rows[0]}
            prompts = {"prompts": columns.pop("prompt", None)}
            calls = [[name, [said], prompts | columns]]
    got = run(path / "reward.py", calls)
    if target == "bedrock":
        return [result["aggregate_reward_score"] for result in got[0]]
    return got[0] if target in ("trl", "aml") else got


def run(path: Path, calls: list) -> list:
    """The module's answers, in a Python without the project and without packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", PROGRAM, str(path)],
        input=orjson.dumps(calls),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return orjson.loads(done.stdout)


FORMS = {"openr1-math": "\\boxed{%s}", "medmcqa": "Answer: %s"}


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_instruction_form_and_reward_are_a_set(
    target: str, dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    rows = export(target, demo[dataset], tmp_path)[:60]
    form = FORMS[dataset]
    assert {form.partition("%")[0].strip().rstrip("{") in asked(target, row) for row in rows} == {
        True
    }
    answers = [reference(target, row) for row in rows]
    wrong = {"A": "B", "B": "C", "C": "D", "D": "A"}
    others = [wrong.get(answer, "-987654.5") for answer in answers]
    expected = {1.0: answers, 0.0: others}
    for score, given in expected.items():
        texts = ["So I think.\n\n" + form % text for text in given]
        assert scores(target, tmp_path, rows, texts) == [score] * len(rows)
    for text in ("", "I do not know."):
        assert scores(target, tmp_path, rows, [text] * len(rows)) == [0.0] * len(rows)


THINKING = {"%s": 1.0, "<think>a</think>%s": 1.0, "a</think>%s": 1.0, "<think>%s": 0.0}
THINKING |= {"<think>%s</think>": 0.0, "%s</think>a": 0.0, "<think>a</think>%s<think>": 0.0}


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("dataset", [*DATASETS, "own"])
def test_thinking_is_no_answer(
    target: str, dataset: str, demo: dict[str, Prepared], make, tmp_path: Path
) -> None:
    """Nor for a grader of the user's own, which on the service sees no thinking."""
    own = "def grade(sample, item):\n    return item['reference_answer'] in sample['output_text']\n"
    prepared = demo[dataset] if dataset in demo else make(grader=source(own))
    rows = export(target, prepared, tmp_path / "out")[: len(THINKING)]
    form = FORMS[dataset] if dataset in demo else "%s"
    answers = [
        text.replace("%s", form % reference(target, row))
        for row, text in zip(rows, THINKING, strict=True)
    ]
    assert scores(target, tmp_path / "out", rows, answers) == list(THINKING.values())


@pytest.mark.parametrize("target", NAMES)
def test_the_grader_stands_in_it_as_it_is(
    target: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    prepared = demo["openr1-math"]
    export(target, prepared, tmp_path)
    source = prepared.document("grader")["source"]
    assert (tmp_path / "reward.py").read_text(encoding="utf-8").startswith(source.rstrip())


@pytest.mark.parametrize("dataset", DATASETS)
def test_aml_s_trainer_finds_both_rewards(
    dataset: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    row, *_ = export("aml", demo[dataset], tmp_path)
    form = row["problem"].partition("in this form, and nothing else:\n")[2].partition("\n\n")[0]
    answer = form.replace("your answer", FORMS[dataset] % row["solution"])
    texts = {
        answer: [1.0, 1.0],
        answer.replace("</answer>", ""): [1.0, 0.0],
        f"{answer}\n": [1.0, 0.0],
        f"So: {answer}": [1.0, 0.0],
        answer + answer.partition("</think>\n")[2]: [1.0, 0.0],
        form: [0.0, 1.0],
        "": [0.0, 0.0],
    }
    said = [[{"role": "assistant", "content": text}] for text in texts]
    columns = {name: [row[name]] * len(said) for name in ("solution", "item")}
    program = PROGRAM.partition("called = ")[0] + (
        "rewards = module.get_rewards_funcs(['accuracy', 'format'])\n"
        "columns = json.load(sys.stdin)\n"
        "json.dump([each(**columns) for each in rewards], sys.stdout)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program, str(tmp_path / "reward.py")],
        input=orjson.dumps({"completions": said, **columns}),
        capture_output=True,
        check=True,
    )
    assert [*zip(*orjson.loads(done.stdout), strict=True)] == [
        tuple(each) for each in texts.values()
    ]


OWN = "Think in French."


@pytest.mark.parametrize("target", NAMES)
def test_an_instruction_of_one_s_own_is_kept(target: str, make, tmp_path: Path) -> None:
    def change(item: dict) -> None:
        item["messages"][0] = {"role": "developer", "content": OWN}

    for row in export(target, make(change=change), tmp_path / "out"):
        assert OWN in asked(target, row)


@pytest.mark.parametrize("target", NAMES)
def test_an_instruction_whose_answers_nobody_reads_is_refused(
    target: str, demo: dict[str, Prepared], tmp_path: Path
) -> None:
    """Structured output gives way to a letter, and with it the instruction that asks for it."""
    folder = tmp_path / "medmcqa"
    shutil.copytree(demo["medmcqa"].folder, folder)
    path = folder / "train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    item = orjson.loads(lines[3])
    item["messages"][0]["content"] = OWN
    path.write_bytes(b"".join([*lines[:3], orjson.dumps(item) + b"\n", *lines[4:]]))
    with pytest.raises(Unfit) as caught:
        export(target, find(str(folder)), tmp_path / "out")
    assert [(each.code, each.line) for each in caught.value.findings] == [("EXP101", 4)]


def test_structured_output_gives_way_to_a_letter_and_says_so(
    demo: dict[str, Prepared], tmp_path: Path
) -> None:
    told = TARGETS["trl"].write(demo["medmcqa"], tmp_path, report=Progress())
    expected = "graded by 'text', with its instruction: a string_check grader runs on the service"
    assert told.notes[0] == f"{expected} only"
    text = (tmp_path / "reward.py").read_text(encoding="utf-8")
    assert text.startswith(str(python_grader("one_letter")["source"]).rstrip())


def test_a_grader_keeps_its_constants(make, tmp_path: Path) -> None:
    prepared = make(grader=python_grader("boxed_math", BOXED_BUT_WRONG=0.1))
    rows = export("verl", prepared, tmp_path / "out")[:1]
    assert scores("verl", tmp_path / "out", rows, ["\\boxed{77}"]) == [0.1]


def source(text: str) -> dict[str, str]:
    return {"type": "python", "name": "own", "source": text}


@pytest.mark.parametrize("target", NAMES)
def test_a_grader_that_fails_scores_zero(target: str, make, tmp_path: Path) -> None:
    prepared = make(grader=source("def grade(sample, item):\n    return 1 / 0\n"))
    rows = export(target, prepared, tmp_path / "out")[:3]
    assert scores(target, tmp_path / "out", rows, ["1", "2", "3"]) == [0.0] * 3


@pytest.mark.parametrize("target", NAMES)
def test_a_grader_reads_every_field(target: str, make, tmp_path: Path) -> None:
    def change(item: dict) -> None:
        item["options"] = ["a", item["reference_answer"]]
        item["level"] = int(item["reference_answer"]) % 2

    text = (
        "def grade(sample, item):\n"
        "    said = sample['output_text']\n"
        "    return float(said == item['options'][1] == item['reference_answer']\n"
        "        and item['level'] == int(said) % 2)\n"
    )
    rows = export(target, make(grader=source(text), change=change), tmp_path / "out")[:3]
    assert scores(target, tmp_path / "out", rows, ["0", "1", "9"]) == [1.0, 1.0, 0.0]


def test_a_prompt_is_no_answer(make, tmp_path: Path) -> None:
    text = "def grade(sample, item):\n    return float(sample['output_text'] == '')\n"
    rows = export("bedrock", make(grader=source(text)), tmp_path / "out")[:1]
    got = run(tmp_path / "out/reward.py", [["lambda_handler", [rows, None], {}]])
    assert [each["aggregate_reward_score"] for each in got[0]] == [1.0]


@pytest.mark.parametrize(
    ("target", "name"),
    [("trl", "reward"), ("verl", "compute_score"), ("aml", "json"), ("bedrock", "_export_text")],
)
def test_a_name_that_both_have_is_refused(target: str, name: str, make, tmp_path: Path) -> None:
    text = f"def {name}():\n    return 1\n\n\ndef grade(sample, item):\n    return {name}()\n"
    with pytest.raises(BadInput, match=f"its source has '{name}', as reward.py; rename it"):
        export(target, make(grader=source(text)), tmp_path / "out")
