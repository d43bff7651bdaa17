"""The tables of the operational database that hold what has been loaded.

A load counts from the moment that its ``completed_at`` is set: one row, one
transaction, whatever number of Delta tables it wrote to. A load that never
completed is of no account; its rows are claimed again by a later one.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, select

from millpond.database.schema import metadata

loads = Table(
    "loads",
    metadata,
    Column("load_id", String(36), primary_key=True),
    Column("claimed_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger, nullable=True, index=True),
    #: Rows written to the history, all tables together.
    Column("rows", BigInteger, nullable=True),
)

#: The ids of the loads that have not completed: under way, or broken off.
unfinished_loads = select(loads.c.load_id).where(loads.c.completed_at.is_(None))

#: What a completed load brought into each table, and in which version of it.
loaded_tables = Table(
    "loaded_tables",
    metadata,
    Column("load_id", String(36), ForeignKey(loads.c.load_id), primary_key=True),
    Column("table_name", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    #: Of the facts of the load, in their order (`checksum`); none for loads before it was kept.
    Column("checksum", String(64), nullable=True),
)

#: The rows that all completed loads together brought into each table.
loaded_totals = Table(
    "loaded_totals",
    metadata,
    Column("table_name", String(64), primary_key=True),
    Column("rows", BigInteger, nullable=False),
)

#: One row, once something was archived: facts recorded up to this moment have left capture.
archive_horizon = Table(
    "archive_horizon",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("archived_until", BigInteger, nullable=False),
    #: The greatest id of an inference that has left, if any has.
    Column("last_inference_id", String(36), nullable=True),
)

#: The completed loads whose copies were found whole, byte by byte, since the archive began.
verified_loads = Table(
    "verified_loads",
    metadata,
    Column("load_id", String(36), ForeignKey(loads.c.load_id), primary_key=True),
)
