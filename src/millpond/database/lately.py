"""Answers of the database that may be a moment old, for what is asked again with every request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

#: Seconds for which an answer is good: by as much it may lag behind what others write.
SECONDS = 0.05
#: Answers that are remembered at once.
_MOST = 4_096


class Lately(Generic[Key, Value]):
    """Remembers answers for a moment. Many threads may use one at the same time.

    Whoever changes what is asked for in this process calls `forget` once that is committed:
    then whoever asks later gets the new answer.
    """

    def __init__(self) -> None:
        self._found: dict[Key, tuple[float, Value]] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """What was read a moment ago; None where nothing was."""
        found = self._found.get(key)
        return None if found is None or found[0] < time.monotonic() else found[1]

    def read(self, key: Key, read: Callable[[], Value | None]) -> Value | None:
        """What was read a moment ago, or what is read now; that there is nothing is not kept."""
        if (known := self.get(key)) is not None:
            return known
        until, changes = time.monotonic() + SECONDS, self._changes
        value = read()
        if value is not None:
            with self._lock:
                if changes == self._changes:
                    if len(self._found) >= _MOST:
                        self._found.clear()
                    self._found[key] = until, value
        return value

    def forget(self) -> None:
        """Answer nothing that was read before."""
        with self._lock:
            self._changes += 1
            self._found.clear()
