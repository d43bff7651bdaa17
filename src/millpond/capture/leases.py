"""Leases: who is at which image, so that two reviewers never work on the same one.

A lease is no fact. It ends by itself, keeps nobody from annotating, and is not part of
what a backup brings back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from millpond.capture.queue_tables import leases
from millpond.capture.tables import objects
from millpond.database.clock import machine_now
from millpond.database.group_commit import Transaction
from millpond.values import MICROSECONDS

#: Seconds after which a lease ends, unless it is taken anew.
LEASE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Lease:
    """One person's hold on one image; `until` is in microseconds since 1970."""

    object_id: str
    annotator: str
    until: int


def leases_in_force(connection: Connection, app: str) -> dict[str, Lease]:
    """The leases of an application that have not ended, by object."""
    query = (
        select(leases)
        .join(objects, objects.c.object_id == leases.c.object_id)
        .where(objects.c.app == app, leases.c.until > machine_now())
    )
    return {row.object_id: Lease(*row) for row in connection.execute(query)}


def take_leases(
    transaction: Transaction, object_ids: Sequence[str], annotator: str, count: int
) -> dict[str, Lease]:
    """Take or renew the leases of the first `count` objects that nobody else is at.

    The transaction holds the write lock, so of two who ask at once each gets others.

    Returns:
        By object, in the order given: the leases taken; and those of somebody else that
        were met on the way.
    """
    connection, now = transaction.connection, machine_now()
    connection.execute(delete(leases).where(leases.c.until <= now))
    found = connection.execute(select(leases).where(leases.c.object_id.in_(object_ids)))
    known = {row.object_id: Lease(*row) for row in found}
    until = now + LEASE_SECONDS * MICROSECONDS
    met: dict[str, Lease] = {}
    mine: list[str] = []
    for object_id in object_ids:
        if len(mine) == count:
            break
        lease = known.get(object_id)
        if lease is not None and lease.annotator != annotator:
            met[object_id] = lease
        else:
            met[object_id] = Lease(object_id, annotator, until)
            mine.append(object_id)
    if mine:
        connection.execute(delete(leases).where(leases.c.object_id.in_(mine)))
        rows = [{"object_id": each, "annotator": annotator, "until": until} for each in mine]
        connection.execute(leases.insert(), rows)
    return met


def release_leases(connection: Connection, object_ids: Collection[str], annotator: str) -> int:
    """Let go of what one person holds of some objects; the number that they held."""
    held = delete(leases).where(leases.c.object_id.in_(object_ids), leases.c.annotator == annotator)
    return connection.execute(held).rowcount


def end_leases(connection: Connection) -> None:
    """Let go of all that anybody holds: a project that was just restored has no reviewers."""
    connection.execute(delete(leases))
