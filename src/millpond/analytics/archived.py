"""The archived facts as tables for SQL, of which only a span of time is read.

Everything recorded up to the horizon is in completed loads, so a file counts unless its
load broke off, and of its rows those up to the horizon. Ids have no statistics in the
files, but moments have: a question that knows when something was recorded opens only the
files, and of these the row groups, of that time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
from sqlalchemy import Connection

from millpond.analytics.memory import InMemory
from millpond.analytics.source import quoted
from millpond.capture.reviews import Row
from millpond.errors import Corrupted
from millpond.history.history import History
from millpond.history.horizon import archived_until
from millpond.history.vault import VAULT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The first and the last moment of something, in microseconds since 1970.
Span: TypeAlias = tuple[int, int]


class ArchivedFacts:
    """Answers SQL over tables of the vault, as far as their facts were archived."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._engine = InMemory()

    def close(self) -> None:
        """Let go of the engine; a later question makes it anew."""
        self._engine.close()

    def rows(
        self,
        connection: Connection,
        names: Sequence[str],
        span: Span | None,
        sql: str,
        asked: pa.Table | None = None,
        **values: Any,
    ) -> list[Row]:
        """The rows that SQL answers.

        Args:
            connection: inside a read transaction of the operational database.
            names: of the tables that the SQL names.
            span: of which facts are read; None is all.
            asked: a table that the SQL may name so.
            values: of its parameters.

        Raises:
            Corrupted: a file cannot be read.
        """
        import duckdb

        try:
            with self._opened(connection, names, span) as cursor:
                if asked is not None:
                    cursor.register("asked", asked)
                found: list[Row] = cursor.sql(sql, params=values).to_arrow_table().to_pylist()
                return found
        except duckdb.IOException as error:
            raise Corrupted(f"the history cannot be read: {error}; run millpond verify") from error

    @contextmanager
    def _opened(
        self, connection: Connection, names: Sequence[str], span: Span | None
    ) -> Iterator[DuckDBPyConnection]:
        """A cursor with a view of each table, of what was recorded up to the horizon."""
        horizon = archived_until(connection)
        first, last = span or (0, horizon)
        last = min(last, horizon)
        found = self._history.active(connection, names)
        with self._engine.cursor() as cursor:
            cursor.execute("set TimeZone = 'UTC'")
            for name, active in found.items():
                paths = [
                    part.path for part in active.parts if part.first <= last and part.last >= first
                ]
                over = _over(name, paths, (first, last), active.evolved)
                cursor.register(f"{name}_none", VAULT[name].schema.empty_table())
                cursor.execute(f"create temp view {name} as {over}")
            yield cursor


def _over(name: str, paths: Sequence[str], span: Span, evolved: bool) -> str:
    """The rows of a table's files that were recorded in a span."""
    if not paths:
        return f"select * from {name}_none"
    listed = ", ".join(map(quoted, paths))
    return (
        f"select * from read_parquet([{listed}], union_by_name = {evolved})"
        f" where recorded_at >= make_timestamp({span[0]})::timestamptz"
        f" and recorded_at <= make_timestamp({span[1]})::timestamptz"
    )
