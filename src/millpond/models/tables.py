"""The registry's tables: models, and which of them each alias named, and when."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String, Table, Text

from millpond.database.schema import metadata

models = Table(
    "models",
    metadata,
    Column("version", String(128), primary_key=True),
    Column("app", String(64), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("task", String(16), nullable=False),
    Column("snapshot_id", String(36), nullable=True),
    Column("sha256", String(64), nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("registered_by", String(128), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

#: Each move of an alias is a new row; the latest says what it names now.
model_aliases = Table(
    "model_aliases",
    metadata,
    Column("move_id", String(36), primary_key=True),
    Column("app", String(64), nullable=False, index=True),
    Column("alias", String(16), nullable=False),
    Column("version", String(128), ForeignKey(models.c.version), nullable=False),
    Column("previous", String(128), nullable=True),
    Column("moved_by", String(128), nullable=False),
    Column("reason", Text, nullable=True),
    #: What the decision rested on: both models' metrics on the same images.
    Column("evidence", JSON, nullable=True),
    Column("recorded_at", BigInteger, nullable=False),
)
