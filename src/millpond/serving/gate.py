"""The gate before predictions: how many may be under way, and how many bytes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from millpond.errors import Busy


class Gate:
    """Counts what is under way; belongs to the one thread of the event loop.

    Args:
        most: requests that may be under way, those that wait included.
        most_bytes: of their bodies together, for these lie in memory.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._count = 0
        self._bytes = 0

    @contextmanager
    def admitted(self, size: int) -> Iterator[None]:
        """Hold a place for a body of up to `size` bytes.

        Raises:
            Busy: there is none; a lone request always gets one.
        """
        full = self._count >= self._most or self._bytes + size > self._most_bytes
        if full and self._count:
            raise Busy(
                f"{self._count} predictions are under way; try again in a second", retry_after=1
            )
        self._count += 1
        self._bytes += size
        try:
            yield
        finally:
            self._count -= 1
            self._bytes -= size
