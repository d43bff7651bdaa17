"""The tables of runs: which pipeline ran when, for whom, its steps, its log and how it ended."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from millpond.database.schema import metadata

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("pipeline", String(64), nullable=False),
    #: queued, running, done or failed; a run whose process died stays running here.
    Column("status", String(16), nullable=False),
    #: When it was asked for, and once it has begun, when it began.
    Column("started_at", BigInteger, nullable=False, index=True),
    Column("seconds", Float, nullable=True),
    Column("rows", BigInteger, nullable=True),
    Column("error", Text, nullable=True),
    Column("requested_by", String(128), nullable=False),
    #: The process that does it, or that waits to.
    Column("process", String(128), nullable=True),
    #: JSON; null where it was asked for nothing.
    Column("parameters", Text, nullable=True),
    #: The class of the error, so that whoever waits is told the same.
    Column("error_kind", String(64), nullable=True),
)

run_steps = Table(
    "run_steps",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    #: running, done or failed.
    Column("status", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seconds", Float, nullable=True),
    Column("rows", BigInteger, nullable=True),
    #: How often it was begun.
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=True),
)

run_lines = Table(
    "run_lines",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
)

#: One row for each pipeline with a schedule: the moment up to which that was heeded.
schedules = Table(
    "schedules",
    metadata,
    Column("pipeline", String(64), primary_key=True),
    Column("heeded_until", BigInteger, nullable=False),
)
