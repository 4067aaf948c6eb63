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
    import daft

    sender = (_stamp(), str(Path.cwd()))
    parts, first = chain(first, parts), []
    tasks = [pickle.dumps((*sender, pickle.dumps((function, part)))) for part in parts]
    count = len(tasks)
    frame = daft.from_pydict({"number": list(range(count)), "task": tasks})
    del tasks
    if _runner() == "ray":
        frame = frame.into_partitions(count)
    # Processes, for Python's lock lets one thread at a time work on strings.
    batch = daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1, use_process=True)
    result: Any = batch(_results)(frame["task"])
    frame = frame.select("number", result.alias("result"))
    waiting: dict[int, bytes] = {}
    next_one = 0
    try:
        for row in frame.iter_rows():
            waiting[row["number"]] = row["result"]
            while next_one in waiting:
                failed, result = pickle.loads(waiting.pop(next_one))
                if failed:
                    raise _Failed(result)
                next_one += 1
                yield result
    except _Failed as failed:
        raise failed.error from None
    except Exception as error:  # Daft's, Ray's and gRPC's own, of any class
        line = str(error).strip().partition("\n")[0]
        raise BadInput(
            f"--engine daft: {type(error).__name__}: {line}; see its log, or leave --engine out"
        ) from error
    if next_one != count:
        raise AssertionError(f"{count} parts were given to Daft, {next_one} came back")


class _Failed(Exception):
    """What a function of ours raised on a worker."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


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
