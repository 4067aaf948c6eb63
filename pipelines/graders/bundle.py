"""A grader that is a package, as one text: the service takes a source, not a folder.

The text is the package: its modules one after another, each after those that it imports, in one
namespace. What would mean something else there than in the package is refused, not mended.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# What tells a module from a text of many modules, or runs text. Such names in double underscores
# are refused as well.
_REFUSED = {"globals", "locals", "vars", "eval", "exec", "compile"}
_BUILTINS = {name for name in dir(builtins) if not name.startswith("__")} - _REFUSED


# Modules beside the packages that every package may import, and its text then holds.
_SHARED = ("thinking",)
_SHARED_AT = {("pipelines.graders", name) for name in _SHARED}


@dataclass(slots=True)
class _Module:
    """A module of the package: what it imports, what it defines, and its text without imports."""

    name: str
    about: str
    text: str = ""
    ours: dict[str, list[str]] = field(default_factory=dict)  # module of the package: names
    others: dict[str, set[str]] = field(default_factory=dict)  # other module: names, or none
    defined: list[str] = field(default_factory=list)


def bundled(folder: Path) -> str:
    """The modules of the package in a folder as one text, the same text each time.

    The docstring of the package stays one, those of its modules become comments, for whoever reads
    the text wants to know what each part is. ValueError where the text would not be the package:
    modules that import each other, one that none imports, a name that two modules define or that
    Python has, an import that is not `from package.module import name` at a module's head, a name
    that a module reads and neither defines nor imports.
    """
    package = f"pipelines.graders.{folder.name}"
    shared = [path for name in _SHARED if (path := folder.with_name(f"{name}.py")).is_file()]
    paths = (*sorted(folder.glob("*.py")), *shared)
    modules = {path.stem: _read(path, package) for path in paths}
    ordered: list[_Module] = []
    _visit("__init__", modules, ordered, ())
    if unused := sorted(modules.keys() - {*_SHARED, *(module.name for module in ordered)}):
        raise ValueError(f"{unused[0]}.py: no module of {package} imports it")
    _compare(ordered)
    head = ordered.pop()
    if head.defined != ["__all__"]:
        raise ValueError("__init__.py: holds more than a docstring, imports and __all__")
    parts = [f'r"""{head.about}"""', "from __future__ import annotations", _imports(ordered)]
    for module in ordered:
        lines = "".join(f"# {line}".rstrip() + "\n" for line in module.about.splitlines())
        parts.append(f"{f'# --- {module.name} '.ljust(100, '-')}\n#\n{lines}\n{module.text}")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _read(path: Path, package: str) -> _Module:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, path.name)
    module = _Module(path.stem, (ast.get_docstring(tree, clean=False) or "").strip())
    if not module.about or '"""' in module.about:
        raise ValueError(f"{path.name}: has no docstring that could be a comment")
    head = 1
    for statement in tree.body[head:]:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            break
        _import(statement, module, package)
        head += 1
    body = tree.body[head:]
    module.defined = [name for statement in body for name in _bound(statement, path.name)]
    end = tree.body[head - 1].end_lineno or 0
    if body and body[0].lineno <= end:
        raise ValueError(f"{path.name}:{end}: a statement behind an import or the docstring")
    module.text = "\n".join(source.splitlines()[end:])
    imported = {name for names in module.ours.values() for name in names}
    imported |= {name for key, names in module.others.items() for name in names or [key]}
    known = {*module.defined, *imported} | _BUILTINS
    read = set(_globals(symtable.symtable(source, path.name, "exec"), path.name))
    if unknown := sorted(read - known):
        raise ValueError(f"{path.name}: reads {unknown[0]}, which it neither defines nor imports")
    return module


def _import(node: ast.Import | ast.ImportFrom, module: _Module, package: str) -> None:
    """Note an import; ValueError for what has no place in one text."""
    where = f"{module.name}.py:{node.lineno}"
    if any(alias.asname or alias.name == "*" for alias in node.names):
        raise ValueError(f"{where}: an import of everything, or under another name")
    if isinstance(node, ast.Import):
        for alias in node.names:
            if "." in alias.name or alias.name == "pipelines":
                raise ValueError(f"{where}: import {alias.name} cannot be kept")
            module.others[alias.name] = set()
        return
    name = node.module or ""
    names = [alias.name for alias in node.names]
    above, _, below = name.rpartition(".")
    if node.level == 0 and (above == package or (above, below) in _SHARED_AT):
        module.ours.setdefault(below, []).extend(names)
    elif node.level or name.partition(".")[0] == "pipelines":
        raise ValueError(f"{where}: imports from {'.' * node.level}{name}, not from {package}.")
    elif name != "__future__":
        module.others.setdefault(name, set()).update(names)


def _bound(statement: ast.stmt, file: str) -> list[str]:
    """The names that a statement of a module binds."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[*targets]):
            nodes = [node for target in targets for node in ast.walk(target)]
            return [node.id for node in nodes if isinstance(node, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    raise ValueError(f"{file}:{statement.lineno}: neither a definition nor an assignment")


def _globals(table: symtable.SymbolTable, file: str) -> Iterator[str]:
    """The names that a module and what is in it read as global ones.

    Since Python 3.12 the variables of a module's comprehensions are among its own names.
    """
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if not top and (symbol.is_imported() or symbol.is_declared_global()):
            raise ValueError(f"{file}:{table.get_lineno()}: an import or `global` within")
        if symbol.is_referenced() and (not symbol.is_assigned() if top else symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner, file)


def _visit(
    name: str, modules: dict[str, _Module], ordered: list[_Module], above: tuple[str, ...]
) -> None:
    """Append a module after all that it imports."""
    if name in above:
        raise ValueError(f"{name}.py: is imported by what it imports: {' → '.join(above)}")
    if name not in modules:
        raise ValueError(f"{above[-1]}.py: imports {name}, which is no module of the package")
    if modules[name] in ordered:
        return
    for below, names in modules[name].ours.items():
        _visit(below, modules, ordered, (*above, name))
        if missing := sorted(set(names) - set(modules[below].defined)):
            raise ValueError(f"{name}.py: {below}.py does not define {missing[0]}")
    ordered.append(modules[name])


def _compare(modules: list[_Module]) -> None:
    """ValueError where a name would be bound twice in one text, or hide one of Python's."""
    owners = dict.fromkeys(_BUILTINS | _REFUSED, "Python")
    for module in modules:
        for name in module.defined:
            if name in owners:
                raise ValueError(f"{module.name}.py: {name} is also defined by {owners[name]}")
            owners[name] = f"{module.name}.py"
    for module in modules:
        for source, names in module.others.items():
            for name in names or [source]:
                if owners.setdefault(name, source) != source:
                    raise ValueError(f"{module.name}.py: {name} is also defined by {owners[name]}")


def _imports(modules: list[_Module]) -> str:
    """The imports of all modules from elsewhere, each once."""
    whole = sorted({key for module in modules for key, names in module.others.items() if not names})
    parts: dict[str, set[str]] = {}
    for module in modules:
        for key, names in module.others.items():
            if names:
                parts.setdefault(key, set()).update(names)
    lines = [f"import {key}" for key in whole]
    lines += [f"from {key} import {', '.join(sorted(parts[key]))}" for key in sorted(parts)]
    return "\n".join(lines)
