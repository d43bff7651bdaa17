"""Milestones: what was done in a project for the first time, and when; kept for ever."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import BigInteger, Column, Connection, Engine, String, Table, select

from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.schema import metadata

#: A person said what is true of an image; somebody asked a question in SQL.
Milestone = Literal["correct", "query"]

milestones = Table(
    "milestones",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("recorded_at", BigInteger, nullable=False),
)


def reached(connection: Connection) -> frozenset[str]:
    """The milestones that lie behind."""
    return frozenset(connection.scalars(select(milestones.c.name)))


def reach(transaction: Transaction, name: Milestone) -> None:
    """Pass a milestone, in the transaction of what was done; after the first time, nothing."""
    connection = transaction.connection
    if name not in reached(connection):
        moment = transaction.clock.tick()
        connection.execute(milestones.insert().values(name=name, recorded_at=moment))


def note_reached(engine: Engine, commit: GroupCommit, name: Milestone) -> None:
    """As `reach`, for what is done outside of a transaction."""
    with reading(engine) as connection:
        if name in reached(connection):
            return
    commit.run(lambda transaction: reach(transaction, name))
