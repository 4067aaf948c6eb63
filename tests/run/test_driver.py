"""Whole runs on the embedded demo, in this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from shutil import copytree, rmtree

import orjson
import polars as pl
import pytest
from conftest import DEMO, ROOT, contents, frame, math, problem, record, settings
from known import DATASETS

from pipelines.findings import BadInput
from pipelines.graders.templates import item_fields
from pipelines.io import files, schema
from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.run.result import Result

BOTH = pytest.mark.parametrize("name", DATASETS)


def run(out: Path, name: str, source: str | Path = "demo", **changes) -> Result:
    return driver.prepare(DATASETS[name], settings(out, source, **changes), Progress())


def items(folder: Path, side: str) -> list[dict]:
    return [orjson.loads(line) for line in (folder / f"{side}.jsonl").read_bytes().splitlines()]


def shuffled(name: str, folder: Path, shards: int) -> Path:
    """The demo's rows in another order, in another number of files."""
    for split in ("train", "validation"):
        paths = sorted((DEMO / name / "data").glob(f"{split}-*.parquet"))
        if not paths:
            continue
        rows = pl.concat(pl.read_parquet(path) for path in paths)
        rows = rows.sample(fraction=1, shuffle=True, seed=shards)
        target = folder / name / "data"
        target.mkdir(parents=True, exist_ok=True)
        for i in range(shards):
            rows[i::shards].write_parquet(target / f"{split}-{i:05}-of-{shards:05}.parquet")
    if (DEMO / name / "benchmarks").exists():
        copytree(DEMO / name / "benchmarks", folder / name / "benchmarks")
    return folder


@BOTH
def test_every_row_is_in_a_file_or_in_the_ledger(tmp_path: Path, name: str) -> None:
    run(tmp_path, name)
    folder = tmp_path / name
    prompts = [
        item["messages"][-1]["content"]
        for side in ("train", "validation")
        for item in items(folder, side)
    ]
    ledger = pl.read_parquet(folder / "dropped.parquet")
    repairs = pl.read_parquet(folder / "repairs.parquet")
    back = dict(repairs.select("after", "before").iter_rows())
    out = Counter(back.get(prompt, prompt) for prompt in [*prompts, *ledger["prompt"]])
    raw = pl.concat(
        pl.read_parquet(path) for path in sorted((DEMO / name / "data").glob("train-*.parquet"))
    )
    records = record(name, raw)
    published = pl.coalesce("published", "prompt")
    assert out == Counter(records.select(published).to_series())
    assert ledger.columns == ["id", "stage", "reason", "detail", "prompt"]
    assert ledger["reason"].null_count() == 0


@BOTH
def test_no_question_is_in_both_files_or_twice_in_one(tmp_path: Path, name: str) -> None:
    from pipelines.similarity.keys import key

    run(tmp_path, name)
    keys = [
        key(item["messages"][-1]["content"])
        for side in ("train", "validation")
        for item in items(tmp_path / name, side)
    ]
    assert max(Counter(keys).values()) == 1


@BOTH
def test_the_demo_shows_each_reason_twice(tmp_path: Path, name: str) -> None:
    result = run(tmp_path, name)
    expected = {fault.reason for fault in DATASETS[name].faults if fault.drops}
    # Of published labels only -1 names no option, and that row is unlabelled.
    expected -= {"missing_options"} if name == "medmcqa" else set()
    expected |= {"oversized_prompt", "conflicting_answers", "duplicate", "near_duplicate"}
    expected |= {"contaminated"}
    assert set(result.dropped) == expected
    assert min(result.dropped.values()) >= 2


@BOTH
def test_the_demo_shows_each_repair_twice(tmp_path: Path, name: str) -> None:
    run(tmp_path, name)
    repairs = pl.read_parquet(tmp_path / name / "repairs.parquet")["repairs"].explode()
    counts = Counter(repair.split()[0] for repair in repairs)
    expected = {"carriage_return", "shared_id"}
    math = {"link", "translator", "image", "control_character", "glued_command", "answer"}
    expected |= math if name == "openr1-math" else {"lost_letters"}
    assert set(counts) == expected
    assert min(counts.values()) >= 2


@BOTH
def test_files_are_as_their_schemas_have_them(tmp_path: Path, name: str) -> None:
    run(tmp_path, name)
    folder = tmp_path / name
    for file in ("grader", "response_format", "job", "manifest"):
        if (folder / f"{file}.json").exists():
            value = orjson.loads((folder / f"{file}.json").read_bytes())
            assert list(schema.compiled(file).iter_errors(value)) == []
    job = orjson.loads((folder / "job.json").read_bytes())
    method = job["method"]["reinforcement"]
    assert method["grader"] == orjson.loads((folder / "grader.json").read_bytes())
    for side in ("train", "validation"):
        data = (folder / f"{side}.jsonl").read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        assert data.endswith(b"}\n")
        for item in items(folder, side):
            assert list(schema.compiled(f"item.{name}").iter_errors(item)) == []
            assert item_fields(method["grader"]) <= set(item)


@BOTH
def test_the_manifest_adds_up(tmp_path: Path, name: str) -> None:
    result = run(tmp_path, name)
    manifest = orjson.loads((tmp_path / name / "manifest.json").read_bytes())
    rows = manifest["rows"]
    assert rows["raw"] == rows["train"] + rows["validation"] + rows["dropped"]
    assert sum(manifest["dropped"].values()) == rows["dropped"]
    assert result.raw == rows["raw"]
    assert result.splits == {split: rows[split] for split in ("train", "validation")}
    for stage in manifest["stages"]:
        assert stage["rows"]["in"] == stage["rows"]["kept"] + sum(stage["rows"]["dropped"].values())
    assert str(tmp_path).encode() not in (tmp_path / name / "manifest.json").read_bytes()


@BOTH
@pytest.mark.parametrize("shards", [1, 7])
def test_order_and_shards_of_the_raw_rows_do_not_matter(
    tmp_path: Path, name: str, shards: int
) -> None:
    run(tmp_path / "a", name)
    run(tmp_path / "b", name, shuffled(name, tmp_path / "raw", shards))
    one, other = contents(tmp_path / "a" / name), contents(tmp_path / "b" / name)
    apart = {path for path in one if one[path] != other.get(path)}
    # What names raw files and rows: their digests are in the manifest and in receipts, their places
    # in the trace; a benchmark's row is named in the ledger.
    allowed = {"manifest.json", *(path for path in one if path.endswith(".json") and "/" in path)}
    allowed |= {"trace.parquet", "stages/normalize.parquet"}
    allowed |= {"dropped.parquet", "stages/decontaminate.parquet"} if name == "medmcqa" else set()
    assert apart <= allowed


@BOTH
def test_threads_do_not_matter(tmp_path: Path, name: str) -> None:
    run(tmp_path / "a", name)
    code = (
        "from conftest import settings; from pathlib import Path; "
        "from pipelines.run import driver; from pipelines.datasets import find; "
        "from pipelines.io.progress import Progress; "
        f"driver.prepare(find('{name}'), settings(Path('b')), Progress())"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(ROOT / "tests")},
        check=True,
    )
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_an_unchanged_rerun_does_nothing(tmp_path: Path) -> None:
    assert not run(tmp_path, "medmcqa").unchanged
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert run(tmp_path, "medmcqa").unchanged
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert {p for p in after if p.name != ".lock" and after[p] != before[p]} == set()


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"max_prompt_bytes": 20_000}, "normalize"),
        ({"seed": 1}, "split"),
        ({"validation_share": 0.2}, "split"),
        ({"rows": 20}, "convert"),
        ({"instruction": "Pick one."}, "convert"),
        ({"job": {"model": "o4-mini-2025-04-16"}}, "convert"),
    ],
)
def test_a_changed_setting_reruns_from_the_stage_that_it_touches(
    tmp_path: Path, changes: dict, first: str
) -> None:
    class Done(Progress):
        def __init__(self) -> None:
            self.stages: list[str] = []

        def end(self, line: str = "") -> None:
            stage = line.split()[1]
            if "done before" not in line and stage != "download":
                self.stages.append(stage)

    plain = settings(tmp_path)
    driver.prepare(DATASETS["medmcqa"], plain, Progress())
    seen = Done()
    driver.prepare(DATASETS["medmcqa"], replace(plain, **changes), seen)
    assert seen.stages[0] == first
    # And the result is that of a run from nothing.
    run(tmp_path / "fresh", "medmcqa", **changes)
    assert contents(tmp_path / "medmcqa") == contents(tmp_path / "fresh" / "medmcqa")


@pytest.mark.parametrize(
    "file",
    [
        "train.jsonl",
        "dropped.parquet",
        "stages/dedupe.parquet",
        "stages/split.json",
        "manifest.json",
    ],
)
@pytest.mark.parametrize("damage", ["delete", "cut"])
def test_what_is_damaged_is_made_again(tmp_path: Path, file: str, damage: str) -> None:
    run(tmp_path, "medmcqa")
    before = contents(tmp_path)
    path = tmp_path / "medmcqa" / file
    path.unlink() if damage == "delete" else path.write_bytes(path.read_bytes()[:-20])
    if (file, damage) == ("train.jsonl", "cut"):  # as an edit would look
        with pytest.raises(BadInput, match=r"train\.jsonl: is not as"):
            run(tmp_path, "medmcqa", edits="keep")
        assert not run(tmp_path, "medmcqa", edits="replace").unchanged
    else:
        assert not run(tmp_path, "medmcqa").unchanged
    assert contents(tmp_path) == before


def edit(path: Path) -> bytes:
    """Edit a JSON document as a person would; its bytes then."""
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"seed": 7}))
    return path.read_bytes()


def test_edits_are_seen_without_the_stage_files(tmp_path: Path) -> None:
    run(tmp_path, "medmcqa")
    rmtree(tmp_path / "medmcqa" / "stages")
    edit(tmp_path / "medmcqa" / "job.json")
    with pytest.raises(BadInput, match=r"job\.json: is not as"):
        run(tmp_path, "medmcqa")


@pytest.mark.parametrize("changes", [{}, {"rows": 30}, {"seed": 1}])
def test_an_edited_document_is_never_replaced_without_a_word(tmp_path: Path, changes: dict) -> None:
    run(tmp_path, "medmcqa")
    made = contents(tmp_path)
    edited = edit(tmp_path / "medmcqa" / "job.json")
    before = contents(tmp_path)
    with pytest.raises(BadInput, match=r"job\.json: is not as .* --keep-edits or --replace-edits"):
        run(tmp_path, "medmcqa", **changes)
    assert contents(tmp_path) == before
    run(tmp_path, "medmcqa", edits="keep", **changes)
    manifest = orjson.loads((tmp_path / "medmcqa" / "manifest.json").read_bytes())
    marked = [entry["path"] for entry in manifest["files"] if entry.get("edited")]
    assert marked == ["job.json"]
    assert schema.compiled("manifest").is_valid(manifest)
    # What was said once holds for the runs that follow.
    assert run(tmp_path, "medmcqa", **changes).unchanged
    run(tmp_path, "medmcqa", rows=25)
    assert (tmp_path / "medmcqa" / "job.json").read_bytes() == edited
    run(tmp_path, "medmcqa", edits="replace")
    assert contents(tmp_path) == made


def test_an_edited_grader_goes_into_the_job(tmp_path: Path) -> None:
    run(tmp_path, "medmcqa")
    path = tmp_path / "medmcqa" / "grader.json"
    grader = orjson.loads(path.read_bytes()) | {"name": "mine"}
    path.write_bytes(orjson.dumps(grader))
    run(tmp_path, "medmcqa", edits="keep")
    job = orjson.loads((tmp_path / "medmcqa" / "job.json").read_bytes())
    assert job["method"]["reinforcement"]["grader"] == grader


def test_what_is_kept_is_checked(tmp_path: Path) -> None:
    run(tmp_path, "medmcqa")
    path = tmp_path / "medmcqa" / "job.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"trainingType": "Developer"}))
    result = run(tmp_path, "medmcqa", edits="keep")
    assert [finding.code for finding in result.findings if finding.severity == "error"]
    path.write_bytes(b"{")
    with pytest.raises(BadInput, match=r"job\.json: not JSON"):
        run(tmp_path, "medmcqa", edits="keep")


def test_an_edit_outlives_a_run_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, "medmcqa")
    edited = edit(tmp_path / "medmcqa" / "job.json")
    with monkeypatch.context() as patch:
        write = driver.files.write
        patch.setattr(
            driver.files,
            "write",
            lambda path, fill: 1 / 0 if path.name == "train.jsonl" else write(path, fill),
        )
        with pytest.raises(ZeroDivisionError):
            run(tmp_path, "medmcqa", edits="keep", rows=30)
    run(tmp_path, "medmcqa", rows=30)
    assert (tmp_path / "medmcqa" / "job.json").read_bytes() == edited


@pytest.mark.parametrize("lost", ["stages/convert.json", "stages", None])
def test_a_file_of_which_no_receipt_tells_is_a_persons(tmp_path: Path, lost: str | None) -> None:
    run(tmp_path, "medmcqa", grader="text")
    folder = tmp_path / "medmcqa"
    if lost is None:  # a document that this grader does not have
        (folder / "response_format.json").write_bytes(b'{"type": "text"}')
    else:
        (folder / "manifest.json").unlink()
        rmtree(folder / lost) if lost == "stages" else (folder / lost).unlink()
        (folder / "stages").mkdir(exist_ok=True)
        (folder / "stages" / "normalize.json").touch()
    before = contents(tmp_path)
    for rows in (100, 50):
        with pytest.raises(BadInput, match="is not as"):
            run(tmp_path, "medmcqa", grader="text", rows=rows)
    assert contents(tmp_path) == before


def test_an_edit_after_a_kill_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before, between and after the files of a stage; then edited; then run again."""
    names = ("train.jsonl", "validation.jsonl", "grader.json", "job.json", "dropped.parquet")
    for number, last in enumerate(names):
        out = tmp_path / str(number)
        run(out, "medmcqa")
        write = driver.files.write

        def dying(path, fill, last=last, write=write) -> None:
            write(path, fill)
            if path.name == last:
                raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(driver.files, "write", dying)
            with pytest.raises(ZeroDivisionError):
                run(out, "medmcqa", rows=60)
        assert not (out / "medmcqa" / "manifest.json").exists()
        copytree(out, out.with_name(f"{number} edited"))
        run(out, "medmcqa", rows=60)  # what the killed run wrote is no edit
        edited = out.with_name(f"{number} edited")
        edit(edited / "medmcqa" / "grader.json")
        with pytest.raises(BadInput, match=r"grader\.json: is not as"):
            run(edited, "medmcqa", rows=60)


@pytest.mark.parametrize("strange", ["train.jsonl", "notes.txt", "stages/mine.txt"])
def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path, strange: str) -> None:
    path = tmp_path / "medmcqa" / strange
    path.parent.mkdir(parents=True)
    path.write_bytes(b"precious")
    with pytest.raises(BadInput, match="did not make"):
        run(tmp_path, "medmcqa")
    assert contents(tmp_path) == {f"medmcqa/{strange}": b"precious"}


def test_only_files_that_show_it_are_said_to_be_from_the_hub(tmp_path: Path) -> None:
    from pipelines.sources import record as source

    copytree(DEMO / "medmcqa", tmp_path / "own" / "medmcqa")
    root = tmp_path / "own" / "medmcqa"

    def told(kind: str) -> dict:
        run(tmp_path / "out", "medmcqa", kind, edits="replace")
        path = tmp_path / "out" / "medmcqa" / "manifest.json"
        return {**orjson.loads(path.read_bytes())["source"], "files": None}

    unknown = {"repository": None, "revision": None, "license": None, "files": None}
    assert told("demo") == {"kind": "demo", **unknown}
    assert told(str(root.parent)) == {"kind": "folder", **unknown}
    entries = [
        source.entry(root, path.relative_to(root).as_posix(), files.sha256(path), verified=True)
        for path in sorted(root.glob("data/*.parquet"))
    ]
    record = source.Source("huggingface", "some/one", "ab" * 20, "MIT", {}, {}, [], entries)
    source.write(root, record)
    known = {"repository": "some/one", "revision": "ab" * 20, "license": "MIT", "files": None}
    assert told(str(root.parent)) == {"kind": "folder", **known}
    # One train file more than the record names: it was not published with them.
    first = next(root.glob("data/train-*.parquet"))
    pl.read_parquet(first).head(1).write_parquet(first.with_name("train-00001-of-00001.parquet"))
    with pytest.raises(BadInput, match="is no file of SOURCE"):
        told(str(root.parent))


def test_killed_at_any_moment_it_ends_the_same(tmp_path: Path) -> None:
    run(tmp_path / "a", "medmcqa")
    command = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
    command += ["prepare", "medmcqa", "--out", "b", "--quiet"]
    start = time.monotonic()
    subprocess.run([*command[:-2], "c", "--quiet"], cwd=tmp_path, check=True)
    whole = time.monotonic() - start
    made = contents(tmp_path / "c")
    pages = {f"medmcqa/{name}": made[f"medmcqa/{name}"] for name in ("README.md", "report.html")}
    stopped = 0
    for n in range(12):
        process = subprocess.Popen(command, cwd=tmp_path)
        time.sleep(whole * (0.3 + n * 0.06))
        process.send_signal(signal.SIGKILL)
        stopped += process.wait() == -signal.SIGKILL
        for path in (tmp_path / "b").rglob("*.parquet"):
            pl.read_parquet(path)  # never half a file under a final name
        if (tmp_path / "b" / "medmcqa" / "manifest.json").exists():
            # Its card and its report come after it, and are no part of it.
            assert {**pages, **contents(tmp_path / "b")} == {**pages, **contents(tmp_path / "a")}
    assert stopped
    subprocess.run(command, cwd=tmp_path, check=True)
    left = {path: data for path, data in contents(tmp_path / "b").items() if ".part" not in path}
    assert left == {**contents(tmp_path / "a"), **pages}


def test_changed_ids_reach_every_file(tmp_path: Path) -> None:
    """Ids decide nothing on the way, so only digests of the inputs can tell that they changed."""
    for out, ids in (("a", "old"), ("a", "new"), ("b", "new")):
        folder = tmp_path / "raw"
        folder.mkdir(exist_ok=True)
        rows = (math(f"Find the number {n}", str(n), uuid=f"{ids} {n:03}") for n in range(200))
        frame(*rows).write_parquet(folder / "x.parquet")
        run(tmp_path / out, "openr1-math", folder)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_without_writing_nothing_is_written(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("tmp")))
    result = driver.prepare(
        DATASETS["medmcqa"], settings(tmp_path / "out"), Progress(), write=False
    )
    assert len(result.items) == 3
    assert list(tmp_path.iterdir()) == []
    assert not list(Path(tempfile.gettempdir()).glob("rft-*"))
    written = run(tmp_path / "out", "medmcqa")
    for field in ("raw", "splits", "size", "dropped", "findings"):
        assert getattr(result, field) == getattr(written, field)


def test_without_writing_and_without_a_place_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match=r"no temporary folder can be made .*; set TMPDIR"):
        driver.prepare(DATASETS["medmcqa"], settings(tmp_path / "out"), Progress(), write=False)


def test_a_validation_file_of_one_row_is_sound(tmp_path: Path) -> None:
    result = run(tmp_path, "medmcqa", validation_rows=1)
    assert (result.splits["validation"], result.sound) == (1, True)
    assert [finding.code for finding in result.findings] == ["RFT113"]  # more are advised


def test_the_manifest_says_which_version_made_it(tmp_path: Path) -> None:
    run(tmp_path, "medmcqa")
    manifest = orjson.loads((tmp_path / "medmcqa" / "manifest.json").read_bytes())
    assert manifest["versions"]["rft-data"] == version("rft-data")
    if (ROOT / ".git").exists():
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True)
        assert manifest["versions"]["commit"].removesuffix("-dirty") == commit.strip()
    # What a stage is made again for is the digest of the code, not a commit.
    receipt = orjson.loads((tmp_path / "medmcqa" / "stages" / "split.json").read_bytes())
    assert not {"rft-data", "commit"} & receipt["versions"].keys()


def test_growth_of_the_raw_rows_moves_no_row(tmp_path: Path) -> None:
    rows = [math(problem(n), str(n)) for n in range(300)]
    for name, count in (("small", 200), ("large", 300)):
        run(tmp_path / f"{name}-out", "openr1-math", raw(tmp_path / name, *rows[:count]))
    small, large = (sides(tmp_path / f"{name}-out") for name in ("small", "large"))
    assert {digest: large[digest] for digest in small} == small


def raw(folder: Path, *rows: dict) -> Path:
    folder.mkdir()
    frame(*rows).write_parquet(folder / "x.parquet")
    return folder


def sides(out: Path) -> dict[str, str]:
    """The side of each prompt, by digest."""
    splits = pl.read_parquet(out / "openr1-math/splits.parquet")
    return dict(splits.select("digest", "split").iter_rows())


def test_growth_that_ties_clusters_moves_no_row_of_an_earlier_split(tmp_path: Path) -> None:
    """New rows are near to old ones, and would rename their clusters."""
    old = [math(f"{problem(n)} {problem(n + 1)}", str(n)) for n in range(0, 400, 2)]
    new = [math(f"{problem(n)} {problem(n + 1)} please", str(n)) for n in range(0, 400, 4)]
    run(tmp_path / "a", "openr1-math", raw(tmp_path / "old", *old))
    grown = raw(tmp_path / "new", *old, *new)
    result = run(tmp_path / "b", "openr1-math", grown, previous=tmp_path / "a")
    before, after = sides(tmp_path / "a"), sides(tmp_path / "b")
    assert {name: side for name, side in after.items() if name in before} == before
    assert result.dropped == {"near_duplicate": len(new)}
    run(tmp_path / "c", "openr1-math", grown)
    assert before.keys() - sides(tmp_path / "c").keys()  # there new rows take the place of old ones


def test_an_earlier_split_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no splits\.parquet of medmcqa"):
        run(tmp_path / "out", "medmcqa", previous=tmp_path)
    (tmp_path / "splits.parquet").write_bytes(b"no parquet")
    with pytest.raises(BadInput, match="not readable"):
        run(tmp_path / "out", "medmcqa", previous=tmp_path)
    pl.DataFrame({"digest": ["a"], "split": ["dev"]}).write_parquet(tmp_path / "splits.parquet")
    with pytest.raises(BadInput, match=r"not a splits\.parquet"):
        run(tmp_path / "out", "medmcqa", previous=tmp_path)


def test_missing_shards_and_benchmark_are_findings(tmp_path: Path) -> None:
    data = tmp_path / "medmcqa" / "data"
    data.mkdir(parents=True)
    rows = pl.read_parquet(DEMO / "medmcqa/data/train-00000-of-00001.parquet")
    rows.write_parquet(data / "train-00001-of-00003.parquet")
    result = run(tmp_path / "out", "medmcqa", tmp_path)
    assert [(finding.code, finding.message) for finding in result.findings] == [
        ("RFT601", "decontaminated against nothing"),
        ("RFT602", "shard 'train-00000-of-00003.parquet' is not there"),
        ("RFT602", "shard 'train-00002-of-00003.parquet' is not there"),
    ]


def test_a_benchmark_that_the_user_names(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    rows = [math(problem(n), str(n)) for n in range(200)]
    frame(*rows).write_parquet(tmp_path / "raw" / "x.parquet")
    (tmp_path / "bench.jsonl").write_text(orjson.dumps({"problem": problem(7).upper()}).decode())
    pl.DataFrame({"text": [problem(8) + "."]}).write_parquet(tmp_path / "b.parquet")
    against = (f"{tmp_path}/bench.jsonl", f"{tmp_path}/b.parquet:text")
    result = run(tmp_path / "out", "openr1-math", tmp_path / "raw", benchmarks=against)
    assert result.dropped == {"contaminated": 2}
    assert result.findings == []


def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    from pipelines.io.files import alone

    with alone(tmp_path / "medmcqa"), pytest.raises(BadInput, match="another run is writing here"):
        run(tmp_path, "medmcqa")


def test_errors_leave_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    frame(*(math(problem(n), "1") for n in range(6))).write_parquet(tmp_path / "raw" / "x.parquet")
    result = run(tmp_path / "out", "openr1-math", tmp_path / "raw")
    assert not result.sound
    assert "RFT111" in {finding.code for finding in result.findings}
    assert not (tmp_path / "out/openr1-math/manifest.json").exists()
