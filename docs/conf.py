"""The site of these pages: `make docs` builds it with Sphinx into build/docs/."""

from __future__ import annotations

import re
from typing import Any

project = "rft-data"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "rft-data"
html_copy_source = False
exclude_patterns = ["example"]
myst_heading_anchors = 3
# Code blocks are plain where a lexer would find fault with a shell's output or half a JSON line.
suppress_warnings = ["misc.highlighting_failure", "myst.xref_missing"]


def _contents(app: Any, page: str, source: list[str]) -> None:
    """The side bar: the lists of index.md, which reads as it is in the repository."""
    if page != "index":
        return
    for heading, names in re.findall(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", source[0]):
        links = re.findall(r"\]\(([\w-]+)\.md\)", names)
        tree = "\n".join(["", "```{toctree}", ":hidden:", f":caption: {heading}", "", *links])
        source[0] += f"{tree}\n```\n"


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _contents)
