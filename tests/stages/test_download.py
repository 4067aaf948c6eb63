"""Where raw files come from and when they are asked for, with a hub on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import huggingface_hub
import orjson
import pytest
from conftest import DEMO, Heard, Run, contents
from hub_server import COMMIT, Fault, HubServer, Repository, serving
from known import DATASETS

from pipelines.datasets import find
from pipelines.datasets.dataset import Benchmark, Dataset
from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.stages.download import Raw, check, download

QUICK = RetryPolicy(delays=(0, 0), silence=5)
TRAIN = [f"data/train-{n:05}-of-00003.parquet" for n in range(3)]
FILES = {name: name.encode() * 1000 for name in [*TRAIN, "data/test-00000-of-00001.parquet"]}
BENCHMARKS = ["data/test-00000-of-00001.parquet", "benchmarks/aime/test.jsonl"]
OTHER_COMMIT = "beef" * 10


MATH = DATASETS["openr1-math"]
RECIPE = replace(
    MATH,
    hub="some/data",
    revision=COMMIT,
    files={"train": ("{config}/train-*.parquet",), "validation": (), "test": ()},
    benchmark_files=("data/test-*.parquet",),
    benchmarks=(Benchmark("aime", "other/aime", OTHER_COMMIT, "test.jsonl"),),
)

Download = Callable[..., Raw]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server = HubServer(FILES | {"all/train-00000-of-00001.parquet": b"all of it"})
    server.neighbours = [Repository({"test.jsonl": b"{}\n"}, "other/aime", OTHER_COMMIT)]
    server.neighbours[0].plain = {"test.jsonl"}
    with serving(server):
        yield server
        huggingface_hub.close_session()


@pytest.fixture
def bring(hub: HubServer) -> Download:
    """Download from the hub; `progress` hears of it."""

    def bring(*, recipe: Dataset = RECIPE, progress: Progress | None = None, **options: Any) -> Raw:
        return download(
            recipe,
            source="huggingface",
            progress=progress or Progress(),
            endpoint=hub.url,
            retry=QUICK,
            **options,
        )

    return bring


def names(paths: Iterable[Path]) -> list[str]:
    return [path.as_posix().removeprefix(f"raw/{RECIPE.name}/") for path in paths]


def source() -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(Path(f"raw/{RECIPE.name}/SOURCE.json").read_bytes())
    return value


def stat(path: Path | str) -> list[int]:
    """What tells that a file was touched, as its entry has it."""
    stat = Path(path).stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def test_what_is_brought_and_recorded(bring: Download, tmp_path: Path) -> None:
    raw = bring()
    assert names(raw.splits["train"]) == TRAIN
    assert names(path for path, _ in raw.benchmarks) == BENCHMARKS
    assert (raw.kind, raw.record.revision, raw.absent) == ("huggingface", COMMIT, [])
    there = contents(tmp_path / "raw" / RECIPE.name)
    assert there.pop("SOURCE.json")
    wanted = FILES | {"benchmarks/aime/test.jsonl": b"{}\n"}
    assert there == wanted
    assert source() == {
        "source": "huggingface",
        "repository": "some/data",
        "revision": COMMIT,
        "license": "Apache-2.0",
        "choices": {},
        "patterns": {"train": ["data/train-*.parquet"], "benchmark": ["data/test-*.parquet"]},
        "benchmarks": [{"name": "aime", "repository": "other/aime", "revision": OTHER_COMMIT}],
        "files": [
            {
                "path": path,
                "sha256": sha256(data).hexdigest(),
                "bytes": len(data),
                "verified": True,
                "stat": stat(f"raw/{RECIPE.name}/{path}"),
            }
            for path, data in sorted(wanted.items())
        ],
    }
    assert raw.digests == {
        Path("raw") / RECIPE.name / path: sha256(data).hexdigest() for path, data in wanted.items()
    }
    assert b"hf_secret" not in b"".join(contents(tmp_path).values())


def test_bytes_are_told_of(bring: Download, hub: HubServer) -> None:
    heard = Heard()
    hub.faults["file"] = [Fault(cut=10)]
    bring(progress=heard)
    size = sum(map(len, FILES.values())) + 3
    assert (heard.to_come, heard.came) == (size, size)
    assert heard.lines[0].startswith("fetching data/train-00000-of-00003.parquet, ")
    assert "hf_secret" not in "".join(heard.lines)


def test_what_is_there_is_used_without_a_request(bring: Download, hub: HubServer) -> None:
    first = bring()
    hub.asked.clear()
    assert [bring(), bring(offline=True), bring(fetch=False)] == [first] * 3
    assert hub.asked == []


@pytest.mark.parametrize("option", [{"offline": True}, {"fetch": False}], ids=str)
def test_without_requests(bring: Download, hub: HubServer, option: dict[str, bool]) -> None:
    command = f"run `rft prepare {RECIPE.name} --until download --source huggingface`"
    with pytest.raises(BadInput, match=f"raw/{RECIPE.name}: not downloaded yet; {command}"):
        bring(**option)
    bring()
    Path("raw", RECIPE.name, TRAIN[1]).write_bytes(b"x")
    with pytest.raises(BadInput, match=f"{TRAIN[1]}: has changed .*; {command}"):
        bring(**option)
    Path("raw", RECIPE.name, TRAIN[0]).unlink()
    with pytest.raises(BadInput, match=f"{TRAIN[0]}: is missing; {command}"):
        bring(**option)
    with pytest.raises(BadInput, match="--source huggingface --shards 0-1`"):
        bring(shards="0-1", **option)
    assert len(hub.paths("info")) == 1


def test_a_file_that_changed_is_brought_again(bring: Download, hub: HubServer) -> None:
    bring()
    path = Path("raw", RECIPE.name, TRAIN[1])
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    heard = Heard()
    hub.sent.clear()
    bring(progress=heard)
    assert path.read_bytes() == FILES[TRAIN[1]]
    assert heard.lines[0] == f"{path}: has changed since it was brought (sha256); fetching it again"
    assert hub.sent == {TRAIN[1]: len(FILES[TRAIN[1]])}


def test_check_reads_every_byte(bring: Download, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not downloaded yet"):
        check(RECIPE)
    bring()
    assert check(RECIPE) == []
    path = Path("raw", RECIPE.name, TRAIN[1])
    record = source()
    path.write_bytes(FILES[TRAIN[1]][:-1] + b"?")
    # As though the disk had lost a bit: the file looks untouched.
    (entry,) = (entry for entry in record["files"] if entry["path"] == TRAIN[1])
    entry["stat"] = stat(path)
    Path("raw", RECIPE.name, "SOURCE.json").write_bytes(orjson.dumps(record))
    assert bring(offline=True).kind == "huggingface"
    Path("raw", RECIPE.name, TRAIN[2]).unlink()
    bring_command = f"run `rft prepare {RECIPE.name} --until download --source huggingface`"
    assert check(RECIPE) == [
        f"{path}: has changed since it was brought (sha256); {bring_command}",
        f"raw/{RECIPE.name}/{TRAIN[2]}: is missing; {bring_command}",
    ]


def test_a_run_that_failed_leaves_no_record(bring: Download, hub: HubServer) -> None:
    hub.faults["file"] = [Fault(404, {"X-Error-Code": "EntryNotFound"})] * 4
    with pytest.raises(BadInput, match="no such file"):
        bring()
    assert not Path("raw", RECIPE.name, "SOURCE.json").exists()
    hub.faults.clear()
    assert names(bring().splits["train"]) == TRAIN


def test_a_branch_is_resolved_and_its_commit_recorded(bring: Download, hub: HubServer) -> None:
    assert bring(revision="main").record.revision == COMMIT
    assert source()["choices"] == {"revision": "main"}
    hub.asked.clear()
    bring(revision="main")
    assert [kind for kind, _, _ in hub.asked] == ["info", "paths"]  # it may have moved on
    hub.asked.clear()
    assert bring(revision="main", offline=True).record.revision == COMMIT
    assert hub.asked == []


def test_another_pinned_commit_is_brought(bring: Download, hub: HubServer) -> None:
    bring()
    hub.commit = "a" * 40
    hub.files[TRAIN[0]] = hub.published[TRAIN[0]] = b"published later"
    hub.sent.clear()
    assert bring(recipe=replace(RECIPE, revision="a" * 40)).record.revision == "a" * 40
    assert hub.sent == {TRAIN[0]: 15}


def test_a_configuration(bring: Download) -> None:
    raw = bring(config="all")
    assert names(raw.splits["train"]) == ["all/train-00000-of-00001.parquet"]
    assert names(path for path, _ in raw.benchmarks) == BENCHMARKS
    assert names(bring().splits["train"]) == TRAIN
    with pytest.raises(BadInput, match=r"some/data: no file matches al/train-\*\.parquet"):
        bring(config="al")


@pytest.mark.parametrize(("shards", "expected"), [("0-1", [0, 1]), ("2", [2]), ("1-2", [1, 2])])
def test_shards(bring: Download, hub: HubServer, shards: str, expected: list[int]) -> None:
    raw = bring(shards=shards)
    assert names(raw.splits["train"]) == [TRAIN[n] for n in expected]
    assert raw.absent == [Path(TRAIN[n]).name for n in range(3) if n not in expected]
    assert bring(shards=shards, offline=True) == raw
    hub.sent.clear()
    assert names(bring().splits["train"]) == TRAIN
    assert sorted(hub.sent) == [TRAIN[n] for n in range(3) if n not in expected]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"shards": "0-3"}, "--shards 0-3: there are 3 train files, from 0 on"),
        ({"shards": "1-0"}, "--shards 1-0: give the first and the last file, as in 0-1"),
        ({"shards": "first"}, "--shards first: give the first and the last file, as in 0-1"),
        ({"config": "small"}, "some/data: no file matches small/train-*.parquet"),
        (
            {"revision": "gone"},
            "some/data at gone: the hub has no such revision; give a commit, "
            "branch or tag of the repository",
        ),
    ],
)
def test_what_cannot_be_asked_for(bring: Download, options: dict, expected: str) -> None:
    with pytest.raises(BadInput) as caught:
        bring(**options)
    assert str(caught.value) == expected


@pytest.mark.parametrize("place", ["demo", "kaggle", "."])
def test_choices_that_a_source_does_not_have(place: str) -> None:
    with pytest.raises(BadInput, match="--config all: only with --source huggingface"):
        download(RECIPE, source=place, progress=Progress(), config="all")


def test_a_folder_with_a_record_must_be_as_it_came(bring: Download, tmp_path: Path) -> None:
    bring()
    raw = download(RECIPE, source="raw", progress=Progress())
    benchmarks = [path for path, _ in raw.benchmarks]
    assert (names(raw.splits["train"]), names(benchmarks)) == (TRAIN, BENCHMARKS)
    assert set(raw.digests) >= {*raw.splits["train"], *benchmarks}
    Path("raw", RECIPE.name, TRAIN[0]).write_bytes(b"x")
    with pytest.raises(BadInput, match=f"{TRAIN[0]}: has changed .*, or remove SOURCE.json"):
        download(RECIPE, source="raw", progress=Progress())


def test_one_run_at_a_time(bring: Download, hub: HubServer) -> None:
    from pipelines.io import files

    with (
        files.alone(Path("raw", RECIPE.name)),
        pytest.raises(BadInput, match="another run is writing here; wait for it"),
    ):
        bring()


# A description of a user's own


def own(text: str) -> Dataset:
    Path("mine.toml").write_text(f'prompt = "q"\nanswer = "a"\n{text}\n')
    return find("mine.toml")


def test_a_hub_without_a_revision_is_pinned_once(bring: Download, hub: HubServer) -> None:
    dataset, heard = own('hub = "some/data"'), Heard()
    raw = bring(recipe=dataset, progress=heard)
    assert [path.name for path in raw.splits["train"]] == [Path(name).name for name in TRAIN]
    assert f"some/data: pinned at the newest commit, {COMMIT}" in heard.lines
    record = orjson.loads(Path("raw/mine/SOURCE.json").read_bytes())
    assert (record["revision"], record["choices"]) == (COMMIT, {})
    hub.asked.clear()
    hub.commit = hub.branches["main"] = "a" * 40  # it moves on, and nobody asks
    assert bring(recipe=dataset) == raw
    assert hub.asked == []
    Path("mine.toml").unlink()
    with pytest.raises(BadInput, match=r"run `rft prepare mine\.toml --until download"):
        download(replace(dataset, hub="other/data"), source=None, progress=Progress(), fetch=False)


def test_a_hub_alone_reads_no_files_beside_the_description(bring: Download) -> None:
    Path("data").mkdir()
    Path("data/train-x.parquet").write_bytes(b"of something else")
    raw = download(own('files = "data/*.parquet"'), source=None, progress=Progress())
    assert [path.name for path in raw.splits["train"]] == ["train-x.parquet"]
    with pytest.raises(BadInput, match="raw/mine: not downloaded yet"):
        download(own('hub = "some/data"'), source=None, progress=Progress(), fetch=False)


def test_another_hub_or_other_files_are_brought_anew(bring: Download, hub: HubServer) -> None:
    bring(recipe=own('hub = "some/data"'))
    raw = bring(recipe=own('hub = "some/data"\nfiles = "all/*.parquet"'))
    assert [path.as_posix() for path in raw.splits["train"]] == [
        "raw/mine/all/train-00000-of-00001.parquet"
    ]
    hub.neighbours.append(Repository({"data/train-1.parquet": b"other"}, "other/data", COMMIT))
    raw = bring(recipe=own('hub = "other/data"'))
    assert [path.read_bytes() for path in raw.splits["train"]] == [b"other"]
    with pytest.raises(BadInput, match=r"some/data: test: no file matches none/\*"):
        bring(recipe=own('hub = "some/data"\ntest = "none/*"'))


def test_a_configuration_that_a_description_has_not(bring: Download) -> None:
    with pytest.raises(BadInput, match="--config all: mine has no others"):
        bring(recipe=own('hub = "some/data"'), config="all")


# The command

PINNED = (
    "from dataclasses import replace; from pipelines import datasets; shipped = datasets.shipped; "
    f"datasets.shipped = lambda name: replace(shipped(name), revision={COMMIT!r}); "
    "from pipelines.cli.main import main; main()"
)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[tuple[HubServer, Callable[..., Any]]]:
    """`rft` with the recipe of medmcqa pinned to the commit of a hub that serves the demo."""
    recipe = DATASETS["medmcqa"]
    folder = DEMO / "medmcqa"
    server = HubServer(
        {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.glob("data/*.parquet")},
        recipe.hub,
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PINNED, *words, "medmcqa", "--source", "huggingface"],
            cwd=tmp_path,
            env=os.environ
            | {"HF_ENDPOINT": server.url, "HF_HOME": "home", "HF_TOKEN": "hf_secret"},
            capture_output=True,
            text=True,
            check=False,
        )

    with serving(server):
        yield server, run


def test_command(command: tuple[HubServer, Callable[..., Any]], rft: Run, tmp_path: Path) -> None:
    hub, run = command
    got = run("prepare", "--until", "download")
    assert got.returncode == 0, got.stderr
    assert "fetching data/train-00000-of-00001.parquet" in got.stderr
    brought = {path.name for path in (tmp_path / "raw/medmcqa/data").iterdir()}
    assert brought == {
        "train-00000-of-00001.parquet",
        "validation-00000-of-00001.parquet",  # the benchmark; the unlabelled test split stays
    }
    hub.asked.clear()
    assert run("prepare").returncode == 0
    assert hub.asked == []
    rft("prepare", "medmcqa", "--out", "other")
    ours, sample = contents(tmp_path / "processed/medmcqa"), contents(tmp_path / "other/medmcqa")
    assert ours["train.jsonl"] == sample["train.jsonl"]
    manifest = orjson.loads(ours["manifest.json"])
    assert (manifest["source"]["kind"], manifest["source"]["revision"]) == ("huggingface", COMMIT)


def test_command_refused(command: tuple[HubServer, Callable[..., Any]], tmp_path: Path) -> None:
    hub, run = command
    hub.faults["info"] = [Fault(403, {"X-Error-Code": "GatedRepo"})]
    got = run("prepare", "--until", "download")
    assert (got.returncode, got.stdout) == (2, "")
    assert got.stderr.splitlines()[-1] == (
        f"rft: openlifescienceai/medmcqa at {COMMIT[:12]}: access must be asked for on "
        "https://huggingface.co/datasets/openlifescienceai/medmcqa; "
        "then set HF_TOKEN to a token of yours"
    )
    assert not (tmp_path / "raw/medmcqa/SOURCE.json").exists()
