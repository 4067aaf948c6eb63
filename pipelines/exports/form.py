"""How answers are asked for and scored where the service's graders do not run, as a set."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from inspect import getsource

from pipelines.datasets import gradings
from pipelines.exports.chats import Item, Misfit, chat
from pipelines.findings import BadInput
from pipelines.graders.thinking import after_thinking
from pipelines.io.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Form:
    """What a prompt asks for and the Python that reads it: they come together or not at all.

    source: a module with `grade(sample, item)`, as a python grader has it. instruction: what takes
    the place of the items' own; None where theirs fits. known: instructions of the dataset, whose
    place it may take; a user's is not lost. notes: what the user should know of it.
    """

    source: str
    instruction: str | None = None
    known: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def messages(self, item: Item) -> list[dict[str, str]]:
        """The chat of an item, with this form's instruction first."""
        messages = chat(item)
        if self.instruction is None:
            return messages
        rest = messages[1:] if messages and messages[0]["role"] == "system" else messages
        if len(rest) < len(messages) and messages[0]["content"] not in self.known:
            raise Misfit(
                "/messages/0",
                "an instruction of its own, and the answers that it asks for are graded on the "
                "service only",
                "prepare the dataset with a python grader, or export to openai or foundry",
            )
        return [{"role": "system", "content": self.instruction}, *rest]


def of(prepared: Prepared) -> Form:
    """The form of a prepared folder that needs neither structured output nor another model.

    It is the folder's own where its grader is Python; else the dataset's first that is. Raises
    BadInput where there is none.
    """
    grader = prepared.document("grader")
    own = grader if isinstance(grader, dict) else {}
    if own.get("type") == "python" and prepared.document("response_format") is None:
        return Form(str(own["source"]))
    for grading in gradings.of(grader):
        if grading.grader["type"] == "python" and grading.response_format is None:
            note = f"graded by {grading.name!r}, with its instruction: {_why(own)}"
            known = frozenset(each.instruction for each in gradings.of(grader))
            source = str(grading.grader["source"])
            return Form(source, grading.instruction, known, (note,))
    raise BadInput(
        f"{prepared.path('grader')}: {_why(own)}; give the folder a python grader, or export to "
        "openai or foundry"
    )


def _why(grader: dict[str, object]) -> str:
    if grader.get("type") == "python":
        return "structured output is not known there"
    return f"a {grader.get('type', 'missing')} grader runs on the service only"


# What all adapters need: what a completion says after its thinking, which no grader of the service
# sees, and a score that, as there, is 0.0 where the grader fails.
_SHARED = '''

# The grader ends here; what follows is how this trainer calls it.


def _export_text(completion):
    """The text of a completion: a string, or the last of its messages where a model said it."""
    if isinstance(completion, (list, tuple)):
        completion = completion[-1] if completion else ""
    if isinstance(completion, str):
        return completion
    get = completion.get if isinstance(completion, dict) else vars(completion).get
    if get("role") in ("system", "developer", "user"):
        return ""
    content = get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content)


def _export_score(completion, item):
    """The grader's score; 0.0 where it fails, or where the completion has no text."""
    try:
        text = _export_answer(_export_text(completion))
        item = {name: v.tolist() if hasattr(v, "tolist") else v for name, v in item.items()}
        return float(grade({"output_text": text}, item))
    except Exception:
        return 0.0


'''
# Under a name of its own: the grader may hold the function too.
_ANSWER = getsource(after_thinking).replace("def after_thinking", "def _export_answer") + "\n"

# What adapters import.
_IMPORTED = {"json", "re", "Path"}


def module(form: Form, adapter: str) -> str:
    """The reward module: the grader's source as it is, then what all adapters need, then `adapter`.

    Raises BadInput where the grader has a name that the adapter defines too.
    """
    added = _SHARED + _ANSWER + adapter
    twice = sorted(_names(form.source) & (_names(added) | _IMPORTED))
    if twice:
        raise BadInput(f"grader.json: its source has {twice[0]!r}, as reward.py; rename it")
    return form.source.rstrip() + "\n" + added


def _names(source: str) -> set[str]:
    """The names that a module defines or imports at its top."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names
