"""Family 4, continued: the source of a python grader."""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from pipelines.findings import show
from pipelines.graders.documented import graders, table
from pipelines.graders.templates import read_keys, syntax
from pipelines.rules.rule import Fault, rule

# Modules of Python's own library that need a network; `urllib.parse` and `http.cookies` do not.
NETWORK = (
    *("ftplib", "http.client", "http.server", "imaplib", "nntplib", "poplib", "smtplib", "socket"),
    *("socketserver", "ssl", "telnetlib", "urllib.request", "urllib.robotparser"),
    *("xmlrpc.client", "xmlrpc.server"),
)
SIGNATURE = "write def grade(sample, item) at the top level"


def _sources(grader: Any) -> Iterator[tuple[str, str]]:
    for place, part in graders(grader, "python"):
        if isinstance(part.get("source"), str) and part["source"]:
            yield f"{place}/source", part["source"]


def _parsed(grader: Any) -> Iterator[tuple[str, ast.Module | str]]:
    """The tree of every source that is small enough, or why it has none."""
    for place, source in _sources(grader):
        if len(source.encode()) < table()["sandbox"]["source_bytes"]:
            yield place, syntax(source)


def _trees(grader: Any) -> Iterator[tuple[str, ast.Module]]:
    return ((place, tree) for place, tree in _parsed(grader) if not isinstance(tree, str))


@rule("RFT430", "error", source="OpenAI, graders guide; Learn, 2026-03")
def source_is_small(grader: Any) -> Iterator[Fault]:
    """The source of a python grader is smaller than 256 kB, read as 256,000 bytes."""
    most = table()["sandbox"]["source_bytes"]
    for place, source in _sources(grader):
        size = len(source.encode())
        if size >= most:
            message = f"{size:,} bytes, fewer than {most:,} are accepted"
            yield place, message, "shorten the source, put data in the items"


@rule("RFT431", "error", source="OpenAI, graders guide, 2026")
def source_parses(grader: Any) -> Iterator[Fault]:
    """The source of a python grader is Python.

    By the parser of the Python that runs this; which Python the service runs is not documented.
    """
    for place, tree in _parsed(grader):
        if isinstance(tree, str):
            yield place, f"not Python: {show(tree)[1:-1]}", "write the source with json.dumps"


@rule("RFT432", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def has_grade(grader: Any) -> Iterator[Fault]:
    """The source of a python grader has a top-level function `grade(sample, item)`.

    It is called with two positional arguments. A `grade` that is imported or made by a call cannot
    be judged here and passes.
    """
    for place, tree in _trees(grader):
        last = _grade(tree)
        message = ""
        if last is None:
            message = "no function 'grade' at the top level"
        elif isinstance(last, (ast.AsyncFunctionDef, ast.ClassDef)):
            kind = "a class" if isinstance(last, ast.ClassDef) else "asynchronous"
            message = f"'grade' is {kind}"
        elif isinstance(last, (ast.FunctionDef, ast.Lambda)) and not _takes_two(last.args):
            args = last.args
            names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
            message = f"'grade' cannot be called with two arguments, it has {show(names)}"
        if message:
            yield place, message, SIGNATURE


def _grade(tree: ast.Module) -> ast.AST | None:
    """What the name `grade` stands for once the source is loaded; None where nothing binds it."""
    bound = next(iter(deque(filter(_binds_grade, _loaded(tree)), maxlen=1)), None)
    if isinstance(bound, ast.Assign) and isinstance(bound.value, ast.Lambda):
        return bound.value
    return bound


# What may read a parameter without naming it.
_INDIRECT = {"locals", "vars", "eval", "exec"}


def read_of(source: str) -> set[str] | None:
    """Which of `sample` and `item` a source's `grade` uses; None where that cannot be seen."""
    tree = syntax(source) if len(source) < table()["sandbox"]["source_bytes"] else ""
    grade = None if isinstance(tree, str) else _grade(tree)
    if not isinstance(grade, (ast.FunctionDef, ast.Lambda)):
        return None
    if isinstance(grade, ast.FunctionDef) and grade.decorator_list:
        return None
    names = [arg.arg for arg in (*grade.args.posonlyargs, *grade.args.args)]
    used = {node.id for node in ast.walk(grade) if isinstance(node, ast.Name)}
    if len(names) < 2 or not _takes_two(grade.args) or used & _INDIRECT:
        return None
    return {root for root, name in zip(("sample", "item"), names, strict=False) if name in used}


def _loaded(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements that run when the source is loaded, those of `if`, `try` and `with` too."""
    stack: list[ast.AST] = [*reversed(tree.body)]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.ExceptHandler)):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _binds_grade(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name == "grade"
        case ast.Assign():
            return any(isinstance(to, ast.Name) and to.id == "grade" for to in node.targets)
        case ast.Import() | ast.ImportFrom():
            return any((name.asname or name.name) == "grade" for name in node.names)
    return False


def _takes_two(args: ast.arguments) -> bool:
    places = len(args.posonlyargs) + len(args.args)
    needed = places - len(args.defaults)
    return (
        needed <= 2
        and (places >= 2 or args.vararg is not None)
        and all(default is not None for default in args.kw_defaults)
    )


@rule("RFT433", "error", source="OpenAI, graders guide; Learn, 2026-03")
def imports_what_is_there(grader: Any) -> Iterator[Fault]:
    """A python grader imports Python's own library and the sandbox's modules only.

    An import that fails gives every answer 0. One inside `try` with a handler may fail, and passes.
    """
    modules = table()["sandbox"]["modules"]
    for place, tree in _trees(grader):
        for name, line in _imports(tree):
            top = name.partition(".")[0]
            if not top:
                message = f"line {line}: a relative import"
                yield place, message, "put everything in the one source"
            elif top not in sys.stdlib_module_names and top not in modules:
                message = f"line {line}: {show(top)} is not in the service's sandbox"
                yield place, message, f"there are Python's own modules and {', '.join(modules)}"


@rule("RFT434", "warning", source="OpenAI, graders guide; Learn, 2026-03")
def needs_no_network(grader: Any) -> Iterator[Fault]:
    """A python grader does without a network, for the sandbox has none.

    Packages such as `requests` are not in the sandbox at all: RFT433.
    """
    for place, tree in _trees(grader):
        for name, line in _imports(tree):
            if name in ("http", "urllib") or any(f"{name}.".startswith(f"{n}.") for n in NETWORK):
                message = f"line {line}: {show(name)}, but the sandbox has no network"
                yield place, message, "put what the grader needs in the items"


@rule("RFT435", "error", source="Microsoft Foundry blog, April 2026")
def reads_json_of_a_format(grader: Any, response_format: Any) -> Iterator[Fault]:
    """A python grader reads `output_json` only where the job has a response format.

    As RFT423 has it of templates. A source that reads `output_text` too may fall back on it where
    there is no JSON, and passes. Seen are `sample["NAME"]` and `sample.get("NAME")`.
    """
    if response_format is not None:
        return  # there is one, or (`...`) no job that could lack it
    for place, tree in _trees(grader):
        read = list(read_keys(tree, "sample"))
        lines = [line for name, line in read if name == "output_json"]
        if lines and "output_text" not in {name for name, _ in read}:
            message = f"line {min(lines)}: output_json, but the job has no response_format"
            yield place, message, "give one, or read output_text"


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The modules that a source imports, in order, with their lines.

    A relative one begins with a dot. What is imported inside a `try` that has handlers is left out.
    """
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        match node:
            case ast.Import():
                for alias in node.names:
                    yield alias.name, node.lineno
            case ast.ImportFrom(module=str(module), level=0):
                if module in ("http", "urllib", "xmlrpc"):  # of these, it depends on the name
                    for alias in node.names:
                        yield f"{module}.{alias.name}", node.lineno
                else:
                    yield module, node.lineno
            case ast.ImportFrom():
                yield f".{node.module or ''}", node.lineno
            case ast.Try() if node.handlers:
                inner = [*node.orelse, *node.finalbody]
                for handler in node.handlers:
                    inner.extend(handler.body)
                stack.extend(reversed(inner))
            case _:
                stack.extend(reversed(list(ast.iter_child_nodes(node))))


@rule("RFT436", "error", source="OpenAI, graders guide, 2026: both are dicts")
def reads_by_key(grader: Any) -> Iterator[Fault]:
    """`grade` reads its sample and its item by key, not as attributes, which dicts do not have."""
    for place, tree in _trees(grader):
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.name == "grade":
                wrong = _attribute(function)
                if wrong is not None:
                    message = f"line {wrong.lineno}: {ast.unparse(wrong)} raises AttributeError"
                    yield place, message, f"write [{wrong.attr!r}] in its place"


def _attribute(function: ast.FunctionDef) -> ast.Attribute | None:
    """The first attribute of a dict that `grade` is called with, unless the name is used anew."""
    inner = [node for statement in function.body for node in ast.walk(statement)]
    anew = {node.arg for node in inner if isinstance(node, ast.arg)}
    for node in inner:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            anew.add(node.id)
    given = {each.arg for each in function.args.args[:2]} - anew
    read = (node for node in inner if isinstance(node, ast.Attribute))
    of_given = (
        node for node in read if isinstance(node.value, ast.Name) and node.value.id in given
    )
    return next((node for node in of_given if not hasattr(dict, node.attr)), None)
