"""PostgreSQL as the operational database: any number of processes, also of several machines.

A transaction that writes facts begins by locking the clock's row and runs at READ
COMMITTED. PostgreSQL lets go of a lock only after the transaction is on disk and
visible; so whoever has the row next sees everything that was written under it
before, and no two writers are ever between their first statement and their commit.

A transaction that reads runs at REPEATABLE READ: its one snapshot is taken at its
first statement. Where it sees the last moment of the clock, it sees the whole
transaction that wrote it, and every one before: each of those had become visible
before the next could have the lock. So every fact recorded up to that moment is
in the snapshot, and every later one is not. Readers wait for nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from millpond.database.backend import LOCK, Durability
from millpond.database.schema import clock, metadata
from millpond.errors import (
    Busy,
    Corrupted,
    DiskFull,
    Invalid,
    MillpondError,
    NotInstalled,
    ProjectError,
)

#: Of the lock under which tables are made, when there may be no clock yet.
_SCHEMA_LOCK = 0x6D69_6C6C
_ON_CONNECT = (
    # The default may be off; local and remote_apply are left, each outlasts a power cut here.
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
    "SET lock_timeout = '30s'",
    # The lock of a machine that is gone is free after half a minute, not two hours.
    "SET tcp_keepalives_idle = 15",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
#: Classes and codes of PostgreSQL's appendix A, "PostgreSQL Error Codes".
_NO_ROOM = ("53100",)
_LATER = ("08", "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05", "25P03")
_DAMAGED = ("58", "XX001", "XX002")
_FOR_A_PERSON = ("28", "3D", "42501", "3F", "25006")


class Postgresql:
    """The backend of ``postgresql+psycopg://`` addresses; a database holds one project."""

    reading: Mapping[str, Any] = {
        "isolation_level": "REPEATABLE READ",
        "postgresql_readonly": True,
    }

    def open(self, address: URL, folder: Path) -> Engine:
        """An engine for a database, which is to be there; nothing is connected yet."""
        if not address.database:
            raise ProjectError(
                "database.url names no database; "
                "it is like postgresql+psycopg://user@localhost/millpond"
            )
        try:
            engine = create_engine(
                address.set(drivername="postgresql+psycopg"),
                connect_args={"application_name": "millpond", "client_encoding": "utf8"},
                isolation_level="READ COMMITTED",
                pool_size=16,
                max_overflow=16,
                pool_pre_ping=True,
            )
        except ImportError as error:
            raise NotInstalled(
                "database.url is of PostgreSQL, whose driver is not installed; "
                "run: pip install 'millpond[postgresql]'"
            ) from error
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def translated(self, error: DBAPIError) -> MillpondError | None:
        """Told by the code that the server gives; without one, the connection is gone."""
        code = getattr(error.orig, "sqlstate", None) or ""
        said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if code.startswith(_NO_ROOM):
            return DiskFull("the disk of the operational database is full; nothing was kept")
        if code.startswith(_FOR_A_PERSON):
            return ProjectError(f"the operational database cannot be used: {said}")
        if code.startswith(_DAMAGED):
            return Corrupted(f"the operational database is damaged: {said}; restore a backup")
        if isinstance(error, DataError):
            return Invalid(f"the operational database does not take this: {said}")
        if code.startswith(_LATER) or error.connection_invalidated:
            return Busy(f"the operational database is busy or away: {said}")
        if isinstance(error, OperationalError) and not code:
            return Busy(f"the operational database cannot be reached: {said}")
        return None

    def durability(self, connection: Connection) -> Durability:
        """The version of the server, and the settings by which a commit lasts."""

        def show(name: str) -> str:
            return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())

        names = ("fsync", "synchronous_commit", "full_page_writes")
        settings = {name: show(name) for name in names}
        return Durability(
            f"PostgreSQL {show('server_version')}",
            settings,
            [
                f"{name} is off: a loss of power can undo or damage commits; "
                "set it to on in postgresql.conf"
                for name, value in settings.items()
                if value == "off"
            ],
        )

    def damages(self, connection: Connection) -> Sequence[str]:
        """None: the server checks its pages as it reads them (data checksums), if asked to."""
        return []

    def size(self, engine: Engine) -> int:
        """All of the database, as the server counts it."""
        with engine.connect() as connection:
            size = "SELECT pg_database_size(current_database())"
            return int(connection.exec_driver_sql(size).scalar_one())

    def shrink(self, engine: Engine) -> None:
        """``VACUUM``: the room is used again; a VACUUM FULL would keep all others waiting."""
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in metadata.sorted_tables:
                connection.exec_driver_sql(f'VACUUM (ANALYZE) "{table.name}"')


def _prepare(connection: Any, record: Any) -> None:
    connection.autocommit = True
    for statement in _ON_CONNECT:
        connection.execute(statement)
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    lock = connection.get_execution_options().get(LOCK)
    if lock == "facts":
        connection.execute(clock.select().with_for_update())
    elif lock == "schema":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
