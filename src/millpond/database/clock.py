"""The persisted clock that gives ``recorded_at`` and never goes back.

A commit reads the last value under the write lock, hands out
``max(now, last + 1 microsecond)`` for each fact, and writes the last one back in
the same transaction. So ``recorded_at`` is the order of commits, also when the
machine's own clock is set back, and also across processes.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, select, update

from millpond.database.connection import reading, writing
from millpond.database.schema import clock
from millpond.errors import Invalid
from millpond.values import iso

# Built once: every commit runs both.
_READ = select(clock.c.last)
_KEEP = update(clock)


def machine_now() -> int:
    """Microseconds since 1970 by the machine's own clock."""
    return time.time_ns() // 1_000


class Clock:
    """The clock inside one write transaction.

    Args:
        connection: holds the write lock.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept = self._last = last(connection)

    def tick(self) -> int:
        """The next moment: later than every one before it, in microseconds since 1970."""
        self._last = max(machine_now(), self._last + 1)
        return self._last

    def keep(self) -> None:
        """Write the last moment back; call it before the commit."""
        if self._last != self._kept:
            self._connection.execute(_KEEP, {"last": self._last})
            self._kept = self._last


def last(connection: Connection) -> int:
    """The last moment given out, as the transaction of `connection` sees it.

    Every fact with ``recorded_at`` up to it is visible to that transaction.
    """
    found: int = connection.execute(_READ).scalar_one()
    return found


def seal(engine: Engine, moment: int) -> None:
    """Make sure that no fact will ever be recorded at or before a moment.

    After it, everything recorded at or before `moment` is committed, so that a
    question as of `moment` has the same answer for ever.

    Raises:
        Invalid: the moment is still to come.
    """
    with reading(engine) as connection:
        if moment <= last(connection):
            return
    with writing(engine) as connection:
        known = last(connection)
        if moment <= known:
            return
        if moment > machine_now():
            raise Invalid(
                f"as-of {iso(moment)} is still to come (now is {iso(max(machine_now(), known))}): "
                "its answer could change; ask for a moment that has passed"
            )
        connection.execute(update(clock).values(last=moment))
