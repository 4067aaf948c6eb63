"""Jobs and response formats for the rules of family 5: sound ones, and each broken in one way."""

from __future__ import annotations

from typing import Any

GRADER = {
    "type": "string_check",
    "name": "exact",
    "operation": "eq",
    "input": "{{sample.output_text}}",
    "reference": "{{item.reference_answer}}",
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
FORM: dict[str, Any] = {"name": "answer", "strict": True, "schema": SCHEMA}
FORMAT: dict[str, Any] = {"type": "json_schema", "json_schema": FORM}
FLAT: dict[str, Any] = {"type": "json_schema", **FORM}
JOB: dict[str, Any] = {
    "model": "gpt-5.4-mini-2026-03-17",
    "training_file": "file-a1",
    "validation_file": "file-b2",
    "trainingType": "GlobalStandard",
    "method": {
        "type": "reinforcement",
        "reinforcement": {"grader": GRADER, "response_format": FORMAT},
    },
}
IN = "/method/reinforcement"
HYPER = f"{IN}/hyperparameters"


def job(**changes: Any) -> dict[str, Any]:
    return {"job": JOB | changes}


def without(*keys: str, **changes: Any) -> dict[str, Any]:
    return {"job": {key: part for key, part in (JOB | changes).items() if key not in keys}}


def method(**changes: Any) -> dict[str, Any]:
    return job(method=JOB["method"] | changes)


def inner(**changes: Any) -> dict[str, Any]:
    return method(reinforcement=JOB["method"]["reinforcement"] | changes)


def hyper(**values: Any) -> dict[str, Any]:
    return inner(hyperparameters=values)


def form(**changes: Any) -> dict[str, Any]:
    return {"response_format": FORMAT | {"json_schema": FORM | changes}}


def schema(**changes: Any) -> dict[str, Any]:
    return form(schema=SCHEMA | changes)


def nested(**changes: Any) -> dict[str, Any]:
    """A schema with another object in a list inside."""
    part = {"type": "array", "items": SCHEMA | changes}
    return schema(properties={"answer": part})


def drop(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name != key}


SOUND_FORMAT = {"response_format": FORMAT}

# code: (known that passes, known that fails, JSON Pointer of the fault).
CASES: dict[str, tuple[dict, dict, str]] = {
    "RFT501": (job(), without("model"), ""),
    "RFT502": (job(), job(model="nobody-1"), "/model"),
    "RFT503": (job(), method(type="supervised"), "/method/type"),
    "RFT504": (job(), job(trainingType="Developer"), "/trainingType"),
    "RFT505": (job(), without("trainingType"), ""),
    "RFT506": (job(), job(trainingType="Standard"), "/trainingType"),
    "RFT527": (job(), job(trainingType=1), "/trainingType"),
    "RFT528": (job(), job(model="gpt-4.1-mini-2025-04-14"), "/model"),
    "RFT507": (hyper(n_epochs=2), job(hyperparameters={"n_epochs": 2}), "/hyperparameters"),
    "RFT508": (hyper(batch_size=256), hyper(batch_size=257), f"{HYPER}/batch_size"),
    "RFT509": (hyper(eval_samples=10), hyper(eval_samples=11), f"{HYPER}/eval_samples"),
    "RFT510": (hyper(), hyper(beta=0.1), f"{HYPER}/beta"),
    "RFT511": (job(), job(n_epochs=3), "/n_epochs"),
    "RFT512": (job(), without("validation_file"), ""),
    "RFT513": (job(), job(validation_file="file-a1"), "/validation_file"),
    "RFT514": (job(), job(training_file="out/train.jsonl"), "/training_file"),
    "RFT515": (job(suffix="math-1_b"), job(suffix="math.1"), "/suffix"),
    "RFT516": (job(suffix="a" * 18), job(suffix="a" * 19), "/suffix"),
    "RFT517": (
        job(metadata={"a" * 64: "b" * 512}),
        job(metadata={"a": "b" * 513}),
        "/metadata/a",
    ),
    "RFT518": (job(seed=2**31 - 1), job(seed=2**31), "/seed"),
    "RFT519": (job(), inner(response_format=FLAT), f"{IN}/response_format"),
    "RFT520": (SOUND_FORMAT, {"response_format": FORMAT | {"type": "json_object"}}, "/type"),
    "RFT521": (SOUND_FORMAT, {"response_format": FLAT}, ""),
    "RFT522": (SOUND_FORMAT, form(name="an answer"), "/json_schema/name"),
    "RFT523": (SOUND_FORMAT, schema(required=[]), "/json_schema/schema/required"),
    "RFT524": (
        SOUND_FORMAT,
        schema(additionalProperties=True),
        "/json_schema/schema/additionalProperties",
    ),
    "RFT525": (SOUND_FORMAT, schema(type="text"), "/json_schema/schema/type"),
    "RFT526": (
        {"beside": {"grader": GRADER, "response_format": FORMAT}, **job()},
        {"beside": {"grader": GRADER | {"operation": "ne"}}, **job()},
        f"{IN}/grader",
    ),
}

# More broken ones: (code, known, JSON Pointer of the fault).
MORE: list[tuple[str, dict, str]] = [
    *(("RFT501", {"job": value}, "") for value in (None, [], "job", 1, True)),
    ("RFT501", job(model=""), "/model"),
    ("RFT501", job(model=5), "/model"),
    ("RFT501", without("training_file"), ""),
    ("RFT501", job(training_file=["file-a1"]), "/training_file"),
    ("RFT501", without("method"), ""),
    ("RFT501", job(method="reinforcement"), "/method"),
    ("RFT501", job(method={"type": "reinforcement"}), "/method"),
    ("RFT501", job(method=drop(JOB["method"], "type")), "/method"),
    ("RFT501", method(supervised={}), "/method/supervised"),
    ("RFT501", method(reinforcement=[]), IN),
    ("RFT501", method(reinforcement={}), IN),
    ("RFT501", inner(graders={}), f"{IN}/graders"),
    ("RFT501", inner(hyperparameters=[]), HYPER),
    ("RFT501", inner(tools={}), f"{IN}/tools"),
    ("RFT501", inner(max_episode_steps=0), f"{IN}/max_episode_steps"),
    ("RFT502", job(model="o4-mini-2025-04-16"), "/model"),
    ("RFT502", job(model="gpt-5-2025-08-07"), "/model"),
    ("RFT502", job(model="o4-mini-2025-04-16.ft-1a2b"), "/model"),
    ("RFT502", job(trainingType="developerTier"), "/trainingType"),
    ("RFT503", job(method={"type": "supervised", "supervised": {}}), "/method/type"),
    ("RFT503", method(type=None), "/method/type"),
    ("RFT503", method(type=["reinforcement"]), "/method/type"),
    ("RFT504", job(trainingType="developer"), "/trainingType"),
    ("RFT504", job(trainingType="Global Standard"), "/trainingType"),
    ("RFT504", job(trainingType=2), "/trainingType"),
    ("RFT504", job(trainingType=True), "/trainingType"),
    ("RFT527", job(trainingType="DataZoneStandard"), "/trainingType"),
    ("RFT527", job(trainingType="Data zone"), "/trainingType"),
    ("RFT528", job(model="gpt-4o-mini"), "/model"),
    ("RFT528", job(model="gpt-4.1.ft-12"), "/model"),
    ("RFT502", job(model="gpt-5"), "/model"),
    ("RFT502", job(model="o4-mini"), "/model"),
    ("RFT505", job(trainingType=None), ""),
    ("RFT506", job(trainingType="standard"), "/trainingType"),
    ("RFT506", job(model="gpt-5.4-mini-2026-03-17.ft-9", trainingType="Standard"), "/trainingType"),
    (
        "RFT506",
        job(model="o4-mini-2025-04-16", trainingType="developerTier"),
        "/trainingType",
    ),
    ("RFT507", method(hyperparameters={}), "/method/hyperparameters"),
    *(
        ("RFT508", hyper(**{name: value}), f"{HYPER}/{name}")
        for name, value in (
            ("batch_size", 0),
            ("batch_size", 8.5),
            ("batch_size", "8"),
            ("batch_size", True),
            ("batch_size", None),
            ("n_epochs", 0),
            ("n_epochs", 51),
            ("n_epochs", "Auto"),
            ("learning_rate_multiplier", 0),
            ("learning_rate_multiplier", -0.1),
            ("learning_rate_multiplier", float("inf")),
            ("learning_rate_multiplier", float("nan")),
            ("compute_multiplier", 0.00001),
            ("compute_multiplier", 10.5),
            ("eval_interval", 0),
            ("eval_samples", 0),
            ("eval_samples", [5]),
            ("reasoning_effort", "auto"),
            ("reasoning_effort", "minimal"),
            ("reasoning_effort", {}),
        )
    ),
    ("RFT509", hyper(n_epochs=11), f"{HYPER}/n_epochs"),
    ("RFT509", hyper(compute_multiplier=0.4), f"{HYPER}/compute_multiplier"),
    ("RFT509", hyper(compute_multiplier=10), f"{HYPER}/compute_multiplier"),
    ("RFT509", hyper(eval_interval=26), f"{HYPER}/eval_interval"),
    ("RFT510", hyper(max_episode_steps=5), f"{HYPER}/max_episode_steps"),
    ("RFT511", job(grader=GRADER), "/grader"),
    ("RFT526", {"beside": {"response_format": {}}, **job()}, f"{IN}/response_format"),
    (
        "RFT526",
        {"beside": {"response_format": FORMAT}, **method(reinforcement={"grader": GRADER})},
        IN,
    ),
    ("RFT511", job(extra_body={}), "/extra_body"),
    ("RFT511", job(**{"a/b~": 1}), "/a~1b~0"),
    ("RFT511", without("validation_file", test_file="file-b2"), "/test_file"),
    ("RFT511", without("training_file", trainingFile="file-a1"), "/trainingFile"),
    ("RFT511", without("model", Model="gpt-5.4-mini-2026-03-17"), "/Model"),
    ("RFT511", job(test_file="file-b2"), "/test_file"),
    ("RFT512", job(validation_file=None), "/validation_file"),
    ("RFT512", job(validation_file=""), "/validation_file"),
    ("RFT512", job(validation_file={}), "/validation_file"),
    ("RFT514", job(validation_file="https://host/b"), "/validation_file"),
    ("RFT515", job(suffix="a" * 41), "/suffix"),
    ("RFT515", job(suffix=""), "/suffix"),
    ("RFT515", job(suffix="é"), "/suffix"),
    ("RFT515", job(suffix="a\n"), "/suffix"),
    ("RFT515", job(suffix=1), "/suffix"),
    ("RFT517", job(metadata={str(n): "" for n in range(17)}), "/metadata"),
    ("RFT517", job(metadata={"a" * 65: ""}), f"/metadata/{'a' * 65}"),
    ("RFT517", job(metadata={"a": 1}), "/metadata/a"),
    ("RFT517", job(metadata=["a"]), "/metadata"),
    ("RFT518", job(seed=-1), "/seed"),
    ("RFT518", job(seed=True), "/seed"),
    ("RFT518", job(seed="7"), "/seed"),
    ("RFT519", inner(response_format=None), f"{IN}/response_format"),
    (
        "RFT519",
        inner(**schema(required=[])),
        f"{IN}/response_format/json_schema/schema/required",
    ),
    ("RFT519", inner(**form(name="")), f"{IN}/response_format/json_schema/name"),
    *(
        ("RFT520", {"response_format": value}, "")
        for value in (None, [], "text", {"type": "json_schema"})
    ),
    ("RFT520", {"response_format": FORMAT | {"strict": True}}, "/strict"),
    ("RFT520", {"response_format": FORMAT | {"json_schema": []}}, "/json_schema"),
    ("RFT520", {"response_format": FORMAT | {"json_schema": drop(FORM, "name")}}, "/json_schema"),
    ("RFT520", {"response_format": FORMAT | {"json_schema": drop(FORM, "schema")}}, "/json_schema"),
    ("RFT520", form(strict="true"), "/json_schema/strict"),
    ("RFT520", form(schema="{}"), "/json_schema/schema"),
    ("RFT520", form(examples=[]), "/json_schema/examples"),
    ("RFT521", {"response_format": drop(FLAT, "type")}, ""),
    ("RFT521", {"response_format": {"type": "json_schema", "schema": SCHEMA}}, ""),
    ("RFT522", form(name=""), "/json_schema/name"),
    ("RFT522", form(name="a" * 65), "/json_schema/name"),
    ("RFT522", form(name=None), "/json_schema/name"),
    ("RFT523", form(schema=drop(SCHEMA, "required")), "/json_schema/schema/required"),
    ("RFT523", nested(required=[]), "/json_schema/schema/properties/answer/items/required"),
    ("RFT523", schema(type=["object", "null"], required=["b"]), "/json_schema/schema/required"),
    ("RFT524", form(schema=drop(SCHEMA, "additionalProperties")), "/json_schema/schema"),
    (
        "RFT524",
        schema(properties={"answer": {"type": "object"}}),
        "/json_schema/schema/properties/answer",
    ),
    (
        "RFT524",
        nested(additionalProperties={"type": "string"}),
        "/json_schema/schema/properties/answer/items/additionalProperties",
    ),
    (
        "RFT524",
        schema(properties={"answer": {"anyOf": [drop(SCHEMA, "additionalProperties")]}}),
        "/json_schema/schema/properties/answer/anyOf/0",
    ),
    ("RFT525", schema(required="answer"), "/json_schema/schema/required"),
    ("RFT525", schema(additionalProperties="no"), "/json_schema/schema/additionalProperties"),
    ("RFT525", schema(properties={"answer": 5}), "/json_schema/schema/properties/answer"),
    ("RFT525", form(strict=False, schema={"type": 1}), "/json_schema/schema/type"),
]

# Nothing is said of these, not even a warning.
SOUND: list[dict] = [
    hyper(
        batch_size="auto",
        n_epochs="auto",
        learning_rate_multiplier="auto",
        compute_multiplier="auto",
        eval_interval="auto",
        eval_samples="auto",
        reasoning_effort="default",
    ),
    hyper(
        batch_size=1,
        n_epochs=10,
        learning_rate_multiplier=0.5,
        compute_multiplier=3,
        eval_interval=25,
        eval_samples=1,
        reasoning_effort="high",
    ),
    job(trainingType="globalStandard"),
    job(model="qwen3.6-35b-a3b", trainingType="globalStandard"),
    job(model="gpt-5.4-mini-2026-03-17.ft-1a2b"),
    job(seed=0, suffix="a", metadata={}),
    job(seed=None, suffix=None, metadata=None),
    inner(grader={"type": "python"}),
    inner(grader=5),
    inner(tools=[{"name": "a", "server_url": "https://host", "headers": {}}], max_episode_steps=5),
    job(method={"type": "reinforcement", "reinforcement": {"grader": GRADER}}),
    form(strict=False, schema={"type": "object", "properties": {"a": {}}}),
    form(strict=None, schema={}),
    nested(),
    schema(**{"$schema": "http://127.0.0.1:9/none"}),
]
