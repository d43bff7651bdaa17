"""Writing behind: what nobody waits for is gathered, and written together a little later.

What was not written yet is lost when the process is killed, so nothing that was
acknowledged as kept is written this way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from millpond.errors import MillpondError

Item = TypeVar("Item")

_log = logging.getLogger(__name__)

#: Seconds from the first item to the writing.
_SECONDS = 0.5
#: Items that may wait; more are dropped, which is said in the log.
_MOST = 10_000


class WriteBehind(Generic[Item]):
    """Gathers items and hands them on together. Many threads may use one at the same time.

    Args:
        write: is given the items in their order.
    """

    def __init__(self, write: Callable[[Sequence[Item]], object]) -> None:
        self._write = write
        self._items: list[Item] = []
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        #: Held while items are written, so that a flush waits for those of another.
        self._writing = threading.Lock()

    def add(self, item: Item) -> None:
        """Have an item written soon; returns at once."""
        with self._lock:
            if len(self._items) >= _MOST:
                _log.warning("not written, for %s wait already: %s", _MOST, item)
                return
            self._items.append(item)
            if self._timer is None:
                self._timer = threading.Timer(_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits; it is written when this returns."""
        with self._writing:
            with self._lock:
                items, self._items = self._items, []
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = None
            if not items:
                return
            try:
                self._write(items)
            except MillpondError as failure:
                _log.warning("%s were not written: %s", len(items), failure)
