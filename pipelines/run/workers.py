"""Processes of a node that run functions over parts of the rows.

Python's lock lets one thread at a time work on strings, so a node has a process for each core. They
start when there is work and serve all later calls, for starting one takes half a CPU second; they
end with the process that started them.
"""

from __future__ import annotations

import atexit
import os
import pickle
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Condition

from pipelines.findings import BadInput
from pipelines.run import manifest

_idle: list[_Worker] = []
_busy: set[_Worker] = set()
_left = Condition()  # a thread has left `ask`


def job(function: object) -> bytes:
    """What a worker needs beside a part: the function, the folder, and what must be the same."""
    # A pickle of its own, for another version may not be able to read it.
    return pickle.dumps((_stamp(), str(Path.cwd()), pickle.dumps(function)))


def ask(job: bytes, part: bytes) -> bytes:
    """The `outcome` of a part, from a worker that is idle or new; several threads may ask."""
    with _left:
        while _idle:
            worker = _idle.pop()
            if worker.runs():
                break
        else:
            worker = _Worker()
        _busy.add(worker)
    try:
        answer = worker.ask(job, part)
        _idle.append(worker)
        return answer
    finally:
        with _left:
            _busy.discard(worker)
            _left.notify_all()


@atexit.register
def close() -> None:
    """End all workers, and wait until no thread asks one.

    Daft's threads do not end with a query that fails, nor with Python: one that comes back to it
    then ends the process with SIGABRT.
    """
    with _left:
        for worker in (*_idle, *_busy):
            worker.end()
        _idle.clear()
        _left.wait_for(lambda: not _busy)


def outcome(job: bytes, part: bytes) -> bytes:
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


class _Worker:
    """A process that runs `serve`, with the code of this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            start_new_session=True,  # Ctrl-C reaches us alone
        )

    def runs(self) -> bool:
        return self._process.poll() is None

    def ask(self, *task: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump(task, self._process.stdin)
            self._process.stdin.flush()
            answer: bytes = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            code = self._process.wait()
            raise ChildProcessError(f"a worker ended (exit code {code})") from None
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def serve() -> None:
    """In a worker: the outcome of each task that comes, until no more can come."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a function prints is no answer
    with suppress(EOFError, BrokenPipeError):
        while True:
            pickle.dump(outcome(*pickle.load(sys.stdin.buffer)), answers)
            answers.flush()
