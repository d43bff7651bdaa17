"""The table of alerts: what was raised, when, and whether it holds still."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, String, Table, text

from millpond.database.schema import metadata

#: A row for each time that the condition of a rule came to hold.
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(36), primary_key=True),
    #: Of the rule, ``[alerts.NAME]``.
    Column("name", String(128), nullable=False),
    Column("app", String(64), nullable=False),
    Column("measure", String(64), nullable=False),
    #: What was measured when it changed last.
    Column("value", Float, nullable=True),
    #: When the condition came to hold, by the clock of the machine.
    Column("since", BigInteger, nullable=False),
    #: Null while it has not held for long enough.
    Column("raised_at", BigInteger, nullable=True),
    Column("resolved_at", BigInteger, nullable=True),
)
# Of a rule and an application one holds at a time.
Index(
    "uq_alerts_open",
    alerts.c.name,
    alerts.c.app,
    unique=True,
    sqlite_where=text("resolved_at IS NULL"),
    postgresql_where=text("resolved_at IS NULL"),
)
