"""The cores that predictions are computed on: so many at once, and no turn after a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from millpond.errors import Busy

#: How much the latest turn counts in the time that one takes.
_LATEST = 0.05


class Cores:
    """Turns at computing. Many threads may use one at the same time.

    Args:
        count: turns that may be taken at once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.BoundedSemaphore(count)
        self._waiting = 0
        self._lock = threading.Lock()
        #: Seconds that a turn took lately; 0 before the first.
        self.seconds_each = 0.0

    @property
    def crowded(self) -> bool:
        """Whether somebody waits for each of the cores, so that none will be idle soon."""
        return self._waiting >= self._count

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        """Wait for a turn and take it.

        Args:
            deadline: moment of `time.monotonic` after which it is of no use.

        Raises:
            Busy: the deadline has passed; nothing was computed.
        """
        if not self._acquire(deadline):
            raise Busy(
                "the deadline of this request passed before its turn came; "
                "nothing was computed or kept, so it may be sent again"
            )
        started = time.monotonic()
        try:
            yield
        finally:
            self._free.release()
            took = time.monotonic() - started
            before = self.seconds_each or took
            self.seconds_each = before + _LATEST * (took - before)

    def _acquire(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0 or self._free.acquire(blocking=False):
            return left > 0
        self._wait(1)
        try:
            return self._free.acquire(timeout=min(left, threading.TIMEOUT_MAX))
        finally:
            self._wait(-1)

    def _wait(self, more: int) -> None:
        with self._lock:
            self._waiting += more
