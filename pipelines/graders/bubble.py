"""What a python grader sees of this machine under bubblewrap (`bwrap`), as a command line.

No network, no process but its own, no file but Python's own, read-only, and an empty scratch folder
in memory. Of the system's calls it is denied those that would get round that (`_DENIED`).
"""

from __future__ import annotations

import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EPERM
from functools import cache
from pathlib import Path

from pipelines.findings import BadInput
from pipelines.graders import worker

SCRATCH = "/tmp/scratch"
# Of /dev/shm, in which numeric libraries hold what processes share: what containers have.
_SHARED_BYTES = 64 << 20

# What a grader may read: of the system and of a Python's prefix these parts. Beside them a prefix
# may hold a project, with its data and keys.
_SYSTEM = ("/usr", "/usr/local")
_PARTS = ("bin", "lib", "lib32", "lib64", "share/zoneinfo", "share/nltk_data", "nltk_data")
_LOADER = ("/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")

# Numbers of the calls that are denied, on x86_64 and aarch64. The first four hold memory that no
# limit of a process counts; the next three read the keys of our session; the last makes calls that
# no filter sees.
_DENIED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
}
# Sockets of other families, as those to the host of a virtual machine, are of no namespace.
_SOCKET, _FAMILIES = (41, 198), (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
# Those of root own the machine's devices in /dev, whose modes and lists of access they could change
# for everybody. They change nothing, and say that they did.
_IDLE_FOR_ROOT = {
    "chmod": (90, 53),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
}
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # place above, AUDIT_ARCH_*


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python: its own path, and the folders that it and its environment were installed to."""

    path: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A bubblewrap that works here; `weak` tells what it does not hold, or is empty."""

    program: str
    options: tuple[str, ...]
    weak: str = ""

    @contextmanager
    def command(self) -> Iterator[tuple[list[str], list[int]]]:
        """The words before those of the Python, and the descriptors that they name."""
        calls = _call_filter()
        if not calls:
            yield [self.program, *self.options], []
            return
        read, write = os.pipe()
        os.write(write, calls)
        os.close(write)
        try:
            yield [self.program, "--seccomp", str(read), *self.options], [read]
        finally:
            os.close(read)


@dataclass(frozen=True, slots=True)
class Without:
    """Why there is no bubblewrap for a Python, and what to do."""

    why: str
    remedy: str


@cache
def interpreter(python: str) -> Interpreter:
    """The Python behind a name, which may be a script that starts it."""
    own = {sys.prefix, sys.base_prefix, sys.base_exec_prefix}
    if python == sys.executable:
        return Interpreter(python, tuple(sorted(own)))
    asks = (
        "import sys; print(sys.executable, *{sys.prefix, sys.base_prefix, sys.base_exec_prefix},"
        " sep='\\0')"
    )
    try:
        told = subprocess.run(
            [python, "-s", "-P", "-c", asks], capture_output=True, text=True, check=True, timeout=60
        ).stdout.splitlines()[-1]
        path, *prefixes = told.split("\0")
        Path(path).stat()
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        raise BadInput(f"{python}: is no Python 3.11 or later; name another") from None
    return Interpreter(path, tuple(sorted(prefixes)))


@cache
def bubble(python: Interpreter, program: str | None, file_bytes: int) -> Bubble | Without:
    """The bubblewrap that runs this Python, or why there is none."""
    if sys.platform != "linux":
        return Without("bubblewrap (bwrap) is for Linux alone", "run it on Linux")
    if program is None:
        return Without("bubblewrap (bwrap) is not installed", "apt-get install bubblewrap")
    if os.path.realpath(Path.home()) in _places(python):
        why = f"the folder of {python.path} is your home, which it may not see"
        return Without(why, "give a --python of `python -m venv FOLDER`")
    remedy = "let bwrap make user namespaces"
    why = ""
    # Both are of bubblewrap 0.8. Where the first try fails for another reason, the second tells it.
    old = (
        "the memory of its files is not bounded, and it may make namespaces: install bubblewrap 0.8"
    )
    for size in (file_bytes, None):
        weak = [] if _call_filter() else ["no system call is denied"]
        weak += [] if size else [old]
        found = Bubble(program, tuple(_options(python, size)), "; ".join(weak))
        with found.command() as (words, descriptors):
            probe = [*words, python.path, "-s", "-P", "-c", ""]
            try:
                done = subprocess.run(
                    probe, capture_output=True, text=True, timeout=60, pass_fds=descriptors
                )
            except (OSError, subprocess.SubprocessError) as error:
                return Without(f"bubblewrap does not work here ({error})", remedy)
        if done.returncode == 0:
            return found
        why = done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
    return Without(f"bubblewrap does not work here ({why})", remedy)


def _options(python: Interpreter, file_bytes: int | None) -> Iterator[str]:
    def memory(place: str, most: int) -> tuple[str, ...]:
        return (*(("--size", str(most)) if file_bytes else ()), "--tmpfs", place)

    yield from ("--unshare-all", "--unshare-user", "--die-with-parent", "--cap-drop", "ALL")
    yield from ("--as-pid-1", *(("--disable-userns",) if file_bytes else ()))
    # Read-only, for root's sandbox may write what root may, as kernel.core_pattern: a program that
    # runs outside.
    yield from ("--proc", "/proc", "--remount-ro", "/proc")
    yield from ("--dev", "/dev", *memory("/dev/shm", _SHARED_BYTES), "--remount-ro", "/dev")
    yield from (*memory("/tmp", file_bytes or 0), "--dir", SCRATCH)
    shown = [
        f"{prefix}/{part}"
        for prefix in (*_SYSTEM, *_places(python))
        for part in (*_PARTS, "pyvenv.cfg")
    ]
    for place in filter(os.path.exists, dict.fromkeys((*_LOADER, *shown, worker.__file__))):
        yield from ("--ro-bind", place, place)
    # From link to link to the program: any of them may be in a folder that is not shown.
    link, there = Path(python.path), False
    while not there:
        hidden = not any(link.is_relative_to(place) for place in shown)
        there = not link.is_symlink()
        if hidden and there:
            yield from ("--ro-bind", str(link), str(link))
        elif hidden:
            yield from ("--symlink", str(link.readlink()), str(link))
        if not there:
            link = Path(os.path.normpath(link.parent / link.readlink()))
    yield from ("--remount-ro", "/", "--chdir", SCRATCH)


def _places(python: Interpreter) -> list[str]:
    """The folders of a Python that are not the system's, by each of their names."""
    named = [place for each in python.prefixes for place in (each, str(Path(each).resolve()))]
    return [place for place in dict.fromkeys(named) if place not in _SYSTEM]


@cache
def _call_filter() -> bytes:
    """A program for seccomp that denies `_DENIED`; nothing for a machine that is not known here.

    Each instruction is code, jump if true, jump if false, value (linux/filter.h).
    """
    if platform.machine() not in _MACHINES:
        return b""
    place, architecture = _MACHINES[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    deny, idle = ((answer, 0, 0, 0x50000 | error) for error in (EPERM, 0))
    allow = (answer, 0, 0, 0x7FFF0000)
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), deny]  # i386 has other numbers
    program += [(load, 0, 0, 0), (at_least, 0, 1, 0x40000000), deny]  # so has x32
    for numbers in _DENIED.values():
        program += [(equal, 0, 1, numbers[place]), deny]
    for numbers in _IDLE_FOR_ROOT.values() if os.getuid() == 0 else ():
        program += [(equal, 0, 1, numbers[place]), idle]
    program += [(equal, 0, len(_FAMILIES) + 2, _SOCKET[place]), (load, 0, 0, 16)]
    program += [(equal, len(_FAMILIES) - n, 0, each) for n, each in enumerate(_FAMILIES)]
    program += [deny]
    return b"".join(struct.pack("=HBBI", *each) for each in (*program, allow))
