"""Family 4: the grader's type, its fields and their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from pipelines.findings import VALUE_WIDTH, pointer, show
from pipelines.graders.documented import TYPES, entries, fields_of, graders, table, unreadable
from pipelines.rules.rule import Fault, rule

OPERATIONS = ("eq", "ne", "like", "ilike")
METRICS = ("fuzzy_match", "bleu", "gleu", "meteor", *(f"rouge_{n}" for n in "12345l"))
ROLES = ("system", "developer", "user", "assistant")

# Fields as an earlier documentation, another grader or another API writes them.
RENAMED = {
    "sampling_parameters": "sampling_params",
    "max_completion_tokens": "max_completions_tokens",
    "max_tokens": "max_completions_tokens",
    "metric": "evaluation_metric",
    "code": "source",
    "formula": "calculate_output",
}
Kind = jsonschema_rs.ValidationErrorKind


@rule("RFT401", "error", source="OpenAPI schema of the graders, 2026-08-21", read="2026-11-21")
def has_fields_of_its_type(grader: Any) -> Iterator[Fault]:
    """A grader has the fields of its type, and no others.

    Sources conflict on four points. `sampling_parameters` and `max_completion_tokens`, as the page
    of 2025-05 has them, are in no schema: rejected. `name`, required by the schema, was left out in
    real runs: RFT404 warns. `pass_threshold` is in Microsoft's samples and in no schema: accepted.
    The schema of Azure leaves out the python grader, which its pages document and its samples run:
    accepted. Values that have a rule of their own are left to it.
    """
    if reason := unreadable(grader):
        yield "", reason, "see schemas/grader.json"
    for place, part in graders(grader):
        for error in fields_of(part["type"]).iter_errors(part):
            path = error.instance_path
            if not _has_its_own_rule(path, part["type"]):
                yield from _explained(error, place + pointer(path), part["type"])


def _has_its_own_rule(path: list[str | int], kind: str) -> bool:
    return (
        path in (["type"], ["operation"], ["evaluation_metric"])
        or (path[:1] == ["graders"] and len(path) > 1)
        or (path[:1] == ["input"] and path[-1] == "role" and kind in ("score_model", "label_model"))
    )


def _explained(error: jsonschema_rs.ValidationError, place: str, kind: str) -> Iterator[Fault]:
    match error.kind:
        case Kind.Required(property=name):
            yield place, f"{show(name)} is missing", "add it"
        case Kind.AdditionalProperties(unexpected=names):
            for name in sorted(names):
                remedy = f"write {RENAMED[name]!r}" if name in RENAMED else "take it out"
                message = f"{show(name)} is not a field of a {kind} grader"
                yield place + pointer([name]), message, remedy
        case Kind.Type(types=types):
            expected = " or ".join(types)
            yield place, f"expected {expected}, got {show(error.instance)}", f"make it {expected}"
        case Kind.Enum(options=options):
            known = ", ".join(option for option in options if isinstance(option, str))
            yield place, f"{show(error.instance)} is not known", f"write one of {known}"
        case _:
            short = len(error.message) <= VALUE_WIDTH
            message = error.message if short else f"{show(error.instance)} does not fit"
            yield place, message, "see schemas/grader.json"


@rule("RFT402", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_known_type(grader: Any) -> Iterator[Fault]:
    """A grader is an object whose type the service knows.

    `label_model` was in a page of 2025-08 and is in the schema's union for a multi grader, but was
    never a job's own grader: rejected at the top, and RFT403 warns inside a multi grader.
    """
    remedy = f"write one of {', '.join(TYPES)}"
    for place, part in entries(grader):
        if not isinstance(part, dict):
            yield place, f"expected an object, got {show(part)}", "see schemas/grader.json"
        elif "type" not in part:
            yield place, "a grader without a type", remedy
        elif part["type"] == "label_model" and not place:
            yield "/type", "'label_model' is not a grader of a reinforcement job", remedy
        elif part["type"] not in (*TYPES, "endpoint", "label_model"):
            yield f"{place}/type", f"{show(part['type'])} is no type of grader", remedy


@rule(
    "RFT403", "warning", source="Microsoft's samples and documentation, 2026-10", read="2026-11-21"
)
def has_open_type(grader: Any) -> Iterator[Fault]:
    """A grader's type is open to everybody, not a private preview.

    An endpoint needs an invitation. A label_model inside a multi grader is in the schema, but in
    none of Microsoft's pages of 2026.
    """
    for place, part in graders(grader, "endpoint", "label_model"):
        if part["type"] == "endpoint":
            yield f"{place}/type", "'endpoint' is in private preview", "make sure you are admitted"
        else:
            message = "'label_model' is not documented for reinforcement jobs"
            yield f"{place}/type", message, "use a score_model"


@rule("RFT404", "warning", source="OpenAPI schema of the graders, 2026-08-21", read="2026-11-21")
def has_name(grader: Any) -> Iterator[Fault]:
    """Every grader has a name.

    The schema requires it; the service was seen to name a grader by itself, and two of Microsoft's
    samples leave it out. So it is no error.
    """
    for place, part in graders(grader):
        if part.get("name", "") == "":
            yield f"{place}/name" if "name" in part else place, "the grader has no name", "name it"


@rule("RFT405", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_known_operation(grader: Any) -> Iterator[Fault]:
    """The operation of a string_check is eq, ne, like or ilike.

    `neq` stands in the prose of three guides, but in no schema.
    """
    for place, part in graders(grader, "string_check"):
        if "operation" in part and part["operation"] not in OPERATIONS:
            meant = {"neq": "ne", "contains": "like", "icontains": "ilike", "equals": "eq"}
            name = part["operation"]
            better = meant.get(name) if isinstance(name, str) else None
            remedy = f"write {better!r}" if better else f"write one of {', '.join(OPERATIONS)}"
            yield f"{place}/operation", f"{show(name)} is no operation", remedy


@rule("RFT406", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_known_metric(grader: Any) -> Iterator[Fault]:
    """The metric of a text_similarity is fuzzy_match, bleu, gleu, meteor or a rouge."""
    for place, part in graders(grader, "text_similarity"):
        if "evaluation_metric" not in part or part["evaluation_metric"] in METRICS:
            continue
        if part["evaluation_metric"] == "cosine":
            message, remedy = "'cosine' is for evaluations only", "use another, as fuzzy_match"
        else:
            message = f"{show(part['evaluation_metric'])} is no metric"
            remedy = f"write one of {', '.join(METRICS)}"
        yield f"{place}/evaluation_metric", message, remedy


@rule("RFT407", "error", source="Learn, reinforcement fine-tuning, 2026-03", read="2026-11-21")
def threshold_can_be_met(grader: Any) -> Iterator[Fault]:
    """`pass_threshold` lies in the range of the grader's score.

    That is 0 to 1, or a score_model's own `range`. What a python, endpoint or multi grader returns
    is not known before it runs: Microsoft's samples go to 5 and to 10.
    """
    for place, part in graders(grader, "string_check", "text_similarity", "score_model"):
        threshold, bounds = part.get("pass_threshold"), part.get("range", [0, 1])
        if part["type"] != "score_model":
            bounds = [0, 1]
        if _is_number(threshold) and _is_range(bounds) and bounds[0] < bounds[1]:
            low, high = bounds
            if not low <= threshold <= high:
                message = f"{show(threshold)} is outside the score's range, {low} to {high}"
                yield f"{place}/pass_threshold", message, "choose a value inside, or leave it out"


@rule("RFT408", "warning", source="Microsoft's fine-tuning samples, 2026-01", read="2026-11-21")
def child_has_no_threshold(grader: Any) -> Iterator[Fault]:
    """A grader inside a multi grader has no `pass_threshold`.

    One of Microsoft's notebooks removes them, "as they currently cannot be used with multi-grader";
    an example of OpenAI's has one.
    """
    for place, part in graders(grader):
        if place and "pass_threshold" in part:
            message = "a threshold inside a multi grader may be refused"
            yield f"{place}/pass_threshold", message, "take it out"


@rule("RFT410", "warning", source="pipelines/graders/graders.toml", read="2026-11-21")
def has_known_model(grader: Any) -> Iterator[Fault]:
    """The model of a score_model is known to grade.

    The newest page names no model, and some models need a grader deployment with a name of its own:
    a warning, not an error.
    """
    for place, part in graders(grader, "score_model", "label_model"):
        model = part.get("model")
        if not isinstance(model, str) or not model:
            continue  # RFT401 says so
        known = table()["models"].get(model)
        if known is None:
            message = f"{show(model)} is not in the table of grader models"
            yield f"{place}/model", message, "check that the service grades with it"
        elif "note" in known:
            yield (
                f"{place}/model",
                f"{show(model)}: {known['note']}",
                "choose another, or make sure",
            )


@rule("RFT411", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_rising_range(grader: Any) -> Iterator[Fault]:
    """The range of a score_model goes from a lower to a higher number."""
    for place, part in graders(grader, "score_model"):
        bounds = part.get("range")
        if bounds is not None and _is_range(bounds) and not bounds[0] < bounds[1]:
            yield f"{place}/range", f"{show(bounds)} does not rise", "write [lowest, highest]"


@rule("RFT412", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_known_roles(grader: Any) -> Iterator[Fault]:
    """The messages to a grader model are from system, developer, user or assistant.

    Unlike the messages of a row, which may not be from system.
    """
    for place, part in graders(grader, "score_model", "label_model"):
        messages = part.get("input")
        for i, message in enumerate(messages if isinstance(messages, list) else []):
            if isinstance(message, dict) and message.get("role", "user") not in ROLES:
                fault = f"{show(message['role'])} is no role of a grader's message"
                yield f"{place}/input/{i}/role", fault, f"write one of {', '.join(ROLES)}"


@rule("RFT413", "error", source="OpenAI, graders guide, 2026", read="2026-11-21")
def model_takes_its_parameters(grader: Any) -> Iterator[Fault]:
    """A reasoning model takes no temperature or top_p, any other no reasoning_effort."""
    for place, part in graders(grader, "score_model"):
        model, parameters = part.get("model"), part.get("sampling_params")
        known = table()["models"].get(model) if isinstance(model, str) else None
        if known is None or not isinstance(parameters, dict):
            continue
        what = "a reasoning model" if known["reasoning"] else "not a reasoning model"
        for name in ("temperature", "top_p") if known["reasoning"] else ("reasoning_effort",):
            if parameters.get(name) is not None:
                message = f"{model} is {what} and takes no {name}"
                yield f"{place}/sampling_params/{name}", message, "take it out"


@rule(
    "RFT414",
    "error",
    source="Azure OpenAI, reinforcement fine-tuning, 2025-08; OpenAPI schema of the graders",
    read="2026-11-21",
)
def passes_known_labels(grader: Any) -> Iterator[Fault]:
    """The passing labels of a label_model are among its labels.

    One that is not among them is never given, so that a right answer may never pass.
    """
    for place, part in graders(grader, "label_model"):
        labels, passing = part.get("labels"), part.get("passing_labels")
        if not isinstance(labels, list) or not isinstance(passing, list):
            continue  # RFT401 says so
        known = {label for label in labels if isinstance(label, str)}
        for i, label in enumerate(passing):
            if isinstance(label, str) and label not in known:
                message = f"{show(label)} is not one of the labels"
                yield f"{place}/passing_labels/{i}", message, "write a label, or add it to labels"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
