"""What graders that ask a model would send it: how many tokens, for which rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.findings import BadInput, show
from pipelines.graders.render import Roots, Unresolved, filler
from pipelines.graders.templates import strings, templates
from pipelines.rules import tokens
from pipelines.rules.shapes import inside


@dataclass(slots=True)
class ModelGrader:
    """A grader that asks a model.

    train, validation: tokens of its messages, filled in with each row's fields, over all rows of
        the split; without what they quote of the answer. The handful that the chat format and the
        response format of a score add are not counted.
    quotes, part_quotes: how often the messages quote the whole answer, and a part of it.
    most: tokens that it may write at most; None where it does not say.
    """

    model: str
    train: float = 0
    validation: float = 0
    quotes: int = 0
    part_quotes: int = 0
    most: int | None = None
    fill: Callable[[Roots], str] = lambda roots: ""

    @classmethod
    def of(cls, grader: Mapping[str, Any]) -> ModelGrader:
        """The grader before any row is counted."""
        model = grader.get("model")
        if not isinstance(model, str):
            name = show(grader.get("name"))
            raise BadInput(f"grader {name}: no model; run `rft validate` on the folder first")
        sent = strings(grader.get("input"))
        text = "\n".join(text for path, text in sent if path[-1:] not in (("role",), ("type",)))
        quoted = [template for template in templates(text)[0] if template.root == "sample"]
        for template in quoted:
            text = text.replace(str(template), "")
        most = inside(grader, "sampling_params").get("max_completions_tokens")
        quotes = sum(template.steps == ("output_text",) for template in quoted)
        return cls(
            model,
            quotes=quotes,
            part_quotes=len(quoted) - quotes,
            most=most if type(most) is int and most > 0 else None,
            fill=filler(text),
        )

    def add(self, split: str, item: Mapping[str, Any]) -> str:
        """Count a row of a split; "about " where that is an estimate, or ""."""
        try:
            text = self.fill({"item": item})
        except Unresolved:  # the service would score 0 without asking
            return ""
        count, about = tokens.count({"messages": [{"content": text}]})
        setattr(self, split, getattr(self, split) + count)
        return about
