"""A job as Azure's command line takes it: YAML, with local files, read as the request it becomes.

    azd ai finetuning jobs submit -f fine-tune-job.yaml

Of Azure/azure-dev, extension azure.ai.finetune, 2026-08-21: `training_file` and `validation_file`
may be `local:PATH`, uploaded first; `extra_body` is put into the request; epochs are `epochs`; keys
that it does not know are passed over without a word, as a `trainingType` at the top is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.rules.shapes import inside

_FILES = {"train": "training_file", "validation": "validation_file"}
_LOCAL = "local:"


def is_yaml(path: Path) -> bool:
    """Whether a document is YAML, by its name."""
    return path.suffix.lower() in (".yaml", ".yml")


def load(data: bytes) -> Any:
    """A YAML document as JSON has it; ValueError where it is none.

    Aliases are refused: nine short lines of them hold a billion values.
    """
    import yaml  # of huggingface-hub; for the few who have YAML, 20 ms

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, loader)):
            raise ValueError("it has an alias (*name); write the value out")
        value = yaml.load(data, loader)
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from None


def request_of(value: Any, path: Path) -> tuple[Any, dict[str, Path]]:
    """The request that a YAML job becomes, and the local files that it names, by role."""
    if not isinstance(value, dict):
        return value, {}
    dropped = ("name", "description", "extra_body", "trainingType")
    job = {key: part for key, part in value.items() if key not in dropped}
    job |= inside(value, "extra_body")
    hyperparameters = inside(job, "method", "reinforcement", "hyperparameters")
    if "epochs" in hyperparameters:
        hyperparameters["n_epochs"] = hyperparameters.pop("epochs")
    files = {}
    for role, key in _FILES.items():
        if isinstance(name := job.get(key), str) and name.startswith(_LOCAL):
            files[role] = _local(name.removeprefix(_LOCAL), path, key)
            job[key] = f"<id of {name}>"
    return job, files


def _local(name: str, path: Path, key: str) -> Path:
    """A file that a job names: beside the job, or from the folder where the command is run."""
    places = [path.parent / name, path.parent.parent / name, Path(name)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise BadInput(f"{path}: {key}: there is no file {name}; give its path from this file")
    return found
