"""The catalogue: every rule, with the module of each family loaded."""

from __future__ import annotations

from importlib import import_module

from pipelines.rules.rule import RULES, Rule, of_scope

# A rule enters the catalogue when its module is loaded.
MODULES = (
    *("files", "messages", "fields", "graders", "python_graders", "multi_graders", "templates"),
    *("jobs", "hyperparameters", "response_format", "provenance", "supervised"),
)
for module in MODULES:
    import_module(f"pipelines.rules.{module}")

# How the codes of a family begin, its name, and what its rules are about.
FAMILIES = {
    "RFT1": ("Files", "bytes, lines, sizes, numbers of rows"),
    "RFT2": ("Messages", "the chat prompt of a row"),
    "RFT3": ("Item fields", "the fields that a grader reads"),
    "RFT4": ("Graders", "the grader, its templates and its code"),
    "RFT5": ("Jobs and response formats", "the request, its hyperparameters, the response format"),
    "RFT6": ("How the data was made", "what a manifest says of the files beside it"),
    "RFT7": ("Rows against each other", "copies, contradictions, leakage"),
    "RFT8": ("Supervised rows", "files that end with the assistant"),
}

__all__ = ["FAMILIES", "MODULES", "RULES", "Rule", "of_scope"]
