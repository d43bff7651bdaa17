"""A buffer: records in a folder, durable one by one, until somebody has taken them.

Each is a file, named so that the order of names is that of time. A file appears whole
or not at all, so a process may be killed at any instant. One process has a buffer.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal, get_args

from millpond.durable import PART, is_full, make_folder, write_file
from millpond.errors import Conflict, DiskFull, Invalid, MillpondError
from millpond.values import is_id

WhenFull = Literal["raise", "drop"]

#: Where records lie that were refused for good, each with the reason beside it.
REFUSED = "refused"
_REASON = ".reason"


class Buffer:
    """Records that wait in a folder. Many threads may use one at the same time.

    Args:
        most: bytes of all records, those that were refused among them.
        when_full: ``raise`` refuses a new record; ``drop`` gives up the oldest for it.

    Raises:
        Conflict: another process has it.
        Invalid: there is no such way to be full.
    """

    def __init__(self, folder: Path, most: int, when_full: WhenFull = "raise") -> None:
        if when_full not in get_args(WhenFull):
            raise Invalid(f"when_full {when_full!r} is not one of {', '.join(get_args(WhenFull))}")
        self._folder = folder
        self._most = most
        self._drops = when_full == "drop"
        make_folder(folder / REFUSED)
        self._lock = _locked(folder)
        for unfinished in folder.rglob(f"{PART}*"):
            unfinished.unlink()
        #: The size of each record by its name, the oldest first.
        self._waiting = _sizes(folder)
        #: Those of them that are being sent.
        self._held: set[str] = set()
        refused = _sizes(folder / REFUSED)
        self._size = sum(self._waiting.values()) + sum(refused.values())
        self._changed = threading.Condition()
        self._rest_until = 0.0
        self.stopped = False
        self.refused = len(refused)
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Records that are still to be sent."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes of all records together."""
        return self._size

    def add(self, name: str, content: bytes) -> None:
        """Keep a record; it is durable when this returns.

        Args:
            name: a UUIDv7.

        Raises:
            DiskFull: the buffer is full, or the disk is.
        """
        with self._changed:
            self._make_room(len(content))
            self._size += len(content)
        try:
            write_file(self._folder / name, content)
        except OSError as error:
            with self._changed:
                self._size -= len(content)
            kind = DiskFull if is_full(error.errno) else MillpondError
            raise kind(f"the buffer {self._folder} cannot be written: {error}") from error
        with self._changed:
            self._waiting[name] = len(content)
            self._changed.notify_all()

    def take(self) -> str | None:
        """The name of the oldest record that nobody has, once there is one; None when stopped.

        Whoever takes it removes it, refuses it, or gives it back.
        """
        with self._changed:
            while not self.stopped:
                rest, name = self._rest_until - time.monotonic(), self._free()
                if name is not None and rest <= 0:
                    self._held.add(name)
                    return name
                self._changed.wait(rest if rest > 0 else None)
            return None

    def rest(self, seconds: float) -> None:
        """Give nothing out for some time."""
        with self._changed:
            self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    @property
    def rests(self) -> bool:
        """Whether nothing is given out for now."""
        return self._rest_until > time.monotonic()

    def read(self, name: str) -> bytes:
        """The content of a record.

        Raises:
            FileNotFoundError: it was dropped meanwhile.
        """
        return (self._folder / name).read_bytes()

    def give_back(self, name: str, *, last: bool = False) -> None:
        """Let a record be taken again.

        Args:
            last: after all the others.
        """
        with self._changed:
            self._held.discard(name)
            if last and name in self._waiting:
                self._waiting[name] = self._waiting.pop(name)
            self._changed.notify_all()

    def remove(self, name: str) -> None:
        """Forget a record: it is safe elsewhere."""
        with self._changed:
            (self._folder / name).unlink(missing_ok=True)
            self._size -= self._waiting.pop(name, 0)
            self._held.discard(name)
            self._changed.notify_all()

    def refuse(self, name: str, reason: str) -> None:
        """Set a record aside, with the reason for which nobody will have it."""
        aside = self._folder / REFUSED / name
        write_file(aside.with_suffix(_REASON), f"{reason}\n".encode())
        with self._changed:
            with suppress(FileNotFoundError):
                os.replace(self._folder / name, aside)
            self._waiting.pop(name, 0)
            self._held.discard(name)
            self.refused += 1
            self._changed.notify_all()

    def wait_until_empty(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to be sent, at most some time; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def stop(self) -> None:
        """Give nothing out any more."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let another process have it. Calling it twice does no harm."""
        self.stop()
        self._lock.close()

    def _free(self) -> str | None:
        return next((name for name in self._waiting if name not in self._held), None)

    def _make_room(self, size: int) -> None:
        while self._size + size > self._most:
            # One that is on its way goes last: it may be there already.
            oldest = self._free() or next(iter(self._waiting), None)
            if not self._drops or oldest is None or size > self._most:
                raise DiskFull(
                    f"the buffer {self._folder} holds {self._size:,} of {self._most:,} bytes, "
                    f"and there is no room for {size:,} more; is the server up?"
                )
            (self._folder / oldest).unlink(missing_ok=True)
            self._size -= self._waiting.pop(oldest)
            self.dropped += 1


def _locked(folder: Path) -> ExitStack:
    """Holds the lock of a buffer until it is closed; the system frees it, also after a SIGKILL."""
    with ExitStack() as held:
        file = held.enter_context(open(folder / "lock", "a", encoding="ascii"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"the buffer {folder} is used already; give each process a folder of its own"
            ) from None
        return held.pop_all()


def _sizes(folder: Path) -> dict[str, int]:
    """The sizes of the records in a folder, the oldest first."""
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if is_id(path.name)}
