"""The job request: what is sent once both files are uploaded."""

from __future__ import annotations

from collections.abc import Mapping

# The one model for which the service's own answers show reinforcement training in 2026 without an
# invitation; `models.toml` has the others and what speaks against them.
DEFAULT_MODEL = "gpt-5.4-mini-2026-03-17"
TRAINING_TYPE = "GlobalStandard"

# The model of a supervised job that nobody names: small, and in Microsoft's table of 2026-03-05.
SUPERVISED_MODEL = "gpt-4.1-mini-2025-04-14"

# Where in the request the grader, the response format and the hyperparameters stand.
REINFORCEMENT = "/method/reinforcement"


def differs(one: object, other: object) -> bool:
    """Whether two parts of a request say different things; what is too deep to compare does."""
    try:
        return one != other
    except RecursionError:
        return True


def request(
    model: str,
    grader: Mapping[str, object],
    response_format: Mapping[str, object] | None,
) -> dict[str, object]:
    """The request's body, with places for the ids of the two uploaded files.

    Hyperparameters are left out: the service's advice is to start from its own; `job_settings` puts
    in those that the user names. The response format is nested, as the API of 2026 has it.
    """
    reinforcement: dict[str, object] = {"grader": grader}
    if response_format is not None:
        reinforcement["response_format"] = response_format
    return {
        "model": model,
        "training_file": "<id of the uploaded train.jsonl>",
        "validation_file": "<id of the uploaded validation.jsonl>",
        "trainingType": TRAINING_TYPE,
        "method": {"type": "reinforcement", "reinforcement": reinforcement},
    }


def supervised_request(
    settings: Mapping[str, object] | None = None, *, validation: bool
) -> dict[str, object]:
    """The body for a supervised job, with fields of `settings`; validation rows may be absent."""
    held_out = {"validation_file": "<id of the uploaded validation.jsonl>"} if validation else {}
    return {
        "model": SUPERVISED_MODEL,
        "training_file": "<id of the uploaded train.jsonl>",
        **held_out,
        "trainingType": TRAINING_TYPE,
        **(settings or {}),
        "method": {"type": "supervised", "supervised": {}},
    }
