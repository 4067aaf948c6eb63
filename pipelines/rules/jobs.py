"""Family 5: the job request.

A field that has a rule of its own is left out by the rule of the schema, so that one fault raises
one code. What is inside the grader belongs to family 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pipelines.findings import pointer, show
from pipelines.io import schema
from pipelines.rules import response_format
from pipelines.rules.request import REINFORCEMENT, differs
from pipelines.rules.response_format import by_schema, inside, is_name, is_whole, seen
from pipelines.rules.rule import Fault, rule
from pipelines.rules.tables import limit, models, training_types

# What other rules, or family 4, judge: the rule of the job's schema passes over it and all below.
_OWNED = (
    "/method/type",
    f"{REINFORCEMENT}/grader",
    f"{REINFORCEMENT}/response_format",
    "/trainingType",
    "/validation_file",
    "/suffix",
    "/metadata",
    "/seed",
)
_HYPERPARAMETERS = "hyperparameters"
# Written for another field often enough to be named; near spellings are found without a list.
_MEANT = {"test_file": "validation_file", "eval_file": "validation_file"}


def _field(name: str) -> dict[str, Any]:
    """What the job's schema says of a field."""
    field: dict[str, Any] = schema.load("job")["properties"][name]
    return field


def _misspelt(job: object) -> dict[str, str | None]:
    """Unknown top-level keys, each with the absent field that it seems to mean."""
    if not isinstance(job, dict):
        return {}
    known = schema.load("job")["properties"]
    absent = [key for key in known if key not in job]
    found: dict[str, str | None] = {}
    for key in job:
        if key in known or key == _HYPERPARAMETERS:
            continue
        # A match takes 0.1 ms; a job with a hundred unknown keys is not a misspelt one.
        close = len(key) <= 40 and len(found) < 100
        near = get_close_matches(key, absent, n=1, cutoff=0.75) if close else []
        meant = _MEANT.get(key) or (near[0] if near else None)
        if meant in absent:
            absent.remove(meant)
            found[key] = meant
        else:
            found[key] = None
    return found


@rule("RFT501", "error", source="OpenAPI schemas of the job, 2026")
def is_job(job: Any) -> Iterator[Fault]:
    """The job request is an object with the documented fields.

    The fields that rules of their own look at are left to them. Under a method that is not
    reinforcement nothing is said, for all of it is another method's.
    """
    method = inside(job, "method")
    other = "type" in method and method["type"] != "reinforcement"
    misspelt = _misspelt(job)
    elsewhere = {pointer([key]) for key in misspelt}
    elsewhere |= {f"{place}/{_HYPERPARAMETERS}" for place in ("", "/method")}
    missing = {f"{show(name)} is missing" for name in {*misspelt.values(), "validation_file"}}
    for place, message, remedy in by_schema("job", job):
        if place in elsewhere or (not place and message in missing):
            continue
        if other and (place == "/method" or place.startswith("/method/")):
            continue
        if not any(place == owned or place.startswith(f"{owned}/") for owned in _OWNED):
            yield place, message, remedy


@rule("RFT502", "warning", source="pipelines/rules/tables/models.toml")
def has_trainable_model(job: Any) -> Iterator[Fault]:
    """The model is known to take reinforcement jobs of that training type.

    A model goes by its base: `NAME.ft-ID` trains on from a tuned one. A warning, since models come
    and go faster than tables; that a model is retiring or by invitation is a warning too.
    """
    model, kind = inside(job).get("model"), _training_type(job)
    if not isinstance(model, str) or not model:
        return
    known = models().get(_base(model))
    if known is None:
        message = f"{show(model)} is not in the table of models"
        yield "/model", message, "check that it takes RFT jobs"
        return
    if "note" in known:
        yield "/model", f"{show(model)}: {known['note']}", "choose another model, or make sure"
    listed = _lower([*known["training_types"], *known.get("refuses", [])])
    if kind in _lower(training_types()) and kind not in listed:
        message = f"{show(job['trainingType'])} was not seen with {show(model)}"
        yield "/trainingType", message, "use GlobalStandard"


def _base(model: str) -> str:
    return model.partition(".ft-")[0]


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


def _training_type(job: object) -> str | None:
    """The training type in lower case; None where there is none or it is no string."""
    kind = inside(job).get("trainingType")
    return kind.lower() if isinstance(kind, str) else None


@rule("RFT503", "error", source="a public run log, 2026-07-26: the service's own answer")
def is_reinforcement(job: Any) -> Iterator[Fault]:
    """The method's type is reinforcement.

    The models that take reinforcement refuse the rest: "Finetuning with o4-mini-2025-04-16 requires
    the reinforcement method of finetuning."
    """
    method = inside(job, "method")
    if "type" in method and method["type"] != "reinforcement":
        message = f"expected 'reinforcement', got {seen(method['type'])}"
        yield "/method/type", message, "write reinforcement, with a grader under that key"


@rule("RFT504", "error", source="answers of the service in public threads, 2026-09")
def names_training_type(job: Any) -> Iterator[Fault]:
    """The training type is Standard, GlobalStandard or developerTier.

    `Developer`, as the portal calls it, makes the body unreadable to the service, which then says
    only "The fineTuningJob field is required." Upper and lower case were seen mixed.
    """
    kind = inside(job).get("trainingType")
    if kind is None or _training_type(job) in _lower(training_types()):
        return
    remedy = "use " + ("developerTier" if _training_type(job) == "developer" else "GlobalStandard")
    yield "/trainingType", f"{seen(kind)} is not a training type", remedy


@rule("RFT505", "warning", source="Azure SDK for Python, reinforcement sample, 2026")
def states_training_type(job: Any) -> Iterator[Fault]:
    """The training type is stated.

    Omitted it is Standard, which newer models refuse; the SDK's sample warns of "unsupported
    behavior".
    """
    if isinstance(job, dict) and job.get("trainingType") is None:
        yield "", "no trainingType, which means Standard", "add trainingType, as GlobalStandard"


@rule("RFT506", "error", source="pipelines/rules/tables/models.toml")
def takes_training_type(job: Any) -> Iterator[Fault]:
    """The model does not refuse the training type.

    "The specified base model gpt-5.4-mini-2026-03-17 does not support fine-tuning with Standard
    TrainingType." And o4-mini has no developer tier. Other pairs that were not seen only warn.
    """
    model, kind = inside(job).get("model"), _training_type(job)
    known = models().get(_base(model), {}) if isinstance(model, str) else {}
    if kind in _lower(known.get("refuses", [])):
        message = f"{show(model)} refuses {show(job['trainingType'])}"
        yield "/trainingType", message, "use GlobalStandard"


@rule("RFT507", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def places_hyperparameters(job: Any) -> Iterator[Fault]:
    """Hyperparameters stand in method.reinforcement.

    One blog's example has them at the top, but there they are ignored (Azure OpenAI, 2025-05) or
    refused as an invalid payload: a run with other settings than asked for, at full price.
    """
    remedy = f"move them to {REINFORCEMENT}/{_HYPERPARAMETERS}"
    for place, value in (("", job), ("/method", inside(job, "method"))):
        if isinstance(value, dict) and _HYPERPARAMETERS in value:
            yield f"{place}/{_HYPERPARAMETERS}", "hyperparameters have no effect here", remedy


@rule("RFT511", "error", source="OpenAPI schemas of the job, 2026; openai-cookbook issue 1895")
def has_known_keys(job: Any) -> Iterator[Fault]:
    """The job has no unknown top-level field.

    Unknown parameters are refused; `test_file` was, and is `validation_file`. A key that seems to
    mean an absent field is reported here alone, not as a missing field too.
    """
    below = _field("method")["properties"]["reinforcement"]["properties"]
    for key, meant in _misspelt(job).items():
        remedy = f"write {meant}" if meant else "remove it"
        if key in below:
            remedy = f"move it to {REINFORCEMENT}"
        yield pointer([key]), f"{show(key)} is not a field of a job", remedy


@rule("RFT512", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_validation_file(job: Any) -> Iterator[Fault]:
    """The job names a validation file.

    Optional in the API's schema and in Microsoft's command-line tool, but Learn asks for both.
    """
    if not isinstance(job, dict) or "validation_file" in _misspelt(job).values():
        return
    value = job.get("validation_file")
    if not isinstance(value, str) or not value:
        place = "/validation_file" if "validation_file" in job else ""
        message = "no validation_file" if value is None else f"{seen(value)} is not a file id"
        yield place, message, "add the id of the uploaded validation file"


@rule("RFT513", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_two_files(job: Any) -> Iterator[Fault]:
    """The training and the validation file are not the same.

    Rewards on rows that were trained on say nothing, and no other number tells when to stop.
    """
    known = inside(job)
    train, validation = known.get("training_file"), known.get("validation_file")
    if isinstance(train, str) and train and train == validation:
        yield "/validation_file", f"{show(train)} is the training file too", "upload another file"


@rule("RFT514", "error", source="the service's answers in public threads, 2026")
def names_uploaded_files(job: Any) -> Iterator[Fault]:
    """A file is named by the id that its upload gave, not by a path or an address.

    "The specified file reference must point to a completed file import." Azure's job takes no
    address; an id has neither a slash nor the ending of a JSONL file.
    """
    for field in ("training_file", "validation_file"):
        value = inside(job).get(field)
        if isinstance(value, str) and re.search(r"\.jsonl$|^https?://", value, re.IGNORECASE):
            message = f"{show(value)} is a path or an address"
            yield f"/{field}", message, "upload the file and write its id"


@rule("RFT515", "error", source="Learn, fine-tuning over REST")
def has_suffix_shape(job: Any) -> Iterator[Fault]:
    """A suffix has 1 to 40 letters, digits, hyphens and underscores.

    OpenAI's schema and Microsoft's azd allow 64; Azure's page says 40 and no dots, and decides.
    """
    suffix = inside(job).get("suffix")
    if suffix is not None and not _is_suffix(suffix):
        remedy = f"use 1 to {limit('suffix_length')} of A-Z, a-z, 0-9, - and _"
        yield "/suffix", f"{seen(suffix)} is not a suffix", remedy


@rule("RFT516", "warning", source="a third party's note, 2026")
def has_short_suffix(job: Any) -> Iterator[Fault]:
    """A suffix has at most 18 characters.

    One note says 18, where Azure's page says 40: short ones are safe under both.
    """
    suffix: Any = inside(job).get("suffix")
    most = limit("suffix_length_advised")
    if _is_suffix(suffix) and len(suffix) > most:
        yield "/suffix", f"{len(suffix)} characters, over {most}", f"shorten it to {most}"


def _is_suffix(value: object) -> bool:
    return is_name(value, limit("suffix_length"))


@rule("RFT517", "error", source="OpenAI's API schema; Microsoft's azd extension, 2026-08-21")
def has_small_metadata(job: Any) -> Iterator[Fault]:
    """Metadata is at most 16 pairs of text, keys up to 64 characters, values up to 512."""
    metadata, limits = inside(job).get("metadata"), _field("metadata")
    pairs, longest = limits["maxProperties"], limits["propertyNames"]["maxLength"]
    length = limits["additionalProperties"]["maxLength"]
    if not isinstance(metadata, dict):
        if metadata is not None:
            yield "/metadata", f"expected an object, got {seen(metadata)}", "write pairs of strings"
        return
    if len(metadata) > pairs:
        yield "/metadata", f"{len(metadata)} pairs, over {pairs}", "remove some"
    for key, value in metadata.items():
        place = pointer(["metadata", key])
        if len(key) > longest:
            yield place, f"a key of {len(key)} characters, over {longest}", "shorten it"
        elif not isinstance(value, str):
            yield place, f"expected a string, got {seen(value)}", "write it as a string"
        elif len(value) > length:
            yield place, f"{len(value)} characters, over {length}", "shorten it"


@rule("RFT518", "error", source="OpenAI's API schema, 2026-08-21")
def has_seed_in_range(job: Any) -> Iterator[Fault]:
    """A seed is a whole number from 0 to 2,147,483,647."""
    seed, limits = inside(job).get("seed"), _field("seed")
    if seed is None:
        return
    if not is_whole(seed) or not limits["minimum"] <= seed <= limits["maximum"]:
        remedy = f"use a whole number from {limits['minimum']} to {limits['maximum']}"
        yield "/seed", f"{seen(seed)} is not a seed", remedy


@rule("RFT519", "error", source="the rules of the response format")
def has_sound_format(job: Any) -> Iterator[Fault]:
    """The response format inside the job passes RFT520 to RFT525."""
    reinforcement = inside(job, "method", "reinforcement")
    if "response_format" not in reinforcement:
        return
    for place, message, remedy in response_format.faults(reinforcement["response_format"]):
        yield f"{REINFORCEMENT}/response_format{place}", message, remedy


@rule("RFT526", "error", source="this pipeline: the service reads the request alone")
def has_what_is_beside(beside: Mapping[str, Any], job: Any) -> Iterator[Fault]:
    """The grader and the response format of a job are those of the files beside it.

    The job is trained with its own; checked, estimated and tried out is what is beside it.
    """
    reinforcement = inside(job, "method", "reinforcement")
    for role, value in beside.items():
        if role in reinforcement:
            other = differs(reinforcement[role], value)
            place, what = f"{REINFORCEMENT}/{role}", f"is another than the {role} beside the job"
        else:
            other = role == "response_format" and bool(reinforcement)  # a grader: RFT501
            place, what = REINFORCEMENT, f"no {role} is in it, and there is one beside the job"
        if other:
            yield place, what, "`rft validate … --fix DIR` writes the job with what is beside it"
