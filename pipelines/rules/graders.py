"""Family 4: the grader's type, its fields and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from pipelines.findings import show
from pipelines.graders.documented import TYPES, entries, fields_of, graders, table, unreadable
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import explained
from pipelines.rules.tables import dated_name, meant

OPERATIONS = ("eq", "ne", "like", "ilike")
METRICS = ("fuzzy_match", "bleu", "gleu", "meteor", *(f"rouge_{n}" for n in "12345l"))
ROLES = ("system", "developer", "user", "assistant")


@rule("RFT401", "error", source="OpenAPI schema of the graders, 2026-08-21")
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
        kind = part["type"]
        for below, message, remedy in explained(
            fields_of(kind), part, "see schemas/grader.json", f"a {kind} grader"
        ):
            if not _OWNED.fullmatch(below):
                name = meant("fields", below.rpartition("/")[2])
                better = f"write {name!r}" if name and "is not a field" in message else remedy
                yield place + below, message, better


# Places whose values other rules judge, and the graders inside a multi grader.
_OWNED = re.compile("/type|/operation|/evaluation_metric|/input/[0-9]+/role|/graders/.*", re.DOTALL)


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


@rule("RFT403", "warning", source="Microsoft's samples and documentation, 2026-10")
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


@rule("RFT404", "warning", source="OpenAPI schema of the graders, 2026-08-21")
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
            better = meant("operations", part["operation"])
            remedy = f"write {better!r}" if better else f"write one of {', '.join(OPERATIONS)}"
            yield f"{place}/operation", f"{show(part['operation'])} is no operation", remedy


@rule("RFT406", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_known_metric(grader: Any) -> Iterator[Fault]:
    """The metric of a text_similarity is fuzzy_match, bleu, gleu, meteor or a rouge."""
    for place, part in graders(grader, "text_similarity"):
        metric = part.get("evaluation_metric", METRICS[0])
        if metric not in METRICS:
            what = "for evaluations only" if metric == "cosine" else "no metric"
            remedy = f"write one of {', '.join(METRICS)}"
            yield f"{place}/evaluation_metric", f"{show(metric)} is {what}", remedy


@rule("RFT407", "error", source="Learn, reinforcement fine-tuning, 2026-03")
def threshold_can_be_met(grader: Any) -> Iterator[Fault]:
    """`pass_threshold` lies in the range of the grader's score.

    That is 0 to 1, or a score_model's own `range`. What a python, endpoint or multi grader returns
    is not known before it runs: Microsoft's samples go to 5 and to 10.
    """
    for place, part in graders(grader, "string_check", "text_similarity", "score_model"):
        threshold: Any = part.get("pass_threshold")
        bounds = part.get("range", [0, 1]) if part["type"] == "score_model" else [0, 1]
        if _is_range([threshold, threshold]) and _is_range(bounds) and bounds[0] < bounds[1]:
            low, high = bounds
            if not low <= threshold <= high:
                message = f"{show(threshold)} is outside the score's range, {low} to {high}"
                yield f"{place}/pass_threshold", message, "choose a value inside, or leave it out"


@rule("RFT408", "warning", source="Microsoft's fine-tuning samples, 2026-01")
def child_has_no_threshold(grader: Any) -> Iterator[Fault]:
    """A grader inside a multi grader has no `pass_threshold`.

    One of Microsoft's notebooks removes them, "as they currently cannot be used with multi-grader";
    an example of OpenAI's has one.
    """
    for place, part in graders(grader):
        if place and "pass_threshold" in part:
            message = "a threshold inside a multi grader may be refused"
            yield f"{place}/pass_threshold", message, "take it out"


@rule("RFT410", "warning", source="pipelines/graders/graders.toml")
def has_known_model(grader: Any) -> Iterator[Fault]:
    """The model of a score_model is documented where it is used, and its name is whole.

    The newest page names no model: a warning, not an error.
    """
    for place, model in _models(grader):
        note = table()["models"].get(model, {}).get("note")
        better = dated_name(model, table()["models"])
        if note:
            yield f"{place}/model", f"{show(model)}: {note}", "choose another, or make sure"
        elif better and model not in table()["models"]:
            message = f"{show(model)} is not in the table of grader models"
            yield f"{place}/model", message, f"did you mean {better!r}?"


@rule("RFT415", "info", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_listed_model(grader: Any) -> Iterator[Fault]:
    """The model of a score_model is one that was seen to grade, or a deployment of your own.

    Foundry hosts the graders of OpenAI's and its own models; any other model that is trained needs
    a grader deployment, whose name is yours to choose.
    """
    for place, model in _models(grader):
        if model not in table()["models"] and not dated_name(model, table()["models"]):
            message = f"{show(model)} is not in the table of grader models"
            yield f"{place}/model", message, "nothing, where it is a deployment of your own"


def _models(grader: Any) -> Iterator[tuple[str, str]]:
    for place, part in graders(grader, "score_model", "label_model"):
        if isinstance(part.get("model"), str) and part["model"]:
            yield place, part["model"]


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


@rule("RFT413", "error", source="OpenAI, graders guide, 2026")
def model_takes_its_parameters(grader: Any) -> Iterator[Fault]:
    """A reasoning model takes no temperature or top_p, any other no reasoning_effort.

    The value 1, which is the default, changes nothing: the guide's own sample has it for o4-mini.
    """
    for place, part in graders(grader, "score_model"):
        model, parameters = part.get("model"), part.get("sampling_params")
        known = table()["models"].get(model) if isinstance(model, str) else None
        if known is None or not isinstance(parameters, dict):
            continue
        what = "a reasoning model" if known["reasoning"] else "not a reasoning model"
        for name in ("temperature", "top_p") if known["reasoning"] else ("reasoning_effort",):
            if parameters.get(name) not in (None, 1):
                message = f"{model} is {what} and takes no {name}"
                yield f"{place}/sampling_params/{name}", message, "take it out"


@rule("RFT414", "error", source="Azure OpenAI, 2025-08; OpenAPI schema of the graders")
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


def _is_range(value: object) -> TypeGuard[list[float]]:
    """Whether a value is two numbers; true and false are none."""
    kinds = [type(part) for part in value] if isinstance(value, list) else []
    return len(kinds) == 2 and {int, float}.issuperset(kinds)
