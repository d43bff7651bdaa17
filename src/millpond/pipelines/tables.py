"""The table of runs: which pipeline ran when, for whom, and how it ended."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from millpond.database.schema import metadata

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("pipeline", String(64), nullable=False),
    #: running, done or failed; a run whose process died stays running here.
    Column("status", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False, index=True),
    Column("seconds", Float, nullable=True),
    Column("rows", Integer, nullable=True),
    Column("error", Text, nullable=True),
    Column("requested_by", String(128), nullable=False),
    Column("process", String(128), nullable=True),
)
