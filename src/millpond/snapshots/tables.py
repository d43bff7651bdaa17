"""The table of snapshots; what is in one lies in files of its own."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table

from millpond.database.schema import metadata

snapshots = Table(
    "snapshots",
    metadata,
    Column("snapshot_id", String(36), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("app", String(64), nullable=False, index=True),
    #: The moment that it was frozen as of, in microseconds since 1970.
    Column("as_of", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(128), nullable=False),
    #: With the moment, all that decides what is in it.
    Column("definition", JSON, nullable=False),
    Column("images", Integer, nullable=False),
    #: The number of images of each part.
    Column("parts", JSON, nullable=False),
    #: Of its manifest, which holds those of its other files.
    Column("sha256", String(64), nullable=False),
)
