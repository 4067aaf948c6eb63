"""Functions as commands of click: what stands in a signature is what the command line takes.

A parameter is `name: Annotated[TYPE, option(...)] = DEFAULT`, or `Annotated[...] | None = None`.
Its type and default are the parameter's, and so is its name where none is given; a
`tuple[TYPE, ...]` may be repeated. A parameter that is a dataclass takes its fields, which several
commands have, from the command line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import click
from click.exceptions import Exit

__all__ = ["Exit", "argument", "command", "option"]


@dataclass(frozen=True, slots=True, eq=False)  # so that a type with it can be hashed
class _Word:
    """What click is told of an option or argument besides what its parameter says."""

    parameter: type[click.Parameter]
    names: tuple[str, ...]
    settings: dict[str, Any]


def option(*names: str, **settings: Any) -> _Word:
    """An option with the settings of click's."""
    return _Word(click.Option, names, settings)


def argument(**settings: Any) -> _Word:
    """An argument with the settings of click's."""
    return _Word(click.Argument, (), settings)


def command(function: Callable[..., None]) -> click.Command:
    """The command of a function; its docstring is the help."""
    hints = get_type_hints(function, include_extras=True)
    parameters: list[click.Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        kind = hints[name]
        if is_dataclass(kind):
            types = get_type_hints(kind, include_extras=True)
            parameters += [
                _parameter(each.name, types[each.name], each.default) for each in fields(kind)
            ]
            groups[name] = kind, [each.name for each in fields(kind)]
        else:
            parameters.append(_parameter(name, kind, parameter.default))

    def call(**values: Any) -> None:
        for name, (kind, names) in groups.items():
            values[name] = kind(**{each: values.pop(each) for each in names})
        function(**values)

    return click.Command(
        function.__name__, callback=call, params=parameters, help=inspect.getdoc(function)
    )


def _parameter(name: str, hint: Any, default: Any) -> click.Parameter:
    """The option or argument of a parameter."""
    kind, word = get_args(_without_none(hint))
    kind = _without_none(kind)
    repeated = get_origin(kind) is tuple
    if repeated:
        kind = get_args(kind)[0]
    settings: dict[str, Any] = {"type": click.Path(path_type=Path) if kind is Path else kind}
    if issubclass(kind, Enum):
        settings["type"] = click.Choice(list(kind))
    if default is inspect.Parameter.empty:
        settings["required"] = True
    elif not repeated:
        settings["default"] = default
    if word.parameter is click.Argument:
        return click.Argument([name], **settings | {"nargs": -1 if repeated else 1} | word.settings)
    settings |= {"is_flag": kind is bool, "multiple": repeated}
    settings["show_default"] = default not in (None, False, (), inspect.Parameter.empty)
    names = [name, *(word.names or [f"--{name.replace('_', '-')}"])]
    return click.Option(names, **settings | word.settings)


def _without_none(hint: Any) -> Any:
    return get_args(hint)[0] if NoneType in get_args(hint) else hint
