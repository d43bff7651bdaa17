"""The tables of the operational database that hold what has been loaded.

A load counts from the moment that its ``completed_at`` is set: one row, one
transaction, whatever number of Delta tables it wrote to. A load that never
completed is of no account; its rows are claimed again by a later one.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from millpond.database.schema import metadata

loads = Table(
    "loads",
    metadata,
    Column("load_id", String(36), primary_key=True),
    Column("claimed_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger, nullable=True),
    #: Rows written to the history, all tables together.
    Column("rows", BigInteger, nullable=True),
)

#: What a completed load brought into each table, and in which version of it.
loaded_tables = Table(
    "loaded_tables",
    metadata,
    Column("load_id", String(36), ForeignKey(loads.c.load_id), primary_key=True),
    Column("table_name", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
)
