"""SQLite as the operational database: one file, any number of processes of one machine.

It runs in WAL mode with ``synchronous=FULL``, so that a commit that was answered
has been fsynced (``NORMAL`` can roll back acknowledged commits after a power cut).
Writers begin with ``BEGIN IMMEDIATE``: they queue for the one write lock at their
first statement, never at their last. A reader sees the moment of its first one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from millpond.database.backend import LOCK, Durability
from millpond.errors import Busy, Corrupted, DiskFull, MillpondError, ProjectError

_BUSY_SECONDS = 30
#: What `sqlite3` calls the codes by which SQLite says that a write found no room.
#: ENOSPC is told as FULL; a quota, and the file that readers share, only as these.
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
#: Pages of 4 KiB that are given back in one transaction, and seconds until the next.
_PAGES = 500
_PAUSE = 0.01
#: How long writers may have to wait until no reader needs the log any more.
_CHECKPOINT_MS = 500
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")


class Sqlite:
    """The backend of ``sqlite:///`` addresses; a relative path lies in the project."""

    reading: Mapping[str, Any] = {}

    def open(self, address: URL, folder: Path) -> Engine:
        """An engine for a file, whose folder is made when it is missing."""
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

    def translated(self, error: DBAPIError) -> MillpondError | None:
        """Told by the extended code: "disk I/O error" alone may be a full disk or a broken one."""
        code = getattr(error.orig, "sqlite_errorname", "")
        if code in _NO_ROOM:
            return DiskFull("the disk of the operational database is full; nothing was kept")
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Busy("the operational database is busy")
        if code.startswith(_DAMAGED):
            return Corrupted(
                f"the operational database cannot be read or written ({code}: {error.orig}); "
                "look at its disk, then run: millpond verify"
            )
        return None

    def durability(self, connection: Connection) -> Durability:
        """The version of the library, and the two settings."""
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        full = connection.exec_driver_sql("PRAGMA synchronous").scalar_one() >= 2
        return Durability(
            f"SQLite {sqlite3.sqlite_version}",
            {"journal_mode": str(mode), "synchronous": "full" if full else "not full"},
            [] if full else ["synchronous is not full: a loss of power can undo commits"],
        )

    def damages(self, connection: Connection) -> Sequence[str]:
        """What ``PRAGMA quick_check`` finds."""
        found = connection.scalars(text("PRAGMA quick_check"))
        return [str(problem) for problem in found if problem != "ok"]

    def size(self, engine: Engine) -> int:
        """The file, and the log beside it that was not copied into it yet."""
        file = str(engine.url.database)
        return sum(
            path.stat().st_size for path in map(Path, (file, f"{file}-wal")) if path.exists()
        )

    def shrink(self, engine: Engine) -> None:
        """Move pages to the front and cut the file, in steps that hold the write lock shortly."""
        left = None
        while (free := self._vacuumed(engine)) and free != left:
            left = free
            time.sleep(_PAUSE)
        handle = engine.raw_connection()
        try:
            # A reader of an old moment may be in the way: then the next one cuts the log.
            handle.cursor().execute(f"PRAGMA busy_timeout={_CHECKPOINT_MS}")
            handle.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            # Not given back to the others: it would not wait for them.
            handle.invalidate()
            handle.close()

    @staticmethod
    def _vacuumed(engine: Engine) -> int:
        """Give back some pages; how many are still free."""
        try:
            with (
                engine.connect().execution_options(**{LOCK: "facts"}) as connection,
                connection.begin(),
            ):
                # More in one statement need it to be stepped on, which the driver does not.
                for _ in range(_PAGES):
                    connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
                return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
        except DBAPIError as error:
            raise (Sqlite().translated(error) or error) from error


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    # Transactions are begun by _begin, not by the driver's own guesses.
    connection.isolation_level = None
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        # Before anything is written, or it holds only after a VACUUM; and no more
        # later: it takes the write lock, which another may hold.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    write = LOCK in connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
