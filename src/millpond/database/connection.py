"""Connections to the operational database, with the durability that Millpond promises.

SQLite runs in WAL mode with ``synchronous=FULL``, so that a commit that was
answered has been fsynced (``NORMAL`` can roll back acknowledged commits after a
power cut). Writers begin with ``BEGIN IMMEDIATE``: they queue for the one write
lock at their first statement, never at their last.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from millpond.database.schema import clock, facts, metadata
from millpond.errors import Busy, DiskFull, MillpondError, ProjectError
from millpond.settings import FORMAT

_BUSY_SECONDS = 30


def open_database(url: str, folder: Path) -> Engine:
    """An engine for the address of the settings; relative SQLite paths lie in `folder`.

    Raises:
        ProjectError: the address names a database that this release does not serve.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        raise ProjectError(
            f"database.url {url!r} is not served by this release; use sqlite:///lake/operations.db"
        )
    if not address.database or address.database == ":memory:":
        raise ProjectError("database.url must name a file: an operational database is kept")
    path = folder / address.database
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        address.set(database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        pool_size=16,
        max_overflow=48,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def create_schema(engine: Engine) -> None:
    """Make the tables that are missing, and check that the format is one we know.

    Raises:
        ProjectError: a newer release has written this database.
    """
    with writing(engine) as connection:
        metadata.create_all(connection)
        found = connection.scalar(select(facts.c.value).where(facts.c.name == "format"))
        if found is None:
            connection.execute(facts.insert().values(name="format", value=str(FORMAT)))
            connection.execute(clock.insert().values(id=1, last=0))
        elif int(found) > FORMAT:
            raise ProjectError(
                f"the operational database is of format {found}, but this release reads up to "
                f"{FORMAT}; install a newer millpond"
            )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection inside one write transaction, committed at the end.

    Raises:
        DiskFull: there was no room; nothing of the transaction is kept.
        Busy: the write lock could not be had in time.
    """
    try:
        with (
            engine.connect().execution_options(millpond_write=True) as connection,
            connection.begin(),
        ):
            yield connection
    except DBAPIError as error:
        raise translated(error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection inside one read transaction: everything read is of one moment."""
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise translated(error) from error


def translated(error: DBAPIError) -> MillpondError | DBAPIError:
    """The Millpond error of a database error, where there is one."""
    text = str(error.orig)
    if "disk is full" in text or "No space left" in text or "disk I/O error" in text:
        return DiskFull("the disk of the operational database is full; nothing was kept")
    if isinstance(error, OperationalError) and "locked" in text:
        return Busy("the operational database is busy")
    return error


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    # Transactions are begun by _begin, not by the driver's own guesses.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("millpond_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
