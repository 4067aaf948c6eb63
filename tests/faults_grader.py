"""Sound graders, and the faults that one change makes of them."""

from __future__ import annotations

from typing import Any

from cases_grader import ANSWER, GRADE, JSON_FIELD, LABEL, TEXT, check, multi, python, similarity
from cases_grader import score as score_model
from cases_job import FORMAT
from changes import Change, put, rename

# Documents by name; the faults are in the first of them.
SOUND: dict[str, dict[str, Any]] = {
    "string_check": {"grader": check()},
    "string_check of JSON": {"grader": check(input=JSON_FIELD), "response_format": FORMAT},
    "text_similarity": {"grader": similarity(pass_threshold=0.8)},
    "python": {"grader": python("import json\n\n" + GRADE)},
    "python of JSON": {
        "grader": python(
            GRADE.replace("len(sample) / 9", "float(sample['output_json'] == item['answer'])")
        ),
        "response_format": FORMAT,
    },
    "score_model": {
        "grader": score_model(range=[0, 10], pass_threshold=5, sampling_params={"seed": 1})
    },
    "reasoning score_model": {
        "grader": score_model(model="o3-mini", sampling_params={"reasoning_effort": "low"})
    },
    "multi": {
        "grader": multi(
            "0.5 * exact + 0.3 * max(close, code) + 0.2 * judge",
            exact=check(),
            close=similarity(),
            code=python(),
            judge=score_model(),
        )
    },
    "multi with labels": {"grader": multi("exact * kind", exact=check(), kind=LABEL)},
}


def say(content: Any) -> Change:
    """Change what the last message to a grader model says."""
    return put("grader.input.-1.content", content)


def source(text: str) -> Change:
    return put("grader.source", text)


# Name: (sound documents, what is done to them, the rule that finds it, its JSON Pointer).
FAULTS: dict[str, tuple[str, Change, str, str]] = {
    "no type": ("string_check", put("grader.type", ...), "RFT402", ""),
    "a type of evaluations": ("string_check", put("grader.type", "contains"), "RFT402", "/type"),
    "label_model by itself": ("string_check", put("grader", LABEL), "RFT402", "/type"),
    "a list of graders": ("string_check", put("grader", [check()]), "RFT402", ""),
    "a child without a type": (
        "multi",
        put("grader.graders.exact", {}),
        "RFT402",
        "/graders/exact",
    ),
    "endpoint": (
        "string_check",
        put("grader", {"type": "endpoint", "name": "mine", "url": "https://grader.example"}),
        "RFT403",
        "/type",
    ),
    "no operation": ("string_check", put("grader.operation", ...), "RFT401", ""),
    "no reference": ("text_similarity", put("grader.reference", ...), "RFT401", ""),
    "reference a number": ("string_check", put("grader.reference", 4), "RFT401", "/reference"),
    "an unknown field": ("string_check", put("grader.strict", True), "RFT401", "/strict"),
    "no name": ("string_check", put("grader.name", ...), "RFT404", ""),
    "neq": ("string_check", put("grader.operation", "neq"), "RFT405", "/operation"),
    "EQ": ("string_check", put("grader.operation", "EQ"), "RFT405", "/operation"),
    "contains in a child": (
        "multi",
        put("grader.graders.exact.operation", "contains"),
        "RFT405",
        "/graders/exact/operation",
    ),
    "no metric": ("text_similarity", put("grader.evaluation_metric", ...), "RFT401", ""),
    "cosine": (
        "text_similarity",
        put("grader.evaluation_metric", "cosine"),
        "RFT406",
        "/evaluation_metric",
    ),
    "rouge_6 in a child": (
        "multi",
        put("grader.graders.close.evaluation_metric", "rouge_6"),
        "RFT406",
        "/graders/close/evaluation_metric",
    ),
    "threshold over 1": (
        "text_similarity",
        put("grader.pass_threshold", 1.1),
        "RFT407",
        "/pass_threshold",
    ),
    "threshold under the range": (
        "score_model",
        put("grader.pass_threshold", -1),
        "RFT407",
        "/pass_threshold",
    ),
    "threshold a text": (
        "text_similarity",
        put("grader.pass_threshold", "0.8"),
        "RFT401",
        "/pass_threshold",
    ),
    "threshold of a child": (
        "multi",
        put("grader.graders.close.pass_threshold", 0.5),
        "RFT408",
        "/graders/close/pass_threshold",
    ),
    "no model": ("score_model", put("grader.model", ...), "RFT401", ""),
    "an unknown model": ("score_model", put("grader.model", "gpt-0"), "RFT415", "/model"),
    "a name without a date": ("score_model", put("grader.model", "o3"), "RFT410", "/model"),
    "input a text": ("score_model", put("grader.input", TEXT), "RFT401", "/input"),
    "no messages": ("score_model", put("grader.input", []), "RFT401", "/input"),
    "range falls": ("score_model", put("grader.range", [10, 0]), "RFT411", "/range"),
    "range of three": ("score_model", put("grader.range", [0, 5, 10]), "RFT401", "/range"),
    "role tool": ("score_model", put("grader.input.1.role", "tool"), "RFT412", "/input/1/role"),
    "sampling_parameters": (
        "score_model",
        rename("grader.sampling_params", "sampling_parameters"),
        "RFT401",
        "/sampling_parameters",
    ),
    "max_completion_tokens": (
        "score_model",
        put("grader.sampling_params.max_completion_tokens", 9),
        "RFT401",
        "/sampling_params/max_completion_tokens",
    ),
    "temperature of a reasoning model": (
        "reasoning score_model",
        put("grader.sampling_params.temperature", 0),
        "RFT413",
        "/sampling_params/temperature",
    ),
    "effort of another model": (
        "score_model",
        put("grader.sampling_params.reasoning_effort", "low"),
        "RFT413",
        "/sampling_params/reasoning_effort",
    ),
    "a passing label that is none": (
        "multi with labels",
        put("grader.graders.kind.passing_labels", ["good", "great"]),
        "RFT414",
        "/graders/kind/passing_labels/1",
    ),
    "no passing labels": (
        "multi with labels",
        put("grader.graders.kind.passing_labels", ...),
        "RFT401",
        "/graders/kind",
    ),
    "open braces": ("string_check", put("grader.reference", "{{item.a"), "RFT420", "/reference"),
    "open braces in a message": ("score_model", say(TEXT + "{{"), "RFT420", "/input/1/content"),
    "a bare field": ("string_check", put("grader.reference", "{{a}}"), "RFT421", "/reference"),
    "a bare field in a part": (
        "score_model",
        say([{"type": "input_text", "text": f"{TEXT} {{{{answer}}}}"}]),
        "RFT421",
        "/input/1/content/0/text",
    ),
    "sample.text": ("string_check", put("grader.input", "{{sample.text}}"), "RFT422", "/input"),
    "sample.answer in a child": (
        "multi",
        put("grader.graders.close.input", "{{sample.answer}}"),
        "RFT422",
        "/graders/close/input",
    ),
    "spaces in braces": (
        "string_check",
        put("grader.reference", "{{ item.answer }}"),
        "RFT424",
        "/reference",
    ),
    "an index": ("string_check", put("grader.reference", "{{item.a[0]}}"), "RFT425", "/reference"),
    "a field with a hyphen": (
        "string_check",
        put("grader.reference", "{{item.the-answer}}"),
        "RFT426",
        "/reference",
    ),
    "no answer": ("text_similarity", put("grader.input", "yes"), "RFT427", ""),
    "the answer with itself": (
        "string_check",
        put("grader.reference", TEXT),
        "RFT428",
        "/reference",
    ),
    "the item with itself": ("string_check", put("grader.input", ANSWER), "RFT427", ""),
    "a field without braces": (
        "string_check",
        put("grader.reference", "{item.reference_answer}"),
        "RFT429",
        "/reference",
    ),
    "a dict read as an object": (
        "python",
        source("def grade(sample, item):\n    return sample.output_text == item['answer']"),
        "RFT436",
        "/source",
    ),
    "no source": ("python", put("grader.source", ...), "RFT401", ""),
    "an empty source": ("python", source(""), "RFT401", "/source"),
    "256 kB": ("python", source(GRADE + "#" * 256_000), "RFT430", "/source"),
    "newlines escaped twice": ("python", source(GRADE.replace("\n", "\\n")), "RFT431", "/source"),
    "python cut": ("python", source(GRADE[:-10] + "("), "RFT431", "/source"),
    "another function": ("python", source(GRADE.replace("grade", "score")), "RFT432", "/source"),
    "one argument": ("python", source(GRADE.replace(", item", "")), "RFT432", "/source"),
    "asynchronous": ("python", source("async " + GRADE), "RFT432", "/source"),
    "requests": ("python", source("import requests\n" + GRADE), "RFT433", "/source"),
    "torch in a child": (
        "multi",
        put("grader.graders.code.source", "from torch import nn\n" + GRADE),
        "RFT433",
        "/graders/code/source",
    ),
    "a network": ("python", source("import urllib.request\n" + GRADE), "RFT434", "/source"),
    "multi in multi": (
        "multi",
        put("grader.graders.exact", multi()),
        "RFT440",
        "/graders/exact/type",
    ),
    "a key with a hyphen": (
        "multi",
        rename("grader.graders.exact", "exact-match"),
        "RFT441",
        "/graders/exact-match",
    ),
    "no graders": ("multi", put("grader.graders", {}), "RFT401", "/graders"),
    "no formula": ("multi", put("grader.calculate_output", ...), "RFT401", ""),
    "an unknown function": (
        "multi",
        put("grader.calculate_output", "mean(exact, close)"),
        "RFT442",
        "/calculate_output",
    ),
    "a power as in Python": (
        "multi",
        put("grader.calculate_output", "exact ** 2"),
        "RFT442",
        "/calculate_output",
    ),
    "an open parenthesis": (
        "multi",
        put("grader.calculate_output", "(exact + close"),
        "RFT442",
        "/calculate_output",
    ),
    "an unknown name": (
        "multi",
        put("grader.calculate_output", "exact + closeness"),
        "RFT443",
        "/calculate_output",
    ),
    "a child without a part": (
        "multi with labels",
        put("grader.calculate_output", "kind"),
        "RFT444",
        "/graders/exact",
    ),
}
