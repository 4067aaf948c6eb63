from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from known import DATASETS

from pipelines.cli.command import command
from pipelines.cli.main import MODULES, command_of
from pipelines.cli.prepare import prepare
from pipelines.rules.catalogue import RULES
from pipelines.stages import order

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
DOCS = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_generated_parts_are_up_to_date_and_the_examples_print_what_they_say() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check"]
    subprocess.run(script, check=True, cwd=ROOT)


def test_the_site_is_built(tmp_path: Path) -> None:
    """Every page is in the side bar, and every link leads somewhere: warnings are errors."""
    sphinx = [sys.executable, "-m", "sphinx", "-W", "-q", ROOT / "docs", tmp_path / "site"]
    subprocess.run([*sphinx, "-d", tmp_path / "trees"], check=True, cwd=ROOT)
    assert all((tmp_path / f"site/{page.stem}.html").is_file() for page in PAGES[1:])


@pytest.mark.parametrize(
    "word",
    [
        *order.NAMES,
        *DATASETS,
        *RULES,
        *(f"make {target}" for target in re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE)),
        *(f"rft {name}" for name in MODULES),
    ],
)
def test_everything_is_documented(word: str) -> None:
    assert word in DOCS


def test_every_option_is_documented() -> None:
    options = {name for parameter in command(prepare).params for name in parameter.opts}
    options = {name for name in options if name.startswith("--")}
    assert len(options) > 20
    assert {name for name in options if f"`{name}" not in DOCS} == set()


def test_every_link_between_the_pages_leads_somewhere() -> None:
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 5
    assert [link for link in links if not (link[0].parent / link[1]).is_file()] == []


def test_help_fits_80_columns() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8").partition("```")[2]
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_the_front_door_is_short() -> None:
    assert len(PAGES[0].read_text(encoding="utf-8").splitlines()) <= 150


def test_the_schemas_are_documented() -> None:
    paths = list((ROOT / "schemas").glob("*.json"))
    assert len(paths) > 5
    for path in paths:
        family = path.stem.partition(".")[0]
        assert f"`{family}" in DOCS


def test_every_module_says_what_it_is() -> None:
    paths = list((ROOT / "pipelines").rglob("*.py"))
    assert len(paths) > 100
    for path in paths:
        assert path.read_text(encoding="utf-8").startswith(('"""', 'r"""')), path


def test_no_registry_host_is_in_a_lock() -> None:
    locks = list(ROOT.glob("*.lock"))
    assert len(locks) == 2
    for lock in locks:
        assert "://" not in lock.read_text(encoding="utf-8")


def commands() -> list[tuple[str, str]]:
    """Every command line of `rft` in a block of the pages, without what explains it beside it."""
    found = []
    for page in PAGES:
        blocks = re.findall(r"^```(?:console|sh|bash)?\n(.*?)^```", page.read_text(), re.M | re.S)
        for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
            words = re.split(r" {2,}", line.strip().removeprefix("$ "))
            if re.match(r"(\.venv/bin/)?rft [a-z]", words[0]):
                found.append((page.name, " ".join(words)))
    return found


def test_commands_on_the_pages_are_commands_with_such_options() -> None:
    assert len(commands()) > 60
    wrong = []
    for page, line in commands():
        name = line.partition("rft ")[2].split()[0]
        known = command_of(name) if name in MODULES else None
        many = [known, *getattr(known, "commands", {}).values()]
        options = {opt for one in many if one for p in one.params for opt in p.opts} | {"--help"}
        given = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
        if known is None or not given <= options:
            wrong.append((page, line, given - options))
    assert wrong == []
