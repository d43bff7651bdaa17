"""The archive horizon: the moment up to which facts live in the history alone.

Facts of the archived tables that were recorded at or before it have left the
operational database; those recorded after it are all still there. So a reader
that takes the horizon and the rows of capture in one transaction finds each fact
in one of the two places, and never in both.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from millpond.history.tables import archive_horizon


def archived_until(connection: Connection) -> int:
    """The horizon in microseconds since 1970; 0 while nothing was archived."""
    found = connection.scalar(select(archive_horizon.c.archived_until))
    return found or 0


def last_archived_inference(connection: Connection) -> str:
    """The greatest id of an archived inference; empty while there is none."""
    return connection.scalar(select(archive_horizon.c.last_inference_id)) or ""


def move_horizon(connection: Connection, moment: int, last_inference_id: str | None = None) -> None:
    """Say that facts up to `moment` leave; in the transaction that deletes them.

    Args:
        last_inference_id: the greatest id among the inferences that leave, if any does.
    """
    last = max(last_inference_id or "", last_archived_inference(connection)) or None
    values = {"archived_until": moment, "last_inference_id": last}
    moved = connection.execute(update(archive_horizon).values(values))
    if moved.rowcount == 0:
        connection.execute(archive_horizon.insert().values(id=1, **values))
