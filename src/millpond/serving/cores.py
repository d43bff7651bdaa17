"""The threads that predictions are computed on: so many at once, none after its deadline."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from millpond.errors import Busy

Result = TypeVar("Result")

#: How much the latest turn counts in the time that one takes.
_LATEST = 0.05


class Cores:
    """Takes turns at computing. Many threads may use one at the same time.

    The turns have threads of their own, which go from one to the next: a thread that had to be
    woken for its turn would wait for Python's lock first, and a core with it.

    Args:
        count: turns that may be taken at once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads = ThreadPoolExecutor(count, "millpond-core")
        self._waiting = 0
        self._lock = threading.Lock()
        #: Seconds that a turn took lately; 0 before the first.
        self.seconds_each = 0.0

    @property
    def crowded(self) -> bool:
        """Whether somebody waits for each of the cores, so that none will be idle soon."""
        return self._waiting >= self._count

    def compute(self, work: Callable[[], Result], deadline: float) -> Result:
        """Wait for a turn, and what `work` returns or raises in it.

        Args:
            deadline: moment of `time.monotonic` after which it is of no use to begin.

        Raises:
            Busy: the deadline has passed; nothing was computed.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise _too_late()
        self._wait(1)
        turn = self._threads.submit(self._take, work)
        try:
            return turn.result(None if math.isinf(left) else left)
        except TimeoutError:
            if not turn.cancel():
                return turn.result()
            self._wait(-1)
            raise _too_late() from None

    def _take(self, work: Callable[[], Result]) -> Result:
        self._wait(-1)
        started = time.monotonic()
        try:
            return work()
        finally:
            took = time.monotonic() - started
            before = self.seconds_each or took
            self.seconds_each = before + _LATEST * (took - before)

    def _wait(self, more: int) -> None:
        with self._lock:
            self._waiting += more


def _too_late() -> Busy:
    return Busy(
        "the deadline of this request passed before its turn came; "
        "nothing was computed or kept, so it may be sent again"
    )
