"""The catalogue: every rule, with the module of each family loaded."""

from __future__ import annotations

from importlib import import_module

from pipelines.rules.rule import RULES, Rule, of_scope

# A rule enters the catalogue when its module is loaded.
FAMILIES = (
    *("files", "messages", "fields", "graders", "python_graders", "multi_graders", "templates"),
    *("jobs", "hyperparameters", "response_format", "provenance", "supervised"),
)
for family in FAMILIES:
    import_module(f"pipelines.rules.{family}")

__all__ = ["FAMILIES", "RULES", "Rule", "of_scope"]
