"""Materializations: the rows of a view as of a moment, in a Parquet file of the lake.

One row in the operational database completes a materialization; a file that none
names is of no account. The row stays for ever, so that it stays known what a view
was answered from; the file may go, and the same rows are then computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, Index, String, Table, select

from millpond.analytics.source import quoted
from millpond.database.schema import metadata

materializations = Table(
    "materializations",
    metadata,
    Column("materialization_id", String(36), primary_key=True),
    Column("view", String(128), nullable=False),
    #: Of the definition of the view and of all views that it is made from.
    Column("fingerprint", String(64), nullable=False),
    #: The moment that the rows are as of.
    Column("as_of", BigInteger, nullable=False),
    #: The moment from which on the view is answered from them.
    Column("recorded_at", BigInteger, nullable=False),
    #: Name and SQL type of each column, in order.
    Column("columns", JSON, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index("ix_materializations_view_recorded_at", "view", "recorded_at"),
)

#: How many of the latest are looked at for one that is near in time.
_FEW = 4


@dataclass(frozen=True)
class Stored:
    """A materialization.

    Args:
        as_of: microseconds since 1970; what the rows tell.
        recorded_at: since when the view is answered from them.
        path: of the file, which may be gone.
        columns: name and SQL type of each.
    """

    materialization_id: str
    view: str
    as_of: int
    recorded_at: int
    path: Path
    columns: tuple[tuple[str, str], ...]
    rows: int

    @property
    def is_there(self) -> bool:
        """Whether the file is."""
        return self.path.is_file()

    def sql(self, rest: str = "") -> str:
        """The rows, with the types that the view itself has.

        Args:
            rest: SQL that follows the name of the table.
        """
        columns = ", ".join(
            f"{_name(name)}::{kind} as {_name(name)}" for name, kind in self.columns
        )
        return f"select {columns} from read_parquet({quoted(str(self.path))}){rest}"


def stored_path(folder: Path, view: str, materialization_id: str) -> Path:
    """Where the file of a materialization lies."""
    return folder / view / f"{materialization_id}.parquet"


class StoredViews:
    """The materializations that there are of some views.

    Args:
        folder: with those of all views.
        fingerprints: of the definitions that are meant, by name.
    """

    def __init__(
        self, connection: Connection, folder: Path, fingerprints: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._fingerprints = fingerprints

    def newest(self, view: str, until: int | None = None) -> Stored | None:
        """The latest that there was at a moment, in microseconds since 1970; or of all."""
        return next(iter(self._list(view, until, 1)), None)

    def nearest(self, view: str, as_of: int) -> Stored | None:
        """Of the latest few whose files are there, the one whose rows are nearest in time."""
        there = (one for one in self._list(view, None, _FEW) if one.is_there)
        return min(there, key=lambda one: abs(one.as_of - as_of), default=None)

    def _list(self, view: str, until: int | None, most: int) -> list[Stored]:
        table = materializations
        query = select(table).where(
            table.c.view == view, table.c.fingerprint == self._fingerprints.get(view)
        )
        if until is not None:
            query = query.where(table.c.recorded_at <= until)
        rows = self._connection.execute(query.order_by(table.c.recorded_at.desc()).limit(most))
        return [_stored(self._folder, row) for row in rows]


def _stored(folder: Path, row: Any) -> Stored:
    return Stored(
        row.materialization_id,
        row.view,
        row.as_of,
        row.recorded_at,
        stored_path(folder, row.view, row.materialization_id),
        tuple((name, kind) for name, kind in row.columns),
        row.rows,
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
