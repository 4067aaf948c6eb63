"""The targets of `rft export`. To add one: its file in `targets/`, and its schema."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from pipelines.exports import targets
from pipelines.exports.target import Target
from pipelines.findings import BadInput, did_you_mean

TARGETS: dict[str, Target] = {
    name: import_module(f"{targets.__name__}.{name}").TARGET
    for name in sorted(module.name for module in iter_modules(targets.__path__))
}


def find(name: str) -> Target:
    """The target of that name; an unknown name is answered with the nearest one."""
    if name in TARGETS:
        return TARGETS[name]
    raise BadInput(f"unknown target {name!r}; {did_you_mean(name, TARGETS)}")


def table() -> Iterator[tuple[str, str, str, str, str, str]]:
    """A row of the docs a target: name, what it is, files, limits, source, day of reading."""
    for target in TARGETS.values():
        limits = (
            f"{name.replace('_', ' ')}: {entry['value']:,}" for name, entry in target.limits.items()
        )
        files = ", ".join(f"`{name}`" for name in target.files)
        source = f"[{target.source}]({target.page})"
        yield f"`{target.name}`", target.about, files, "; ".join(limits), source, target.read
