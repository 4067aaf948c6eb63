"""The GitHub action: its steps are run here as a runner runs them, and what it uses is pinned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from conftest import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_every_action_is_pinned_by_digest() -> None:
    assert len(WORKFLOWS) > 1
    used = [
        match[1]
        for path in (*WORKFLOWS, ROOT / "action.yml")
        for match in re.finditer(r"uses:\s*(\S+)", path.read_text(encoding="utf-8"))
    ]
    assert len(used) > 5
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


def test_no_input_stands_in_a_script() -> None:
    """GitHub puts it in as text: a path with `$(…)` in it would be run."""
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


class Runner:
    """A runner's folders, and the context that expressions look into."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.workspace, self.temp = folder / "work", folder / "temp"
        (self.temp / "rft/bin").mkdir(parents=True)
        self.workspace.mkdir()
        self.output = self.temp / "output"
        # What the step of the installation leaves: that of this checkout.
        tool = self.temp / "rft/bin/rft"
        tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m pipelines "$@"\n')
        tool.chmod(0o755)
        known = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
        assert inputs.keys() <= known.keys()
        self.context = {f"inputs.{name}": value for name, value in (known | inputs).items()}
        self.context["github.action_path"] = str(ROOT)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a step of this name with its variables, as `shell: bash` does."""
        (step,) = (step for step in ACTION["runs"]["steps"] if step.get("name") == name)
        assert step["shell"] == "bash"

        def value(expression: str) -> str:
            return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda m: self.context[m[1]], expression)

        self.output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(self.output),
                **{name: value(text) for name, text in step.get("env", {}).items()},
            },
            capture_output=True,
            text=True,
            check=False,
        )
        for line in self.output.read_text().splitlines():
            key, _, said = line.partition("=")
            self.context[f"steps.{step['id']}.outputs.{key}"] = said
        return done


def rows(path: Path, role: str = "user") -> None:
    lines = (
        orjson.dumps({"messages": [{"role": role, "content": f"{n} and {n}?"}], "answer": str(n)})
        for n in range(12)
    )
    path.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize(("role", "code"), [("user", 0), ("system", 1)])
def test_annotations(tmp_path: Path, role: str, code: int) -> None:
    runner = Runner(tmp_path, paths="a $(touch gone) b.jsonl\n\n", arguments="--select=RFT2")
    rows(runner.workspace / "a $(touch gone) b.jsonl", role)
    done = runner.run("validate")
    assert (done.returncode, done.stderr) == (0, "")
    assert ("::error file=a $(touch gone) b.jsonl,line=1::RFT202" in done.stdout) == bool(code)
    assert runner.run("result").returncode == code
    assert not (runner.workspace / "gone").exists()


def test_a_log_and_its_exit_code(tmp_path: Path) -> None:
    runner = Runner(tmp_path, paths="rows.jsonl", sarif="out.sarif")
    rows(runner.workspace / "rows.jsonl", "system")
    assert runner.run("validate").returncode == 0
    log = orjson.loads((runner.workspace / "out.sarif").read_bytes())
    assert {result["ruleId"] for result in log["runs"][0]["results"]} >= {"RFT202"}
    assert runner.run("result").returncode == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    runner = Runner(tmp_path, paths="none.jsonl")
    assert "none.jsonl: " in runner.run("validate").stderr
    assert runner.run("result").returncode == 2
