"""A sound response format and sound jobs, and the faults that one change makes of them."""

from __future__ import annotations

from typing import Any

from cases_grader import JSON_FIELD, READS_JSON, check, python
from cases_job import FORMAT, JOB
from changes import Change, put, rename
from known import DATASETS

from pipelines.rules import request

MEDMCQA = DATASETS["medmcqa"]
HYPERPARAMETERS = {
    "batch_size": 8,
    "n_epochs": 2,
    "learning_rate_multiplier": 0.5,
    "compute_multiplier": 1.5,
    "eval_interval": 5,
    "eval_samples": 10,
    "reasoning_effort": "medium",
}
FORM, SCHEMA = "response_format.json_schema", "/json_schema/schema"
IN, PLACE = "job.method.reinforcement", "/method/reinforcement"


def reading_json(grader: dict[str, Any]) -> dict[str, Any]:
    """A job whose grader reads the fields of the response format."""
    inner = {"grader": grader, "response_format": FORMAT}
    return {"job": JOB | {"method": {"type": "reinforcement", "reinforcement": inner}}}


SOUND: dict[str, dict[str, Any]] = {
    "job of JSON": reading_json(check(input=JSON_FIELD)),
    "job of JSON in python": reading_json(python(READS_JSON)),
    "format": {"response_format": FORMAT},
    "request": {
        "job": request.request(
            request.DEFAULT_MODEL, MEDMCQA.grading.grader, MEDMCQA.grading.response_format
        )
    },
    "full job": {
        "job": JOB
        | {
            "suffix": "maths-1",
            "seed": 7,
            "metadata": {"dataset": "maths"},
            "method": {
                "type": "reinforcement",
                "reinforcement": JOB["method"]["reinforcement"]
                | {"hyperparameters": HYPERPARAMETERS},
            },
        }
    },
}

# Name: (sound document, what is done to it, the rule that finds it, its JSON Pointer).
FAULTS: dict[str, tuple[str, Change, str, str]] = {
    "a format that is a list": ("format", put("response_format", [FORMAT]), "RFT520", ""),
    "json_object": ("format", put("response_format.type", "json_object"), "RFT520", "/type"),
    "no schema": ("format", put(f"{FORM}.schema", ...), "RFT520", "/json_schema"),
    "no format name": ("format", put(f"{FORM}.name", ...), "RFT520", "/json_schema"),
    "strict a text": ("format", put(f"{FORM}.strict", "true"), "RFT520", "/json_schema/strict"),
    "a key of neither form": ("format", put("response_format.extra", 1), "RFT520", "/extra"),
    "the flat form": (
        "format",
        put("response_format", {"type": "json_schema", **FORMAT["json_schema"]}),
        "RFT521",
        "",
    ),
    "a name with a space": (
        "format",
        put(f"{FORM}.name", "an answer"),
        "RFT522",
        "/json_schema/name",
    ),
    "a name of 65": ("format", put(f"{FORM}.name", "a" * 65), "RFT522", "/json_schema/name"),
    "not all required": (
        "format",
        put(f"{FORM}.schema.required", []),
        "RFT523",
        f"{SCHEMA}/required",
    ),
    "nothing required": (
        "format",
        put(f"{FORM}.schema.required", ...),
        "RFT523",
        f"{SCHEMA}/required",
    ),
    "more properties": (
        "format",
        put(f"{FORM}.schema.additionalProperties", True),
        "RFT524",
        f"{SCHEMA}/additionalProperties",
    ),
    "an open object inside": (
        "format",
        put(f"{FORM}.schema.properties.answer", {"type": "array", "items": {"type": "object"}}),
        "RFT524",
        f"{SCHEMA}/properties/answer/items",
    ),
    "no type of JSON": (
        "format",
        put(f"{FORM}.schema.properties.answer.type", "text"),
        "RFT525",
        f"{SCHEMA}/properties/answer/type",
    ),
    "a job that is a list": ("request", put("job", []), "RFT501", ""),
    "no model to train": ("request", put("job.model", ...), "RFT501", ""),
    "model empty": ("request", put("job.model", ""), "RFT501", "/model"),
    "no training file": ("request", put("job.training_file", ...), "RFT501", ""),
    "two training files": (
        "full job",
        put("job.training_file", ["a", "b"]),
        "RFT501",
        "/training_file",
    ),
    "no method": ("request", put("job.method", ...), "RFT501", ""),
    "method a text": ("request", put("job.method", "reinforcement"), "RFT501", "/method"),
    "no grader": ("request", put(f"{IN}.grader", ...), "RFT501", PLACE),
    "an unknown field of the method": (
        "request",
        put(f"{IN}.graders", {}),
        "RFT501",
        f"{PLACE}/graders",
    ),
    "an unknown model to train": ("request", put("job.model", "gpt-0"), "RFT502", "/model"),
    "an unseen training type": (
        "request",
        put("job.trainingType", "developerTier"),
        "RFT502",
        "/trainingType",
    ),
    "a retiring model": ("full job", put("job.model", "o4-mini-2025-04-16"), "RFT502", "/model"),
    "supervised": ("request", put("job.method.type", "supervised"), "RFT503", "/method/type"),
    "Developer": ("request", put("job.trainingType", "Developer"), "RFT504", "/trainingType"),
    "Global Standard": (
        "full job",
        put("job.trainingType", "Global Standard"),
        "RFT504",
        "/trainingType",
    ),
    "no training type": ("request", put("job.trainingType", ...), "RFT505", ""),
    "a refused training type": (
        "request",
        put("job.trainingType", "standard"),
        "RFT506",
        "/trainingType",
    ),
    "hyperparameters at the top": (
        "request",
        put("job.hyperparameters", HYPERPARAMETERS),
        "RFT507",
        "/hyperparameters",
    ),
    "hyperparameters of the method": (
        "request",
        put("job.method.hyperparameters", {"n_epochs": 2}),
        "RFT507",
        "/method/hyperparameters",
    ),
    **{
        f"{name} {value!r}": (
            "full job",
            put(f"{IN}.hyperparameters.{name}", value),
            "RFT508",
            f"{PLACE}/hyperparameters/{name}",
        )
        for name, value in (
            ("batch_size", 257),
            ("batch_size", "8"),
            ("n_epochs", 0),
            ("n_epochs", 51),
            ("learning_rate_multiplier", 0),
            ("compute_multiplier", 10.5),
            ("eval_interval", 0),
            ("eval_samples", 2.5),
            ("reasoning_effort", "highest"),
        )
    },
    "more epochs than advised": (
        "full job",
        put(f"{IN}.hyperparameters.n_epochs", 20),
        "RFT509",
        f"{PLACE}/hyperparameters/n_epochs",
    ),
    "another method's hyperparameter": (
        "full job",
        put(f"{IN}.hyperparameters.beta", 0.1),
        "RFT510",
        f"{PLACE}/hyperparameters/beta",
    ),
    "a misspelt field": (
        "request",
        rename("job.training_file", "trainingFile"),
        "RFT511",
        "/trainingFile",
    ),
    "test_file": ("request", rename("job.validation_file", "test_file"), "RFT511", "/test_file"),
    "grader at the top": ("request", put("job.grader", check()), "RFT511", "/grader"),
    "no validation file": ("request", put("job.validation_file", ...), "RFT512", ""),
    "validation file null": (
        "full job",
        put("job.validation_file", None),
        "RFT512",
        "/validation_file",
    ),
    "one file twice": (
        "full job",
        put("job.validation_file", "file-a1"),
        "RFT513",
        "/validation_file",
    ),
    "a path": ("request", put("job.training_file", "out/train.jsonl"), "RFT514", "/training_file"),
    "an address": (
        "full job",
        put("job.validation_file", "https://host.example/v"),
        "RFT514",
        "/validation_file",
    ),
    "suffix with a dot": ("request", put("job.suffix", "maths-1.5"), "RFT515", "/suffix"),
    "suffix of 41": ("full job", put("job.suffix", "a" * 41), "RFT515", "/suffix"),
    "suffix of 19": ("full job", put("job.suffix", "a" * 19), "RFT516", "/suffix"),
    "17 pairs": (
        "request",
        put("job.metadata", {str(n): "" for n in range(17)}),
        "RFT517",
        "/metadata",
    ),
    "metadata a number": ("full job", put("job.metadata.rows", 7), "RFT517", "/metadata/rows"),
    "metadata too long": (
        "full job",
        put("job.metadata.dataset", "a" * 513),
        "RFT517",
        "/metadata/dataset",
    ),
    "JSON without a format": (
        "job of JSON",
        put(f"{IN}.response_format", ...),
        "RFT423",
        f"{PLACE}/grader/input",
    ),
    "JSON in python without a format": (
        "job of JSON in python",
        put(f"{IN}.response_format", ...),
        "RFT435",
        f"{PLACE}/grader/source",
    ),
    "the training type as a number": (
        "request",
        put("job.trainingType", 1),
        "RFT527",
        "/trainingType",
    ),
    "a supervised model": ("full job", put("job.model", "gpt-4.1"), "RFT528", "/model"),
    "seed under 0": ("full job", put("job.seed", -1), "RFT518", "/seed"),
    "seed of 32 bits": ("full job", put("job.seed", 2**31), "RFT518", "/seed"),
    "seed a text": ("request", put("job.seed", "7"), "RFT518", "/seed"),
    "the flat form in a job": (
        "full job",
        put(f"{IN}.response_format", {"type": "json_schema", **FORMAT["json_schema"]}),
        "RFT519",
        f"{PLACE}/response_format",
    ),
    "not all required in a job": (
        "request",
        put(f"{IN}.response_format.json_schema.schema.required", []),
        "RFT519",
        f"{PLACE}/response_format{SCHEMA}/required",
    ),
}
