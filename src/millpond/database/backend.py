"""The seam of the operational database: what each kind of it must be able to do.

The built-in kinds are SQLite and PostgreSQL. Whatever is asked of the database is
SQLAlchemy Core; here is the little in which the kinds differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from millpond.errors import MillpondError
from millpond.seams import load_backend

#: The group of entry points; the name of an entry is that of the SQLAlchemy dialect.
SEAM = "millpond.databases"
#: Execution option of a connection that writes: the lock that its transaction begins with.
LOCK = "millpond_lock"


@dataclass(frozen=True)
class Durability:
    """What a database says of itself.

    Args:
        name: the product and its version.
        settings: those that decide whether a commit outlasts a loss of power.
        warnings: a sentence for each that does not.
    """

    name: str
    settings: Mapping[str, str]
    warnings: Sequence[str]


class Backend(Protocol):
    """One kind of operational database.

    A transaction that writes begins by waiting for the one write lock. So the order
    of ``recorded_at``, which is given out under it, is the order of commits.
    """

    @property
    def reading(self) -> Mapping[str, Any]:
        """Execution options by which all statements of a transaction see one moment."""
        ...

    def open(self, address: URL, folder: Path) -> Engine:
        """An engine whose write transactions (option `LOCK`: ``facts`` or ``schema``) queue.

        Raises:
            ProjectError: the address cannot be served.
            NotInstalled: the driver is missing.
        """
        ...

    def translated(self, error: DBAPIError) -> MillpondError | None:
        """The Millpond error of one of the driver's; None where there is none."""
        ...

    def durability(self, connection: Connection) -> Durability:
        """What the database says of itself."""
        ...

    def damages(self, connection: Connection) -> Sequence[str]:
        """What its own check finds wrong with its files."""
        ...

    def size(self, engine: Engine) -> int:
        """The bytes that it takes on its disk."""
        ...

    def shrink(self, engine: Engine) -> None:
        """Give back the room of what was deleted, while others go on writing."""
        ...


@cache
def backend_of(dialect: str) -> Backend:
    """The backend of an SQLAlchemy dialect.

    Raises:
        Invalid: there is none; the message lists those there are.
    """
    made: Backend = load_backend(SEAM, dialect)()
    return made
