"""The tables of access: users, tokens, sessions and the audit log.

Times are in microseconds since 1970. Of passwords, tokens and sessions only
hashes are kept, so that a copy of the database lets nobody in.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text

from millpond.database.schema import metadata

_ID = String(36)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger, nullable=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", _ID, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    #: The one application that the token is good for; none means all.
    Column("app", String(64), nullable=True),
    Column("created_by", String(128), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("user_name", String(64), ForeignKey(users.c.name), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
)

#: What was done and looked at, by whom; rows are only ever inserted.
audit = Table(
    "audit",
    metadata,
    Column("audit_id", _ID, primary_key=True),
    Column("recorded_at", BigInteger, nullable=False, index=True),
    Column("who", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("what", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
)
