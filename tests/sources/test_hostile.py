"""Folders, files and servers of strangers: one line each, in bounded memory and time."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import huggingface_hub
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DEMO, Run, contents
from hub_server import COMMIT, Fault, HubServer, serving

from pipelines.findings import BadInput
from pipelines.io import bounds, files
from pipelines.io.retry import RetryPolicy
from pipelines.sources import record
from pipelines.sources.hub import Hub

# What a value of a document is replaced by.
STRANGE: list[Any] = [
    None, True, -1, 1e300, "", "x", "../../x", "/etc/passwd", "\0", [], {}, [[]], [{}], {"a": []},
    {"path": 5}, "x" * 5000, 10**18,
]  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, itself too."""
    yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def mutations(value: Any, times: int) -> Iterator[Any]:
    """The document with one place replaced or taken away, `times` of all ways that there are."""
    ways = [(at, new) for at in places(value) for new in (*STRANGE, ...)]
    for at, new in random.Random(1).sample(ways, min(times, len(ways))):
        changed = copy.deepcopy(value)
        if not at:
            yield None if new is ... else new
            continue
        parent = changed
        for key in at[:-1]:
            parent = parent[key]
        if new is ...:
            del parent[at[-1]]
        else:
            parent[at[-1]] = new
        yield changed


def one_line(done: Any, codes: tuple[int, ...] = (0, 1, 2)) -> None:
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 2:
        assert [line[:5] for line in done.stderr.splitlines()].count("rft: ") == 1


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder as it is after a download."""
    root = tmp_path / "raw" / "medmcqa"
    copytree(DEMO / "medmcqa", root)
    entries = [
        record.entry(root, path.relative_to(root).as_posix(), files.sha256(path), verified=True)
        for path in sorted(root.rglob("*.*"))
        if path.suffix in (".parquet", ".jsonl")
    ]
    source = record.Source("huggingface", "some/one", "ab" * 20, "MIT", {}, {}, [], entries)
    record.write(root, source)
    return root


def test_a_record_of_other_types_is_none_or_one_line(raw: Path, rft: Run) -> None:
    path = raw / "SOURCE.json"
    sound = orjson.loads(path.read_bytes())
    for changed in mutations(sound, 60):
        path.write_bytes(orjson.dumps(changed))
        one_line(rft("prepare", "medmcqa", "--check"))
        one_line(
            rft("prepare", "medmcqa", "--until", "download", "--source", raw.parent, "--out", "o")
        )
    assert not (raw.parents[1] / "x").exists()


def test_a_shard_that_the_record_does_not_name_is_refused(raw: Path, rft: Run) -> None:
    shard = next(raw.rglob("train-*.parquet"))
    other = shard.with_name("train-00001-of-00002.parquet")
    other.write_bytes(shard.read_bytes())
    done = rft("prepare", "medmcqa", "--source", raw.parent, "--out", "o")
    assert done.returncode == 2
    assert f"{other}: is no file of SOURCE.json" in done.stderr
    assert str(other.relative_to(raw)) in rft("prepare", "medmcqa", "--check").stdout
    other.unlink()
    assert rft("prepare", "medmcqa", "--source", raw.parent, "--out", "o").returncode == 0


def test_receipts_and_manifests_of_other_types(tmp_path: Path, rft: Run) -> None:
    """A changed receipt is none, and the run ends as if nothing had been there."""
    words = ("prepare", "medmcqa", "--out", "o", "--quiet")
    assert rft(*words).returncode == 0
    folder = tmp_path / "o" / "medmcqa"
    whole = contents(folder)
    for n, path in enumerate([*sorted(folder.glob("stages/*.json")), folder / "manifest.json"]):
        for changed in mutations(orjson.loads(path.read_bytes()), 2 + n % 2):
            path.write_bytes(orjson.dumps(changed))
            done = rft(*words)
            one_line(done)
            if done.returncode:  # what is not known to be ours is not written over
                assert rft(*words, "--replace-edits").returncode == 0
            assert contents(folder) == whole
    path = folder / "manifest.json"
    for changed in mutations(orjson.loads(whole["manifest.json"]), 12):
        path.write_bytes(orjson.dumps(changed))
        one_line(rft("validate", folder))
        one_line(rft("export", folder, "--to", "hf", "--out", "e"))
        one_line(rft("submit", folder, "--dry-run"))


def parquet(path: Path, column: str, value: pa.Array, **more: Any) -> None:
    """The demo's first rows, with one column of other values."""
    rows = pq.read_table(next(DEMO.glob("medmcqa/**/train-*.parquet"))).slice(0, len(value))
    rows = rows.set_column(rows.column_names.index(column), column, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd", write_statistics=False, **more)


def dictionary(path: Path) -> None:
    """One string in many rows: the footer tells of 0.9 MB, and the rows hold 180 MB."""
    value = pa.DictionaryArray.from_arrays(pa.array([0] * 200, pa.int32()), ["x" * 900_000])
    parquet(path, "question", value, store_schema=False, dictionary_pagesize_limit=1 << 30)


def compressed(path: Path) -> None:
    """Pages of 110 MB in 10 kB."""
    parquet(path, "question", pa.array(["x" * 11_000_000] * 10), use_dictionary=False)


def wide(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({f"c{n}": [1] for n in range(10_001)}), path, write_statistics=False)


def deep(path: Path) -> None:
    kind: pa.DataType = pa.string()
    for _ in range(300):
        kind = pa.struct([("a", kind)])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"question": pa.array([None], kind)}), path)


def pipe(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.mkdir(parents=True)


def device(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "make", [dictionary, compressed, wide, deep, pipe, directory, device], ids=lambda m: m.__name__
)
def test_a_raw_file_that_is_a_trap(
    make: Callable[[Path], None], tmp_path: Path, rft: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FREE_BYTES", 64 << 20)
    make(tmp_path / "own" / "train-00000-of-00001.parquet")
    done = rft("prepare", "medmcqa", "--source", "own", "--out", "o")
    assert done.returncode == 2
    one_line(done)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("manifest.json", ("audit", "o/medmcqa")),
        ("manifest.json", ("export", "o/medmcqa", "--to", "openai", "--out", "e")),
        ("manifest.json", ("prepare", "medmcqa", "--out", "o")),
        ("train.jsonl", ("prepare", "medmcqa", "--out", "o")),
        ("stages/dedupe.json", ("prepare", "medmcqa", "--out", "o")),
    ],
)
def test_a_pipe_in_a_prepared_folder(
    name: str, command: tuple[str, ...], tmp_path: Path, rft: Run, rft_process: Run
) -> None:
    assert rft("prepare", "medmcqa", "--out", "o").returncode == 0
    (tmp_path / "o/medmcqa" / name).unlink()
    pipe(tmp_path / "o/medmcqa" / name)
    done = rft_process(*command)
    assert done.returncode == 2
    one_line(done)


def test_bounds() -> None:
    bounds.decoded("a", bounds.FREE_BYTES, 1)
    bounds.decoded("a", 200 << 30, 1 << 30)
    with pytest.raises(BadInput, match="fill the memory"):
        bounds.decoded("a", bounds.FREE_BYTES + 1, 1000)
    assert list(bounds.inflated("a", 1, [b"x", b"y"])) == [b"x", b"y"]
    with pytest.raises(BadInput):
        list(bounds.inflated("a", 1, [bytes(1 << 29)] * 3))
    assert not bounds.too_deep({"a": [{"b": [1, None, "x"]}]})
    assert bounds.too_deep(orjson.loads(b"[" * 500 + b"]" * 500))


# Servers -----------------------------------------------------------------------------------------

QUICK = RetryPolicy(delays=(0,), silence=0.5)
INFO = {"sha": COMMIT, "siblings": [{"rfilename": "data/train-0"}]}


def entry(**changes: Any) -> dict[str, Any]:
    return {"type": "file", "path": "data/train-0", "size": 1, "oid": "0" * 40, **changes}


def names(*paths: str) -> bytes:
    return orjson.dumps({**INFO, "siblings": [{"rfilename": path} for path in paths]})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("info", b"[" * 100_000),
        ("info", b'{"sha":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("info", b"null"),
        ("info", b'{"sha": 5, "siblings": []}'),
        ("info", orjson.dumps({**INFO, "siblings": [{"rfilename": None}]})),
        ("info", orjson.dumps({**INFO, "siblings": {"rfilename": "x"}})),
        ("info", names(*(f"data/train-{n}" for n in range(100_000)))),
        ("info", b" " * 70_000_000),
        ("paths", b"{}"),
        ("paths", b"[null]"),
        ("paths", orjson.dumps([entry(size=None)])),
        ("paths", orjson.dumps([entry(size="1")])),
        ("paths", orjson.dumps([entry(size=-1)])),
        ("paths", orjson.dumps([entry(size=True)])),
        ("paths", orjson.dumps([entry(oid=None)])),
        ("paths", orjson.dumps([entry(oid="../x")])),
        ("paths", orjson.dumps([entry(lfs={"oid": 5})])),
        ("paths", orjson.dumps([entry(lfs=[1])])),
        ("paths", orjson.dumps([entry(), entry()])),
        ("paths", orjson.dumps([entry(path="data/train-1")])),
    ],
    ids=range(20),
)  # fmt: skip
def test_a_listing_that_is_a_trap(kind: str, body: bytes, tmp_path: Path) -> None:
    hub = HubServer({"data/train-0": b"a"})
    hub.bodies[kind] = body
    with serving(hub):
        with pytest.raises(BadInput) as caught:
            Hub(hub.url, QUICK).listing("some/data", COMMIT, ["data/train-*"], lambda _: None)
        huggingface_hub.close_session()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "name", ["a\0b", "a\nb", "/../x", "a/../../x", "a//b", "x" * 300, "a\\b", "\u202ex", ""]
)
def test_a_name_that_is_no_path(name: str) -> None:
    hub = HubServer({f"data/train-{name}": b"a"})
    with serving(hub):
        with pytest.raises(BadInput):
            Hub(hub.url, QUICK).listing(
                "some/data", COMMIT, ["data/train-?*", "none"], lambda _: None
            )
        huggingface_hub.close_session()


def test_a_listing_that_does_not_end(tmp_path: Path) -> None:
    """Bytes come all the time, so nothing is silent; the whole has a bound."""
    hub = HubServer({"data/train-0": b"a"})
    hub.faults["info"] = [Fault(drip=100)] * 9
    hub.bodies["info"] = b" " * 10_000_000
    with serving(hub):
        with pytest.raises(BadInput, match="its list does not end"):
            Hub(hub.url, QUICK).listing("some/data", COMMIT, ["*"], lambda _: None)
        huggingface_hub.close_session()
