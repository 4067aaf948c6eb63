"""What a process costs: CPU seconds and peak memory, for the other benches."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU seconds, user and system, and peak resident MB (10^6 bytes)."""

    cpu: float
    memory: float


def measure(*command: str | Path) -> Cost:
    """Run a command to its end; the kernel's own account of it."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)
