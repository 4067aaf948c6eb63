"""Templates in a grader's strings, `{{item.x}}` and `{{sample.output_text}}`: what they read."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipelines.graders.documented import table

# Of a run of braces the last two open, so that `{{{item.x}}}` is a template between braces: one of
# Microsoft's samples has a JSON object whose last value is a template.
_BRACES = re.compile(r"\{\{(?!\{)|\}\}")
_ROOT = re.compile(r"[^.\[\]]*")
_STEP = re.compile(r"\[[^\[\]]*\]?|[^.\[\]]+")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """What stands between two pairs of braces, split: `item`, then `.name` and `[0]` steps."""

    inner: str
    root: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        """The template as it is written."""
        return "{{" + self.inner + "}}"

    @property
    def path(self) -> tuple[str, ...]:
        """What is read, whatever the spaces."""
        return self.root, *self.steps

    @property
    def indexes(self) -> list[str]:
        """The steps in square brackets."""
        return [step for step in self.steps if step.startswith("[")]

    @property
    def names(self) -> list[str]:
        """The steps after a dot."""
        return [step for step in self.steps if not step.startswith("[")]


def templates(text: str) -> tuple[list[Template], int]:
    """The closed templates of a text in order, and how many are opened and not closed."""
    closed: list[Template] = []
    opened: int | None = None
    unclosed = 0
    for braces in _BRACES.finditer(text):
        if braces[0] == "{{":
            unclosed += opened is not None
            opened = braces.end()
        elif opened is not None:
            closed.append(_template(text[opened : braces.start()]))
            opened = None
    return closed, unclosed + (opened is not None)


def _template(inner: str) -> Template:
    content = inner.strip()
    root = _ROOT.match(content)
    assert root is not None  # it matches the empty string
    return Template(inner, root[0], tuple(_STEP.findall(content, root.end())))


def strings(value: object) -> Iterator[tuple[Path, str]]:
    """Every string of a JSON value with its path, in order; however deep it is nested."""
    stack: list[tuple[Path, object]] = [((), value)]
    while stack:
        path, part = stack.pop()
        if isinstance(part, str):
            yield path, part
        elif isinstance(part, Mapping):
            stack.extend(((*path, str(key)), part[key]) for key in reversed(list(part)))
        elif isinstance(part, list):
            stack.extend(((*path, i), part[i]) for i in reversed(range(len(part))))


def item_fields(grader: object) -> set[str]:
    """The top-level item fields that a grader needs, in templates and in python source.

    In source these are `item["name"]` and `item.get("name")`; one that is read with a default may
    be absent, and a name that is computed is not seen.
    """
    fields: set[str] = set()
    for path, text in strings(grader):
        for template in templates(text)[0]:
            if template.root == "item" and template.steps and template.steps[0][0] != "[":
                fields.add(template.steps[0])
        if path and path[-1] == "source" and len(text) < table()["sandbox"]["source_bytes"]:
            tree = syntax(text)
            fields.update(
                key for key, _ in ([] if isinstance(tree, str) else read_keys(tree, "item"))
            )
    return fields


def reads_calls(grader: object) -> bool:
    """Whether a grader may look at the calls of tools that the model made."""
    if isinstance(grader, dict) and grader.get("type") == "endpoint":
        return True
    return any(
        any(name in text for name in ("output_tools", "choices", "tool_calls"))
        for _, text in strings(grader)
    )


@lru_cache(maxsize=16)
def syntax(source: str) -> ast.Module | str:
    """The syntax tree of python source, or why there is none. A tree is shared: do not change it.

    The parser warns of some sources, and gives up on deep ones with the errors of an interpreter.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except SyntaxError as error:
            return f"{error.msg} (line {error.lineno or 1})"
        except ValueError:
            return "it has a character that python does not read"
        except (RecursionError, MemoryError):
            return "it is nested too deeply"


def _has_default(node: ast.AST) -> bool:
    """Whether a key is read with what stands in its place where it is absent."""
    return isinstance(node, ast.Call) and len(node.args) + len(node.keywords) > 1


def read_keys(tree: ast.Module, root: str) -> Iterator[tuple[str, int]]:
    """The keys that a source reads of `item` or `sample`, each with its line; not in order."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)))
                | ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                    args=[ast.Constant(value=str(key)), *_],
                )
            ) if name == root and not (root == "item" and _has_default(node)):
                yield key, node.lineno
