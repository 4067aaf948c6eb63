"""A dataset in another process is the same dataset."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.datasets import again, find
from pipelines.findings import BadInput

OWN = 'files = "rows.jsonl"\nprompt = "q"\nanswer = "a"\ngrader = "math"\n'


@pytest.mark.parametrize("word", ["medmcqa", "gsm8k", "own.toml"])
def test_its_digest_is_the_same_in_every_process(
    tmp_path: Path, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    code = f"from pipelines.datasets import find; print(find({word!r}).digest)"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    }
    assert printed == {find(word).digest}


def test_it_is_pickled_by_its_description(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    pickled = pickle.dumps(find(str(path)))
    assert pickle.loads(pickled).digest == find(str(path)).digest
    path.write_text(OWN + 'title = "Another"\n')
    again.cache_clear()
    with pytest.raises(BadInput, match="differs"):
        pickle.loads(pickled)
