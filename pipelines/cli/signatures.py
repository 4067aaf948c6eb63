"""A command that has the options of another beside its own, as typer reads them."""

from __future__ import annotations

import inspect
from collections.abc import Callable


def with_options_of(run: Callable[..., None], command: Callable[..., None]) -> Callable[..., None]:
    """`command`, whose `**options` stand for those of `run`; an option of both is that of `run`."""
    shared = inspect.signature(run, eval_str=True).parameters
    added = inspect.signature(command, eval_str=True).parameters
    merged = dict(shared) | {
        name: parameter
        for name, parameter in added.items()
        if name not in shared and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    command.__signature__ = inspect.Signature(list(merged.values()))  # type: ignore[attr-defined]
    command.__annotations__ = {name: p.annotation for name, p in merged.items()}
    return command
