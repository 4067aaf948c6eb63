"""The sandbox of python graders, with bubblewrap where it works and always without."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from pipelines.findings import BadInput
from pipelines.graders import bubble, python_grader, sandbox, worker
from pipelines.graders.grade import Grade
from pipelines.graders.render import sample_of
from pipelines.graders.sandbox import Limits, Refused, Sandbox

RUNTIME, SERVER = "python_grader_runtime_error", "python_grader_server_error"


def body(text: str) -> str:
    return f"def grade(sample, item):\n    {text}\n"


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test every worker has ended and been waited for, and every scratch folder is gone.

    The folders go where this test can see them.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    started: list[Any] = []
    start = sandbox._Worker.__init__

    def noted(self: Any, *arguments: Any) -> None:
        start(self, *arguments)
        started.append(self)

    monkeypatch.setattr(sandbox._Worker, "__init__", noted)
    yield
    assert [worker for worker in started if worker._process.returncode is None] == []
    assert [worker for worker in started if not worker._process.stdin.closed] == []
    assert list(tmp_path.glob("rft-grader-*")) == []


@pytest.fixture(params=["bubblewrap", "no_bubblewrap"])
def isolated(request: pytest.FixtureRequest) -> bool:
    """Both kinds of protection: bubblewrap, where it works, and that of a trusted grader."""
    request.getfixturevalue(request.param)
    return bool(request.param == "bubblewrap")


def sandboxed(source: str, **limits: Any) -> Sandbox:
    return Sandbox(source, limits=Limits(**limits), trusted=True)


def graded(source: str, times: int = 1, **limits: Any) -> list[Grade]:
    with closing(sandboxed(source, **limits)) as grader:
        return [grader.grade(sample_of("x"), {"n": i}) for i in range(times)]


def test_scores(isolated: bool) -> None:
    source = body("return item['n'] / 2 + len(sample['output_text'])")
    assert graded(source, 3) == [Grade(1.0), Grade(1.5), Grade(2.0)]


def test_sample_and_item_arrive_whole(isolated: bool) -> None:
    source = body(
        "return sample == item['sample'] and item['é'] == [1, None, {'a': 1.5}] and len(item) == 3"
    )
    sample = sample_of('{"a": "ü\\n"}', [{"function": {"name": "f"}}])
    item = {"sample": sample, "é": [1, None, {"a": 1.5}], "long": "x" * 1_000_000}
    with closing(sandboxed(source)) as grader:
        assert grader.grade(sample, item) == Grade(1.0)


@pytest.mark.parametrize(
    ("source", "error", "details"),
    [
        (body("return 1 / 0"), RUNTIME, "line 2: ZeroDivisionError: division by zero"),
        (body("return item['a']"), RUNTIME, "line 2: KeyError: 'a'"),
        (body("raise SystemExit"), RUNTIME, "line 2: SystemExit"),
        (
            body("return float('nan')"),
            RUNTIME,
            "ValueError: grade returned nan, not a finite number",
        ),
        (
            body("return -float('inf')"),
            RUNTIME,
            "ValueError: grade returned -inf, not a finite number",
        ),
        (body("return '1'"), RUNTIME, "TypeError: grade returned text, not a number"),
        (
            body("return None"),
            RUNTIME,
            "TypeError: float() argument must be a string or a real number, not 'NoneType'",
        ),
        (body("return grade(sample, item)"), RUNTIME, "line 2: RecursionError: maximum recursion"),
        (
            "import no_such_module\n" + body("return 1"),
            RUNTIME,
            "line 1: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("1 / 0\n" + body("return 1"), RUNTIME, "line 1: ZeroDivisionError: division by zero"),
        ("def grade(:", RUNTIME, "line 1: SyntaxError: invalid syntax"),
        ("x = 1", RUNTIME, "KeyError: 'grade'"),
        (body("import os; os._exit(3)"), SERVER, "the grader's process ended with exit code 3"),
        (
            body("import os; os.kill(os.getpid(), 9)"),
            SERVER,
            "the grader's process ended by SIGKILL",
        ),
        (
            body("import os; os.closerange(0, 99); return 1"),
            SERVER,
            "the grader's process ended",
        ),
        (body("bytearray(3 << 30); return 1"), SERVER, "line 2: MemoryError"),
    ],
)
def test_failures(source: str, error: str, details: str, isolated: bool) -> None:
    """Each answer has its own failure, and the next one a worker that is fit."""
    for grade in graded(source, 2):
        assert (grade.score, grade.error) == (0.0, error)
        assert grade.details is not None
        assert grade.details.startswith(details)


def test_the_next_answer_is_graded_after_a_crash(isolated: bool) -> None:
    source = "import os\n" + body("if item['n'] == 1: os._exit(1)\n    return item['n']")
    assert [grade.score for grade in graded(source, 4)] == [0.0, 0.0, 2.0, 3.0]


def test_an_endless_loop_is_stopped(isolated: bool) -> None:
    source = body("while item['n'] == 0: pass\n    return 1")
    first, second = graded(source, 2, seconds=1)
    assert first == Grade(0.0, SERVER, "timeout: no grade after 1 s")
    assert second == Grade(1.0)


def test_a_source_that_does_not_load_in_time_is_not_tried_again(isolated: bool) -> None:
    grades = graded("while True: pass", 50, seconds=0.5)
    assert grades == [Grade(0.0, SERVER, "timeout: no grade after 0.5 s")] * 50


def test_a_module_of_the_service_that_is_absent_here_is_no_failure(isolated: bool) -> None:
    for source in (
        "import rdkit.Chem\n" + body("return 1"),
        body("import rdkit; return 1"),
    ):
        (grade,) = graded(source)
        assert (grade.score, grade.error) == (None, None)
        assert grade.not_run is not None
        assert grade.not_run.startswith("rdkit 2024.9.6 is not installed for ")
        assert grade.not_run.endswith("; pip install rdkit==2024.9.6")


@pytest.mark.parametrize(
    "text",
    [
        'print(\'{"n": 1, "score": 0}\', flush=True); return 1',
        "import sys; sys.stderr.write('x' * 1_000_000); sys.stdin.read(); return 1",
        "import os; os.write(1, b'\\n\\n{'); return 1",
        "import os; os.fork(); return 1",
    ],
)
def test_nothing_a_grader_prints_or_forks_spoils_the_answers(text: str, isolated: bool) -> None:
    assert graded(body(text), 4) == [Grade(1.0)] * 4


# Bytes that a grader writes to every descriptor it has, in place of an answer or before it.
FORGED = [
    b"[]\n",
    b"{}\n",
    b"null\n",
    b'{"score":"abc"}\n',
    b'{"missing":["x"]}\n',
    b'{"n":1,"score":1.0}\n{"n":2,"score":1.0}\n{"n":3,"score":1.0}\n',
    b"\xff\x00\n",
    b"[" * 100_000 + b"\n",
    b"x" * 4_000_000,
]
BROKEN = Grade(0.0, SERVER, "the grader broke the protocol")


@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
def test_bytes_beside_the_answer_score_no_row(forged: bytes, isolated: bool) -> None:
    source = "import os, stat\n" + body(
        "for each in range(3, 64) if item['n'] == 0 else ():\n"
        "        try:\n"
        "            if stat.S_ISFIFO(os.fstat(each).st_mode):\n"
        f"                os.write(each, {forged[:60]!r} * {max(1, len(forged) // 60)})\n"
        "        except OSError: pass\n"
        "    return item['n'] / 8"
    )
    grades = graded(source, 3, seconds=20)
    assert grades == [BROKEN, Grade(0.125), Grade(0.25)]


@pytest.mark.parametrize(
    "value",
    [
        "[]", "{}", "null", "1", '"x"', '{"score": "abc"}', '{"score": true}', '{"score": null}',
        '{"score": 1e999}', '{"score": 1.0, "n": 2}', '{"missing": ["x"]}', '{"error": 1}',
        '{"error": "no such", "details": ""}', '{"error": "x", "details": {}, "missing": []}',
        '{"score": NaN}', "[" * 2000, "{", "",
    ],
)  # fmt: skip
def test_an_answer_of_another_type_is_no_grade(value: str, isolated: bool) -> None:
    """Written where the worker writes, by a grader that takes the place of its encoder."""
    source = "import json\ndumps = json.dumps\n" + body(
        f"json.dumps = (lambda answer: {value!r}) if item['n'] == 0 else dumps\n    return 0.5"
    )
    assert graded(source, 2) == [BROKEN, Grade(0.5)]


def test_a_grade_of_a_row_that_is_over_is_of_no_other_row(isolated: bool) -> None:
    """A thread that a row left behind repeats its answer while the next is graded."""
    source = "import os, stat, sys, threading, time\n" + body(
        "frame, pipes = sys._getframe(), []\n"
        "    if item['n'] == 0:\n"
        "        for each in range(3, 64):\n"
        "            try: pipes += [each] if stat.S_ISFIFO(os.fstat(each).st_mode) else []\n"
        "            except OSError: pass\n"
        "        texts = []\n"
        "        while frame := frame.f_back:\n"
        "            texts += [v for v in frame.f_locals.values() if isinstance(v, bytes)]\n"
        "        def late():\n"
        "            time.sleep(0.1)\n"
        "            for pipe in pipes:\n"
        "                for text in texts:\n"
        "                    try: os.write(pipe, text[:32] + b' {\"score\": 1.0}\\n')\n"
        "                    except OSError: pass\n"
        "        threading.Thread(target=late, daemon=True).start()\n"
        "    if item['n'] == 1: time.sleep(0.4)\n"
        "    return item['n'] / 8"
    )
    assert graded(source, 3) == [Grade(0.0), BROKEN, Grade(0.25)]


@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL", "SIGTERM", "SIGINT"])
def test_no_signal_reaches_what_holds_the_time(bubblewrap: None, signal: str) -> None:
    """Neither ours is stopped nor the process that watches the grader in the sandbox."""
    source = "import os, signal\n" + body(
        f"os.kill(os.getppid(), signal.{signal})\n"
        f"    os.kill(1, signal.{signal})\n"
        "    while item['n'] == 0: pass\n    return 1"
    )
    first, second = graded(source, 2, seconds=1)
    assert first == Grade(0.0, SERVER, "timeout: no grade after 1 s")
    assert second == Grade(1.0)


def test_memory_that_hides_is_counted(bubblewrap: None) -> None:
    """Processes that nobody may look into hold what the kernel says of all processes."""
    text = (
        "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); [os.fork() for _ in range(3)]; "
        "x = bytearray(os.urandom(1 << 20)) * 100; time.sleep(99)"
    )
    source = "import ctypes, os, time\n" + body(f"if item['n'] == 0: {text}\n    return 1")
    first, second = graded(source, 2, memory=256 << 20, seconds=60)
    assert (first.score, second) == (0.0, Grade(1.0))
    assert first.details is not None
    assert "hold more than" in first.details


def test_a_worker_ends_with_us(isolated: bool, tmp_path: Path) -> None:
    """Also of a run that is killed while a grader runs for ever: no process and no folder stay."""
    mark = f"mark_{os.getpid()}_{isolated}"
    code = (
        "from pipelines.graders.sandbox import Sandbox\n"
        f"Sandbox({body('while True: pass')!r}, trusted=True).grade({{'{mark}': 1}}, {{}})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, cwd=ROOT
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(3)
    below = descendants(process.pid)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while (left := [pid for pid in below if running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(below) >= 2
    assert left == []


def descendants(pid: int) -> list[int]:
    pids = [pid]
    for each in pids:  # grows on the way
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                pids += map(int, (task / "children").read_text(encoding="ascii").split())
    return pids[1:]


def running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def test_limits_of_the_process(isolated: bool) -> None:
    """One core, 2 GiB of address space, 1 GB a file, nothing of our environment, no hash seed."""
    source = "import os, resource\n" + body(
        "assert len(os.sched_getaffinity(0)) == 1\n"
        "    assert resource.getrlimit(resource.RLIMIT_AS)[0] == 2 << 30\n"
        "    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 10 ** 9\n"
        "    assert os.environ['PYTHONHASHSEED'] == '0' and 'SECRET' not in os.environ\n"
        "    assert os.environ['HOME'] == os.getcwd()\n"
        "    return 1"
    )
    os.environ["SECRET"] = "x"
    try:
        assert graded(source) == [Grade(1.0)]
    finally:
        del os.environ["SECRET"]


def test_a_scratch_folder_can_be_written(isolated: bool) -> None:
    source = body("open('a', 'w').write('x'); return len(open('a').read())")
    assert graded(source, 2) == [Grade(1.0)] * 2


def test_files_are_small(isolated: bool) -> None:
    source = body("open('a', 'wb').write(b'x' * 2_000_000); return 1")
    (grade,) = graded(source, file_bytes=1_000_000)
    assert grade.error == RUNTIME
    assert grade.details is not None
    assert "File too large" in grade.details


# What a stranger's grader would do, each in turn; it returns how many and names those that succeed.
ATTACKS = """
import ctypes, errno, glob, os, resource, signal, socket
libc = ctypes.CDLL(None, use_errno=True)

def call(*numbers):
    number = numbers[os.uname().machine == 'aarch64']
    return libc.syscall(number, *item_words.get(number, (0, 0, 0, 0))) >= 0

item_words = {319: (b'x', 0), 279: (b'x', 0), 29: (0, 4096, 0o1600), 194: (0, 4096, 0o1600),
              250: (0, -3, 1), 219: (0, -3, 1), 272: (0x10000000,), 97: (0x10000000,)}

def fill(folder, files):
    for n in range(files):
        with open(f'{folder}/{n}', 'wb') as file:
            file.write(bytes(1 << 20))
    return True

def raised(name):
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        return True
    resource.setrlimit(kind, (hard, hard + 1))
    return True

def environments(canary):
    for path in glob.glob('/proc/*/environ'):
        try:
            if canary in open(path).read():
                return True
        except OSError:
            pass

def written(path):
    open(path, 'a').close()  # nothing is changed where this should succeed
    return True

def changed(path):
    mode = os.stat(path).st_mode & 0o777
    os.chmod(path, mode ^ 0o001)  # of a device it means nothing
    other = os.stat(path).st_mode & 0o777 != mode
    os.chmod(path, mode)
    return other

def nested():
    pid = os.fork()
    if not pid:
        os._exit(libc.unshare(0x10000000) != 0)
    return os.waitpid(pid, 0)[1] == 0

def attacks(item):
    yield 'environment', lambda: environments(item['canary'])
    yield 'signal', lambda: os.kill(item['pid'], 0) is None
    yield 'freeze', lambda: os.kill(os.getppid(), signal.SIGSTOP)
    yield 'end', lambda: os.kill(os.getppid(), signal.SIGKILL)
    for path in item['secrets']:
        yield 'read ' + path, lambda: open(path).read()
        yield 'write ' + path, lambda: open(path, 'w').write('') and None
    for path in ('/etc/x', '/x', '/usr/x', '/dev/x', '/proc/sys/kernel/core_pattern'):
        yield 'write ' + path, lambda: written(path)
    yield 'mode of /dev/null', lambda: changed('/dev/null')
    yield 'fill /dev/shm', lambda: fill('/dev/shm', 70)
    yield 'fill /tmp', lambda: fill('/tmp', 9)
    for name in ('RLIMIT_AS', 'RLIMIT_FSIZE', 'RLIMIT_CORE', 'RLIMIT_NOFILE', 'RLIMIT_NPROC'):
        yield 'raise ' + name, lambda: raised(name)
    yield 'memory', lambda: bytearray(3 << 30)
    yield 'network', lambda: socket.create_connection(('127.0.0.1', item['port']), 1)
    yield 'memfd_create', lambda: call(319, 279)
    yield 'shmget', lambda: call(29, 194)
    yield 'keyctl', lambda: call(250, 219)
    yield 'namespace', nested
    yield 'ptrace', lambda: libc.ptrace(16, os.getppid(), 0, 0) == 0
    yield 'memory of the watcher', lambda: open('/proc/1/mem', 'rb')
    yield 'pipes of the watcher', lambda: os.open('/proc/1/fd/1', os.O_WRONLY)
    for family in (17, 38, 40):  # packets, the kernel's ciphers, the host of a virtual machine
        yield f'socket {family}', lambda: socket.socket(family, socket.SOCK_STREAM)
    yield 'socket 38 of a pair', lambda: socket.socket(38, socket.SOCK_SEQPACKET)

def grade(sample, item):
    won = []
    for name, attack in attacks(item):
        try:
            if attack():
                won.append(name)
        except BaseException:
            pass
    assert not won, won
    return 1.0
"""


def test_a_worker_that_does_not_start_removes_no_folder_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scratch folder of a bubble is in its memory; a folder of that name here is a person's."""
    monkeypatch.setattr(sandbox, "SCRATCH", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    with pytest.raises(BadInput, match="cannot be started"):
        sandbox._Worker(sys.executable, bubble.Bubble(str(tmp_path / "no bwrap"), ()), 1)
    assert (tmp_path / "scratch").is_dir()


def test_bubblewrap_contains_a_hostile_grader(
    bubblewrap: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It learns nothing, changes nothing, cannot stop us, and takes no more than is its."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    secrets = [home / ".ssh" / "id", tmp_path / "project"]
    for path in secrets:
        path.write_text("secret", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    with socket.create_server(("127.0.0.1", 0)) as server:
        item = {
            "canary": "hf_canary",
            "pid": os.getpid(),
            "secrets": [str(path) for path in secrets],
            "port": server.getsockname()[1],
        }
        with closing(Sandbox(ATTACKS, limits=Limits(file_bytes=8 << 20))) as grader:
            assert grader.warnings == []
            grade = grader.grade({}, item)
            assert (grade.details, grade.score) == (None, 1.0)
    assert [path.read_text(encoding="utf-8") for path in secrets] == ["secret"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "[os.fork() or time.sleep(99) for _ in range(999)]",
        "[threading.Thread(target=time.sleep, args=(99,), daemon=True).start() for _ in range(999)]"
        "; time.sleep(99)",
        "[os.fork() for _ in range(3)]; x = bytearray(os.urandom(1 << 20)) * 100; time.sleep(99)",
    ],
)
def test_bubblewrap_bounds_all_processes_together(bubblewrap: None, text: str) -> None:
    """Also those of root, whom no number of processes limits, and those of a fork."""
    source = "import os, threading, time\n" + body(f"if item['n'] == 0: {text}\n    return 1")
    first, second = graded(source, 2, memory=256 << 20, seconds=60)
    assert first.score == 0.0
    assert second == Grade(1.0)


def test_without_bubblewrap_nothing_of_a_stranger_runs(no_bubblewrap: None, tmp_path: Path) -> None:
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\n" + body("return 1")
    with pytest.raises(Refused, match=r"not installed; .*--trust-grader"):
        Sandbox(source)
    assert not (tmp_path / "ran").exists()
    with closing(Sandbox(source, trusted=True)) as grader:
        assert [warning for warning in grader.warnings if "without a sandbox" in warning]
        assert grader.grade({}, {}) == Grade(1.0)
    assert (tmp_path / "ran").exists()


def test_without_bubblewrap_ours_runs(no_bubblewrap: None) -> None:
    with closing(Sandbox(str(python_grader("one_letter")["source"]))) as grader:
        assert grader.warnings == []
        assert grader.grade(sample_of("Answer: B"), {"reference_answer": "B"}) == Grade(1.0)


def fake(folder: Path, text: str) -> None:
    """A program `bwrap` of a folder, in front of the others."""
    folder.mkdir(exist_ok=True)
    (folder / "bwrap").write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / "bwrap").chmod(0o755)


def test_a_bubblewrap_that_does_not_work_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path / "bin", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with pytest.raises(Refused, match=r"does not work here \(bwrap: setting up uid map"):
        Sandbox(body("return 1"))


def test_an_old_bubblewrap_is_weak(
    bubblewrap: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("bwrap")
    refuses = 'case " $* " in *" --size "*) echo "bwrap: Unknown option --size" >&2; exit 1;; esac'
    fake(tmp_path / "bin", f'{refuses}\nexec {real} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with closing(Sandbox(body("return 1"))) as grader:
        assert len(grader.warnings) == 1
        assert grader.grade({}, {}) == Grade(1.0)


def test_a_python_shows_its_environment_alone(bubblewrap: None, tmp_path: Path) -> None:
    """A script that starts Python, in a home: neither the home nor the environment's project."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    (home / "secret").touch()
    environment = home / "project" / ".venv"
    venv.create(environment, symlinks=True)
    (home / "project" / "secret").touch()
    (home / "bin" / "link").symlink_to(environment / "bin" / "python")
    (home / "bin" / "python").write_text(
        f'#!/bin/sh\nexec {environment}/bin/python "$@"\n', encoding="utf-8"
    )
    (home / "bin" / "python").chmod(0o755)
    source = "import os, sys\n" + body(
        f"assert sys.prefix == {str(environment)!r}\n"
        f"    return sum(os.path.exists({str(home)!r} + name)"
        " for name in ('/secret', '/project/secret', '/bin/python'))"
    )
    for name in (environment / "bin" / "python", home / "bin" / "python"):
        with closing(Sandbox(source, python=str(name))) as grader:
            assert grader.grade({}, {}) == Grade(0.0)


def test_a_python_whose_folder_is_a_home_is_refused(
    bubblewrap: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "all", symlinks=True)
    monkeypatch.setenv("HOME", str(tmp_path / "all"))
    bubble.bubble.cache_clear()
    python = str(tmp_path / "all" / "bin" / "python")
    with pytest.raises(Refused, match="is your home"):
        Sandbox(body("return 1"), python=python)
    with closing(Sandbox(str(python_grader("one_letter")["source"]), python=python)) as grader:
        assert not grader.warnings


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_an_ordinary_user_is_contained_too(
    bubblewrap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the system's Python, for ours may be in root's home; the code comes by the input."""
    program, python = shutil.which("bwrap"), shutil.which("python3", path="/usr/bin")
    if python is None:
        pytest.skip("the system has no Python")
    if not all(folder.stat().st_mode & 0o001 for folder in Path(worker.__file__).parents):
        pytest.skip("the checkout is in a folder of root alone")
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    run = bubble.bubble(bubble.interpreter(python), program, 8 << 20)
    assert isinstance(run, bubble.Bubble)
    limits = {"memory": 2 << 30, "file_bytes": 8 << 20, "core": 0, "seconds": 60}
    item = {"canary": "hf_canary", "pid": os.getpid(), "secrets": [], "port": 1}
    code = Path(worker.__file__).read_text(encoding="utf-8")
    with (
        run.command() as (words, descriptors),
        subprocess.Popen(
            [*words, python, "-c", code, bubble.SCRATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={},
            cwd="/",  # the checkout may be in a folder of root alone
            user=65534,
            group=65534,
            extra_groups=[],
            pass_fds=descriptors,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        answers = []
        for request in ({"source": ATTACKS, **limits}, {"sample": {}, "item": item}):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
    assert answers == [{}, {"score": 1.0}]


def test_workers_are_shared_by_threads(isolated: bool) -> None:
    source = "import os\n" + body("return os.getpid() if item['who'] else item['n']")
    with (
        closing(sandboxed(source)) as grader,
        ThreadPoolExecutor(3) as threads,
    ):
        items = [{"n": n, "who": False} for n in range(60)]
        grades = list(threads.map(lambda item: grader.grade({}, item), items))
        workers = {grader.grade({}, {"who": True}).score for _ in range(9)}
    assert [grade.score for grade in grades] == list(map(float, range(60)))
    assert len(workers) == 1  # one at a time needs one


def test_a_worker_outlives_the_thread_that_asked_first(isolated: bool) -> None:
    with closing(sandboxed("import os\n" + body("return os.getppid() and 1"))) as grader:
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(grader.grade, {}, {}).result() == Grade(1.0)
        (first,) = grader._idle
        with suppress(subprocess.TimeoutExpired):
            first._process.wait(0.2)
        assert grader.grade({}, {}) == Grade(1.0)


def test_close_ends_what_is_being_graded(isolated: bool) -> None:
    grader = sandboxed(body("while True: pass"))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(grader.grade, {}, {})
        while not grader._busy:
            pass
        grader.close()
        assert running.result(10).error == SERVER
    assert grader.grade({}, {}) == Grade(0.0, SERVER, "the sandbox is closed")


def test_a_python_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is no Python 3\.11 or later; name another"):
        Sandbox("", python=str(tmp_path / "python"))
