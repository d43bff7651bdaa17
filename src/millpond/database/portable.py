"""A whole operational database as one SQLite file, whichever kind it is of, and back again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from millpond.database.connection import open_database, reading, writing
from millpond.database.schema import clock, facts, metadata
from millpond.errors import Conflict, DiskFull

#: Called with the number done and the number in all.
OnProgress = Callable[[int, int], None]

#: The fact that says which copy a database was filled with.
_MARK = "restored"
#: Pages of a file, and rows of a table, that are copied at once.
_PAGES = 2_000
_ROWS = 5_000


def copy_out(connection: Connection, path: Path, on_progress: OnProgress) -> None:
    """Write everything that a read transaction sees into a new SQLite file.

    Memory does not grow with the database, and nobody waits for it. Not durable by
    itself: the caller fsyncs the file.

    Raises:
        DiskFull: there is no room for it.
    """
    if connection.dialect.name == "sqlite":
        _copy_pages(connection, path, on_progress)
        return
    target = sqlite_file(path)
    try:
        with writing(target, lock="schema") as beside:
            metadata.create_all(beside)
            _copy_rows(connection, beside, on_progress)
    finally:
        target.dispose()


def copy_in(path: Path, engine: Engine, mark: str, on_progress: OnProgress) -> None:
    """Fill an empty database with what `copy_out` wrote, in one transaction.

    Args:
        mark: tells this copy from others; a database that bears it is left as it is.

    Raises:
        Conflict: the database holds a project already.
        DiskFull: there is no room for it, and nothing of it is kept.
    """
    source = sqlite_file(path)
    try:
        with reading(source) as connection, writing(engine, lock="schema") as target:
            if not check_empty(target, mark):
                return
            metadata.create_all(target)
            # An empty project has these rows, too.
            target.execute(facts.delete())
            target.execute(clock.delete())
            _copy_rows(connection, target, on_progress)
            target.execute(facts.delete().where(facts.c.name == _MARK))
            target.execute(facts.insert().values(name=_MARK, value=mark))
    finally:
        source.dispose()


def check_empty(connection: Connection, mark: str) -> bool:
    """Whether a database is still to be filled with the copy of that mark.

    Raises:
        Conflict: something was recorded in it that is none of that copy.
    """
    if not inspect(connection).has_table(clock.name):
        return True
    if connection.scalar(select(facts.c.value).where(facts.c.name == _MARK)) == mark:
        return False
    if connection.scalar(select(clock.c.last)):
        address = connection.engine.url.render_as_string()
        raise Conflict(
            f"the database {address} holds a project already; "
            "name an empty one with --database, such as sqlite:///lake/operations.db"
        )
    return True


def sqlite_file(path: Path) -> Engine:
    """An engine for such a file; once it is disposed of, the file is all there is."""
    return open_database(f"sqlite:///{path.name}", path.parent)


def _copy_pages(connection: Connection, path: Path, on_progress: OnProgress) -> None:
    """Copy the file page by page, through the very transaction that reads."""
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    # The snapshot of a transaction begins with what it first reads.
    connection.execute(select(facts)).all()
    target = sqlite3.connect(path, isolation_level=None)
    try:
        source.backup(
            target, pages=_PAGES, progress=lambda _, left, total: on_progress(total - left, total)
        )
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
            raise DiskFull(f"no room for a copy of the database in {path.parent}") from error
        raise
    finally:
        target.close()


def _copy_rows(source: Connection, target: Connection, on_progress: OnProgress) -> None:
    tables = metadata.sorted_tables
    for number, table in enumerate(tables):
        on_progress(number, len(tables))
        rows = source.execution_options(yield_per=_ROWS).execute(select(table)).mappings()
        for chunk in rows.partitions(_ROWS):
            target.execute(table.insert(), [dict(row) for row in chunk])
