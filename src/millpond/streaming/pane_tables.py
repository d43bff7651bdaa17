"""The tables of the panes, and of how far their events have come."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from millpond.database.schema import metadata

#: The sums of a series in a pane. They follow from the events, so they are not facts.
panes = Table(
    "panes",
    metadata,
    #: Its first microsecond since 1970; -1 holds everything there ever was.
    Column("pane", BigInteger, primary_key=True, autoincrement=False),
    Column("app", String(64), primary_key=True),
    #: Empty where no model answered.
    Column("model_version", String(128), primary_key=True),
    #: Whether it is of all inferences (1), or of those that answered `label` (0).
    Column("whole", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, primary_key=True),
    Column("inferences", BigInteger, nullable=False),
    Column("sums", LargeBinary, nullable=False),
)

#: One row: the newest event that was counted, how many came too late to be, and how often
#: anything was counted.
pane_marks = Table(
    "pane_marks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("newest", BigInteger, nullable=False),
    Column("dropped", BigInteger, nullable=False),
    Column("batches", BigInteger, nullable=False),
)
