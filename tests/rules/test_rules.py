"""One sound and one broken case a rule; the set of cases is the set of rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import examples
import orjson
import pytest
from cases_grader import CASES as GRADER_CASES
from cases_job import CASES as JOB_CASES
from cases_rows import CASES as ROW_CASES
from cases_rows import ITEM, MORE, item
from hypothesis import example, given
from hypothesis import strategies as st
from known import DATASETS

from pipelines.graders.templates import item_fields
from pipelines.rules import plain, request
from pipelines.rules import rule as catalogue
from pipelines.rules.catalogue import RULES, of_scope
from pipelines.rules.check import Files, validate
from pipelines.rules.rule import Fault, Rule
from pipelines.rules.tables import limits, models

Row = dict[str, Any]

GRADER = dict(DATASETS["medmcqa"].grading.grader)
CASES = ROW_CASES | GRADER_CASES | JOB_CASES
BROKEN = [(code, known, pointer) for code, (_, known, pointer) in ROW_CASES.items()] + MORE


def test_every_rule_has_its_case() -> None:
    assert set(CASES) == set(RULES)
    assert len(CASES) == len(ROW_CASES) + len(GRADER_CASES) + len(JOB_CASES)


def train(lines: list[bytes]) -> list[tuple[str, str, list[bytes]]]:
    """The lines as a training file."""
    return [("train", "train", lines)]


# How grave each rule is. An error stops a run that costs money, a warning does not: whoever changes
# one changes it here too.
SEVERITIES = {
    "error": """
        101 102 103 108 109 110 111 112 118 120 121 122 124
        201 202 203 205 206 207 208 210 212 213 214 217 218 221 222 301 302
        401 402 405 406 407 411 412 413 414 420 421 422 423 427 428 429 430 431 432 433 435 436
        440 441 442 443 501 503 504 506 507 508 511 512 513 514 515 517 518 519 520 521 522 523
        524 525 526 528 603 604 607 702 801 802 803 804 805 806
    """,
    "warning": """
        105 106 113 115 204 211 215 216 219 220 303 304 305 306 307 308 309 310 311
        403 404 408 410 424 425 426 434 444 502 505 509 510 516 527 601 602 605 606 608
        701 703 704 705 807
    """,
    "info": "104 107 116 415 808",
}


def test_the_examples_are_those_of_the_cases() -> None:
    """Else run `python tests/examples.py`."""
    assert examples.PATH.read_text(encoding="utf-8") == examples.text()


def test_every_rule_is_as_grave_as_it_is_meant_to_be() -> None:
    meant = {f"RFT{n}": severity for severity, codes in SEVERITIES.items() for n in codes.split()}
    assert {code: rule.severity for code, rule in RULES.items()} == meant


def faults(code: str, known: dict) -> list[tuple[str, str]]:
    """Code and pointer of all faults that the rules of a rule's scope find."""
    found = []
    for rule in of_scope(RULES[code].scope):
        for pointer, message, remedy in rule.faults(known):
            assert message
            assert remedy
            assert "\n" not in message + remedy
            found.append((rule.code, pointer))
    return found


@pytest.mark.parametrize("code", CASES)
def test_sound(code: str) -> None:
    assert list(RULES[code].faults(CASES[code][0])) == []


@pytest.mark.parametrize(("code", "known", "pointer"), BROKEN)
def test_broken(code: str, known: dict, pointer: str) -> None:
    found = faults(code, known)
    assert (code, pointer) in found
    errors = {other for other, _ in found if RULES[other].severity == "error"}
    assert errors <= {code}


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_what_and_from_where(code: str) -> None:
    rule = RULES[code]
    assert rule.title.endswith(".")
    assert rule.source
    assert rule.read.startswith("202")


def job_with(tools: list[str]) -> dict:
    """A job that has these tools."""
    named = [{"name": name, "server_url": "https://host"} for name in tools]
    return {"method": {"type": "reinforcement", "reinforcement": {"tools": named}}}


ITEM_CASES = [case for case in BROKEN if RULES[case[0]].scope in ("item", "raw")]


@pytest.mark.parametrize(("code", "known", "pointer"), ITEM_CASES)
def test_the_fast_path_lets_no_fault_through(code: str, known: dict, pointer: str) -> None:
    """A row that the quick look takes for plain is never shown to the rules on items."""
    line = known.get("raw") or b""
    row = known.get("item")
    if code in ("RFT218", "RFT219"):
        row = row | {"messages": [{"role": "user", "content": "a b c " * 33_000}]}
        if code == "RFT219":
            row["messages"][0]["content"] = "a b c " * 11_100
    if row is not None:
        line = orjson.dumps(row) + b"\n"
    fine = orjson.dumps(ITEM) + b"\n"
    graded = {"type": "string_check", "input": "{{sample.output_text}}", "operation": "eq"}
    grader = graded | {"name": "g", "reference": "{{item.reference_answer}}"}
    documents = {"grader": grader if known.get("graded") else None}
    if known.get("job_tools") is not None:
        documents["job"] = job_with(sorted(known["job_tools"]))
    files = Files(train([fine] * 3 + [line]), documents, dataset=known.get("dataset"))
    assert (code, 4) in {(f.code, f.line) for f in validate(files)}


def test_sound_rows_are_shown_to_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick look would be of no use otherwise."""
    asked = []
    run = Rule.faults
    monkeypatch.setattr(Rule, "faults", lambda *words: asked.append(words[0].scope) or run(*words))
    line = orjson.dumps(ITEM) + b"\n"
    list(validate(Files(train([line] * 20), {"grader": GRADER}, dataset="medmcqa")))
    assert set(asked) == {"file", "given", "grader"}


def blue(item: Row) -> Iterator[Fault]:
    """It is blue."""
    yield "", "not blue", "paint it"


def blue_line(raw: bytes) -> Iterator[Fault]:
    """Its line is blue."""
    yield "", "not blue", "paint it"


@pytest.mark.parametrize("test", [blue, blue_line])
def test_a_new_rule_is_run_on_every_row(
    monkeypatch: pytest.MonkeyPatch, test: Callable[..., Iterator[Fault]]
) -> None:
    """Whatever the compiled check finds plain, a rule that it does not name is run."""
    monkeypatch.setattr(catalogue, "RULES", RULES | {})
    catalogue.rule("RFT999", "error", source="a test")(test)
    line = orjson.dumps(ITEM) + b"\n"
    found = [f.line for f in validate(Files(train([line] * 12))) if f.code == "RFT999"]
    assert found == list(range(1, 13))


def test_a_rule_of_no_scope_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be listed, and nothing would run it."""
    monkeypatch.setattr(catalogue, "RULES", RULES | {})
    with pytest.raises(ValueError, match="'row' is no scope"):
        catalogue.rule("RFT999", "error", source="a test")(lambda row: iter(()))


ROW_RULES = {rule.code: rule for scope in ("raw", "item") for rule in of_scope(scope)}

# What texts, names and values are made of: what some rule looks for, or nearly.
PIECE = st.sampled_from(
    [
        *("x", " ", "<|im_end|>", "<|", "|>", "Think carefully", "chain of", " thought", "é", "İ"),
        *(
            ":",
            '": "',
            "{",
            "}",
            "\\",
            "\t",
            "\x1c",
            "\x85",
            "\u00a0",
            "\u2028",
            "\ufeff",
            "\U0001d11e",
        ),
    ]
)
TEXT = st.lists(PIECE, max_size=4).map("".join)
VALUE = st.recursive(
    st.none() | st.integers(-1, 1) | st.booleans() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "user", "user", "developer", "assistant", "system", "tool"])},
    optional={"content": TEXT, "name": TEXT, "weight": VALUE, "tool_calls": VALUE},
)
NAMED = st.sampled_from(["reference_answer", "item", "tools", "completion", "preferred_output"])
ROW = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, max_size=3)},
    optional={"reference_answer": TEXT, "id": VALUE},
).flatmap(lambda row: st.dictionaries(NAMED | TEXT, VALUE, max_size=1).map(lambda more: row | more))


def spelled(row: Row, how: int) -> bytes:
    """A row as one of several writers spells it; the last two write a key twice."""
    plain = orjson.dumps(row)
    match how:
        case 0:
            return plain
        case 1:
            return json.dumps(row).encode()
        case 2:  # as Go does
            return plain.replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
        case 3:
            return plain.replace(b":", b" :")
        case 4:
            return plain[:-1] + b',"messages" :1,"messages":' + orjson.dumps(row["messages"]) + b"}"
        case _:
            return b'{"id":"1",' + plain[1:]


@pytest.mark.parametrize("dataset", [None, "medmcqa"])
@given(row=ROW, how=st.integers(0, 5), compared=st.booleans())
@example(row=ITEM | {"messages": [{"role": "user", "content": "<|im_end|>"}]}, how=2, compared=True)
@example(row=ITEM | {"messages": [{"role": "user", "content": "\x1c"}]}, how=0, compared=True)
@example(row=ITEM | {"id": "2"}, how=5, compared=True)
def test_the_fast_path_and_the_rules_agree(
    dataset: str | None, row: Row, how: int, compared: bool
) -> None:
    """A row that is plain has nothing that the rules which the check stands for would find."""
    line = spelled(row, how) + b"\n"
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:  # a surrogate alone
        return
    graded = ("reference_answer",)
    known = item(line, dataset, job_tools=frozenset()) | {"item": row}
    known["compared"] = graded if compared else ()
    if plain.checker(graded, known["compared"], dataset)(line, row):
        for code in plain.STANDS_FOR:
            assert not list(ROW_RULES[code].faults(known)), code


def test_the_fast_path_stands_for_rules_that_there_are() -> None:
    assert set(ROW_RULES) >= plain.STANDS_FOR
    assert set(ROW_RULES) == plain.STANDS_FOR  # none costs time on every row


def test_findings_name_file_and_line() -> None:
    good = [
        orjson.dumps(ITEM | {"messages": [{"role": "user", "content": str(n)}]}) for n in range(41)
    ]
    last = [*ITEM["messages"], {"role": "assistant", "content": "x"}]
    bad = orjson.dumps(ITEM | {"messages": last}) + b"\n"
    lines = [line + b"\n" for line in good]
    files = Files([("train", "t.jsonl", [*lines[:20], bad]), ("validation", "v", lines[21:])])
    assert [str(finding) for finding in validate(files)] == [
        "t.jsonl:21: error: RFT203 /messages/2/role: expected 'user', got 'assistant'; "
        "keep the answer in its own field"
    ]


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    rows = [("train", "t", lines), ("validation", "v", lines)]
    list(validate(Files(rows, {"grader": GRADER}, dataset="medmcqa")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text() | st.sampled_from(["messages", "role", "content", "tools", "type", "item"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_json_raises(row: object, document: object) -> None:
    line = orjson.dumps(row) + b"\n"
    rows = [("train", "t", [line]), ("validation", "v", [orjson.dumps({"messages": row}) + b"\n"])]
    documents = dict.fromkeys(("grader", "response_format", "job"), document)
    assert list(validate(Files(rows, documents, dataset="medmcqa")))
    for rule in of_scope("supervised"):
        for value in (row, {"messages": row}, {"messages": [row], "tools": document}):
            if isinstance(value, dict):
                list(rule.faults({"supervised": value}))


@pytest.mark.parametrize(
    ("grader", "fields"),
    [
        ({"input": "{{item.a}} {{ item.b }} {{sample.output_text}}"}, {"a", "b"}),
        ({"input": [{"content": "x {{item.c.d}} {{item.e[0]}}}"}]}, {"c", "e"}),
        (
            {"source": "def grade(_, item):\n    return item['a'] + item.get('b', item.get('c'))"},
            {"a", "c"},
        ),
        ({"source": "not python {{item.z}}"}, {"z"}),
        (None, set()),
    ],
)
def test_item_fields(grader: object, fields: set[str]) -> None:
    assert item_fields(grader) == fields


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_grader_reads_fields_that_its_items_have(dataset) -> None:
    for grading in dataset.gradings:
        assert item_fields(grading.grader) <= {*dataset.fields, grading.prompt_field}
    assert item_fields(dataset.grading.grader)


def test_tables_are_dated() -> None:
    for table in (limits(), models()):
        for entry in table.values():
            assert entry["source"]
            assert entry["read"].year >= 2026
    assert request.DEFAULT_MODEL in models()
    assert "note" not in models()[request.DEFAULT_MODEL]
