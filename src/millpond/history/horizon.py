"""The archive horizon: the moment up to which facts live in the history alone.

Facts of the archived tables that were recorded at or before it have left the
operational database; those recorded after it are all still there.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from millpond.history.tables import archive_horizon


def archived_until(connection: Connection) -> int:
    """The horizon in microseconds since 1970; 0 while nothing was archived."""
    found = connection.scalar(select(archive_horizon.c.archived_until))
    return found or 0


def move_horizon(connection: Connection, moment: int) -> None:
    """Say that facts up to `moment` leave; in the transaction that deletes them."""
    moved = connection.execute(update(archive_horizon).values(archived_until=moment))
    if moved.rowcount == 0:
        connection.execute(archive_horizon.insert().values(id=1, archived_until=moment))
