"""Thumbnails that were made before, kept in memory up to a bound of bytes.

Nothing of them is ever on disk, and one is given out only after the row of its object
was read, so that it cannot outlive what it shows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from millpond.raw.thumbnail import View

#: An object by its id, and how it is looked at.
Key: TypeAlias = tuple[str, View]

#: Bytes that are kept: about eight thousand thumbnails of 256 pixels.
_MOST = 64 * 1024 * 1024
#: Larger ones are not kept, for they would push many small ones out.
_LARGEST = 64 * 1024


class Thumbnails:
    """Keeps those that were looked at last. Many threads may use one at the same time.

    Args:
        make: makes one that is not kept.
        most: bytes of all together.
    """

    def __init__(self, make: Callable[[str, View], bytes], most: int = _MOST) -> None:
        self._make = make
        self._most = most
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def kept(self, object_id: str, view: View) -> bytes | None:
        """One that was made before; None where it is not kept."""
        with self._lock:
            found = self._kept.get((object_id, view))
            if found is not None:
                self._kept.move_to_end((object_id, view))
            return found

    def get(self, object_id: str, view: View) -> bytes:
        """One that is kept, or made now."""
        found = self.kept(object_id, view)
        if found is None:
            found = self._make(object_id, view)
            if len(found) <= _LARGEST:
                self._keep((object_id, view), found)
        return found

    def _keep(self, key: Key, data: bytes) -> None:
        with self._lock:
            self._bytes += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while self._bytes > self._most:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest)
