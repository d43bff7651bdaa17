"""The definitions of views through time: each version that was ever used, and since when.

A view is versioned with all that it is made from: its *fingerprint* changes when one
of them does, and what was materialized of another fingerprint is of no account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, String, Table, Text, select

from millpond.analytics.view import View, parse_view
from millpond.database.clock import Clock
from millpond.database.connection import reading, writing
from millpond.database.schema import metadata

view_definitions = Table(
    "view_definitions",
    metadata,
    Column("name", String(128), primary_key=True),
    #: From 1.
    Column("version", Integer, primary_key=True),
    Column("origin", String(16), nullable=False),
    #: None where the view was taken away.
    Column("sql", Text, nullable=True),
    Column("recorded_at", BigInteger, nullable=False),
)


def record_definitions(engine: Engine, views: Mapping[str, View]) -> int:
    """Keep each definition that is not the latest one kept, from now on.

    Args:
        views: all that the project has now.

    Returns:
        How many were kept.
    """
    with reading(engine) as connection:
        if not _changed(connection, views):
            return 0
    with writing(engine) as connection:
        clock = Clock(connection)
        changed = _changed(connection, views)
        for name, (version, sql, origin) in changed.items():
            connection.execute(
                view_definitions.insert().values(
                    name=name, version=version, origin=origin, sql=sql, recorded_at=clock.tick()
                )
            )
        clock.keep()
    return len(changed)


def definitions_then(
    connection: Connection, views: Mapping[str, View], moment: int
) -> dict[str, View]:
    """The views as they were defined at a moment; before their first version, as that says.

    Args:
        views: all that the project has now; those never kept stay as they are.
    """
    table = view_definitions
    found = dict(views)
    chosen: set[str] = set()
    # The latest up to the moment; of those that came later, the first.
    earlier = select(table).where(table.c.recorded_at <= moment).order_by(table.c.version.desc())
    later = select(table).where(table.c.recorded_at > moment).order_by(table.c.version)
    for row in (*connection.execute(earlier).all(), *connection.execute(later).all()):
        if row.name in chosen:
            continue
        chosen.add(row.name)
        if row.sql is None:
            found.pop(row.name, None)
        else:
            path = f"views/{row.name}.sql, version {row.version}" if row.origin == "own" else ""
            found[row.name] = parse_view(row.name, row.sql, row.origin, path)
    return dict(sorted(found.items()))


def fingerprints(views: Mapping[str, View]) -> dict[str, str]:
    """Of each view that is materialized: a hash of its definition and all that it needs."""
    known: dict[str, str] = {}

    def hash_of(name: str) -> str:
        if name not in known:
            view = views[name]
            below = [hash_of(needed) for needed in view.needs if needed in views]
            text = "\0".join([name, view.sql, *below])
            known[name] = hashlib.sha256(text.encode()).hexdigest()
        return known[name]

    return {name: hash_of(name) for name, view in views.items() if view.refresh is not None}


def _changed(
    connection: Connection, views: Mapping[str, View]
) -> dict[str, tuple[int, str | None, str]]:
    """The version, SQL and origin to keep, of each view whose latest definition differs."""
    table = view_definitions
    rows = connection.execute(select(table).order_by(table.c.name, table.c.version))
    latest = {row.name: row for row in rows}
    changed: dict[str, tuple[int, str | None, str]] = {}
    for name, view in views.items():
        kept = latest.get(name)
        if view.problem is None and (kept is None or kept.sql != view.sql):
            changed[name] = (kept.version + 1 if kept else 1, view.sql, view.origin)
    for name, kept in latest.items():
        if name not in views and kept.sql is not None:
            changed[name] = (kept.version + 1, None, kept.origin)
    return changed
