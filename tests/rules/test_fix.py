"""Repairs: what each makes of a line or document, and that a second one finds nothing."""

from __future__ import annotations

import copy
import io
import json

import orjson
import pytest
from cases_job import CASES, FLAT, FORMAT, GRADER, HYPER, IN, JOB, inner, job
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rules import jobs, response_format
from pipelines.rules.fix import Change, fix_document, fix_lines
from pipelines.rules.rule import RULES, of_scope

BOM = b"\xef\xbb\xbf"
TOLD = "role 'system' became 'developer'"


def fixed(data: bytes) -> tuple[bytes, list[Change]]:
    parts = list(fix_lines(io.BytesIO(data), "a.jsonl"))
    return b"".join(line for line, _ in parts), [one for _, changes in parts for one in changes]


@pytest.mark.parametrize(
    ("given_bytes", "expected", "places"),
    [
        (b"", b"", []),
        (b"{}\n", b"{}\n", []),
        (b'{"a": 1.0, "b":1e5, "c":"\\u00e9"}\n', b'{"a": 1.0, "b":1e5, "c":"\\u00e9"}\n', []),
        (b"not json\n", b"not json\n", []),
        (b"\xff\xfe\n", b"\xff\xfe\n", []),
        (BOM + b"{}\n", b"{}\n", [(1, "RFT104")]),
        (BOM + BOM + b"{}\n", b"{}\n", [(1, "RFT104"), (1, "RFT104")]),
        (BOM + b"\n" + BOM + b"{}\n", b"{}\n", [(1, "RFT104"), (1, "RFT106"), (2, "RFT104")]),
        (b"{}\n" + BOM + b"{}\n", b"{}\n" + BOM + b"{}\n", []),
        (b"{}\r\n{}\r\n", b"{}\n{}\n", [(1, "RFT105"), (2, "RFT105")]),
        (b"{}\r\r\n", b"{}\n", [(1, "RFT105")]),
        (b"{}\r", b"{}\n", [(1, "RFT105")]),
        (b'{"a":\r1}\n', b'{"a":\r1}\n', []),
        (b"{}", b"{}\n", [(1, "RFT107")]),
        (b"\n{}\n \t\r\n{}\n\n", b"{}\n{}\n", [(1, "RFT106"), (3, "RFT106"), (5, "RFT106")]),
        (b"{} \n", b"{} \n", []),
        (
            BOM + b"{}\r\n\n{}",
            b"{}\n{}\n",
            [(1, "RFT104"), (1, "RFT105"), (2, "RFT106"), (3, "RFT107")],
        ),
    ],
)
def test_bytes_of_a_file(
    given_bytes: bytes, expected: bytes, places: list[tuple[int, str]]
) -> None:
    data, changes = fixed(given_bytes)
    assert (data, [(change.line, change.code) for change in changes]) == (expected, places)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('{"messages": [{"role": "system", "content": "é"}]}', None),
        ('{ "messages":[{"content":"x","role" : "system"}], "n": 1.50, "n": 2 }', None),
        (r'{"messages":[{"role":"system","content":"\"role\": \"system\" \u00e9"}]}', None),
        (
            '{"messages":[{"role":"system"}],"example": {"role":"system"}}',
            '{"messages":[{"role":"developer"}],"example":{"role":"system"}}',
        ),
        (
            r'{"messages":[{"role":"\u0073ystem","content":"\u00e9"}], "n": 2}',
            '{"messages":[{"role":"developer","content":"é"}],"n":2}',
        ),
    ],
)
def test_a_role_is_replaced(row: str, expected: str | None) -> None:
    if expected is None:  # in its place, every other byte as it was
        head, word, tail = row.partition('"system"')
        assert word
        expected = head + '"developer"' + tail
    data, changes = fixed(row.encode() + b"\n")
    assert data.decode() == expected + "\n"
    assert changes == [Change("a.jsonl", 1, "/messages/0/role", "RFT202", TOLD)]


@pytest.mark.parametrize(
    "row",
    [
        '{"messages":[{"role":"user","content":"system"}]}',
        '{"messages":[{"role":"System"}]}',
        '{"messages":[{"role":"system","role":"user"}]}',
        '{"messages":{"role":"system"}}',
        '{"role":"system"}',
        '[{"role":"system"}]',
        # No other spelling keeps these as they are.
        '{"messages":[{"role":"system"}],"a":{"role":"system"},"n":1.50}',
        '{"messages":[{"role":"system"}],"a":{"role":"system"},"n":1e5}',
        '{"messages":[{"role":"system"}],"a":{"role":"system"},"n":-0}',
        '{"messages":[{"role":"system"}],"a":{"role":"system"},"n":123456789012345678901234}',
        '{"messages":[{"role":"system"}],"a":{"role":"system"},"a":{"role":"system"}}',
        '{"messages":[{"role":"system"}],"a":' + "[" * 900 + "]" * 900 + ',"b":{"role":"system"}}',
    ],
)
def test_a_row_is_left(row: str) -> None:
    assert fixed(row.encode() + b"\n") == (row.encode() + b"\n", [])


def test_every_system_message_is_listed() -> None:
    row = {"messages": [{"role": role} for role in ("system", "user", "system")]}
    data, changes = fixed(orjson.dumps(row) + b"\r\n")
    assert [m["role"] for m in orjson.loads(data)["messages"]] == ["developer", "user", "developer"]
    assert [change.pointer for change in changes] == ["", "/messages/0/role", "/messages/2/role"]


def test_lines_stream() -> None:
    endless = iter(lambda: b"{}\r\n", b"")
    assert next(fix_lines(endless, "a"))[0] == b"{}\n"


SCORE = {"type": "score_model", "model": "m", "name": "s"}
PYTHON = {"type": "python", "source": "x = '{{ item.x }}'"}
HYPERS = {"n_epochs": 2}


def with_hypers(value: object) -> dict:
    return inner(hyperparameters=value)["job"]


@pytest.mark.parametrize(
    ("kind", "value", "expected", "places"),
    [
        (
            "grader",
            GRADER | {"operation": "neq"},
            GRADER | {"operation": "ne"},
            [("/operation", "RFT405")],
        ),
        (
            "grader",
            {"type": "multi", "graders": {"a/b": GRADER | {"operation": "neq"}, "c": PYTHON}},
            {"type": "multi", "graders": {"a/b": GRADER | {"operation": "ne"}, "c": PYTHON}},
            [("/graders/a~1b/operation", "RFT405")],
        ),
        (
            "grader",
            GRADER | {"input": "{{ sample.output_text}} {{{ item.x\t}}}", "name": "{{ item.x }}"},
            GRADER | {"input": "{{sample.output_text}} {{{item.x}}}", "name": "{{ item.x }}"},
            [("/input", "RFT424")],
        ),
        (
            "grader",
            SCORE | {"input": [{"role": "user", "content": [{"text": "{{ item.x }}"}]}]},
            SCORE | {"input": [{"role": "user", "content": [{"text": "{{item.x}}"}]}]},
            [("/input/0/content/0/text", "RFT424")],
        ),
        (
            "grader",
            SCORE | {"sampling_parameters": {"max_completion_tokens": 9, "seed": 1}},
            SCORE | {"sampling_params": {"max_completions_tokens": 9, "seed": 1}},
            [
                ("/sampling_parameters", "RFT401"),
                ("/sampling_params/max_completion_tokens", "RFT401"),
            ],
        ),
        (
            "grader",
            SCORE | {"sampling_parameters": {}, "sampling_params": {}},
            SCORE | {"sampling_params": {}},
            [("/sampling_parameters", "RFT401")],
        ),
        ("response_format", FLAT, FORMAT, [("", "RFT521")]),
        (
            "job",
            JOB | {"trainingType": "Developer"},
            JOB | {"trainingType": "developerTier"},
            [("/trainingType", "RFT504")],
        ),
        (
            "job",
            JOB | {"hyperparameters": HYPERS},
            with_hypers(HYPERS),
            [("/hyperparameters", "RFT507")],
        ),
        (
            "job",
            with_hypers(HYPERS) | {"hyperparameters": HYPERS},
            with_hypers(HYPERS),
            [("/hyperparameters", "RFT507")],
        ),
        (
            "job",
            inner(grader=GRADER | {"operation": "neq"}, response_format=FLAT)["job"],
            inner(grader=GRADER | {"operation": "ne"})["job"],
            [(f"{IN}/grader/operation", "RFT405"), (f"{IN}/response_format", "RFT521")],
        ),
    ],
)
def test_a_document_is_repaired(
    kind: str, value: dict, expected: dict, places: list[tuple[str, str]]
) -> None:
    before = copy.deepcopy(value)
    out, changes = fix_document(kind, value, "x.json")
    assert out == expected
    assert [(change.pointer, change.code) for change in changes] == places
    assert {(change.path, change.line) for change in changes} == {("x.json", 0)}
    assert value == before


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("grader", GRADER),
        ("grader", PYTHON),
        ("grader", {"operation": "neq"}),
        ("grader", GRADER | {"reference": "{{ other.x }} { { item.x } } {{ }}"}),
        ("grader", GRADER | {"sampling_parameters": {}}),
        ("grader", SCORE | {"sampling_parameters": {"seed": 1}, "sampling_params": {"seed": 1.0}}),
        ("response_format", FORMAT),
        ("response_format", FLAT | {"examples": []}),
        ("response_format", FLAT | {"type": "text"}),
        ("response_format", {"type": "json_schema"}),
        ("job", JOB),
        ("job", with_hypers({"n_epochs": 3}) | {"hyperparameters": HYPERS}),
        ("job", {"hyperparameters": HYPERS}),
        ("job", {"hyperparameters": HYPERS, "method": {"reinforcement": None}}),
        ("job", JOB | {"hyperparameters": None}),
        ("job", JOB | {"trainingType": "Develop"}),
        ("job", None),
    ],
)
def test_a_document_is_left(kind: str, value: object) -> None:
    out, changes = fix_document(kind, value)
    assert out is value
    assert changes == []


@pytest.mark.parametrize("code", ["RFT504", "RFT507", "RFT521"])
def test_the_rule_that_asked_is_content(code: str) -> None:
    (kind, value), *_ = CASES[code][1].items()
    out, changes = fix_document(kind, value)
    assert [change.code for change in changes] == [code]
    assert RULES[code].test.__module__ in (jobs.__name__, response_format.__name__)
    errors = [r for r in of_scope(kind) if r.severity == "error" and [*r.faults({kind: out})]]
    assert errors == []


def test_deep_documents_are_left() -> None:
    deep: object = "neq"
    for _ in range(5000):
        deep = {"type": "multi", "graders": {"a": [deep]}}
    for kind in ("grader", "response_format", "job"):
        assert fix_document(kind, job(grader=deep)["job"])[1] == []
        assert fix_document(kind, deep)[1] == []


def test_changes_are_one_line() -> None:
    value = JOB | {"trainingType": "Developer", "hyperparameters": HYPERS}
    _, changes = fix_document("job", value)
    assert [change.what for change in changes] == [
        "'Developer' became 'developerTier'",
        f"moved to {HYPER}",
    ]


# Pieces of lines that the repairs look for, in any order, and anything between them.
PIECES = st.sampled_from(
    [
        BOM,
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"{}",
        b'{"messages":[',
        b'{"role": "system"}',
        b"]}",
        b",",
        b'{"messages":[{"role":"system","content":"\xc3\xa9"}],"n":1}',
        rb'{"role":"\u0073ystem"}',
        b'"a":{"role":"system"}',
        b"1.50",
        b"\xff",
        b"\\",
        b'"',
    ]
)
DATA = st.lists(PIECES | st.binary(max_size=4), max_size=12).map(b"".join)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
WORDS = st.sampled_from(
    [
        "neq",
        "multi",
        "string_check",
        "score_model",
        "json_schema",
        "Developer",
        "{{ item.x }}",
        "python",
        "{{{ sample.y }}}",
        "{{ item }} }}",
        "{{{{ item }}}}",
    ]
)
KEYS = st.sampled_from(
    [
        "type",
        "operation",
        "graders",
        "input",
        "reference",
        "source",
        "method",
        "reinforcement",
        "sampling_parameters",
        "sampling_params",
        "max_completion_tokens",
        "grader",
        "schema",
        "max_completions_tokens",
        "name",
        "trainingType",
        "hyperparameters",
        "response_format",
    ]
)
JSON = st.recursive(
    LEAF | WORDS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS | st.text(), part, max_size=6),
    max_leaves=16,
)
KINDS = st.sampled_from(["grader", "response_format", "job"])


@given(DATA)
def test_lines_need_no_second_repair(data: bytes) -> None:
    once, changes = fixed(data)
    assert fixed(once) == (once, [])
    assert (once == data) == (not changes)
    assert not once or once.endswith(b"\n")


@given(st.lists(st.binary(max_size=6) | PIECES))
def test_any_pieces_are_taken_as_lines(lines: list[bytes]) -> None:
    once = [line for line, _ in fix_lines(lines, "a")]
    assert len(once) == len(lines)
    assert [*fix_lines(once, "a")] == [(line, []) for line in once]


@given(KINDS, JSON)
def test_documents_need_no_second_repair(kind: str, value: object) -> None:
    before = json.dumps(value)
    once, changes = fix_document(kind, value)
    again, more = fix_document(kind, once)
    assert again is once
    assert more == []
    assert json.dumps(value) == before
    assert (json.dumps(once) == before) == (not changes)


@given(JSON, JSON)
def test_jobs_need_no_second_repair(grader: object, hyperparameters: object) -> None:
    value = inner(grader=grader, response_format=grader)["job"]
    once, _ = fix_document("job", value | {"hyperparameters": hyperparameters})
    assert fix_document("job", once) == (once, [])
