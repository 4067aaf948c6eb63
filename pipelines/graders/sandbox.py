"""Python graders in processes of their own, under the limits of the service's sandbox.

Whose code a grader is decides how it may run (`Sandbox`). Ours may run anywhere. A stranger's runs
in bubblewrap (`bubble.py`); where that does not work here it is refused before a byte of it runs,
or, if a person trusts it, runs as that person. A worker (`worker.py`) loads the grader once and
keeps it for many answers. One whose grader takes too long, dies, runs out of memory or answers what
is no answer is replaced: 60 ms and the grader's imports.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from itertools import count
from math import isfinite
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.graders import is_ours, worker
from pipelines.graders.bubble import SCRATCH, Bubble, bubble, interpreter
from pipelines.graders.documented import table
from pipelines.graders.grade import Grade, failed, not_run

TRUSTED = (
    "--trust-grader: python graders run without a sandbox: they can read and change whatever you "
    "can, and get round the limits of time and memory"
)
_ERRORS = (worker.RUNTIME, worker.SERVER)
# Seconds beyond a grader's own after which a worker, which keeps its time, is taken for stopped.
_GRACE = 10


class Refused(BadInput):
    """A stranger's grader, and no sandbox to run it in."""


def _documented(name: str) -> int:
    """A limit of the service's sandbox, from `graders/graders.toml`."""
    return int(table()["sandbox"][name])


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a grader: the service's, of `graders/graders.toml`, unless given.

    Seconds a call and, here, to load the source; bytes of memory (here: of address space); bytes of
    a file. It has one core.
    """

    seconds: float = field(default_factory=lambda: _documented("seconds"))
    memory: int = field(default_factory=lambda: _documented("memory_bytes"))
    file_bytes: int = field(default_factory=lambda: _documented("file_bytes"))


class Sandbox:
    """Workers for one grader's source; as many as threads call `grade` at the same time.

    Raises Refused for a source that is not ours (`is_ours`) where bubblewrap does not work, unless
    it is `trusted`. `warnings`: what a person should know of the protection that there is not.
    """

    def __init__(
        self,
        source: str,
        *,
        limits: Limits | None = None,
        python: str | None = None,
        trusted: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self._source = source
        python = shutil.which(python or sys.executable) or python or sys.executable
        self._python = interpreter(os.path.normpath(Path(python).absolute()))
        found = bubble(self._python, shutil.which("bwrap"), self.limits.file_bytes)
        self._bubble = found if isinstance(found, Bubble) else None
        self.warnings: list[str] = []
        if isinstance(found, Bubble):
            if found.weak:
                self.warnings.append(f"the sandbox of python graders is weak: {found.weak}")
        elif not is_ours(source):
            if not trusted:
                problem = f"its Python is not ours, and {found.why}; {found.remedy}"
                raise Refused(f"{problem}, or --trust-grader if it may do whatever you may")
            self.warnings.append(TRUSTED)
        # A worker ends with the thread that started it, so one thread starts them all.
        self._starter = ThreadPoolExecutor(1)
        self._cores = count()
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False
        self._loaded = False
        self._unloadable: Grade | None = None

    def grade(self, sample: Mapping[str, Any], item: Mapping[str, Any]) -> Grade:
        """The grade of one answer; may be called by many threads at once."""
        if self._unloadable is not None:
            return self._unloadable
        running = self._take() or self._start()
        if isinstance(running, Grade):
            # Where no worker ever was, trying again for each answer would be of no use.
            if not self._loaded and not self._closed:
                self._unloadable = running
            return running
        grade = self._grade(running.ask({"sample": sample, "item": item}))
        with self._lock:
            fit = grade.error != worker.SERVER and not self._closed
            self._busy.discard(running)
            if fit:
                self._idle.append(running)
        if not fit:
            running.end()
        return grade

    def _take(self) -> _Worker | None:
        with self._lock:
            while self._idle:
                running = self._idle.pop()
                if running.runs():
                    self._busy.add(running)
                    return running
                running.end()
            return None

    def _start(self) -> _Worker | Grade:
        """A worker that has loaded the source, or the grade of all answers where none can."""
        with self._lock:
            if self._closed:
                return failed(worker.SERVER, "the sandbox is closed")
            start = self._starter.submit(
                _Worker, self._python.path, self._bubble, self.limits.seconds
            )
            running = start.result()
            self._busy.add(running)
        first = {
            "source": self._source,
            "memory": self.limits.memory,
            "file_bytes": self.limits.file_bytes,
            "seconds": self.limits.seconds,
            "core": next(self._cores),
        }
        answer = running.ask(first)
        if answer == {}:
            self._loaded = True
            return running
        with self._lock:
            self._busy.discard(running)
        running.end()
        return self._grade(answer)

    def _grade(self, answer: object) -> Grade:
        """A worker's answer as a grade; what only this machine lacks is no failure."""
        match answer:
            case {"score": float(score), **more} if not more and isfinite(score):
                return Grade(score)
            case {
                "error": worker.RUNTIME | worker.SERVER as error,
                "details": str(details),
                **more,
            }:
                missing = more.get("missing")
                package = isinstance(missing, str) and table()["sandbox"]["modules"].get(missing)
                if not package:
                    return failed(error, details)
                name = package.replace(" ", "==")
                return not_run(
                    f"{package} is not installed for {self._python.path}; pip install {name}"
                )
        return failed(worker.SERVER, worker.BROKEN)

    def close(self) -> None:
        """End every worker, the busy too."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, list(self._busy)
            self._idle = []
        for each in idle:
            each.end()
        for each in busy:
            each.kill()
        self._starter.shutdown(wait=False)


class _Worker:
    """One process that runs `worker.py`."""

    def __init__(self, python: str, bubble: Bubble | None, seconds: float) -> None:
        self._seconds = seconds
        self._folder = None if bubble else mkdtemp(prefix="rft-grader-")
        scratch = self._folder or SCRATCH
        flags = ("-s", "-P", "-B", "-X", "utf8")
        none: tuple[list[str], list[int]] = ([], [])
        try:
            with bubble.command() if bubble else nullcontext(none) as (words, descriptors):
                self._process = subprocess.Popen(
                    [*words, python, *flags, worker.__file__, scratch],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd=self._folder,
                    env=_environment(scratch),
                    pass_fds=descriptors,
                    start_new_session=True,  # Ctrl-C reaches us alone, and we end it
                )
        except OSError as error:
            self._remove_folder()
            reason = f"cannot be started ({error.strerror})"
            raise BadInput(f"{python}: {reason}; give fewer --workers") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def runs(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def ask(self, request: dict[str, Any]) -> object:
        """The worker's answer, whatever it is; an error of the sandbox where it gives none."""
        details = "the grader's process ended"
        try:
            self._in.write(orjson.dumps(request) + b"\n")
            self._in.flush()
            poll = select.poll()
            poll.register(self._out, select.POLLIN)
            if not poll.poll(1000 * (self._seconds + _GRACE)):
                details = f"timeout: no grade after {self._seconds:g} s"
            elif line := self._out.readline():
                return orjson.loads(line)
        except orjson.JSONDecodeError:
            details = worker.BROKEN
        except OSError:
            pass
        return {"error": worker.SERVER, "details": details}

    def kill(self) -> None:
        """Kill the process and all that it started, and remove its scratch folder."""
        if self._folder is None:
            # Bubblewrap that is ended alone while it makes the sandbox leaves it behind.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            with suppress(subprocess.TimeoutExpired):
                self._process.terminate()  # it ends its grader
                self._process.wait(1)
            self._process.kill()
        self._process.wait()
        self._remove_folder()

    def _remove_folder(self) -> None:
        if self._folder is not None:  # with bubblewrap the folder is in memory, and not here
            shutil.rmtree(self._folder, ignore_errors=True)

    def end(self) -> None:
        """Kill, and close the pipes; not while another thread waits at them."""
        self.kill()
        for pipe in (self._in, self._out):
            with suppress(OSError):  # of a request that was not taken
                pipe.close()


def _environment(home: str) -> dict[str, str]:
    """What a grader sees of the environment: nothing of ours; one thread for numeric libraries."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(threads, "1"),
        **kept,
    }
