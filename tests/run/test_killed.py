"""A process that is killed at any moment, and the runs after it."""

from __future__ import annotations

import multiprocessing
import random
from pathlib import Path
from signal import SIGKILL
from time import sleep

import killed
from conftest import contents
from hub_server import BLOCK, HubServer, serving

KILLS = 20


def test_killed_twenty_times(tmp_path: Path) -> None:
    """The published bytes in the end, and little more of them sent than there is."""
    chance = random.Random(20)
    files = {f"data/train-{n:05}-of-00003.parquet": chance.randbytes(8_000_000) for n in range(3)}
    hub = HubServer(files)
    hub.pause = 0.02
    # Processes come from one that has the modules loaded and no threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.sources.published", "pipelines.stages.download"])
    codes = []
    with serving(hub):
        for _ in range(KILLS):
            process = context.Process(target=killed.run, args=(str(tmp_path), hub.url))
            asked = len(hub.paths("file"))
            process.start()
            while process.is_alive() and len(hub.paths("file")) == asked:
                sleep(0.005)
            sleep(chance.uniform(0, 0.12))
            process.kill()
            process.join()
            codes.append(process.exitcode)
        hub.pause = 0
        process = context.Process(target=killed.run, args=(str(tmp_path), hub.url))
        process.start()
        process.join()
    assert (codes, process.exitcode) == ([-SIGKILL] * KILLS, 0)
    there = contents(tmp_path / "raw/openr1-math")
    assert {name: there[name] for name in files} == files
    assert set(there) - set(files) == {"SOURCE.json"}
    # Lost with each kill: what was in the sockets of three files.
    assert hub.sent.total() < sum(map(len, files.values())) + KILLS * 3 * 8 * BLOCK
