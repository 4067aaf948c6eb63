"""The settings of a job as users write them: `[job]` of a description, and `--job NAME=VALUE`.

They are flat, with dots: `model`, `training_type`, `suffix`, `seed`, `metadata.KEY`, the
hyperparameters of the method, and `grader_model`, the model of every grader that asks one. Those of
`--job` stay in `job_settings.json` of the prepared folder, so that a later run makes the same job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson

from pipelines.findings import BadInput, show
from pipelines.graders.documented import graders
from pipelines.io import files
from pipelines.rules.hyperparameters import SUPERVISED
from pipelines.rules.shapes import inside
from pipelines.rules.tables import hyperparameters

FILE = "job_settings.json"
GRADER_MODEL = "grader_model"
# The types of graders that ask a model.
ASKING = ("score_model", "label_model")

_PLACES = {"model": "model", "training_type": "trainingType", "suffix": "suffix", "seed": "seed"}
_METADATA = "metadata."


def parsed(texts: Iterable[str]) -> dict[str, Any]:
    """Settings of `NAME=VALUE`, by name; None where the value is empty, which takes one away."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"--job {text}: give NAME=VALUE; NAME= alone takes a setting away")
        check_name(name, f"--job {text}")
        if name in settings:
            raise BadInput(f"--job {name}: is given twice; leave one out")
        settings[name] = _value(name, value) if value else None
    return settings


def _value(name: str, text: str) -> Any:
    kind = "integer" if name == "seed" else hyperparameters().get(name, {}).get("type")
    with suppress(ValueError):
        return int(text) if kind == "integer" else float(text) if kind == "number" else text
    return text  # the rules say what is wrong with it


def check_name(name: str, where: str) -> None:
    """BadInput where a job has no setting of that name, with the nearest one."""
    known = [*_PLACES, f"{_METADATA}KEY", *hyperparameters(), GRADER_MODEL]
    if name in known or (name.startswith(_METADATA) and name != _METADATA):
        return
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    raise BadInput(f"{where}: no setting of a job has this name; {hint}")


def merged(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with others over them, of which None takes one away."""
    return {name: value for name, value in {**settings, **given}.items() if value is not None}


def applied(
    job: Mapping[str, Any], settings: Mapping[str, Any], where: Callable[[str], str]
) -> dict[str, Any]:
    """A job request with these settings; `where` says where one of that name was set.

    Raises BadInput for the first that breaks a rule of the job.
    """
    new = deepcopy(dict(job))
    method = str(inside(job, "method").get("type"))
    for name, value in settings.items():
        check_name(name, where(name))
        if name == GRADER_MODEL:
            _ask(inside(new, "method", method).get("grader"), value, where(name))
            continue
        if name in _PLACES:
            owner, key = new, _PLACES[name]
        elif name.startswith(_METADATA):
            owner, key = _owner(new, "metadata"), name.removeprefix(_METADATA)
        elif method == "supervised" and name not in SUPERVISED:
            there = f"a supervised job has {', '.join(SUPERVISED)}"
            raise BadInput(f"{where(name)}: is for reinforcement; {there}")
        else:
            owner, key = _owner(new, "method", method, "hyperparameters"), name
        if value is None:
            owner.pop(key, None)
        else:
            owner[key] = value
    _check(new, settings, f"/method/{method}/hyperparameters/", where)
    return new


def _owner(job: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        job[key] = job = job.get(key) or {}
    return job


def with_grader_model(grader: Any, settings: Mapping[str, Any], where: str) -> Any:
    """The grader with the model of the settings; BadInput where it asks none."""
    if settings.get(GRADER_MODEL) is None:
        return grader
    _ask(grader := deepcopy(grader), settings[GRADER_MODEL], where)
    return grader


def _ask(grader: Any, model: Any, where: str) -> None:
    asking = [entry for _, entry in graders(grader, *ASKING)]
    if not asking:
        remedy = "choose one that does, or leave it out"
        raise BadInput(f"{where}: this grader asks no model; {remedy}")
    if not isinstance(model, str):
        raise BadInput(f"{where} = {show(model)}: give the name of a model")
    for entry in asking:
        entry["model"] = model  # type: ignore[index]


def _check(job: Any, settings: Mapping[str, Any], inner: str, where: Callable[[str], str]) -> None:
    from pipelines.rules import catalogue  # all rules, which `--help` needs not

    names = {f"/{place}": name for name, place in _PLACES.items()}
    metadata = any(name.startswith(_METADATA) for name in settings)
    for rule in catalogue.of_scope("job") if settings else ():
        for pointer, message, remedy in rule.faults({"job": job}):
            name = names.get(pointer, pointer.removeprefix(inner))
            if pointer.startswith("/metadata") and metadata:
                name = pointer[1:].replace("/", ".", 1)
            elif name not in settings:
                continue
            if rule.severity == "error":
                raise BadInput(f"{where(name)}: {message}; {remedy} ({rule.code})")


def load(folder: Path) -> dict[str, Any]:
    """What `--job` set for a prepared folder; empty where nothing was."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        settings = orjson.loads(path.read_bytes())
        for name in settings:
            check_name(name, str(path))
        return dict(settings)
    except (OSError, ValueError, TypeError):
        raise BadInput(f"{path}: not as `--job` writes it; mend it, or remove it") from None


def kept(job: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A job request with what `--job` set for a folder in which it is written anew."""
    return applied(job, load(folder), lambda name: f"{folder / FILE}: {name}")


def save(folder: Path, given: Mapping[str, Any]) -> None:
    """Keep what was given for later runs, beside what was given before."""
    before = load(folder)
    if (settings := merged(before, given)) != before:
        files.write_json(folder / FILE, settings)
