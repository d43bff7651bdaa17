"""The one SQLAlchemy ``MetaData`` on which each layer declares its own tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: What the database itself says of its project: the format number and the name.
facts = Table(
    "project_facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

#: One row: the last microsecond that the clock gave out or promised not to give out.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

#: The steps taken so far to bring the project to each format.
migration_steps = Table(
    "migration_steps",
    metadata,
    Column("format", Integer, primary_key=True, autoincrement=False),
    Column("step", String(128), primary_key=True),
    Column("done_at", BigInteger, nullable=False),
)
