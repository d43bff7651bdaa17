"""The gate before predictions: how many may be under way, and how many bytes of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from millpond.errors import Busy


class Gate:
    """Counts what is under way; belongs to the one thread of the event loop.

    Who would have to wait long is told so at once, so the wait of those that are let in
    stays short, and what they hold in memory is bounded.

    Args:
        threads: predictions that are computed at once.
        waiting: those that may wait for a thread.
        most_bytes: of their bodies together, for these lie in memory.
        longest: seconds that one is let in to wait.
        each: seconds that a thread takes for a prediction, as it was lately; 0 is unknown.
    """

    def __init__(
        self,
        threads: int,
        waiting: int,
        most_bytes: int,
        longest: float = math.inf,
        each: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._threads = threads
        self._most = threads + waiting
        self._most_bytes = most_bytes
        self._longest = longest
        self._each = each
        self._count = 0
        self._bytes = 0

    @property
    def under_way(self) -> int:
        """Predictions that were let in and are not answered yet."""
        return self._count

    @property
    def wait(self) -> float:
        """Seconds that the next one would wait for a thread."""
        before = max(0, self._count + 1 - self._threads)
        return before * self._each() / self._threads

    @contextmanager
    def admitted(self, size: int) -> Iterator[None]:
        """Hold a place for a body of up to `size` bytes.

        Raises:
            Busy: there is none; one for each thread is always let in, as far as bytes go, and
                a lone one in any case.
        """
        full = self._count >= self._most or self._bytes + size > self._most_bytes
        slow = self._count >= self._threads and self.wait > self._longest
        if (full or slow) and self._count:
            seconds = max(1, math.ceil(self.wait))
            raise Busy(
                f"{self._count} predictions are under way; try again in {seconds} s",
                retry_after=seconds,
            )
        self._count += 1
        self._bytes += size
        try:
            yield
        finally:
            self._count -= 1
            self._bytes -= size
