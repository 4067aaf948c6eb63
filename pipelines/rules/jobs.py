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
from pipelines.rules import tables
from pipelines.rules.request import REINFORCEMENT, differs
from pipelines.rules.rule import Fault, of_scope, rule
from pipelines.rules.shapes import by_schema, inside, is_whole, seen

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


def _misspelt(job: object) -> dict[str, str | None]:
    """Unknown top-level keys, each with the absent field that it seems to mean."""
    if not isinstance(job, dict):
        return {}
    known = schema.load("job")["properties"]
    absent = [key for key in known if key not in job]
    found: dict[str, str | None] = {}
    for key in (key for key in job if key not in known and key != _HYPERPARAMETERS):
        # A match takes 0.1 ms; a job with a hundred unknown keys is not a misspelt one.
        close = absent if len(key) <= 40 and len(found) < 100 else []
        near = [tables.meant("fields", key), *get_close_matches(key, close, n=1, cutoff=0.75)]
        found[key] = next((name for name in near if name in absent), None)
        absent = [name for name in absent if name != found[key]]
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
    if not isinstance(model, str) or not model or tables.is_supervised_only(model):
        return  # RFT501 or RFT528 says so
    if _is_supervised(job):
        return
    known = tables.model(model)
    if known is None:
        better = tables.dated_name(model, tables.models())
        remedy = f"did you mean {better!r}?" if better else "check that it takes RFT jobs"
        yield "/model", f"{show(model)} is not in the table of models", remedy
        return
    if "note" in known:
        yield "/model", f"{show(model)}: {known['note']}", "choose another model, or make sure"
    listed = _lower([*known["training_types"], *known.get("refuses", [])])
    if kind in _lower(tables.training_types()) and kind not in listed:
        message = f"{show(job['trainingType'])} was not seen with {show(model)}"
        yield "/trainingType", message, "use GlobalStandard"


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


def _is_supervised(job: object) -> bool:
    """Whether a job is supervised, which has rows, models and files of its own."""
    return inside(job, "method").get("type") == "supervised"


def _training_type(job: object) -> str | None:
    """The training type in lower case; None where there is none or it is no string."""
    kind = inside(job).get("trainingType")
    return kind.lower() if isinstance(kind, str) else None


@rule("RFT503", "error", source="a public run log, 2026-07-26: the service's own answer")
def is_reinforcement(job: Any) -> Iterator[Fault]:
    """The method's type is reinforcement, or supervised with a model that takes it.

    The models that take reinforcement refuse the rest: "Finetuning with o4-mini-2025-04-16 requires
    the reinforcement method of finetuning."
    """
    method, model = inside(job, "method"), inside(job).get("model")
    other = not isinstance(model, str) or tables.model(model) is None
    if _is_supervised(job) and other and "supervised" in method:
        return
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
    known = _training_type(job) in _lower(tables.training_types())
    if kind is None or known or _is_otherwise_known(kind):
        return
    remedy = "use " + ("developerTier" if _training_type(job) == "developer" else "GlobalStandard")
    yield "/trainingType", f"{seen(kind)} is not a training type", remedy


def _is_otherwise_known(kind: object) -> bool:
    named = isinstance(kind, str) and re.sub("[^a-z]", "", kind.lower()).startswith("datazone")
    return named or (is_whole(kind) and kind == 1)


@rule("RFT527", "warning", source="public jobs of 2026; Learn, fine-tuning overview, 2026-10-06")
def spells_training_type(job: Any) -> Iterator[Fault]:
    """The training type is spelled as its page spells it.

    The number 1 is reported to work where Standard is refused; that it means GlobalStandard is
    only likely. `Data zone` is a training type since 2026-10, in the US alone; how a request spells
    it is in no page that was found.
    """
    kind = inside(job).get("trainingType")
    if _is_otherwise_known(kind):
        remedy = "write GlobalStandard" if kind == 1 else "ask the service before you pay"
        yield "/trainingType", f"how {seen(kind)} is spelled is not documented", remedy


@rule("RFT528", "error", source="Microsoft Foundry, supported models for fine-tuning, 2026-03-05")
def takes_reinforcement(job: Any) -> Iterator[Fault]:
    """The model is not one that is tuned by supervised or preference methods alone."""
    model = inside(job).get("model")
    only = isinstance(model, str) and tables.is_supervised_only(model)
    if only and not _is_supervised(job):
        message = f"{show(model)} takes no reinforcement job"
        yield "/model", message, f"use one of {', '.join(tables.models())}"


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
    known = tables.model(model) if isinstance(model, str) else None
    if known and kind in _lower(known.get("refuses", [])):
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
    below = schema.load("job")["properties"]["method"]["properties"]["reinforcement"]
    for key, name in _misspelt(job).items():
        remedy = f"write {name}" if name else "remove it"
        if key in below["properties"]:
            remedy = f"move it to {REINFORCEMENT}"
        yield pointer([key]), f"{show(key)} is not a field of a job", remedy


@rule("RFT512", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_validation_file(job: Any) -> Iterator[Fault]:
    """The job names a validation file.

    Optional in the API's schema and in Microsoft's command-line tool, but Learn asks for both. A
    supervised job may go without.
    """
    if not isinstance(job, dict) or "validation_file" in _misspelt(job).values():
        return
    if _is_supervised(job) and "validation_file" not in job:
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
    remedy = f"use 1 to {tables.limit('suffix_length')} of A-Z, a-z, 0-9, - and _"
    yield from by_schema("job", job, "suffix", remedy)


@rule("RFT516", "warning", source="a third party's note, 2026")
def has_short_suffix(job: Any) -> Iterator[Fault]:
    """A suffix has at most 18 characters.

    One note says 18, where Azure's page says 40: short ones are safe under both.
    """
    suffix, most = inside(job).get("suffix"), tables.limit("suffix_length_advised")
    if isinstance(suffix, str) and len(suffix) > most and not any(has_suffix_shape(job)):
        yield "/suffix", f"{len(suffix)} characters, over {most}", f"shorten it to {most}"


@rule("RFT517", "error", source="OpenAI's API schema; Microsoft's azd extension, 2026-08-21")
def has_small_metadata(job: Any) -> Iterator[Fault]:
    """Metadata is at most 16 pairs of text, keys up to 64 characters, values up to 512."""
    yield from by_schema("job", job, "metadata", "write few and short pairs of strings")


@rule("RFT518", "error", source="OpenAI's API schema, 2026-08-21")
def has_seed_in_range(job: Any) -> Iterator[Fault]:
    """A seed is a whole number from 0 to 2,147,483,647."""
    yield from by_schema("job", job, "seed", "use a whole number from 0 to 2147483647")


@rule("RFT519", "error", source="the rules of the response format")
def has_sound_format(job: Any) -> Iterator[Fault]:
    """The response format inside the job passes RFT520 to RFT525."""
    reinforcement = inside(job, "method", "reinforcement")
    for part in of_scope("response_format") if "response_format" in reinforcement else ():
        for place, message, remedy in part.test(reinforcement["response_format"]):
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
