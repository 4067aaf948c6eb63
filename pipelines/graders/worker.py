"""The process that runs a python grader: JSON lines in, JSON lines out.

It is started by its path, with Python's own library alone, and knows nothing of this package. First
comes `{"source", "memory", "file_bytes", "tasks", "core"}`, answered by `{}` or an error; then
`{"n", "sample", "item", "seconds"}` for each answer to grade, answered by `{"n", "score"}` or
`{"n", "error", "details"}`. An error of a module that is not installed has its name in `missing`.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

RUNTIME, SERVER = "python_grader_runtime_error", "python_grader_server_error"
_FILE = "<grader>"
_OPEN_FILES = 1024  # each may hold some memory in the kernel

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


def confine(memory: int, file_bytes: int, tasks: int | None, core: int) -> None:
    """Limits of this process for good: address space, bytes of a file, tasks; and a core to begin.

    Tasks are processes and threads; where they cannot be limited, `tasks` is None.
    """
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_NOFILE", _OPEN_FILES)
    _limit("RLIMIT_FSIZE", file_bytes)
    _limit("RLIMIT_AS", memory)
    if tasks is not None:
        _limit("RLIMIT_NPROC", tasks)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def allow(seconds: float) -> None:
    """Let this process run for so much longer: its end where nobody is left to stop it.

    This limit grows with each answer, so it is a soft one: a grader may lift it.
    """
    _limit("RLIMIT_CPU", math.ceil(time.process_time() + seconds) + 1, for_good=False)


def _limit(name: str, most: int, *, for_good: bool = True) -> None:
    """Set a limit; one that the system does not know, as macOS the address space, is none.

    For good, it cannot be raised again: the hard limit is set with the soft one.
    """
    import resource  # here, for a grader that is trusted runs on Windows too

    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, most if for_good else hard))


def serve() -> None:
    """Answer until the input ends.

    The pipes move to other descriptors, so that what a grader prints or reads is not taken for the
    protocol. After a MemoryError the process ends, since nobody knows what the grader still holds.
    """
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    own = os.getpid()

    def answer(value: Answer) -> None:
        if os.getpid() != own:  # a child that the grader forked came back
            os._exit(1)
        answers.write(json.dumps(value).encode() + b"\n")
        answers.flush()

    first = json.loads(requests.readline())
    confine(*(first[name] for name in ("memory", "file_bytes", "tasks", "core")))
    try:
        grade = load(first["source"])
    except BaseException as error:
        answer(failure(error))
        return
    answer({})
    for line in requests:
        request = json.loads(line)
        allow(request["seconds"])
        result = call(grade, request["sample"], request["item"])
        answer({"n": request["n"], **result})
        if result.get("error") == SERVER:
            return


if __name__ == "__main__":
    try:
        serve()
    finally:  # of a run that was killed, nobody else would remove the scratch folder
        shutil.rmtree(sys.argv[1], ignore_errors=True)
