"""Python graders in processes of their own, under the limits of the service's sandbox.

Whose code a grader is decides how it may run (`Sandbox`). Ours may run anywhere. A stranger's runs
in bubblewrap (`bubble.py`); where that does not work here it is refused before a byte of it runs,
or, if a person trusts it, runs as that person. A worker loads the grader once and keeps it for many
answers. One that takes too long, dies or runs out of memory is replaced: 40 ms and the grader's
imports.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Lock, Thread
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
# Processes and threads of one worker, and how often they and their memory are counted.
_TASKS = 64
_LOOK_SECONDS = 0.05
# Beside the grader's: bubblewrap's own.
_MEMORY_BESIDE = 64 << 20


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
        self._closed = Event()
        self._watching = False
        self._loaded = False
        self._unloadable: Grade | None = None

    def grade(self, sample: Mapping[str, Any], item: Mapping[str, Any]) -> Grade:
        """The grade of one answer; may be called by many threads at once."""
        if self._unloadable is not None:
            return self._unloadable
        running = self._take() or self._start()
        if isinstance(running, Grade):
            # Where no worker ever was, trying again for each answer would be of no use.
            if not self._loaded and not self._closed.is_set():
                self._unloadable = running
            return running
        request = {"sample": sample, "item": item, "seconds": self.limits.seconds}
        answer = running.ask(request, self.limits.seconds)
        with self._lock:
            fit = answer.get("error") != worker.SERVER and not running.excess
            self._busy.discard(running)
            if fit and not self._closed.is_set():
                self._idle.append(running)
        if not fit or self._closed.is_set():
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
            if self._closed.is_set():
                return failed(worker.SERVER, "the sandbox is closed")
            running = self._starter.submit(_Worker, self._python.path, self._bubble).result()
            self._busy.add(running)
            if self._bubble and not self._watching:
                self._watching = True
                Thread(target=self._watch, daemon=True).start()
        first = {
            "source": self._source,
            "memory": self.limits.memory,
            "file_bytes": self.limits.file_bytes,
            "tasks": _TASKS if self._bubble and _counts_tasks() else None,
            "core": next(self._cores),
        }
        answer = running.ask(first, self.limits.seconds)
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
            return not_run(
                f"{package} is not installed for {self._python.path}; pip install {name}"
            )
        return failed(answer["error"], answer["details"])

    def _watch(self) -> None:
        """Kill the workers whose processes together are too many, or hold too much memory.

        The limits of a process do not sum up those of its children; and no number of processes
        limits root, which a sandbox of root's is to the kernel.
        """
        while not self._closed.wait(_LOOK_SECONDS):
            with self._lock:
                workers = [*self._idle, *self._busy]
            for each in workers:
                each.excess = each.excess or _excess(each.pid, self.limits.memory)
                if each.excess:
                    with self._lock:
                        idle = each in self._idle
                        if idle:
                            self._idle.remove(each)
                    each.end() if idle else each.kill()

    def close(self) -> None:
        """End every worker, the busy too."""
        with self._lock:
            self._closed.set()
            idle, busy = self._idle, list(self._busy)
            self._idle = []
        for each in idle:
            each.end()
        for each in busy:
            each.kill()
        self._starter.shutdown(wait=False)


class _Worker:
    """One process that runs `worker.py`."""

    def __init__(self, python: str, bubble: Bubble | None) -> None:
        self.excess = ""  # why it was killed, where it was for what it took
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
                    bufsize=0,
                    cwd=self._folder,
                    env=_environment(scratch),
                    pass_fds=descriptors,
                    start_new_session=True,  # Ctrl-C reaches us alone, and we end the group
                )
        except OSError as error:
            self._remove_folder()
            reason = f"cannot be started ({error.strerror})"
            raise BadInput(f"{python}: {reason}; give fewer --workers") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self.pid = self._process.pid
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
            how = self._how()
            details = "the grader's process ended" + (self.excess or how)
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
        self._remove_folder()

    def _remove_folder(self) -> None:
        if self._folder is not None:  # with bubblewrap the folder is in memory, and not here
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


def _counts_tasks() -> bool:
    """Whether this kernel counts tasks in each user namespace, as from 5.14 on.

    Before, all that a user runs is counted, and a limit would be reached at once.
    """
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (5, 14)


def _excess(pid: int, memory: int) -> str:
    """What a process and those below it take too much of, in words; or ""."""
    pids, tasks, held = [pid], 0, 0
    for each in pids:  # grows on the way
        with suppress(OSError, ValueError):
            for task in Path(f"/proc/{each}/task").iterdir():
                tasks += 1
                pids += map(int, (task / "children").read_text(encoding="ascii").split())
            pages = int(Path(f"/proc/{each}/statm").read_text(encoding="ascii").split()[1])
            held += pages * os.sysconf("SC_PAGE_SIZE")
        if tasks > _TASKS:
            return f": more than {_TASKS} processes and threads"
    if held > memory + _MEMORY_BESIDE and sum(map(_own_share, pids)) > memory + _MEMORY_BESIDE:
        return f": its processes hold more than {memory:,} bytes together"
    return ""


def _own_share(pid: int) -> int:
    """The memory of a process, where what it shares with others is divided among them."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0
