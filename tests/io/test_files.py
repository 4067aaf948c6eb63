from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from pipelines.findings import BadInput
from pipelines.io import files


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fill(file) -> None:
        file.write(b"new")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        files.write(path, fill)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_link_leads_to_is_not_written(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    for name in ("x", "x.part"):
        (tmp_path / name).symlink_to(victim)
    files.write(tmp_path / "x", lambda file: file.write(b"new"))
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "x").read_bytes() == b"new"
    assert not (tmp_path / "x").is_symlink()


def test_a_device_and_a_pipe_are_written_to_and_stay(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write(pipe, lambda file: file.write(b"rows"))
    reader.join(20)
    assert (got, pipe.is_fifo(), list(tmp_path.iterdir())) == ([b"rows"], True, [pipe])


def test_folder_that_cannot_be_written() -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        files.write(Path("/proc/nowhere/x"), lambda file: file.write(b""))


@pytest.mark.parametrize("rows", [0, 1, 70_000])
def test_parquet_bytes_depend_on_rows_alone(tmp_path: Path, rows: int) -> None:
    frame = pl.DataFrame(
        {"a": [str(n) for n in range(rows)], "b": [[str(n % 7)] for n in range(rows)]},
        schema={"a": pl.String, "b": pl.List(pl.String)},
    )
    chunked = pl.concat([frame[: rows // 3], frame[rows // 3 :]], rechunk=False)
    files.write_parquet(tmp_path / "one", frame)
    files.write_parquet(tmp_path / "other", chunked)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert pl.read_parquet(tmp_path / "one").equals(frame)


def test_describe(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"abc")
    assert files.describe(tmp_path / "a" / "b", tmp_path, rows=1) == {
        "path": "a/b",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": 3,
        "rows": 1,
    }
