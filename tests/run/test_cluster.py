"""What runs on Daft has the bytes of a run in this process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT, Run, contents
from known import DATASETS

from pipelines.run import cluster, manifest

installed = pytest.mark.skipif(find_spec("daft") is None, reason="Daft is an extra")
on_ray = pytest.mark.skipif("RFT_RAY" not in os.environ, reason="RFT_RAY=1 starts a Ray cluster")


def command(name: str, engine: str, out: Path) -> list[str]:
    return [sys.executable, str(ROOT / "tests" / "on_daft.py"), name, engine, str(out)]


@installed
@pytest.mark.parametrize("name", DATASETS)
def test_every_file_and_receipt_is_the_same(tmp_path: Path, name: str) -> None:
    for engine in ("local", "daft"):
        subprocess.run(command(name, engine, tmp_path / engine), check=True, cwd=ROOT)
    assert (tmp_path / "local" / name / "manifest.json").is_file()
    assert contents(tmp_path / "local") == contents(tmp_path / "daft")


@installed
@on_ray
@pytest.mark.parametrize("name", DATASETS)
def test_a_node_that_is_killed_changes_nothing(tmp_path: Path, name: str) -> None:
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        one, _ = (nodes.add_node(num_cpus=1) for _ in range(2))
        environment = {**os.environ, "DAFT_RUNNER": "ray", "RAY_ADDRESS": nodes.address}
        run = subprocess.Popen(command(name, "daft", tmp_path / "daft"), cwd=ROOT, env=environment)
        while run.poll() is None and not (tmp_path / "daft.begun").exists():
            time.sleep(0.1)
        assert run.poll() is None
        nodes.remove_node(one, allow_graceful=False)
        assert run.wait(300) == 0
    finally:
        nodes.shutdown()
    subprocess.run(command(name, "local", tmp_path / "local"), check=True, cwd=ROOT)
    assert contents(tmp_path / "local") == contents(tmp_path / "daft")


@installed
def test_a_bad_row_is_named_as_it_is_here(tmp_path: Path, rft_process: Run) -> None:
    (tmp_path / "own.toml").write_text(
        'files = "*.jsonl"\nprompt = "q"\nanswer = "a"\ngrader = "text"\n'
    )
    rows = [f'{{"q": "What is the name of number {n}?", "a": "n{n}"}}\n' for n in range(9)]
    (tmp_path / "a.jsonl").write_text("".join(rows))
    (tmp_path / "b.jsonl").write_text("".join(rows[:3]) + '{"q": "What?", "a": [1]}\n')
    lines = []
    for engine in ("local", "daft"):
        done = rft_process("prepare", "own.toml", "--engine", engine, "--out", engine)
        assert done.returncode == 2
        lines.append(done.stderr.splitlines()[-1])
    assert "b.jsonl:4: a: " in lines[0]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    ("engine", "runner", "named"),
    [("spark", "native", "local or daft"), ("daft", "dask", "native or ray")],
)
def test_an_unknown_engine_is_one_line(rft: Run, engine: str, runner: str, named: str) -> None:
    done = rft("prepare", "--engine", engine, DAFT_RUNNER=runner)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


def test_an_engine_that_is_not_installed_is_one_line(
    rft: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    done = rft("prepare", "--engine", "daft")
    assert done.returncode == 2
    assert "pip install 'rft-data[cluster]'" in done.stderr


def test_a_worker_of_another_version_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    job, part = cluster._job(len), pickle.dumps("abc")
    assert pickle.loads(cluster._outcome(job, part)) == (False, 3)
    cluster._stamp.cache_clear()
    monkeypatch.setattr(manifest, "code", lambda: "another")
    failed, error = pickle.loads(cluster._outcome(job, part))
    cluster._stamp.cache_clear()
    assert failed
    assert "another version of rft-data" in str(error)


@installed
def test_a_worker_that_dies_is_one_line() -> None:
    code = (
        "import os; from pipelines.run import cluster; e = cluster.engine('daft');"
        "list(e(os._exit, [5, 5]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "BadInput: --engine daft: " in done.stderr
    assert "a worker ended (5)" in done.stderr.splitlines()[-1]
