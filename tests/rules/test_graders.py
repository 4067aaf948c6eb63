"""The rules of the grader: each alone, all together, and against hostile values."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from cases_grader import (
    ANSWER,
    BESIDE,
    CASES,
    FORMAT,
    GRADE,
    LABEL,
    MORE,
    TEXT,
    check,
    deep,
    known,
    multi,
    python,
    says,
    score,
    similarity,
)
from hypothesis import given
from hypothesis import strategies as st

from pipelines.graders import formula
from pipelines.graders.documented import MOST_LEVELS, PREVIEW_TYPES, TYPES, table, unreadable
from pipelines.graders.templates import item_fields, strings, templates
from pipelines.io import schema
from pipelines.rules import graders as _1
from pipelines.rules import multi_graders as _2
from pipelines.rules import python_graders as _3
from pipelines.rules import templates as _4
from pipelines.rules.rule import RULES

MODULES = (_1, _2, _3, _4)
CODES = sorted(code for code in RULES if code.startswith("RFT4"))
BROKEN = [(code, broken, pointer) for code, (_, broken, pointer) in CASES.items()] + MORE


def faults(known: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and pointer of all that family 4 finds."""
    return [(code, fault[0]) for code in CODES for fault in RULES[code].faults(known)]


def test_every_rule_has_its_case() -> None:
    assert sorted(CASES) == CODES
    assert {RULES[code].scope for code in CODES} == {"grader"}


@pytest.mark.parametrize("code", CODES)
def test_a_rule_says_what_and_from_where(code: str) -> None:
    assert RULES[code].title.endswith(".")
    assert RULES[code].source
    assert RULES[code].read.startswith("2026-")


@pytest.mark.parametrize("code", CASES)
def test_sound(code: str) -> None:
    assert {found for found, _ in faults(CASES[code][0])} == BESIDE.get(code, set())


@pytest.mark.parametrize(("code", "known", "pointer"), BROKEN)
def test_broken(code: str, known: dict[str, Any], pointer: str) -> None:
    found = list(RULES[code].faults(known))
    assert found
    assert found[0][0] == pointer
    for _, message, remedy in found:
        assert message
        assert remedy
        assert "\n" not in message + remedy


@pytest.mark.parametrize(("code", "known", "pointer"), BROKEN)
def test_one_fault_has_one_code(code: str, known: dict[str, Any], pointer: str) -> None:
    assert {found for found, _ in faults(known)} == {code} | BESIDE.get(code, set())


# In the style of the vendors' guides and samples.
VENDORS = {
    "string check on JSON": check(input="{{sample.output_json.ans}}", pass_threshold=1),
    "fuzzy": similarity(evaluation_metric="fuzzy_match", pass_threshold=0.8),
    "constant reference": check(reference="FINAL", operation="ilike"),
    "template before a brace": says('{"got": "' + TEXT + '", "clause_type": {{item.clause_type}}}'),
    "a template between braces": says("{{{item.a}}} " + TEXT),
    "JSON in a prompt": says(TEXT + ' Answer as {"score": {"value": 0.5}}'),
    "parts": score(
        input=[
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": f"{TEXT} {ANSWER}"}, "and"],
            },
            {"role": "user", "content": {"type": "input_text", "text": "Score."}},
        ]
    ),
    "all parameters": score(
        model="o3-mini-2025-01-31",
        range=[0, 10],
        pass_threshold=5,
        sampling_params={
            "seed": 42,
            "max_completions_tokens": 4096,
            "reasoning_effort": "medium",
            "temperature": None,
        },
    ),
    "parameters that are the default": score(
        model="o3-mini", sampling_params={"top_p": 1, "temperature": 1.0}
    ),
    "python with modules": python(
        "from __future__ import annotations\nimport json, re\nfrom rapidfuzz import fuzz, utils\n"
        "import numpy as np\nfrom rdkit.Chem import MolFromSmiles\nimport rouge_score, skbio\n"
        "import yaml,  ast_grep_py\n\ndef grade(sample: dict, item: dict, *more, k=1) -> float:\n"
        "    return fuzz.WRatio(sample['output_text'], item['answer']) / 100.0\n",
        image_tag="2025-05-08",
        pass_threshold=5,
    ),
    "python with a fallback": python(
        "try:\n    import math_verify\nexcept ImportError:\n    math_verify = None\n" + GRADE
    ),
    "python with braces": python("X = '{{a}} {{'\n" + GRADE),
    "python with a bad escape": python("import re\nX = '\\d'\n" + GRADE),
    "python that looks at all it has": python("def grade(sample, item):\n    return len(locals())"),
    "python in a condition": python("if True:\n    def grade(*both):\n        return 1"),
    "multi": multi("0.75 * max(exact, 0.2) + 0.25 * judge", exact=check(), judge=score())
    | {"invalid_grade": 0.0},
    "multi with python": multi(
        "floor(code) ^ 2 - log(close + 1)", code=python(), close=similarity()
    ),
    "multi that tells items apart": multi(
        "kind * a", kind=check(input="{{item.kind}}", reference="math"), a=check()
    ),
}


@pytest.mark.parametrize("grader", VENDORS.values(), ids=VENDORS)
def test_vendors_graders_pass(grader: dict) -> None:
    assert faults(known(grader, FORMAT)) == []
    assert schema.compiled("grader").is_valid(grader)


@pytest.mark.parametrize(
    "body",
    [
        "sample.get('output_json') or sample['output_text']",
        "sample['output_json'] if 'output_json' in sample else sample.get('output_text')",
        "sample['output_text'] == item['output_json']",
        "sample[item['output_json']]",
    ],
)
def test_a_source_may_do_without_json(body: str) -> None:
    assert faults(known(python(f"def grade(sample, item):\n    return float({body})\n"))) == []


@pytest.mark.parametrize(
    ("grader", "expected"),
    [
        (check(operation="neq"), "write 'ne'"),
        (score(sampling_parameters={}), "write 'sampling_params'"),
        (
            score(sampling_params={"max_completion_tokens": 9}),
            "write 'max_completions_tokens'",
        ),
        (multi("exact + b"), "write a"),
        (check(reference="{{ item.answer }}"), "write '{{item.answer}}'"),
    ],
)
def test_remedies_name_the_right_word(grader: dict, expected: str) -> None:
    (remedy,) = {f[2] for code in CODES for f in RULES[code].faults(known(grader))}
    assert remedy == expected


def test_several_faults_are_all_found() -> None:
    grader = multi("a * c", a=check(operation="neq", reference="{{x}}"), b=LABEL | {"labels": 1})
    assert faults(known(grader)) == [
        ("RFT401", "/graders/b/labels"),
        ("RFT403", "/graders/b/type"),
        ("RFT405", "/graders/a/operation"),
        ("RFT421", "/graders/a/reference"),
        ("RFT443", "/calculate_output"),
    ]


def test_schema_and_code_know_the_same() -> None:
    parts = schema.load("grader")["$defs"]
    assert {*TYPES, *PREVIEW_TYPES} <= set(parts)
    check, near = parts["string_check"]["properties"], parts["text_similarity"]["properties"]
    assert tuple(check["operation"]["enum"]) == _1.OPERATIONS
    assert tuple(near["evaluation_metric"]["enum"]) == _1.METRICS
    assert tuple(parts["messages"]["items"]["properties"]["role"]["enum"]) == _1.ROLES


def test_the_table_is_dated() -> None:
    for entry in (*table()["models"].values(), table()["sandbox"]):
        assert entry["source"]
        assert entry["read"].year >= 2026
    for name, package in table()["sandbox"]["modules"].items():
        assert name.isidentifier()
        assert len(package.split()) == 2


@pytest.mark.parametrize(
    ("text", "paths", "unclosed"),
    [
        ("{{item.x}}}", [("item", "x")], 0),
        ("{{{item.x}}}", [("item", "x")], 0),
        ("{{ item.x.y }}", [("item", "x", "y")], 0),
        ("{{item.x[0].y}}", [("item", "x", "[0]", "y")], 0),
        ("{{item.a}}{{item.b}}", [("item", "a"), ("item", "b")], 0),
        ("}} {{item.a", [], 1),
        ("{{a {{item.b}} {{", [("item", "b")], 2),
        ("{{}}", [("",)], 0),
        ("{ {item.x} }", [], 0),
    ],
)
def test_templates(text: str, paths: list, unclosed: int) -> None:
    found, opened = templates(text)
    assert [template.path for template in found] == paths
    assert opened == unclosed


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1", set()),
        ("a", {"a"}),
        ("-a * +b ^ -c", {"a", "b", "c"}),
        ("min(a, max(b, 0.5), 1e-3) / sqrt((a))", {"a", "b"}),
        ("log (a, 2)\n+ ceil(b)", {"a", "b"}),
    ],
)
def test_formula(text: str, names: set[str]) -> None:
    assert formula.parse(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("a +", "it ends where a value is expected"),
        ("a b", "expected an operator at character 3, got 'b'"),
        ("2a", "expected an operator at character 2, got 'a'"),
        ("a(b)", "unknown function 'a', known are min, max, abs, floor, ceil, exp, sqrt, log"),
        ("abs(a, b)", "abs takes 1 argument, got 2 at character 9"),
        ("min()", "expected a value at character 5, got ')'"),
        ("(a, b)", "the comma at character 3 is not between a function's arguments"),
        ("a)", "the parenthesis at character 2 closes none"),
        ("((a)", "1 of its parentheses are not closed"),
        ("a ** 2", "'**' at character 3 is not known, a power is written '^'"),
        ("a % 2", "'%' at character 3 has no meaning in a formula"),
    ],
)
def test_no_formula(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        formula.parse(text)
    assert str(raised.value) == message


@given(st.text(alphabet="ab1.e+-*/^(),minx _{%é\n") | st.text())
def test_no_formula_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(formula.parse(text), set)
    faults(known(multi(text)))


# Half of the keys and strings are such as a grader has, so that the rules look further.
WORDS = sorted(
    {
        w
        for _, b, _ in BROKEN
        if not unreadable(b)
        for p, t in strings(b["grader"])
        for w in (t, *(x for x in p if isinstance(x, str)))
        if len(w) < 200
    }
)
NAMES = sorted(
    {str(x) for _, b, _ in BROKEN if not unreadable(b) for p, _ in strings(b["grader"]) for x in p}
)
TEXTS = st.sampled_from(WORDS) | st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.none() | st.just(FORMAT))
def test_no_json_raises(value: object, response_format: dict | None) -> None:
    faults(known(value, response_format))
    item_fields(value)


@given(st.sampled_from(BROKEN), st.data())
def test_no_grader_with_a_changed_part_raises(case: tuple, data: st.DataObject) -> None:
    grader = case[1]["grader"]
    if isinstance(grader, dict) and grader:
        grader = grader | {data.draw(st.sampled_from(sorted(grader))): data.draw(JSON)}
        faults(known(grader))
        faults(known(multi("a", a=grader)))


@given(st.text(alphabet="{}item.samplx[0] "))
def test_no_template_raises(text: str) -> None:
    faults(known(check(reference=text)))
    for template in templates(text)[0]:
        assert str(template) in text


HOSTILE = {
    "a deep list": deep(900),
    "a deep object": check(input=deep(MOST_LEVELS + 1)),
    "many braces": check(reference="{{" * 300_000),
    "many closing braces": check(reference="{" * 300_000 + "}" * 300_000),
    "a long template": check(reference="{{" + "item.a[0]." * 50_000 + "}}"),
    "many parentheses": multi("(" * 300_000 + "a" + ")" * 300_000),
    "many names": multi("a   +" * 100_000),
    "spaces": multi("a" + " " * 500_000),
    "digits": multi("1" * 500_000),
    "a long attribute": python("x" + ".x" * 100_000),
    "a deep default": python("def grade(a=" + "-" * 900 + "1): pass"),
    "nested lists in source": python("[" * 90 + "]" * 90),
    "many children": multi("a", **{f"a{i}": {} for i in range(20_000)}),
    "a huge number": score(range=[10**400, 0], pass_threshold=10**400),
    "no number": score(range=[float("nan"), 1], pass_threshold=float("inf")),
}


@pytest.mark.parametrize("grader", HOSTILE.values(), ids=HOSTILE)
def test_hostile_graders_are_refused_soon(grader: object) -> None:
    start = time.process_time()
    assert faults(known(grader))
    item_fields(grader)
    assert time.process_time() - start < 10
