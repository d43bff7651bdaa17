"""Ids of workers that tell which process they are of, so that one that was killed is seen at once.

A lease runs out after some seconds. Whoever is on the same machine need not wait for it: a process
that is there no longer is gone. Of other machines, and other containers, nothing is known here.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

_PROCESSES = Path("/proc")


def new_worker() -> str:
    """An id for a worker of this process, of at most 36 characters."""
    pid = os.getpid()
    return f"{_here()}-{pid:x}-{_born(pid) or 0:x}-{secrets.token_hex(4)}"


def is_gone(worker: str) -> bool:
    """Whether the process of a worker has certainly ended."""
    here, _, rest = worker.partition("-")
    pid, _, rest = rest.partition("-")
    born, _, _ = rest.partition("-")
    if not _here() or here != _here():
        return False
    return _born(int(pid, 16)) != int(born, 16)


@cache
def _here() -> str:
    """What processes have in common that see each other's numbers; "" where that is unknown."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text()
        numbers = os.readlink(_PROCESSES / "self/ns/pid")
    except OSError:
        return ""
    return hashlib.sha256(f"{boot}{numbers}".encode()).hexdigest()[:8]


def _born(pid: int) -> int | None:
    """When a process began, in ticks since the machine did; None where there is none."""
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    # One that has ended, and that its parent has not yet asked about.
    return None if state in "ZX" else int(fields[18])
