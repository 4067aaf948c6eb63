"""One harness for kills at random moments, and one for what holds over faulty rows.

Each has 6 seconds, or RFT_HARNESS_SECONDS; what it draws follows from a seed, how much it draws
from the time.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl
from conftest import DEMO, contents, settings
from hub_server import serving
from known import DATASETS
from service_server import KEY, ServiceServer, prepared

from pipelines.io.progress import Progress
from pipelines.run import driver

SECONDS = float(os.environ.get("RFT_HARNESS_SECONDS", "6"))
STRANGE = ["", " ", "\0", "\u202e", "x" * 40_000, "A", "\\frac{", "\ud7ff", "= 1", None]


def rounds() -> Iterator[random.Random]:
    """A source of chance for each round, until the time is over; two rounds at least."""
    deadline = time.monotonic() + SECONDS
    n = 0
    while n < 2 or time.monotonic() < deadline:
        yield random.Random(n)
        n += 1


def command(folder: str, words: list[str], variables: dict[str, str]) -> None:
    """`rft` in a process of its own, to be killed."""
    from pipelines.cli.main import main

    os.chdir(folder)
    os.environ.update(variables)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.argv = ["rft", *words]
    main()


def run_until_whole(
    folder: Path, words: list[str], kills: Iterator[float], **variables: str
) -> None:
    """Run a command again and again, each killed after so many seconds, and then to its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.cli.main", "pipelines.run.driver"])
    for seconds in kills:
        process = context.Process(target=command, args=(str(folder), words, variables))
        process.start()
        process.join(seconds)
        process.kill()
        process.join()
    process = context.Process(target=command, args=(str(folder), words, variables))
    process.start()
    process.join(120)
    assert process.exitcode == 0


def test_prepare_is_killed_at_random_moments(tmp_path: Path) -> None:
    words = ["prepare", "medmcqa", "--quiet", "--out", "out"]
    (tmp_path / "whole").mkdir()
    run_until_whole(tmp_path / "whole", words, iter(()))
    folder = tmp_path / "killed"
    folder.mkdir()
    run_until_whole(folder, words, (chance.uniform(0, 1.5) for chance in rounds()))
    left = {path: data for path, data in contents(folder).items() if ".part" not in path}
    assert left == contents(tmp_path / "whole")


def test_submit_is_killed_at_random_moments(tmp_path: Path) -> None:
    """At most one job is asked for, and it is found again."""
    server = ServiceServer()
    prepared(tmp_path / "data")
    variables = {"AZURE_OPENAI_ENDPOINT": server.url, "AZURE_OPENAI_API_KEY": KEY}
    words = ["submit", "data", "--yes", "--poll-interval", "0"]
    with serving(server):
        kills = (chance.uniform(0, 1.5) for chance in rounds())
        run_until_whole(tmp_path, words, kills, **variables)
        assert (len(server.jobs), server.duplicates()) == (1, 0)


def test_every_row_is_somewhere_once(tmp_path: Path) -> None:
    """Over faulty rows: none is lost, ids are unique, and neither order nor files change a byte."""
    rows = pl.concat(
        pl.read_parquet(path) for path in sorted((DEMO / "medmcqa" / "data").glob("train-*"))
    )
    texts = [name for name, kind in rows.schema.items() if kind == pl.String and name != "id"]
    for n, chance in enumerate(rounds()):
        faulty = rows.sample(150, seed=n, shuffle=True).to_dicts()
        for row in faulty:
            if chance.random() < 0.3:
                row[chance.choice(texts)] = chance.choice(STRANGE)
        faulty += chance.sample(faulty, 5)
        outs = []
        for name, order in (("a", faulty), ("b", faulty), ("c", chance.sample(faulty, 155))):
            folder = tmp_path / f"{n}{name}"
            folder.mkdir()
            frame = pl.DataFrame(order, schema=rows.schema)
            parts = [frame] if name == "a" else [frame.head(60), frame.tail(-60)]
            for i, part in enumerate(parts):
                part.write_parquet(folder / f"train-{i:05}-of-{len(parts):05}.parquet")
            out = tmp_path / f"out-{n}{name}"
            driver.prepare(DATASETS["medmcqa"], settings(out, folder), Progress())
            outs.append(out / "medmcqa")
        for out in outs:
            counts = orjson.loads((out / "manifest.json").read_bytes())["rows"]
            dropped = pl.read_parquet(out / "dropped.parquet")
            items = [
                orjson.loads(line)
                for split in ("train", "validation")
                for line in (out / f"{split}.jsonl").read_bytes().splitlines()
            ]
            assert counts["raw"] == 155 == len(items) + dropped.height
            ids = [item["id"] for item in items]
            assert len(set(ids)) == len(ids)
        jsonl = [
            [(out / f"{split}.jsonl").read_bytes() for split in ("train", "validation")]
            for out in outs
        ]
        assert jsonl[0] == jsonl[1] == jsonl[2]
