"""Quotas: how much of an application may be kept in an hour, exactly, also by several processes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, update

from millpond.database.clock import machine_now
from millpond.database.group_commit import Transaction
from millpond.database.schema import metadata

_HOUR = 3_600_000_000

#: How much of an application was kept in its latest hour; the row is no fact, but counts them.
capture_quotas = Table(
    "capture_quotas",
    metadata,
    Column("app", String(64), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("captured", Integer, nullable=False),
)


class QuotaReached(Exception):
    """As much was kept in this hour as may be; it undoes the piece of work that meets it."""


class Quotas:
    """The places that are left, of each application. Many threads may use one."""

    def __init__(self) -> None:
        #: The hour in which an application was last found to be full; a look at it is cheap.
        self._full: dict[str, int] = {}

    def admission(self, app: str, most: int | None) -> Callable[[Transaction], None]:
        """What takes a place in a transaction; given back where that is not committed.

        Args:
            most: of an hour; None is any number.

        Raises:
            QuotaReached: none is left in this hour, now or when the transaction comes to it.
        """
        if most is None:
            return lambda transaction: None
        if self._full.get(app) == hour_of(machine_now()):
            raise QuotaReached
        return lambda transaction: self._take(transaction, app, most)

    def _take(self, transaction: Transaction, app: str, most: int) -> None:
        hour = hour_of(transaction.clock.tick())
        if not _taken(transaction, app, hour, most):
            self._full[app] = hour
            raise QuotaReached


def hour_of(moment: int) -> int:
    """The beginning of the hour of a moment, both in microseconds since 1970."""
    return moment - moment % _HOUR


def _taken(transaction: Transaction, app: str, hour: int, most: int) -> bool:
    table, connection = capture_quotas, transaction.connection
    this = (table.c.app == app, table.c.hour == hour)
    one_more = update(table).where(*this, table.c.captured < most)
    if connection.execute(one_more.values(captured=table.c.captured + 1)).rowcount:
        return True
    if connection.execute(table.select().where(*this)).first() is not None:
        return False
    connection.execute(delete(table).where(table.c.app == app))
    connection.execute(table.insert().values(app=app, hour=hour, captured=1))
    return True
