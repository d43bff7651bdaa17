"""Connections to the operational database: transactions that read, and those that write.

Writers queue for one write lock, also across processes, and each commit is on disk
when it returns. A reader sees one moment from its first statement to its last, and
waits for nobody. How each kind of database does it is in its own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from millpond.database.backend import LOCK, SEAM, backend_of
from millpond.database.schema import clock, facts, metadata
from millpond.errors import MillpondError, ProjectError
from millpond.seams import backend_names
from millpond.settings import FORMAT, check_format


def open_database(url: str, folder: Path) -> Engine:
    """An engine for the address of the settings; relative SQLite paths lie in `folder`.

    Raises:
        ProjectError: the address names a database that this release does not serve.
        NotInstalled: the driver of the database is missing.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ProjectError(f"database.url {url!r} is no address of a database") from error
    kind = address.get_backend_name()
    if kind not in backend_names(SEAM):
        raise ProjectError(
            f"database.url {address.render_as_string()!r} is not served by this release; "
            f"it serves {', '.join(backend_names(SEAM))}: use sqlite:///lake/operations.db"
        )
    return backend_of(kind).open(address, folder)


def create_schema(engine: Engine) -> None:
    """Make the tables that are missing, and check that the format is the one we know.

    Raises:
        ProjectError: a newer release has written this database, or an older one.
    """
    with reading(engine) as connection:
        if _is_complete(connection):
            return
    with writing(engine, lock="schema") as connection:
        found = _format(connection)
        metadata.create_all(connection)
        if found is None:
            connection.execute(facts.insert().values(name="format", value=str(FORMAT)))
            connection.execute(clock.insert().values(id=1, last=0))


def _is_complete(connection: Connection) -> bool:
    """Whether every table is there; so a project opens without waiting for a writer."""
    known = set(inspect(connection).get_table_names())
    return _format(connection) is not None and known.issuperset(metadata.tables)


def _format(connection: Connection) -> int | None:
    """The format of a database, checked; None where it is new."""
    if not inspect(connection).has_table(facts.name):
        return None
    found = connection.scalar(select(facts.c.value).where(facts.c.name == "format"))
    if found is not None:
        check_format(int(found), "the operational database")
    return None if found is None else int(found)


@contextmanager
def writing(engine: Engine, *, lock: str = "facts") -> Iterator[Connection]:
    """A connection inside one write transaction, committed at the end.

    Args:
        lock: ``schema`` to change tables, when the clock may not be there yet.

    Raises:
        DiskFull: there was no room; nothing of the transaction is kept.
        Busy: the write lock could not be had in time, or the server went away. When it
            went away during the commit, it cannot be told whether that was kept.
    """
    try:
        with (
            engine.connect().execution_options(**{LOCK: lock}) as connection,
            connection.begin(),
        ):
            yield connection
    except DBAPIError as error:
        raise translated(engine, error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection inside one read transaction: everything read is of one moment."""
    options = backend_of(engine.dialect.name).reading
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise translated(engine, error) from error


def translated(engine: Engine, error: DBAPIError) -> MillpondError | DBAPIError:
    """The Millpond error of a database error, where there is one."""
    return backend_of(engine.dialect.name).translated(error) or error
