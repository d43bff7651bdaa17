"""Saved filters: a query of the page Images under a name, for everybody who works on it.

They say nothing of an image, so they are no facts: a filter that is saved again is replaced.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, delete, select

from millpond.capture.reviews import Row
from millpond.database.group_commit import Transaction
from millpond.database.schema import metadata
from millpond.errors import Conflict, NotFound

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("app", String(64), primary_key=True),
    Column("name", String(100), primary_key=True),
    #: The query string of the page, without its question mark.
    Column("query", Text, nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)


def list_filters(connection: Connection, app: str) -> list[Row]:
    """The saved filters of an application, by their names."""
    query = select(saved_filters).where(saved_filters.c.app == app).order_by(saved_filters.c.name)
    return list(connection.execute(query).mappings())


def save_filter(
    transaction: Transaction, app: str, name: str, query: str, by: str, *, anyones: bool
) -> None:
    """Save a filter, in the place of one's own of the same name.

    Args:
        anyones: whether it may take the place of somebody else's.

    Raises:
        Conflict: the name is that of somebody else's filter.
    """
    _remove(transaction.connection, app, name, by, anyones=anyones)
    transaction.connection.execute(
        saved_filters.insert().values(
            app=app,
            name=name,
            query=query,
            made_by=by,
            recorded_at=transaction.clock.tick(),
        )
    )


def remove_filter(transaction: Transaction, app: str, name: str, by: str, *, anyones: bool) -> None:
    """Remove a filter of one's own.

    Args:
        anyones: whether it may be somebody else's.

    Raises:
        NotFound: there is none of that name.
        Conflict: it is somebody else's.
    """
    if not _remove(transaction.connection, app, name, by, anyones=anyones):
        known = [row["name"] for row in list_filters(transaction.connection, app)]
        raise NotFound(f"no filter {name!r}; saved filters: {', '.join(known) or 'none'}")


def _remove(connection: Connection, app: str, name: str, by: str, *, anyones: bool) -> bool:
    """Whether there was one."""
    is_it = (saved_filters.c.app == app) & (saved_filters.c.name == name)
    made_by = connection.scalar(select(saved_filters.c.made_by).where(is_it))
    if made_by is None:
        return False
    if made_by != by and not anyones:
        raise Conflict(f"the filter {name!r} is {made_by}'s; choose another name")
    connection.execute(delete(saved_filters).where(is_it))
    return True
