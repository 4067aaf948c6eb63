"""The process that runs a python grader, and the one that watches it: JSON lines in and out.

It is started by its path, with Python's own library alone, and knows nothing of this package. First
comes `{"source", "memory", "file_bytes", "core", "seconds"}`, answered by `{}` or an error; then
`{"sample", "item"}` for each answer to grade, answered by `{"score"}` or `{"error", "details"}`. An
error of a module that is not installed has its name in `missing`.

The grader runs in a child, which has pipes of its own: an answer is one line that begins with the
token of its request, so that nothing of one row is the answer of another. Under bubblewrap the
watcher is process 1 of the sandbox, and no signal from within stops or ends it.
"""

from __future__ import annotations

import json
import math
import os
import re
import select
import shutil
import signal
import sys
import time
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

RUNTIME, SERVER = "python_grader_runtime_error", "python_grader_server_error"
BROKEN = "the grader broke the protocol"
_FILE = "<grader>"
_OPEN_FILES = 1024  # each may hold some memory in the kernel
_ANSWER_BYTES = 1 << 16
# Processes and threads of one grader, and how often they and their memory are counted.
_TASKS = 64
_LOOK_SECONDS = 0.05

Answer = dict[str, Any]


def load(source: str, name: str = "grader") -> Callable[[Any, Any], Any]:
    """The function `grade` of a source, which runs as a module of that name."""
    module = types.ModuleType(name)
    sys.modules[name] = module  # dataclasses and pickle look for it there
    exec(compile(source, _FILE, "exec"), module.__dict__)
    grade: Callable[[Any, Any], Any] = module.__dict__["grade"]
    return grade


def call(grade: Callable[[Any, Any], Any], sample: Any, item: Any) -> Answer:
    """The score of one answer: a finite number, anything else is an error."""
    try:
        result = grade(sample, item)
        if isinstance(result, (str, bytes)):
            raise TypeError("grade returned text, not a number")
        score = float(result)
        if not math.isfinite(score):
            raise ValueError(f"grade returned {score}, not a finite number")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit is one, and it must not end the worker
        return failure(error)
    return {"score": score}


def failure(error: BaseException) -> Answer:
    """An exception as an answer: which, and in which line of the source."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == _FILE:
        line = error.lineno
    text = f"{type(error).__name__}: {error}".removesuffix(": ").encode(errors="replace").decode()
    details = " ".join(text.split())[:300]
    kind = SERVER if isinstance(error, MemoryError) else RUNTIME
    answer: Answer = {"error": kind, "details": f"line {line}: {details}" if line else details}
    if isinstance(error, ModuleNotFoundError) and error.name:
        answer["missing"] = error.name.partition(".")[0]
    return answer


def confine(memory: int, file_bytes: int, core: int, *, alone: bool) -> None:
    """Limits of this process for good: address space, bytes of a file, tasks; and a core to begin.

    Tasks are limited in a sandbox alone, and from Linux 5.14 on: before, the kernel counts what
    its user runs outside too.
    """
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_NOFILE", _OPEN_FILES)
    _limit("RLIMIT_FSIZE", file_bytes)
    _limit("RLIMIT_AS", memory)
    if alone and [int(part) for part in re.findall(r"\d+", os.uname().release)[:2]] >= [5, 14]:
        _limit("RLIMIT_NPROC", _TASKS)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def _limit(name: str, most: int) -> None:
    """Set a limit for good; one that the system does not know, as macOS some, is none."""
    import resource  # here, for a grader that is trusted runs on Windows too

    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, most))


def _serve_child(requests: BinaryIO, answers: BinaryIO) -> None:
    """Load the source of the first request, then grade the others.

    After a MemoryError the process ends, since nobody knows what the grader still holds.
    """
    own, grade = os.getpid(), None
    for line in requests:
        token, _, text = line.partition(b" ")
        request = json.loads(text)
        if grade is not None:
            result = call(grade, request["sample"], request["item"])
        else:
            try:
                grade, result = load(request["source"]), {}
            except BaseException as error:
                result = failure(error)
        if os.getpid() != own:  # a child that the grader forked came back
            os._exit(1)
        answers.write(b"%b %b\n" % (token, json.dumps(result).encode()))
        answers.flush()
        if grade is None or result.get("error") == SERVER:
            return


class _Child:
    """The process that holds the grader, and all that it may start."""

    def __init__(self, first: dict[str, Any], *, alone: bool) -> None:
        self.alone = alone
        self.memory, self.seconds = first["memory"], first["seconds"]
        self.status: int | None = None
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            with suppress(BaseException):
                os.setpgid(0, 0)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                if alone:
                    _hide(False)
                os.close(self.requests)
                os.close(self.answers)
                null = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):  # ours, and what a grader prints and reads
                    os.dup2(null, descriptor)
                confine(self.memory, first["file_bytes"], first["core"], alone=alone)
                _serve_child(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))
            os._exit(1)
        os.close(requests)
        os.close(answers)
        os.set_blocking(self.requests, False)

    def ask(self, request: bytes) -> bytes:
        """The line of its answer, or of the error that it is to have none."""
        token = os.urandom(16).hex().encode() + b" "
        try:
            answer = self._exchange(token, token + request)
        except TimeoutError:
            return _error(f"timeout: no grade after {self.seconds:g} s")
        except (BrokenPipeError, EOFError):
            return _error(f"the grader's process ended{self._how()}")
        except ValueError as excess:
            return _error(str(excess))
        return answer

    def _exchange(self, token: bytes, request: bytes) -> bytes:
        left, answer = memoryview(request), b""
        poll = select.poll()
        poll.register(0, 0)  # hears only that nobody waits for the answer any more
        poll.register(self.requests, select.POLLOUT)
        poll.register(self.answers, select.POLLIN)
        deadline = time.monotonic() + self.seconds
        next_look = 0.0
        while (now := time.monotonic()) < deadline:
            if self.alone and now >= next_look:
                self.check()
                next_look = now + _LOOK_SECONDS
            for descriptor, _ in poll.poll(1000 * min(_LOOK_SECONDS, deadline - now)):
                if descriptor == 0:
                    raise SystemExit
                if descriptor == self.requests:
                    left = left[os.write(self.requests, left) :]
                    if not left:
                        poll.unregister(self.requests)
                    continue
                chunk = os.read(self.answers, _ANSWER_BYTES)
                if not chunk:
                    raise EOFError
                answer += chunk
                framed = answer[: len(token)] == token[: len(answer)]
                if not framed or len(answer) > _ANSWER_BYTES or b"\n" in answer[:-1]:
                    raise ValueError(BROKEN)
                if answer.endswith(b"\n"):
                    return answer.removeprefix(token)
        raise TimeoutError

    def check(self) -> None:
        """ValueError where the processes of the sandbox together are too many or too large.

        The limits of a process do not sum up those of its children, and no number of processes
        limits root, which a sandbox of root's is to the kernel.
        """
        self._reap()
        others = [each for each in Path("/proc").glob("[0-9]*") if each.name != "1"]
        if sum(len(list(each.glob("task/*"))) for each in others) > _TASKS:
            raise ValueError(f"the grader ran more than {_TASKS} processes and threads")
        if sum(map(_held, others)) > self.memory and sum(map(_own_share, others)) > self.memory:
            raise ValueError(f"the grader's processes hold more than {self.memory:,} bytes")

    def _reap(self) -> None:
        """Wait for all that has ended: of process 1 all orphans are children."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.pid:
                    self.status = ended[1]

    def _how(self) -> str:
        for _ in range(20):  # it may have closed its pipes alone
            self._reap()
            if self.status is not None:
                code = os.waitstatus_to_exitcode(self.status)
                return (
                    f" by {signal.Signals(-code).name}" if code < 0 else f" with exit code {code}"
                )
            time.sleep(0.01)
        return ""

    def end(self) -> None:
        """Kill it; with process 1 the kernel ends all others of a sandbox."""
        for kill in (os.killpg, os.kill):
            with suppress(OSError):
                kill(self.pid, signal.SIGKILL)


def _held(process: Path) -> int:
    """The memory of a process, with all that it shares; 0 of one that has ended."""
    with suppress(OSError, IndexError):
        pages = (process / "statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _own_share(process: Path) -> int:
    """The same, where what it shares is divided, unless it hides that."""
    with suppress(OSError):
        for line in (process / "smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return _held(process)


def _hide(hidden: bool) -> None:
    """Let no process of the same user look into this one, or let it: Linux's PR_SET_DUMPABLE."""
    import ctypes  # here, for it takes 10 ms, and is needed in a sandbox alone

    ctypes.CDLL(None).prctl(4, int(not hidden), 0, 0, 0)


def _error(details: str) -> bytes:
    return json.dumps({"error": SERVER, "details": details}).encode() + b"\n"


def serve() -> None:
    """Pass requests to the grader and its answers back, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = os.fdopen(0, "rb", closefd=False)
    if alone := os.getpid() == 1:
        _hide(True)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    line = requests.readline()
    child = _Child(json.loads(line), alone=alone)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    try:
        while line:
            os.write(1, child.ask(line))
            while alone and not poll.poll(1000 * _LOOK_SECONDS):
                child.check()
            line = requests.readline()
    finally:
        child.end()


if __name__ == "__main__":
    try:
        serve()
    finally:  # of a run that was killed, nobody else would remove the scratch folder
        shutil.rmtree(sys.argv[1], ignore_errors=True)
