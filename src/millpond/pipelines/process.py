"""Which process does something, told so that others can see whether it still lives."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str | None:
    """This process: boot, process namespace, number and start; None where none can be told.

    A number alone would not do, since another process has it later.
    """
    return _told(os.getpid())


def has_ended(told: str | None) -> bool:
    """Whether the process that `this_process` told of is surely gone.

    One in another container is not known to be; one from before the machine was
    started anew is.
    """
    here = this_process()
    if told is None or here is None:
        return False
    boot, namespace, number, _ = told.split("/")
    if here.split("/")[0] != boot:
        return True
    return here.split("/")[1] == namespace and _told(int(number)) != told


def _told(number: int) -> str | None:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat(_PROC / "self/ns/pid").st_ino
        # The name of the program, in brackets, may itself hold brackets and blanks.
        fields = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Field 22 of proc(5) is when the process started; the first here is field 3.
    return f"{boot}/{namespace}/{number}/{fields[19]}"
