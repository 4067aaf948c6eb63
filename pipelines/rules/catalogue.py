"""The catalogue: every rule, with the module of each family loaded."""

from __future__ import annotations

from pipelines.rules import (
    fields,
    files,
    graders,
    hyperparameters,
    jobs,
    messages,
    multi_graders,
    provenance,
    python_graders,
    response_format,
    templates,
)
from pipelines.rules.rule import RULES, Rule, of_scope

# A rule enters the catalogue when its module is loaded.
FAMILIES = (
    files,
    messages,
    fields,
    graders,
    python_graders,
    multi_graders,
    templates,
    jobs,
    hyperparameters,
    response_format,
    provenance,
)

__all__ = ["FAMILIES", "RULES", "Rule", "of_scope"]
