"""The tables of the events that were seen, of sources that may bring one again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from millpond.database.schema import metadata

#: A lane is a partition of the source and one of the outbox: in it the first of each event
#: come in the order of ``recorded_at``.
seen_events = Table(
    "seen_events",
    metadata,
    Column("source", String(255), primary_key=True),
    Column("consumer", String(128), primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("lane", Integer, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "source", "consumer", "lane", "recorded_at"),
)

#: The newest event of each lane.
seen_lanes = Table(
    "seen_lanes",
    metadata,
    Column("source", String(255), primary_key=True),
    Column("consumer", String(128), primary_key=True),
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("newest", BigInteger, nullable=False),
)
