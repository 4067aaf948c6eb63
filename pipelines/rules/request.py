"""The job request: what is sent once both files are uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pipelines.findings import BadInput
from pipelines.rules.tables import hyperparameters

# The one model for which the service's own answers show reinforcement training in 2026 without an
# invitation; `models.toml` has the others and what speaks against them.
DEFAULT_MODEL = "gpt-5.4-mini-2026-03-17"
TRAINING_TYPE = "GlobalStandard"

# Where in the request the grader, the response format and the hyperparameters stand.
REINFORCEMENT = "/method/reinforcement"


def differs(one: object, other: object) -> bool:
    """Whether two parts of a request say different things; what is too deep to compare does."""
    try:
        return one != other
    except RecursionError:
        return True


# Settings of a job by the names that users write, with their place in the request.
_SETTINGS = {
    "training_type": "trainingType",
    "suffix": "suffix",
    "seed": "seed",
    "metadata": "metadata",
}


def check_settings(settings: Mapping[str, object], where: str) -> None:
    """End the run where a job has no setting of a name; `where` names the settings' file."""
    known = ["model", *_SETTINGS, *hyperparameters()]
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise BadInput(f"{where}: {name}: no setting of a job; {hint}")


def request(
    model: str,
    grader: Mapping[str, object],
    response_format: Mapping[str, object] | None,
    settings: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The request's body, with places for the ids of the two uploaded files.

    Hyperparameters that `settings` does not name are left out: the service's advice is to start
    from its own. The response format is nested, as the API of 2026 has it.
    """
    settings = settings or {}
    reinforcement: dict[str, object] = {"grader": grader}
    if response_format is not None:
        reinforcement["response_format"] = response_format
    known = hyperparameters()
    chosen = {name: value for name, value in settings.items() if name in known}
    if chosen:
        reinforcement["hyperparameters"] = chosen
    named = {_SETTINGS[name]: settings[name] for name in _SETTINGS if name in settings}
    return {
        "model": model,
        "training_file": "<id of the uploaded train.jsonl>",
        "validation_file": "<id of the uploaded validation.jsonl>",
        "trainingType": TRAINING_TYPE,
        **named,
        "method": {"type": "reinforcement", "reinforcement": reinforcement},
    }
