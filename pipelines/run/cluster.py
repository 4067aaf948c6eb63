"""Parts of the rows on Daft: on its native runner, all cores of this machine, or on a Ray cluster.

A part is a row of a frame of Daft's with a number and two pickles, of what is to be done and of
what came of it. Daft's own types never hold a cell of ours, so that no conversion can change one.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from pipelines.findings import BadInput
from pipelines.io import engine as engines
from pipelines.io.engine import Engine
from pipelines.run import manifest

ENGINES = ("local", "daft")

# No reports of use are sent, nor bars drawn over ours, unless the environment says otherwise.
_QUIET = {
    "DO_NOT_TRACK": "true",
    "DAFT_PROGRESS_BAR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}

# How often a cluster may lose parts before a run ends.
_LOSSES = 3

A = TypeVar("A")
B = TypeVar("B")


def engine(name: str) -> Engine:
    """The engine of that name; BadInput, in one line, where it is unknown or not installed.

    `daft` runs on all cores, and on the cluster of RAY_ADDRESS where DAFT_RUNNER is `ray`.
    """
    if name == "local":
        return engines.local
    if name not in ENGINES:
        raise BadInput(f"--engine {name}: no engine has this name; give {' or '.join(ENGINES)}")
    for module in ("daft", "ray") if _runner() == "ray" else ("daft",):
        if find_spec(module) is None:
            raise BadInput(
                f"--engine {name}: {module} is not installed; pip install 'rft-data[cluster]'"
            )
    return _on_daft


def _runner() -> str:
    runner = os.environ.get("DAFT_RUNNER", "native").lower()
    if runner not in ("native", "ray"):
        raise BadInput(f"DAFT_RUNNER={runner}: no runner has this name; give native or ray")
    return runner


def _on_daft(function: Callable[[A], B], parts: Iterable[A], /) -> Iterator[B]:
    parts = iter(parts)
    first = list(islice(parts, 2))
    if len(first) < 2:  # starting processes takes 2 s
        yield from map(function, first)
        return
    _connect()
    sender = (_stamp(), str(Path.cwd()))
    every = chain(first, parts)
    tasks = {
        number: pickle.dumps((*sender, pickle.dumps((function, part))))
        for number, part in enumerate(every)
    }
    waiting: dict[int, bytes] = {}
    next_one = 0
    for number, come in _results_of(tasks):
        waiting[number] = come
        while next_one in waiting:
            failed, result = pickle.loads(waiting.pop(next_one))
            if failed:
                raise result
            next_one += 1
            yield result


def _results_of(tasks: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """What comes of each task, as it comes. A task is let go when its result is there.

    Daft gives the parts of a lost node to another, but not where what it held of others is lost
    too: then what has not come is given to the cluster again.
    """
    losses = 0
    while tasks:
        try:
            for row in _query(tasks).iter_rows():
                del tasks[row["number"]]
                yield row["number"], row["result"]
        except Exception as error:  # Daft's, Ray's and gRPC's own, of any class
            losses += 1
            if _runner() == "native" or losses == _LOSSES:
                last = str(error).strip().rpartition("\n")[2][:200]
                raise BadInput(
                    f"--engine daft: {type(error).__name__}: {last}; see to the workers, "
                    "or leave --engine out"
                ) from error


def _query(tasks: dict[int, bytes]) -> Any:
    import daft

    frame = daft.from_pydict({"number": list(tasks), "task": list(tasks.values())})
    if _runner() == "ray":
        frame = frame.into_partitions(len(tasks))
    # Processes, for Python's lock lets one thread at a time work on strings.
    batch = daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1, use_process=True)
    result: Any = batch(_results)(frame["task"])
    return frame.select("number", result.alias("result"))


def _results(tasks: Any) -> list[bytes]:
    """On a worker: what comes of each task, with whether it is an exception."""
    return [_result(task) for task in tasks.to_pylist()]


def _result(task: bytes) -> bytes:
    theirs, folder, work = pickle.loads(task)
    ours = _stamp()
    try:
        os.chdir(folder)  # in which paths are relative
        if ours != theirs:
            differ = [name for name in theirs if ours.get(name) != theirs[name]]
            raise BadInput(
                f"--engine daft: {socket.gethostname()} has another version of "
                f"{', '.join(differ)}; install on every worker what is installed here"
            )
        function, part = pickle.loads(work)
        return pickle.dumps((False, function(part)))
    except Exception as error:
        return pickle.dumps((True, error))


@cache
def _stamp() -> dict[str, str]:
    """What must be the same on every worker, for its results are to be the same bytes."""
    return {"rft-data": manifest.code(), **manifest.versions()}


@cache
def _connect() -> None:
    """Choose Daft's runner, once in a process."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import daft

    if _runner() == "native":
        daft.set_runner_native()
        return
    import ray

    try:
        if not ray.is_initialized():
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        first = str(error).partition("\n")[0]
        address = os.environ.get("RAY_ADDRESS", "this machine")
        raise BadInput(
            f"RAY_ADDRESS: no Ray cluster at {address} ({first}); start one, or unset it"
        ) from error
    daft.set_runner_ray(noop_if_initialized=True)
