"""What scores an answer. A python grader is a package here, sent as one text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pipelines.graders.bundle import bundled


def python_grader(module: str, **constants: float) -> dict[str, object]:
    """The grader of type `python` whose source is the package of that name.

    `constants` take the place of the module's, by name.
    """
    source = _source(module)
    for name, value in constants.items():
        source, count = re.subn(
            rf"^{name} = [^#\n]*?(?= *(?:#|$))", f"{name} = {value}", source, flags=re.M
        )
        if count != 1:
            raise ValueError(f"{module} has no constant {name}")
    return {"type": "python", "name": module, "source": source}


# What the datasets' graders are made of. Nothing else is ours: neither a grader of an earlier
# version nor one that differs by a space.
_SHIPPED: tuple[tuple[str, dict[str, float]], ...] = (
    ("one_letter", {}),
    ("short_text", {}),
    ("boxed_math", {}),
    ("boxed_math", {"BOXED_BUT_WRONG": 0.1}),
)


def is_ours(source: str) -> bool:
    """Whether a source is one that this version writes, byte for byte."""
    return any(python_grader(name, **constants)["source"] == source for name, constants in _SHIPPED)


@cache
def _source(module: str) -> str:
    return bundled(Path(__file__).with_name(module))
