"""Parts of the rows on Daft: on its native runner, all cores of this machine, or on a Ray cluster.

A part is a row of a frame of Daft's with a number and two pickles, of what is to be done and of
what came of it. Daft's own types never hold a cell of ours, so that no conversion can change one.

Python's lock lets one thread at a time work on strings, so a node has a worker process for each
core. They start when there is work and serve all later calls, for starting one takes half a CPU
second; Daft's own end with each query, on Ray with each part.
"""

from __future__ import annotations

import atexit
import logging
import os
import pickle
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Lock
from time import sleep
from typing import Any

from pipelines.findings import BadInput
from pipelines.io import engine as engines
from pipelines.io.engine import A, B, Engine
from pipelines.run import manifest

ENGINES = ("local", "daft")

# No reports of use are sent, nor bars drawn over ours, unless the environment says otherwise.
_QUIET = {"DO_NOT_TRACK": "true", "DAFT_PROGRESS_BAR": "0", "RAY_USAGE_STATS_ENABLED": "0"}

# How often a cluster may lose parts before a run ends.
_LOSSES = 3

# Parts for each core at a time, so that not all are held twice and few cores wait at the end.
_PARTS = 4

_idle: list[Popen[bytes]] = []
_busy: set[Popen[bytes]] = set()
_lock = Lock()


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
    if len(first) < 2:  # starting processes takes a second
        yield from map(function, first)
        return
    some = _PARTS * _connected()
    job = _job(function)
    numbered = enumerate(map(pickle.dumps, chain(iter(first), parts)))
    del first  # so that those that are through take no room
    while tasks := dict(islice(numbered, some)):
        results = _results_of(job, tasks)
        for number in sorted(results):
            failed, result = pickle.loads(results.pop(number))
            if failed:
                raise result
            yield result


def _results_of(job: bytes, tasks: dict[int, bytes]) -> dict[int, bytes]:
    """What comes of each task, which is let go.

    Daft gives the parts of a lost node to another, but not where what it held of others is lost
    too: then what has not come is given to the cluster again.
    """
    results: dict[int, bytes] = {}
    losses = 0
    while tasks:
        try:
            for row in _query(job, tasks).iter_rows():
                results[row["number"]] = row["result"]
                del tasks[row["number"]]
        except BaseException as error:  # Daft's, Ray's and gRPC's own, of any class
            _close()
            losses += 1
            if not isinstance(error, Exception):
                raise
            if _runner() == "native" or losses == _LOSSES:
                last = str(error).strip().rpartition("\n")[2][:200]
                raise BadInput(
                    f"--engine daft: {type(error).__name__}: {last}; see to the workers, "
                    "or leave --engine out"
                ) from error
    return results


def _query(job: bytes, tasks: dict[int, bytes]) -> Any:
    import daft

    frame = daft.from_pydict({"number": list(tasks), "task": list(tasks.values())})
    if _runner() == "ray":
        frame = frame.into_partitions(len(tasks))

    @daft.func.batch(return_dtype=daft.DataType.binary(), batch_size=1, use_process=False)
    def results(tasks: Any) -> list[bytes]:
        return [_ask(job, task) for task in tasks.to_pylist()]

    result: Any = results(frame["task"])
    return frame.select("number", result.alias("result"))


@cache
def _connected() -> int:
    """How many cores Daft's runner has, which is chosen once in a process."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import daft

    if _runner() == "native":
        daft.set_runner_native()
        return os.cpu_count() or 1
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
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def _job(function: object) -> bytes:
    """What a worker needs beside a part: the function, the folder, and what must be the same."""
    # A pickle of its own, for another version may not be able to read it.
    return pickle.dumps((_stamp(), str(Path.cwd()), pickle.dumps(function)))


def _ask(job: bytes, part: bytes) -> bytes:
    """The outcome of a part, from a worker that is idle or new; several threads may ask."""
    with _lock:
        worker = _idle.pop() if _idle else _started()
        _busy.add(worker)
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        pickle.dump((job, part), worker.stdin)
        worker.stdin.flush()
        answer: bytes = pickle.load(worker.stdout)
        _idle.append(worker)
    except (OSError, EOFError, pickle.UnpicklingError):
        raise ChildProcessError(f"a worker ended ({worker.wait()})") from None
    finally:
        _busy.remove(worker)
    return answer


def _started() -> Popen[bytes]:
    """A process that runs `serve`, with the code of this one."""
    return Popen(
        [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,  # Ctrl-C reaches us alone
    )


@atexit.register
def _close() -> None:
    """End all workers, and wait until no thread asks one.

    Daft's threads do not end with a query that fails, nor with Python: one that comes back to it
    then ends the process with SIGABRT.
    """
    with _lock:
        for worker in (*_idle, *_busy):
            worker.kill()
            worker.wait()
        _idle.clear()
        while _busy:
            sleep(0.01)


def _outcome(job: bytes, part: bytes) -> bytes:
    """The pickle of whether the function failed, and of its result or exception."""
    theirs, folder, function = pickle.loads(job)
    ours = _stamp()
    try:
        os.chdir(folder)  # in which paths are relative
        if ours != theirs:
            differ = [name for name in theirs if ours.get(name) != theirs[name]]
            raise BadInput(
                f"--engine daft: {socket.gethostname()} has another version of "
                f"{', '.join(differ)}; install on every worker what is installed here"
            )
        return pickle.dumps((False, pickle.loads(function)(pickle.loads(part))))
    except Exception as error:
        return pickle.dumps((True, error))


@cache
def _stamp() -> dict[str, str]:
    """What must be the same on every worker, for its results are to be the same bytes."""
    return {"rft-data": manifest.code(), **manifest.versions()}


def serve() -> None:
    """In a worker: the outcome of each task that comes, until no more can come."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a function prints is no answer
    with suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(_outcome(*pickle.load(sys.stdin.buffer)), answers)
            answers.flush()
