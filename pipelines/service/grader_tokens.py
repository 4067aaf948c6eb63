"""What graders that ask a model would send it: how many tokens, for which rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipelines.findings import BadInput, show
from pipelines.graders.render import Unresolved, filler
from pipelines.graders.templates import strings, templates
from pipelines.rules import tokens
from pipelines.rules.response_format import inside
from pipelines.service.estimate import Asked

# The types of graders that ask a model.
ASKING = ("score_model", "label_model")


class Asking:
    """A grader that asks a model, and the tokens of its messages for each row that is added.

    What its messages quote of the answer is left out, and counted how often. The handful of tokens
    that the chat format and the response format of a score add are not counted.
    """

    def __init__(self, grader: Mapping[str, Any]) -> None:
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
        self.model = model
        self.most = most if type(most) is int and most > 0 else None
        self.whole = sum(template.steps == ("output_text",) for template in quoted)
        self.parts = len(quoted) - self.whole
        self._fill = filler(text)
        self._tokens: Counter[str] = Counter()

    def add(self, split: str, item: Mapping[str, Any]) -> str:
        """Count a row of a split; "about " where that is an estimate, or ""."""
        try:
            text = self._fill({"item": item})
        except Unresolved:  # the service would score 0 without asking
            return ""
        count, about = tokens.count({"messages": [{"content": text}]})
        self._tokens[split] += count
        return about

    def asked(self, train: str, validation: str) -> Asked:
        """The grader as an estimate needs it, with the counts of two splits."""
        counts = self._tokens[train], self._tokens[validation]
        return Asked(self.model, *counts, self.whole, self.parts, self.most)
