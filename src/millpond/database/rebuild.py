"""What upgrades do to a SQLite file as a whole: a copy, a table in a new form, a VACUUM.

PostgreSQL changes its tables in place; it has been served since format 2.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, Table, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from millpond.database.connection import reading, translated
from millpond.database.migrations import Extent, Ground, Step
from millpond.durable import PART, sync_file, sync_folder


def copy_path(engine: Engine, suffix: str) -> Path | None:
    """Where a copy of the database lies, under its name and a suffix; None where it is no file."""
    if engine.dialect.name != "sqlite":
        return None
    path = Path(str(engine.url.database))
    return path.with_name(path.name + suffix)


def keep_copy(engine: Engine, copy: Path) -> None:
    """Copy the file of the database durably.

    1.  Copy what is committed to a file beside, as of one moment.
    2.  Have it on disk, and only then give it its name.
    """
    aside = copy.with_name(f"{PART}{copy.name}")
    aside.unlink(missing_ok=True)
    with _driver(engine) as connection, closing(sqlite3.connect(aside)) as target:
        connection.backup(target)
    sync_file(aside)
    os.replace(aside, copy)
    sync_folder(copy.parent)


def rebuild(engine: Engine, table: Table) -> None:
    """Give a table the form that it is declared in, with its rows; SQLite has no other way.

    After "Making Other Kinds Of Table Schema Changes" in SQLite's documentation of
    ALTER TABLE: all of it is one transaction, in which foreign keys are not looked at
    until its end. Columns that are no longer declared go.
    """
    if engine.dialect.name != "sqlite":
        return
    aside = f"{table.name}_rebuilt"
    form = str(CreateTable(table).compile(engine))
    with _driver(engine) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("BEGIN IMMEDIATE")
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        columns = ", ".join(f'"{each.name}"' for each in table.columns if each.name in there)
        connection.execute(form.replace(f"TABLE {table.name} ", f"TABLE {aside} ", 1))
        connection.execute(f"INSERT INTO {aside} ({columns}) SELECT {columns} FROM {table.name}")
        connection.execute(f"DROP TABLE {table.name}")
        connection.execute(f"ALTER TABLE {aside} RENAME TO {table.name}")
        for index in table.indexes:
            connection.execute(str(CreateIndex(index).compile(engine)))
        lost = connection.execute(f"PRAGMA foreign_key_check({table.name})").fetchall()
        if lost:
            raise sqlite3.IntegrityError(f"{len(lost)} rows of {table.name} refer to nothing")
        connection.execute("COMMIT")


def rebuilt(name: str, table: Table) -> Step:
    """The step of a migration that rebuilds a table."""

    def measure(ground: Ground) -> Extent:
        with reading(ground.engine) as connection:
            return Extent(rows=connection.scalar(select(func.count()).select_from(table)) or 0)

    return Step(name, lambda ground: rebuild(ground.engine, table), measure)


def make_shrinkable(engine: Engine) -> None:
    """Have a SQLite file give room back bit by bit from now on; it is written anew once."""
    if engine.dialect.name != "sqlite":
        return
    with _driver(engine) as connection:
        if connection.execute("PRAGMA auto_vacuum").fetchone() != (2,):
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _driver(engine: Engine) -> Iterator[sqlite3.Connection]:
    """A connection of the driver itself, for what a transaction of ours cannot do.

    Raises:
        DiskFull, Busy, Corrupted: as in any transaction; what was begun is undone.
    """
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    try:
        yield connection
    except sqlite3.Error as error:
        raise translated(engine, OperationalError("", {}, error)) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        # Settings of the connection itself end with it.
        pooled.invalidate()
