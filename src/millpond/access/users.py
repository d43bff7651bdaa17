"""The people of a project: their names, roles and passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from millpond.access import tables
from millpond.access.roles import check_role
from millpond.database.group_commit import Transaction
from millpond.errors import Conflict, Invalid, NotFound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in; times are in microseconds since 1970."""

    name: str
    role: str
    created_at: int
    disabled_at: int | None


def check_name(name: str) -> None:
    """Refuse a name of a user or a token that could be mistaken in a log.

    Raises:
        Invalid: the message says what a name is made of.
    """
    if _NAME.fullmatch(name) is None:
        raise Invalid(
            f"name {name!r} is not up to 64 letters, digits and . _ @ + -, "
            "beginning with a letter or a digit"
        )


def insert_user(transaction: Transaction, name: str, role: str, password_hash: str) -> None:
    """Add a user.

    Raises:
        Invalid: the name or the role does not fit.
        Conflict: the name is taken, by a disabled user too.
    """
    check_name(name)
    check_role(role)
    connection = transaction.connection
    if connection.scalar(select(tables.users.c.name).where(tables.users.c.name == name)):
        raise Conflict(f"user {name!r} exists already; choose another name")
    connection.execute(
        tables.users.insert().values(
            name=name,
            role=role,
            password_hash=password_hash,
            created_at=transaction.clock.tick(),
        )
    )


def disable(transaction: Transaction, name: str) -> None:
    """Let a user in no more, and end all of their sessions.

    Raises:
        NotFound: there is none of that name.
        Conflict: nobody would be left to manage the project.
    """
    users, sessions = tables.users, tables.sessions
    connection = transaction.connection
    now = transaction.clock.tick()
    found = {user.name: user for user in all_users(connection)}
    if name not in found:
        raise NotFound(f"no user {name!r}; `millpond user list` names them")
    admins = [u.name for u in found.values() if u.role == "admin" and u.disabled_at is None]
    if admins == [name]:
        raise Conflict(f"{name!r} is the only admin; add another before disabling this one")
    connection.execute(
        update(users)
        .where(users.c.name == name, users.c.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    connection.execute(
        update(sessions)
        .where(sessions.c.user_name == name, sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def all_users(connection: Connection) -> list[User]:
    """Every user, by name."""
    table = tables.users
    query = select(table.c.name, table.c.role, table.c.created_at, table.c.disabled_at)
    return [User(**row) for row in connection.execute(query.order_by(table.c.name)).mappings()]


def password_hash_of(connection: Connection, name: str) -> str | None:
    """The kept hash of a user who may sign in; None where there is none."""
    table = tables.users
    query = select(table.c.password_hash).where(table.c.name == name, table.c.disabled_at.is_(None))
    kept: str | None = connection.scalar(query)
    return kept
