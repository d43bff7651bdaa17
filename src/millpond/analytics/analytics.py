"""Questions to the project: SQL over its views, as of any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import Engine

from millpond.analytics.answer import Answer as Answer
from millpond.analytics.catalogue import Catalogue
from millpond.analytics.guard import tables_named
from millpond.analytics.query import run_query
from millpond.analytics.relations import relations
from millpond.database.clock import machine_now, seal
from millpond.errors import Busy, Invalid
from millpond.history.history import History
from millpond.history.vault import VAULT
from millpond.settings import QuerySection
from millpond.values import parse_moment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

#: User queries that run at once, each in a process with memory of its own.
_AT_ONCE = 4


class Analytics:
    """Answers SQL from the history and the rows not yet loaded, each fact once.

    Args:
        limits: of what a user's query may take.
        named_moment: the moment that a name stands for, such as a snapshot's, or None.
        catalogue: the views; by default those that every project has.
    """

    def __init__(
        self,
        engine: Engine,
        history: History,
        limits: QuerySection,
        named_moment: Callable[[str], int | None],
        catalogue: Catalogue | None = None,
    ) -> None:
        self._engine = engine
        self._history = history
        self._limits = limits
        self._named_moment = named_moment
        self.catalogue = catalogue or Catalogue()
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._connection: DuckDBPyConnection | None = None

    def close(self) -> None:
        """Let go of the engine; a later question makes it anew."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def resolve(self, as_of: str | int | None) -> int | None:
        """The moment that a user means, in microseconds since 1970; None stays the latest.

        After it, nothing will ever be recorded at or before that moment.

        Raises:
            Invalid: the text is no moment, or the moment is still to come.
        """
        if as_of is None:
            return None
        moment = as_of if isinstance(as_of, int) else self._parse(as_of)
        seal(self._engine, moment)
        return moment

    def views(self) -> dict[str, list[str]]:
        """The views that a query may name, with their columns in order."""
        return {name: list(view.columns) for name, view in self.catalogue.views().items()}

    def table(self, sql: str, as_of: int | None = None, parameters: Sequence[Any] = ()) -> pa.Table:
        """The answer to SQL of our own, over the views and the tables of the vault.

        Args:
            as_of: microseconds since 1970, as `resolve` gives them; None is the latest.
            parameters: values for each ``?`` of the SQL.
        """
        with self._relation(sql, as_of, parameters) as relation:
            return relation.to_arrow_table()

    def batches(
        self, sql: str, as_of: int | None = None, parameters: Sequence[Any] = ()
    ) -> Iterator[pa.RecordBatch]:
        """As `table`, a record batch at a time, for answers that need not fit into memory."""
        with self._relation(sql, as_of, parameters) as relation:
            yield from relation.to_arrow_reader(10_000)

    def query(self, sql: str, as_of: str | int | None = None) -> Answer:
        """The answer to a user's SQL, run in a locked process under the limits.

        Args:
            as_of: as `resolve` takes it.

        Raises:
            Invalid: the SQL or the moment is not allowed, does not fit, or takes too much.
            Busy: as many queries are under way as run at once.
        """
        moment = self.resolve(as_of)
        if not self._places.acquire(timeout=self._limits.seconds):
            raise Busy(f"{_AT_ONCE} queries are under way; try again a little later")
        try:
            return run_query(
                sql,
                self._limits,
                self.catalogue.trusted(),
                lambda views, names: relations(self._engine, self._history, views, names, moment),
            )
        finally:
            self._places.release()

    @contextmanager
    def _relation(
        self, sql: str, as_of: int | None, parameters: Sequence[Any]
    ) -> Iterator[DuckDBPyRelation]:
        # Temporary views belong to their cursor, so questions do not see each other's.
        with self._duckdb().cursor() as cursor:
            cursor.execute("set TimeZone = 'UTC'")
            self._make_views(cursor, sql, as_of)
            yield cursor.sql(sql, params=list(parameters))

    def _duckdb(self) -> DuckDBPyConnection:
        """The engine of our own questions, an empty database in memory, made at the first."""
        import duckdb

        with self._lock:
            if self._connection is None:
                # Names are those of views, never of Python variables; nothing is spilled
                # to a disk that erasure would not reach.
                self._connection = duckdb.connect(
                    config={"python_enable_replacements": "false", "temp_directory": ""}
                )
            return self._connection

    def _make_views(self, cursor: DuckDBPyConnection, sql: str, as_of: int | None) -> None:
        [(tree,)] = cursor.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
        views = self.catalogue.trusted()
        names = sorted({*VAULT, *views} & tables_named(tree))
        with relations(self._engine, self._history, views, names, as_of) as found:
            for name, schema, batches in found.tables():
                cursor.register(name, pa.Table.from_batches(batches, schema))
        for statement in found.statements:
            cursor.execute(statement)

    def _parse(self, text: str) -> int:
        moment = parse_moment(text, now=machine_now())
        if moment is None:
            moment = self._named_moment(text.strip())
        if moment is None:
            raise Invalid(
                f"as-of {text!r} is no moment: write ISO 8601 (2026-01-31T12:00Z), a date, "
                "an age such as '2h ago', or the name of a snapshot"
            )
        return moment
