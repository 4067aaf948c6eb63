"""One sound and one broken grader a rule of family 4, and more broken ones."""

from __future__ import annotations

from typing import Any

GRADE = "def grade(sample, item):\n    return len(sample) / 9\n"
IGNORES = "def grade(sample, item):\n    return item['x']\n"
TEXT, ANSWER = "{{sample.output_text}}", "{{item.answer}}"
FORMAT = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {}}}


def known(grader: Any, response_format: dict | None = None) -> dict[str, Any]:
    return {"grader": grader, "response_format": response_format}


def changed(grader: dict[str, Any], without: str = "", **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (grader | changes).items() if key != without}


def check(without: str = "", **changes: Any) -> dict[str, Any]:
    grader = {
        "type": "string_check",
        "name": "exact",
        "input": TEXT,
        "reference": ANSWER,
        "operation": "eq",
    }
    return changed(grader, without, **changes)


def similarity(without: str = "", **changes: Any) -> dict[str, Any]:
    grader = {
        "type": "text_similarity",
        "name": "close",
        "input": TEXT,
        "reference": ANSWER,
        "evaluation_metric": "fuzzy_match",
    }
    return changed(grader, without, **changes)


def python(source: str = GRADE, **changes: Any) -> dict:
    return {"type": "python", "name": "code", "source": source} | changes


def score(without: str = "", **changes: Any) -> dict[str, Any]:
    grader = {
        "type": "score_model",
        "name": "judge",
        "model": "gpt-4o-2024-08-06",
        "input": [
            {"role": "system", "content": "Give a number from 0 to 1."},
            {"role": "user", "content": f"Expected {ANSWER}, got {TEXT}"},
        ],
    }
    return changed(grader, without, **changes)


def says(content: Any, role: Any = "user") -> dict[str, Any]:
    return score(input=[{"role": role, "content": content}])


def multi(formula: Any = "0.5 * a + 0.5 * b", without: str = "", **children: Any) -> dict:
    grader = {
        "type": "multi",
        "name": "both",
        "graders": children or {"a": check(), "b": similarity()},
        "calculate_output": formula,
    }
    return changed(grader, without)


LABEL = {
    "type": "label_model",
    "name": "label",
    "model": "gpt-4o-2024-08-06",
    "input": [{"role": "user", "content": TEXT}],
    "labels": ["good", "bad"],
    "passing_labels": ["good"],
}
ENDPOINT = {"type": "endpoint", "name": "mine", "url": "https://grader.example/score"}
JSON_FIELD = "{{sample.output_json.answer}}"


READS_JSON = "def grade(sample, item):\n    return float(sample['output_json'] == item['answer'])\n"


def deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


# code: (known that passes, known that fails, pointer of the fault)
CASES: dict[str, tuple[dict, dict, str]] = {
    "RFT401": (known(check()), known(check(without="operation")), ""),
    "RFT402": (known(check()), known(check(type="contains")), "/type"),
    "RFT403": (known(check()), known(ENDPOINT), "/type"),
    "RFT404": (known(check()), known(check(without="name")), ""),
    "RFT405": (known(check(operation="ne")), known(check(operation="neq")), "/operation"),
    "RFT406": (
        known(similarity(evaluation_metric="rouge_l")),
        known(similarity(evaluation_metric="cosine")),
        "/evaluation_metric",
    ),
    "RFT407": (
        known(score(range=[0, 10], pass_threshold=7)),
        known(similarity(pass_threshold=1.5)),
        "/pass_threshold",
    ),
    "RFT408": (
        known(multi("a", a=check())),
        known(multi("a", a=similarity(pass_threshold=0.5))),
        "/graders/a/pass_threshold",
    ),
    "RFT410": (known(score(model="o3-mini")), known(score(model="gpt4.1")), "/model"),
    "RFT415": (known(score(model="gpt-5.4-mini")), known(score(model="gpt-9")), "/model"),
    "RFT411": (known(score(range=[-1, 2.5])), known(score(range=[1, 1])), "/range"),
    "RFT412": (known(says(TEXT, "developer")), known(says(TEXT, "tool")), "/input/0/role"),
    "RFT413": (
        known(score(sampling_params={"temperature": 0, "top_p": 1, "seed": 1})),
        known(score(model="o3-mini", sampling_params={"temperature": 0})),
        "/sampling_params/temperature",
    ),
    "RFT414": (
        known(multi("a", a=LABEL)),
        known(multi("a", a=LABEL | {"passing_labels": ["good", "fine"]})),
        "/graders/a/passing_labels/1",
    ),
    "RFT420": (known(says(f'{{"a": {TEXT}}}')), known(says(TEXT + "{{item.x")), "/input/0/content"),
    "RFT421": (known(check()), known(check(reference="{{answer}}")), "/reference"),
    "RFT422": (
        known(check(input="{{sample.output_tools}}")),
        known(check(input="{{sample.text}}")),
        "/input",
    ),
    "RFT423": (known(check(input=JSON_FIELD), FORMAT), known(check(input=JSON_FIELD)), "/input"),
    "RFT424": (known(check()), known(check(reference="{{ item.answer }}")), "/reference"),
    "RFT425": (known(check()), known(check(reference="{{item.answers[0]}}")), "/reference"),
    "RFT426": (
        known(check(reference="{{item.truth.date}}")),
        known(check(reference="{{item.the answer}}")),
        "/reference",
    ),
    "RFT427": (known(check(reference="yes")), known(check(input="yes", reference="no")), ""),
    "RFT428": (known(check()), known(check(reference=TEXT)), "/reference"),
    "RFT429": (known(check()), known(check(reference="item.answer")), "/reference"),
    "RFT430": (
        known(python(GRADE + "#" * 255_900)),
        known(python(GRADE + "#" * 256_000)),
        "/source",
    ),
    "RFT431": (known(python()), known(python("def grade(sample, item) return 1")), "/source"),
    "RFT432": (known(python()), known(python("def score(sample, item):\n    return 1")), "/source"),
    "RFT433": (
        known(python("import re, sklearn.metrics\ngrade = lambda s, i: len(s)")),
        known(python("import math_verify\ngrade = lambda s, i: len(s)")),
        "/source",
    ),
    "RFT434": (
        known(python("from urllib.parse import quote\ngrade = lambda s, i: len(s)")),
        known(python("import urllib.request\ngrade = lambda s, i: len(s)")),
        "/source",
    ),
    "RFT435": (
        known(python(READS_JSON), FORMAT),
        known(python(READS_JSON)),
        "/source",
    ),
    "RFT436": (
        known(python("def grade(sample, item):\n    return len(sample.get('output_text'))")),
        known(python("def grade(sample, item):\n    return sample.output_text == item['answer']")),
        "/source",
    ),
    "RFT440": (
        known(multi()),
        known(multi("a", a=multi())),
        "/graders/a/type",
    ),
    "RFT441": (
        known(multi("a_b", a_b=check())),
        known(multi("a - b", **{"a-b": check()})),
        "/graders/a-b",
    ),
    "RFT442": (
        known(multi("max(a, 0) * sqrt(abs(b)) ^ 2 / -(3.5e-1 + .5)")),
        known(multi("mean(a, b)")),
        "/calculate_output",
    ),
    "RFT443": (known(multi()), known(multi("a + c")), "/calculate_output"),
    "RFT444": (known(multi("min(a, b)")), known(multi("a")), "/graders/b"),
}

# Warnings that a case cannot do without.
BESIDE: dict[str, set[str]] = {"RFT414": {"RFT403"}}

MORE: list[tuple[str, dict, str]] = [
    ("RFT401", known(check(input=None)), "/input"),
    ("RFT401", known(check(reference=7)), "/reference"),
    ("RFT401", known(check(name=["x"])), "/name"),
    ("RFT401", known(check(case_sensitive=True)), "/case_sensitive"),
    ("RFT401", known(check(without="input")), ""),
    ("RFT401", known(similarity(without="evaluation_metric")), ""),
    ("RFT401", known(similarity(pass_threshold="0.5")), "/pass_threshold"),
    ("RFT401", known(python("")), "/source"),
    ("RFT401", known({"type": "python", "name": "x"}), ""),
    ("RFT401", known(python(image_tag=1)), "/image_tag"),
    ("RFT401", known(score(without="model")), ""),
    ("RFT401", known(score(input=TEXT)), "/input"),
    ("RFT401", known(score(input=[])), "/input"),
    ("RFT401", known(score(input=[TEXT])), "/input/0"),
    ("RFT401", known(score(input=[{"content": TEXT}])), "/input/0"),
    ("RFT401", known(says(None)), "/input/0/content"),
    ("RFT401", known(says([{"text": TEXT}])), "/input/0/content/0"),
    ("RFT401", known(score(range=[0, 1, 2])), "/range"),
    ("RFT401", known(score(range=["0", 1])), "/range/0"),
    ("RFT401", known(score(sampling_parameters={"seed": 1})), "/sampling_parameters"),
    (
        "RFT401",
        known(score(sampling_params={"max_completion_tokens": 9})),
        "/sampling_params/max_completion_tokens",
    ),
    (
        "RFT401",
        known(score(sampling_params={"max_completions_tokens": 0})),
        "/sampling_params/max_completions_tokens",
    ),
    (
        "RFT401",
        known(score(model="o3-mini", sampling_params={"reasoning_effort": "huge"})),
        "/sampling_params/reasoning_effort",
    ),
    ("RFT401", known(multi(without="calculate_output")), ""),
    ("RFT401", known(multi("")), "/calculate_output"),
    ("RFT401", known(multi() | {"graders": {}}), "/graders"),
    ("RFT401", known(multi() | {"graders": [check()]}), "/graders"),
    ("RFT401", known(multi() | {"invalid_grade": "0"}), "/invalid_grade"),
    ("RFT401", known(multi("a", a=check(without="input"))), "/graders/a"),
    ("RFT401", known(multi("a", a=check(extra=1))), "/graders/a/extra"),
    ("RFT401", known(check(input=deep(900))), ""),
    ("RFT402", known([check()]), ""),
    ("RFT402", known("string_check"), ""),
    ("RFT402", known(7), ""),
    ("RFT402", known({}), ""),
    ("RFT402", known(check(type=["string_check"])), "/type"),
    ("RFT402", known(LABEL), "/type"),
    ("RFT402", known(multi("a", a="string_check")), "/graders/a"),
    ("RFT402", known(multi("a", a=check(without="type"))), "/graders/a"),
    ("RFT402", known(multi("a", a=check(type="regex"))), "/graders/a/type"),
    ("RFT403", known(multi("a", a=LABEL)), "/graders/a/type"),
    ("RFT403", known(multi("a", a=ENDPOINT)), "/graders/a/type"),
    ("RFT404", known(check(name="")), "/name"),
    ("RFT404", known(multi("a", a=check(without="name"))), "/graders/a"),
    ("RFT405", known(check(operation="contains")), "/operation"),
    ("RFT405", known(check(operation=["eq"])), "/operation"),
    ("RFT405", known(multi("a", a=check(operation="EQ"))), "/graders/a/operation"),
    ("RFT406", known(similarity(evaluation_metric="rouge_6")), "/evaluation_metric"),
    ("RFT406", known(similarity(evaluation_metric=None)), "/evaluation_metric"),
    (
        "RFT406",
        known(multi("a", a=similarity(evaluation_metric="cosine"))),
        "/graders/a/evaluation_metric",
    ),
    ("RFT407", known(check(pass_threshold=-0.1)), "/pass_threshold"),
    ("RFT407", known(score(pass_threshold=3)), "/pass_threshold"),
    ("RFT407", known(score(range=[1, 5], pass_threshold=0)), "/pass_threshold"),
    ("RFT410", known(score(model="o4-mini-2025-04-16")), "/model"),
    ("RFT410", known(score(model="o4-mini")), "/model"),
    ("RFT410", known(score(model="o3")), "/model"),
    ("RFT415", known(multi("a", a=score(model="my-deployment"))), "/graders/a/model"),
    ("RFT411", known(score(range=[10, 0])), "/range"),
    ("RFT412", known(says(TEXT, None)), "/input/0/role"),
    (
        "RFT413",
        known(score(sampling_params={"reasoning_effort": "low"})),
        "/sampling_params/reasoning_effort",
    ),
    (
        "RFT413",
        known(score(model="o3-mini-2025-01-31", sampling_params={"top_p": 0.9})),
        "/sampling_params/top_p",
    ),
    (
        "RFT414",
        known(multi("a", a=LABEL | {"labels": ["Good", "bad"]})),
        "/graders/a/passing_labels/0",
    ),
    ("RFT420", known(check(reference="{{item.a {{item.b}}")), "/reference"),
    ("RFT421", known(check(reference="{{row.answer}}")), "/reference"),
    ("RFT421", known(check(reference="{{}}")), "/reference"),
    ("RFT421", known(says(TEXT + r" \frac{{a}}{b}")), "/input/0/content"),
    (
        "RFT421",
        known(says([{"type": "input_text", "text": TEXT + "{{Item.x}}"}])),
        "/input/0/content/0/text",
    ),
    ("RFT422", known(check(input="{{sample.output}}")), "/input"),
    ("RFT422", known(multi("a", a=check(input="{{sample.answer}}"))), "/graders/a/input"),
    ("RFT423", known(says(f"{JSON_FIELD}")), "/input/0/content"),
    ("RFT424", known(check(input="{{ sample.output_text}}")), "/input"),
    ("RFT425", known(check(input="{{sample.output_tools[0].function.name}}")), "/input"),
    ("RFT426", known(check(reference="{{item}}")), "/reference"),
    ("RFT426", known(check(reference="{{item.réponse}}")), "/reference"),
    ("RFT427", known(check(input=ANSWER)), ""),
    ("RFT427", known(similarity(input="a", reference="b")), ""),
    ("RFT427", known(says("Give 1.")), ""),
    ("RFT427", known(multi("a", a=check(input="a", reference="b"))), "/graders/a"),
    ("RFT427", known(multi("a", a=check(input=ANSWER))), ""),
    ("RFT427", known(multi("a * b", a=check(input=ANSWER), b=python(IGNORES))), ""),
    ("RFT427", known(python(IGNORES)), ""),
    ("RFT427", known(python("def grade(sample, item): return 1")), ""),
    ("RFT427", known(python("grade = lambda s, i: i['x']")), ""),
    ("RFT430", known(python(GRADE + "#" + "é" * 128_000)), "/source"),
    ("RFT431", known(python("def grade(sample, item):\\n    return 1")), "/source"),
    ("RFT431", known(python("\0")), "/source"),
    ("RFT401", known(python("\ud800")), ""),
    ("RFT401", known(check(**{"\udfff": 1})), ""),
    ("RFT431", known(python("-" * 200_000 + "1")), "/source"),
    ("RFT431", known(python("(" * 200_000)), "/source"),
    ("RFT432", known(python("class A:\n    def grade(self, item):\n        return 1")), "/source"),
    ("RFT432", known(python("def grade(sample):\n    return 1")), "/source"),
    ("RFT432", known(python("def grade(sample, item, more):\n    return 1")), "/source"),
    ("RFT432", known(python("def grade(sample, *, item):\n    return 1")), "/source"),
    ("RFT432", known(python("async def grade(sample, item):\n    return 1")), "/source"),
    ("RFT432", known(python("grade = lambda sample: 1")), "/source"),
    ("RFT433", known(python("import requests\n" + GRADE)), "/source"),
    ("RFT433", known(python("from . import other\n" + GRADE)), "/source"),
    ("RFT433", known(python(GRADE.replace("return", "import torch.nn; return"))), "/source"),
    ("RFT434", known(python("import socket\n" + GRADE)), "/source"),
    ("RFT434", known(python("from urllib import request\n" + GRADE)), "/source"),
    ("RFT434", known(python("import http\n" + GRADE)), "/source"),
    (
        "RFT435",
        known(python(GRADE.replace("sample)", "sample.get('output_json', {}))"))),
        "/source",
    ),
    (
        "RFT435",
        known(python(f"def read(sample):\n    return sample['output_json']\n{GRADE}")),
        "/source",
    ),
    ("RFT435", known(multi("a", a=python(READS_JSON))), "/graders/a/source"),
    ("RFT441", known(multi("1", **{"a/b": check()})), "/graders/a~1b"),
    ("RFT441", known(multi("1", **{"": check()})), "/graders/"),
    ("RFT442", known(multi("a +")), "/calculate_output"),
    ("RFT442", known(multi("(a + b")), "/calculate_output"),
    ("RFT442", known(multi("a ** b")), "/calculate_output"),
    ("RFT442", known(multi("a if b else 0")), "/calculate_output"),
    ("RFT442", known(multi("{{a}} + b")), "/calculate_output"),
    ("RFT442", known(multi(" ")), "/calculate_output"),
    ("RFT443", known(multi("exact + close")), "/calculate_output"),
    ("RFT443", known(multi("max + a")), "/calculate_output"),
]
