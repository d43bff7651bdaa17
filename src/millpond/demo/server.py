"""The server of the demo: ``millpond up`` as a child process, as a user would start it."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from millpond.errors import ProjectError

#: Seconds in which the server ends after SIGTERM.
_GRACE = 20
_PR_SET_PDEATHSIG = 1


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A running server on a free port.

    Yields:
        Its URL.

    Raises:
        ProjectError: it did not start; what it said is on stderr.
    """
    command = [sys.executable, "-m", "millpond", "up", "--project", str(folder)]
    with subprocess.Popen(
        [*command, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise ProjectError("the server of the demo did not start; see the message above")
            yield str(json.loads(line)["url"])
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def _die_with_parent() -> None:
    """Let the kernel end the child when the demo is gone, however that came about."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
