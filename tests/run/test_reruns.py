"""What a stage watches: where anything changes that it was made from, it is run again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import orjson
import polars as pl
import pytest
from conftest import ROOT, contents, frame, math, problem, settings
from known import DATASETS

from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.run import driver, manifest
from pipelines.run.result import Result
from pipelines.stages.order import NAMES

DATASET = DATASETS["openr1-math"]
COUNT = 60
RAW = "raw/train-00000-of-00001.parquet"


class Stages(Progress):
    """The stages that were run, and not taken from before."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def begin(self, title: str, total: int | None = None, unit: str = "rows") -> None:
        stage = title.removeprefix(f"{DATASET.name} ")
        if stage != "download":
            self.names.append(stage)


def prepare(folder: Path, out: str) -> tuple[Result, list[str]]:
    """A run on what a folder holds: raw rows, a benchmark beside them, one by name, a split."""
    stages = Stages()
    given = settings(
        folder / out,
        folder / "raw",
        benchmarks=(str(folder / "named.jsonl"),),
        previous=folder / "previous",
    )
    return driver.prepare(DATASET, given, stages), stages.names


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    rows = frame(*(math(problem(n), str(n)) for n in range(COUNT)))
    (folder / "raw" / "benchmarks" / "aime").mkdir(parents=True)
    rows.write_parquet(folder / RAW, compression="uncompressed")
    for path in ("named.jsonl", "raw/benchmarks/aime/test.jsonl"):
        (folder / path).write_bytes(orjson.dumps({"problem": problem(COUNT)}) + b"\n")
    (folder / "previous").mkdir()
    plain = driver.prepare(DATASET, settings(folder / "first", folder / "raw"), Progress())
    splits = pl.read_parquet(plain.folder / "splits.parquet")
    splits.write_parquet(folder / "previous" / "splits.parquet")
    prepare(folder, "out")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """What a run reads, and `out`, what it made of that."""
    return Path(copytree(made, tmp_path / "folder"))


def replaced(path: Path, before: str, after: str) -> None:
    """Change a file in place, with the size and the time that it had."""
    stat = path.stat()
    data = path.read_bytes().replace(before.encode(), after.encode())
    assert (len(data), data == path.read_bytes()) == (stat.st_size, False)
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def raw_rows(folder: Path) -> None:
    replaced(folder / RAW, problem(7), problem(COUNT + 1))


def raw_name(folder: Path) -> None:
    """The rows are the same; that a shard is absent, and where each row is from, is not."""
    path = folder / RAW
    path.rename(path.with_name("train-00000-of-00002.parquet"))


def raw_order(folder: Path) -> None:
    path = folder / RAW
    pl.read_parquet(path).reverse().write_parquet(path)


def raw_shard_without_rows(folder: Path) -> None:
    """By its name, another shard is absent."""
    rows = pl.read_parquet(folder / RAW).clear()
    rows.write_parquet(folder / RAW.replace("of-00001", "of-00002"))


def benchmark_that_is_named(folder: Path) -> None:
    replaced(folder / "named.jsonl", problem(COUNT), problem(7))


def benchmark_that_is_beside(folder: Path) -> None:
    replaced(folder / "raw/benchmarks/aime/test.jsonl", problem(COUNT), problem(7))


def benchmark_that_hits_nothing(folder: Path) -> None:
    """Only the certificate counts one question more."""
    path = folder / "named.jsonl"
    path.write_bytes(path.read_bytes() + orjson.dumps({"problem": problem(COUNT + 2)}) + b"\n")


def earlier_split(folder: Path) -> None:
    path = folder / "previous/splits.parquet"
    sides = {"train": "validation", "validation": "train"}
    # Of ten rows: with all of them, too few would be left for training.
    splits = pl.read_parquet(path).head(10)
    splits.with_columns(pl.col("split").replace_strict(sides)).write_parquet(path)


CHANGES: dict[Callable[[Path], None], list[str]] = {
    raw_rows: list(NAMES[1:]),
    raw_name: ["normalize", "convert", "validate"],
    raw_shard_without_rows: ["normalize", "convert", "validate"],
    raw_order: list(NAMES[1:]),
    benchmark_that_is_named: ["decontaminate", "split", "convert", "validate"],
    benchmark_that_is_beside: ["decontaminate", "split", "convert", "validate"],
    benchmark_that_hits_nothing: ["decontaminate", "validate"],
    earlier_split: ["dedupe", "decontaminate", "split", "convert", "validate"],
}


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_read_has_changed(
    folder: Path, change: Callable[[Path], None], expected: list[str]
) -> None:
    before = contents(folder / "out")
    change(folder)
    assert prepare(folder, "out")[1] == expected
    assert contents(folder / "out") != before
    prepare(folder, "fresh")
    assert contents(folder / "out") == contents(folder / "fresh")
    assert prepare(folder, "out")[0].unchanged


@pytest.mark.parametrize("stage", NAMES[1:])
@pytest.mark.parametrize("part", ["code", "versions", "settings"])
def test_what_a_receipt_says_has_changed(folder: Path, stage: str, part: str) -> None:
    """As though other code, other libraries or other settings had made it."""
    path = folder / "out" / DATASET.name / "stages" / f"{stage}.json"
    receipt = orjson.loads(path.read_bytes())
    other = "0" * 32 if part == "code" else {**receipt[part], next(iter(receipt[part])): "other"}
    path.write_bytes(orjson.dumps({**receipt, part: other}))
    assert prepare(folder, "out")[1][:1] == [stage]
    assert orjson.loads(path.read_bytes()) == receipt


@pytest.mark.parametrize(
    "path", ["a.py", "inner/b.py", "tables/c.toml", "schemas/d.json"], ids=lambda path: path
)
def test_code_tables_and_schemas_have_changed(tmp_path: Path, path: str) -> None:
    for name in ("a.py", "inner/b.py", "tables/c.toml", "schemas/d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x = 1\n")
    before = manifest.code_digest(tmp_path, tmp_path / "schemas")
    assert len(before) == 32
    (tmp_path / path).write_bytes(b"x = 1\r\n")  # as git may write it on another system
    assert manifest.code_digest(tmp_path, tmp_path / "schemas") == before
    (tmp_path / path).write_bytes(b"x = 2\n")
    assert manifest.code_digest(tmp_path, tmp_path / "schemas") != before
    assert manifest.code() == manifest.code_digest(ROOT / "pipelines", ROOT / "schemas")


def test_a_run_that_fails_leaves_what_was_there(folder: Path) -> None:
    before = contents(folder / "out")
    path = folder / RAW
    rows = pl.read_parquet(path)
    rows.with_columns(answer=pl.lit(None, pl.String)).write_parquet(path)
    with pytest.raises(BadInput, match="nothing is left after normalize"):
        prepare(folder, "out")
    assert contents(folder / "out") == before
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"\xff" * 200 + data[208:])  # a page that cannot be read
    with pytest.raises(BadInput, match="not a whole parquet file"):
        prepare(folder, "out")
    assert contents(folder / "out") == before


def broken_footer(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def broken_page(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"\xff" * 200 + data[208:])


def no_answers(path: Path) -> None:
    pl.read_parquet(path).with_columns(answer=pl.lit(None, pl.String)).write_parquet(path)


@pytest.mark.parametrize("change", [broken_footer, broken_page, no_answers, Path.unlink])
def test_a_run_that_fails_leaves_no_folder(folder: Path, change: Callable[[Path], object]) -> None:
    change(folder / RAW)
    with pytest.raises(BadInput):
        prepare(folder, "one/other")
    assert not (folder / "one").exists()


def test_a_download_that_fails_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Of MedMCQA, Kaggle has no copy; that is known once the folder for it is there.
    for source in ("kaggle", "nowhere"):
        with pytest.raises(BadInput):
            driver.prepare(DATASETS["medmcqa"], settings(tmp_path / "out", source), Progress())
    assert list(tmp_path.iterdir()) == []


def test_a_download_alone_makes_no_folder(folder: Path) -> None:
    given = settings(folder / "one" / "other", folder / "raw")
    result = driver.prepare(DATASET, given, Progress(), until="download")
    assert (result.raw, result.unchanged, (folder / "one").exists()) == (COUNT, False, False)


def test_every_raw_row_is_traced(folder: Path, tmp_path: Path) -> None:
    """By file and row to its line or to the reason for which it went, whatever the shards."""
    rows = pl.read_parquet(folder / RAW)
    copies = rows.head(5).with_columns(uuid=pl.lit("copy"))
    more = frame(math(None), math("Prove it.", question_type="proof"), math(problem(3), "no"))
    rows = pl.concat([rows, copies, more, copies]).sample(fraction=1, shuffle=True, seed=3)
    shards = {f"train-{n:05}-of-00003.parquet": rows[n::3] for n in range(3)}
    copytree(folder / "raw" / "benchmarks", folder / "shards" / "benchmarks")
    for name, shard in shards.items():
        shard.write_parquet(folder / "shards" / name)
    (folder / "shards" / "train-00000-of-00001.parquet").unlink(missing_ok=True)
    result = driver.prepare(DATASET, settings(tmp_path / "traced", folder / "shards"), Progress())
    trace = pl.read_parquet(result.folder / "trace.parquet")
    places = [(name, row) for name, shard in shards.items() for row in range(1, shard.height + 1)]
    assert trace.select("file", "row").rows() == places
    lines = {
        split: (result.folder / f"{split}.jsonl").read_bytes().splitlines()
        for split in ("train", "validation")
    }
    chosen = trace.filter(pl.col("split").is_not_null())
    assert chosen.height == sum(map(len, lines.values())) == chosen.n_unique(["split", "line"])
    for line in chosen.iter_rows(named=True):
        item = orjson.loads(lines[line["split"]][line["line"] - 1])
        raw = shards[line["file"]].row(line["row"] - 1, named=True)
        prompt, answer = item["messages"][-1]["content"], item["reference_answer"]
        assert (item["id"], prompt, answer) == (line["id"], raw["problem"], raw["answer"])
        assert line["reason"] is None
    columns = ["id", "stage", "reason", "detail"]
    dropped = trace.filter(pl.col("split").is_null())
    ledger = pl.read_parquet(result.folder / "dropped.parquet")
    assert sorted(dropped.select(columns).rows()) == sorted(ledger.select(columns).rows())
    prompts = dict(ledger.select("id", "prompt").iter_rows())
    for line in dropped.iter_rows(named=True):
        raw = shards[line["file"]].row(line["row"] - 1, named=True)
        assert (raw["problem"] or "") == prompts[line["id"]]
    assert set(dropped["reason"]) == {"empty_prompt", "proof", "duplicate", "conflicting_answers"}
