"""The stages, in the order in which they run; each is a module whose docstring says what it does.

The first brings files and the last checks files; those between are walked frame by frame.
"""

from __future__ import annotations

from pipelines.findings import BadInput, did_you_mean
from pipelines.stages import convert, decontaminate, dedupe, download, normalize, split, validate

MODULES = (download, normalize, dedupe, decontaminate, split, convert, validate)
NAMES = tuple(module.__name__.rpartition(".")[2] for module in MODULES)
STAGES = (normalize.STAGE, dedupe.STAGE, decontaminate.STAGE, split.STAGE, convert.STAGE)


def check_name(until: str) -> None:
    """BadInput where no stage has the name of `--until`."""
    if until not in NAMES:
        raise BadInput(f"--until {until}: no stage has this name; {did_you_mean(until, NAMES)}")
