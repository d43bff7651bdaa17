"""Sessions: how the pages remember that someone has signed in."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from millpond.access import tables
from millpond.access.principal import Principal
from millpond.access.secret import fingerprint, new_secret
from millpond.database.group_commit import Transaction
from millpond.values import MICROSECONDS


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has just begun.

    Args:
        secret: what the browser keeps in its cookie.
        seconds: how long it lasts.
        principal: who has signed in.
    """

    secret: str
    seconds: int
    principal: Principal


def insert_session(transaction: Transaction, user: str, role: str, seconds: int) -> Session:
    """Begin a session, and forget those that are over."""
    table = tables.sessions
    now = transaction.clock.tick()
    transaction.connection.execute(delete(table).where(table.c.expires_at <= now))
    secret = new_secret()
    transaction.connection.execute(
        table.insert().values(
            sha256=fingerprint(secret),
            user_name=user,
            created_at=now,
            expires_at=now + seconds * MICROSECONDS,
        )
    )
    return Session(secret, seconds, Principal(f"user:{user}", role))


def end_session(transaction: Transaction, secret: str) -> None:
    """End a session; one that is over already is no error."""
    table = tables.sessions
    transaction.connection.execute(
        update(table)
        .where(table.c.sha256 == fingerprint(secret), table.c.ended_at.is_(None))
        .values(ended_at=transaction.clock.tick())
    )


def principal_of_session(connection: Connection, secret: str, now: int) -> Principal | None:
    """Who has signed in; None where the session is unknown or over, or the user disabled."""
    sessions, users = tables.sessions, tables.users
    row = connection.execute(
        select(users.c.name, users.c.role)
        .join(sessions, sessions.c.user_name == users.c.name)
        .where(
            sessions.c.sha256 == fingerprint(secret),
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
            users.c.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else Principal(f"user:{row.name}", row.role)
