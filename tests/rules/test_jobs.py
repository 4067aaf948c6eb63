"""Family 5: each rule by a sound and a broken case; no JSON value makes one raise."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
from cases_job import CASES, JOB, MORE, SOUND
from hypothesis import given
from hypothesis import strategies as st
from known import DATASETS

from pipelines.graders.documented import table
from pipelines.io import schema
from pipelines.rules import request
from pipelines.rules.catalogue import RULES, of_scope
from pipelines.rules.tables import hyperparameters, limit, models, prices, training_types

BROKEN = [(code, broken, place) for code, (_, broken, place) in CASES.items()] + MORE
PASSING = [sound for sound, _, _ in CASES.values()] + SOUND

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
# Keys that lead into the rules, so that values of any type stand where something is looked for.
KEYS = sorted(
    {*JOB, *hyperparameters(), "type", "reinforcement", "hyperparameters", "grader"}
    | {"response_format", "json_schema", "schema", "strict", "properties", "required", "items"}
    | {"additionalProperties", "anyOf", "$ref", "$schema", "metadata", "seed", "suffix", "name"}
)
JSON = st.recursive(
    LEAF,
    lambda part: (
        st.lists(part, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(), part, max_size=6)
    ),
    max_leaves=12,
)


def found(known: dict) -> list[tuple[str, str, tuple[str, str, str]]]:
    scope = next(iter(known))
    return [
        (rule.code, rule.severity, fault)
        for rule in of_scope(scope)
        for fault in rule.faults(known)
    ]


def test_cases_are_the_family() -> None:
    assert set(CASES) == {code for code in RULES if code.startswith("RFT5")}


@pytest.mark.parametrize(("code", "known", "place"), BROKEN)
def test_broken_raises_its_own_code_once(code: str, known: dict, place: str) -> None:
    faults = found(known)
    assert [fault[0] for own, _, fault in faults if own == code] == [place]
    assert {own for own, severity, _ in faults if severity == "error"} <= {code}


@pytest.mark.parametrize(("code", "known", "place"), BROKEN)
def test_a_message_is_one_line_in_lower_case(code: str, known: dict, place: str) -> None:
    for _, _, (_, message, remedy) in found(known):
        assert "\n" not in message + remedy
        assert len(message) < 200
        assert message[0] == message[0].lower()
        assert remedy[0] == remedy[0].lower()


@pytest.mark.parametrize("known", PASSING)
def test_sound_raises_nothing(known: dict) -> None:
    assert found(known) == []


@pytest.mark.parametrize("name", DATASETS)
def test_own_requests_raise_nothing(name: str) -> None:
    dataset = DATASETS[name]
    sent = request.request(
        request.DEFAULT_MODEL, dataset.grading.grader, dataset.grading.response_format
    )
    assert found({"job": sent}) == []
    if dataset.grading.response_format is not None:
        assert found({"response_format": dataset.grading.response_format}) == []


def test_faults_add_up() -> None:
    broken = copy.deepcopy(JOB) | {"seed": -1, "suffix": "a.b", "trainingType": "Developer"}
    del broken["validation_file"]
    broken["method"]["reinforcement"]["hyperparameters"] = {"n_epochs": 0, "batch_size": 0}
    counts = Counter(code for code, _, _ in found({"job": broken}))
    assert counts == {"RFT504": 1, "RFT508": 2, "RFT512": 1, "RFT515": 1, "RFT518": 1}


def test_a_schema_inside_is_not_fetched() -> None:
    form = {"name": "a", "schema": {"$schema": "http://127.0.0.1:9/x", "type": "object"}}
    known = {"response_format": {"type": "json_schema", "json_schema": form}}
    assert found(known) == []


def test_a_model_takes_and_refuses_known_types() -> None:
    for model, row in models().items():
        takes, refuses = set(row["training_types"]), set(row.get("refuses", []))
        assert takes, model
        assert not takes & refuses, model
        assert takes | refuses <= set(training_types()), model
    assert request.TRAINING_TYPE in models()[request.DEFAULT_MODEL]["training_types"]


@pytest.mark.parametrize("model", models())
@pytest.mark.parametrize("kind", training_types())
def test_each_pair_is_taken_unseen_or_refused(model: str, kind: str) -> None:
    codes = {
        code
        for code, _, (place, _, _) in found({"job": JOB | {"model": model, "trainingType": kind}})
        if place == "/trainingType"
    }
    code = "RFT506" if kind in models()[model].get("refuses", []) else "RFT502"
    assert codes == (set() if kind in models()[model]["training_types"] else {code})


def test_tables_are_dated() -> None:
    rows = [*training_types().values(), *hyperparameters().values()]
    for row in (*rows, *(row for kind in prices().values() for row in kind.values())):
        assert row["source"]
        assert row["read"].year >= 2026


def test_prices_are_of_known_things() -> None:
    models_of = {"training_hour", "hosting_hour", "grader_input", "grader_output"}
    assert set(prices()) == models_of
    assert set(prices()["training_hour"]) | set(prices()["hosting_hour"]) <= set(models())
    assert set(prices()["grader_input"]) == set(prices()["grader_output"])
    assert set(prices()["grader_input"]) <= set(table()["models"])
    for rows in prices().values():
        for row in rows.values():
            assert row["value"] > 0
            assert row["unit"].startswith("USD ")


def test_schemas_have_the_limits_of_the_table() -> None:
    form = schema.load("response_format")["properties"]["json_schema"]["properties"]
    for field, name in (
        (schema.load("job")["properties"]["suffix"], "suffix_length"),
        (form["name"], "format_name_length"),
    ):
        assert field["pattern"] == f"^[A-Za-z0-9_-]{{1,{limit(name)}}}$"
    assert limit("suffix_length_advised") < limit("suffix_length")


def test_advice_is_narrower_than_the_range() -> None:
    for row in hyperparameters().values():
        low, high = row.get("advised", (1, 1))
        assert row.get("least", row.get("above", 0)) <= low <= high <= row.get("most", high)


def test_rules_are_told() -> None:
    for code in CASES:
        assert RULES[code].title.endswith("."), code
        assert RULES[code].source, code


@pytest.mark.parametrize("scope", ["job", "response_format"])
@pytest.mark.parametrize("depth", [200, 5000])
def test_deep_values_do_not_raise(scope: str, depth: int) -> None:
    lists: object = []
    objects: object = {}
    for _ in range(depth):
        lists, objects = [lists], {"properties": {"items": objects}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": objects}}
    for value in (lists, objects, form):
        found({scope: value})
        found({scope: {"model": value, "type": value, "method": value, "name": value}})
    found({"job": {"method": {"reinforcement": {"response_format": form, "grader": lists}}}})


@given(JSON)
def test_no_value_raises(value: object) -> None:
    found({"job": value})
    found({"response_format": value})


@given(st.sampled_from([*JOB, "seed", "suffix", "metadata", "hyperparameters"]), JSON)
def test_no_field_raises(name: str, value: object) -> None:
    found({"job": JOB | {name: value}})


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON, max_size=6))
def test_no_reinforcement_raises(value: dict) -> None:
    method = {"type": "reinforcement", "reinforcement": value}
    found({"job": JOB | {"method": method}})


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_no_format_raises(value: dict) -> None:
    form = {"name": "a", "strict": True, "schema": value}
    found({"response_format": {"type": "json_schema", "json_schema": form}})


def test_a_supervised_job_has_rules_of_its_own() -> None:
    """Its model, its files and its hyperparameters are other ones than a reinforcement job's."""

    def codes(**changes: object) -> set[str]:
        job = request.supervised_request(validation=True) | changes
        known = {"job": job}
        return {rule.code for rule in of_scope("job") if list(rule.faults(known))}

    def set_to(**hyperparameters: object) -> dict[str, object]:
        method = {"hyperparameters": hyperparameters}
        return {"method": {"type": "supervised", "supervised": method}}

    assert codes() == set()
    assert codes(**set_to(n_epochs=2, batch_size="auto")) == set()
    assert codes(**set_to(n_epochs=99)) == {"RFT508"}
    assert codes(**set_to(eval_interval=2)) == {"RFT510"}
    assert codes(model="o4-mini-2025-04-16") >= {"RFT503"}
    assert codes(validation_file=None) >= {"RFT512"}
    assert codes(suffix="a.b") == {"RFT515"}
    absent = request.supervised_request(validation=False)
    assert [rule.code for rule in of_scope("job") if list(rule.faults({"job": absent}))] == []
