"""A child process that works on one pipeline, and ends with the process that started it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

#: Seconds after which a child that failed is started again.
_AGAIN = 10.0


class Child:
    """The process of one pipeline, while there is work for it.

    Args:
        command: starts it; it ends by itself when its work is done, and when its
            standard input ends.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def start(self) -> None:
        """Have it run, unless it does, or failed a moment ago."""
        if self._process is not None and self._process.poll() is not None:
            self._collect()
        if self._process is None and time.monotonic() >= self._not_before:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )

    def end(self, deadline: float) -> None:
        """Let it end by itself up to a moment of the monotonic clock, then end it."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._collect()

    def _collect(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait() != 0:
            self._not_before = time.monotonic() + _AGAIN
        self._process = None
