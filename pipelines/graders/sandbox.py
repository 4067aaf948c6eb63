"""Python graders in processes of their own, under the limits of the service's sandbox.

With bubblewrap (`bwrap`) a grader sees no network, no file but Python's own, read-only, and an
empty scratch folder. Without it memory, time and cores are limited, the network and files are not.
A worker loads the grader once and keeps it for many answers. One that takes too long, dies or runs
out of memory is replaced: 60 ms and the grader's imports.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.foundry.graders import table
from pipelines.graders import worker
from pipelines.graders.grade import Grade, failed, not_run

WARNING = (
    "python graders run without bubblewrap: memory, time and cores are limited, but the network "
    "and files are not cut off; install bubblewrap (bwrap)"
)
_SCRATCH = "/tmp/scratch"  # inside bubblewrap


def _documented(name: str) -> int:
    """A limit of the service's sandbox, from `foundry/graders.toml`."""
    return int(table()["sandbox"][name])


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a grader: the service's, of `foundry/graders.toml`, unless given.

    Seconds a call and, here, to load the source; bytes of memory (here: of address space); bytes of
    a file. It has one core.
    """

    seconds: float = field(default_factory=lambda: _documented("seconds"))
    load_seconds: float = field(default_factory=lambda: _documented("seconds"))
    memory: int = field(default_factory=lambda: _documented("memory_bytes"))
    file_bytes: int = field(default_factory=lambda: _documented("file_bytes"))


class Sandbox:
    """Workers for one grader's source; as many as threads call `grade` at the same time."""

    def __init__(
        self,
        source: str,
        *,
        limits: Limits | None = None,
        python: str | None = None,
        isolated: bool = True,
    ) -> None:
        self.limits = limits or Limits()
        self._source = source
        python = python or sys.executable
        self._python = os.path.normpath(Path(shutil.which(python) or python).absolute())
        _places(self._python)  # BadInput where it is no Python
        self._bubble = _bubble(self._python) if isolated else None
        self._cores = count()
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False
        self._loaded = False
        self._unloadable: Grade | None = None

    @property
    def warning(self) -> str | None:
        """What a person should know of the protection that there is not."""
        return None if self._bubble else WARNING

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
        request = {"sample": sample, "item": item, "seconds": self.limits.seconds}
        answer = running.ask(request, self.limits.seconds)
        fit = answer.get("error") != worker.SERVER
        with self._lock:
            self._busy.discard(running)
            if fit and not self._closed:
                self._idle.append(running)
        if not fit or self._closed:
            running.end()
        return self._grade(answer)

    def _take(self) -> _Worker | None:
        with self._lock:
            running = self._idle.pop() if self._idle else None
            if running is not None:
                self._busy.add(running)
            return running

    def _start(self) -> _Worker | Grade:
        """A worker that has loaded the source, or the grade of all answers where none can."""
        with self._lock:
            if self._closed:
                return failed(worker.SERVER, "the sandbox is closed")
            running = _Worker(self._python, self._bubble)
            self._busy.add(running)
        first = {
            "source": self._source,
            "memory": self.limits.memory,
            "file_bytes": self.limits.file_bytes,
            "core": next(self._cores),
        }
        answer = running.ask(first, self.limits.load_seconds)
        if "error" not in answer:
            self._loaded = True
            return running
        with self._lock:
            self._busy.discard(running)
        running.end()
        return self._grade(answer)

    def _grade(self, answer: Mapping[str, Any]) -> Grade:
        """A worker's answer as a grade; what only this machine lacks is no failure."""
        if "score" in answer:
            return Grade(answer["score"])
        package = table()["sandbox"]["modules"].get(answer.get("missing"))
        if package is not None:
            name = package.replace(" ", "==")
            return not_run(f"{package} is not installed for {self._python}; pip install {name}")
        return failed(answer["error"], answer["details"])

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


class _Worker:
    """One process that runs `worker.py`."""

    def __init__(self, python: str, bubble: tuple[str, ...] | None) -> None:
        self._folder = None if bubble else mkdtemp(prefix="rft-grader-")
        scratch = self._folder or _SCRATCH
        flags = ("-s", "-P", "-B", "-X", "utf8")
        try:
            self._process = subprocess.Popen(
                [*(bubble or ()), python, *flags, worker.__file__, scratch],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd=self._folder,
                env=_environment(scratch),
                start_new_session=True,  # Ctrl-C reaches us alone, and we end the group
            )
        except OSError as error:
            shutil.rmtree(scratch, ignore_errors=True)
            reason = f"cannot be started ({error.strerror})"
            raise BadInput(f"{python}: {reason}; give fewer --workers") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._asked = 0
        self._read = b""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The worker's answer; an answer with an error of the sandbox where it gives none."""
        self._asked += 1
        try:
            return self._exchange({"n": self._asked, **request}, time.monotonic() + seconds)
        except TimeoutError:
            details = f"timeout: no grade after {seconds:g} s"
        except (OSError, ValueError, EOFError):
            details = "the grader's process ended" + self._how()
        return {"error": worker.SERVER, "details": details}

    def _exchange(self, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        left = memoryview(orjson.dumps(request) + b"\n")
        poll = select.poll()
        poll.register(self._in, select.POLLOUT)
        poll.register(self._out, select.POLLIN)
        while (time_left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(time_left * 1000):
                if descriptor == self._in:
                    left = left[os.write(self._in, left) :]
                    if not left:
                        poll.unregister(self._in)
                    continue
                chunk = os.read(self._out, 1 << 16)
                if not chunk:
                    raise EOFError
                *lines, self._read = (self._read + chunk).split(b"\n")
                for line in lines:
                    answer: dict[str, Any] = orjson.loads(line)
                    # An older number is a second answer to an earlier request: of a forked child.
                    if answer.get("n", self._asked) == self._asked:
                        return answer
        raise TimeoutError

    def _how(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            self._kill_group()
            # bubblewrap reports a signal as a shell does.
            number = -code if code < 0 else code - 128
            if number in (signal.SIGXCPU, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT):
                return f" by {signal.Signals(number).name}"
            return f" with exit code {code}"
        return ""

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill the process and all that it started, and remove its scratch folder."""
        if self._process.returncode is None:
            self._kill_group()
        self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def end(self) -> None:
        """Kill, and close the pipes; not while another thread waits at them."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
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


@cache
def _places(python: str) -> tuple[str, ...]:
    """The folders that a Python needs: its own and those of its environment."""
    asks = "import sys; print(*{sys.prefix, sys.base_prefix, sys.base_exec_prefix}, sep='\\n')"
    try:
        found = subprocess.run(
            [python, "-s", "-P", "-c", asks], capture_output=True, text=True, check=True, timeout=60
        ).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        raise BadInput(f"{python}: is no Python 3.11 or later; name another") from None
    folders = {*filter(None, found), str(Path(python).resolve().parent.parent)}
    return tuple(sorted({*folders, *(str(Path(folder).resolve()) for folder in folders)} - {"/"}))


@cache
def _bubble(python: str) -> tuple[str, ...] | None:
    """The command line of a bubblewrap that works here, or None."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    system = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
    shown = [*system, *_places(python), worker.__file__]
    binds = [word for place in shown for word in ("--ro-bind-try", place, place)]
    # The size of a tmpfs can be given since bubblewrap 0.8.
    for size in (("--size", str(Limits().file_bytes)), ()):
        command = (
            *(program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"),
            *("--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/tmp", "--dir", _SCRATCH),
            *(*binds, "--remount-ro", "/", "--chdir", _SCRATCH),
        )
        probe = [*command, python, "-s", "-P", "-c", ""]
        with suppress(OSError, subprocess.SubprocessError):
            if subprocess.run(probe, capture_output=True, timeout=60).returncode == 0:
                return command
    return None
