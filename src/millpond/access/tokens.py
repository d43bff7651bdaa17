"""Tokens: how programs prove who they are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select, update

from millpond.access import tables
from millpond.access.principal import Principal
from millpond.access.roles import check_role
from millpond.access.secret import fingerprint, new_secret
from millpond.access.users import check_name
from millpond.database.group_commit import Transaction
from millpond.errors import Invalid, NotFound
from millpond.values import iso, new_id

PREFIX = "mp_"

# Built once: every request asks it.
_IN_USE = select(tables.tokens.c.name, tables.tokens.c.role, tables.tokens.c.app).where(
    tables.tokens.c.sha256 == bindparam("secret"),
    tables.tokens.c.revoked_at.is_(None),
    or_(tables.tokens.c.expires_at.is_(None), tables.tokens.c.expires_at > bindparam("now")),
)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token, which is not the token; times are in microseconds since 1970."""

    token_id: str
    name: str
    role: str
    app: str | None
    created_by: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None


def insert_token(
    transaction: Transaction,
    name: str,
    role: str,
    *,
    app: str | None,
    expires_at: int | None,
    by: str,
) -> str:
    """Make a token. Names need not be unique.

    Returns:
        The token itself, which cannot be had again.

    Raises:
        Invalid: the name or the role does not fit, or the end has passed.
    """
    check_name(name)
    check_role(role)
    now = transaction.clock.tick()
    if expires_at is not None and expires_at <= now:
        raise Invalid(f"a token that ends at {iso(expires_at)} has ended already")
    token = new_secret(PREFIX)
    transaction.connection.execute(
        tables.tokens.insert().values(
            token_id=new_id(),
            name=name,
            sha256=fingerprint(token),
            role=role,
            app=app,
            created_by=by,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token


def revoke(transaction: Transaction, which: str) -> int:
    """End a token by its id, or all of a name.

    Returns:
        How many ended.

    Raises:
        NotFound: no token of that id or name is in use.
    """
    table = tables.tokens
    done = transaction.connection.execute(
        update(table)
        .where(or_(table.c.token_id == which, table.c.name == which), table.c.revoked_at.is_(None))
        .values(revoked_at=transaction.clock.tick())
    )
    if not done.rowcount:
        raise NotFound(f"no token {which!r} is in use; `millpond token list` names them")
    return done.rowcount


def all_tokens(connection: Connection) -> list[Token]:
    """Every token, oldest first, ended ones included."""
    table = tables.tokens
    columns = [column for column in table.c if column.name != "sha256"]
    rows = connection.execute(select(*columns).order_by(table.c.created_at)).mappings()
    return [Token(**row) for row in rows]


def principal_of_token(connection: Connection, token: str, now: int) -> Principal | None:
    """Whom a token stands for; None where it is unknown, ended or revoked."""
    row = connection.execute(_IN_USE, {"secret": fingerprint(token), "now": now}).first()
    return None if row is None else Principal(f"token:{row.name}", row.role, row.app)
