"""The examples of a page, run as they stand: what each command prints is written below it.

On a page these are special; everything else is text:

    <!-- with docs/example/questions.csv -->   a file of this repository, into the folder of the run
    <!-- file walk.py -->                      the next block, written to a file of that name
    ```console                                 commands after `$ `, each with what it prints

All of a page runs in one new folder, at 80 columns, without a network, in the order of the page.
A command that fails says so in its output, so every page shows what its reader will see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]

_STEP = re.compile(
    r"<!-- with (?P<copied>\S+) -->"
    r"|<!-- file (?P<name>\S+) -->\n+```\w*\n(?P<content>.*?)```"
    r"|```console\n(?P<commands>.*?)```",
    re.DOTALL,
)
# What differs from one run to the next: seconds.
_TIMES = re.compile(r"\b\d+(\.\d+)? s\b|(?m:^seconds .*$)")


def has_examples(text: str) -> bool:
    """Whether a page has a console block."""
    return "```console\n" in text


def run(text: str) -> str:
    """The page with every output as it is now."""
    with TemporaryDirectory(prefix="page-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        place = Path(folder) / "work"
        place.mkdir()
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TIKTOKEN_CACHE_DIR": os.environ.get("TIKTOKEN_CACHE_DIR", str(home)),
        }

        def step(match: re.Match[str]) -> str:
            whole: str = match[0]
            if match["copied"]:
                source = ROOT / match["copied"]
                copy = shutil.copytree if source.is_dir() else shutil.copyfile
                copy(source, place / source.name)
            elif match["name"]:
                (place / match["name"]).write_text(match["content"], encoding="utf-8")
            else:
                parts = [_printed(command, place, environment) for command in _commands(match[0])]
                whole = "```console\n" + "\n".join(parts) + "\n```"
            return whole

        return _STEP.sub(step, text)


def _commands(block: str) -> list[str]:
    """The commands of a block; a backslash at the end of a line goes on in the next."""
    commands: list[str] = []
    open_line = False
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        elif open_line:
            commands[-1] += f"\n{line}"
        else:
            continue
        open_line = line.endswith("\\")
    return commands


def _printed(command: str, place: Path, environment: dict[str, str]) -> str:
    """A command with what it prints on both streams."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    lines = [f"$ {command}", *(line.rstrip() for line in done.stdout.rstrip().splitlines())]
    return "\n".join(lines)


def timeless(text: str) -> str:
    """The text without the seconds of a run."""
    return _TIMES.sub("… s", text)
