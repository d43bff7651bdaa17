"""Questions to the project: SQL over its views, as of any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import pyarrow as pa
from sqlalchemy import Engine

from millpond.analytics.answer import Answer as Answer
from millpond.analytics.catalogue import Catalogue
from millpond.analytics.definitions import definitions_then
from millpond.analytics.guard import tables_named, views_used
from millpond.analytics.own import check_usable
from millpond.analytics.query import HIDDEN, Parsed, Result, Task, run_locked
from millpond.analytics.relations import Relations, Wanted, relations
from millpond.analytics.view import View
from millpond.database.clock import machine_now, seal
from millpond.database.connection import reading
from millpond.errors import Busy, Invalid
from millpond.history.history import History
from millpond.history.vault import VAULT
from millpond.settings import QuerySection
from millpond.values import parse_moment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

#: Whether views are those of today, or as they were defined at the moment asked for.
Definitions = Literal["now", "then"]

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
        moment = self.moment(as_of, "as-of")
        if moment is not None:
            seal(self._engine, moment)
        return moment

    def moment(self, text: str | int | None, what: str) -> int | None:
        """The moment that a text means, in microseconds since 1970, perhaps to come.

        Args:
            what: the name that the caller has for it.

        Raises:
            Invalid: the text is no moment.
        """
        return text if text is None or isinstance(text, int) else self._parse(text, what)

    def views(self) -> dict[str, list[str]]:
        """The views that a query may name, with their columns in order."""
        return {name: list(view.columns) for name, view in self.catalogue.views().items()}

    def table(
        self,
        sql: str,
        as_of: int | None = None,
        parameters: Sequence[Any] = (),
        *,
        valid_at: int | None = None,
        stored: bool = True,
    ) -> pa.Table:
        """The answer to SQL of our own, over the views and the tables of the vault.

        A project's own views are not among them: they are SQL of a user (see `query`).

        Args:
            as_of: microseconds since 1970, as `resolve` gives them; None is the latest.
            parameters: values for each ``?`` of the SQL.
            valid_at: what was true at that moment, in microseconds since 1970; None for
                no bound.
            stored: whether rows may come from materializations.
        """
        with self._relation(sql, parameters, (as_of,), valid_at, stored) as relation:
            return relation.to_arrow_table()

    def batches(
        self, sql: str, as_of: int | None = None, parameters: Sequence[Any] = ()
    ) -> Iterator[pa.RecordBatch]:
        """As `table`, a record batch at a time, for answers that need not fit into memory."""
        with self._relation(sql, parameters, (as_of,)) as relation:
            yield from relation.to_arrow_reader(10_000)

    def query(
        self,
        sql: str,
        as_of: str | int | None = None,
        *,
        valid_at: str | int | None = None,
        definitions: Definitions = "now",
    ) -> Answer:
        """The answer to a user's SQL, run in a locked process under the limits.

        Args:
            as_of: what was known then, as `resolve` takes it.
            valid_at: what was true then, of facts that say when they were; written in
                the same ways, and perhaps to come.
            definitions: ``then`` answers with the views as they were defined at `as_of`.

        Raises:
            Invalid: the SQL or a moment is not allowed, does not fit, or takes too much.
            Busy: as many queries are under way as run at once.
        """
        moment, valid = self.resolve(as_of), self.moment(valid_at, "valid-at")

        def prepare(parsed: Parsed) -> Task:
            names = views_used(parsed.tree, parsed.views, HIDDEN)
            return self._task(parsed.views, names, lambda found: sql, (moment,), valid)

        with self.locked(sql, self._views(moment, definitions), prepare) as result:
            return Answer(self._gather(result), result.types, result.as_of)

    @contextmanager
    def locked(
        self,
        sql: str | None,
        views: Mapping[str, View],
        prepare: Callable[[Parsed], Task],
        limits: QuerySection | None = None,
    ) -> Iterator[Result]:
        """As `run_locked`, when there is a place for it.

        Raises:
            Busy: as many queries are under way as run at once.
        """
        if not self._places.acquire(timeout=self._limits.seconds):
            raise Busy(f"{_AT_ONCE} queries are under way; try again a little later")
        try:
            with run_locked(sql, limits or self._limits, views, prepare) as result:
                yield result
        finally:
            self._places.release()

    def _task(
        self,
        views: Mapping[str, View],
        names: list[str],
        sql: Callable[[Relations], str],
        moments: tuple[int | None, ...],
        valid_at: int | None = None,
        stored: bool = True,
    ) -> Task:
        check_usable(views, names)
        wanted = Wanted(tuple(names), moments, valid_at, stored)
        return Task(relations(self._engine, self._history, views, wanted), names, sql)

    def _views(self, moment: int | None, definitions: Definitions) -> Mapping[str, View]:
        if definitions not in get_args(Definitions):
            raise Invalid(f"definitions {definitions!r} is not one of now, then")
        views = self.catalogue.views()
        if definitions == "now" or moment is None:
            return views
        with reading(self._engine) as connection:
            return definitions_then(connection, views, moment)

    def _gather(self, result: Result) -> pa.Table:
        """The rows, when there are not too many."""
        batches, rows = [], 0
        for batch in result.batches:
            rows += batch.num_rows
            if rows > self._limits.rows:
                raise Invalid(
                    f"the query answers more than {self._limits.rows:,} rows; add a LIMIT, "
                    "aggregate, or raise query.rows in millpond.toml"
                )
            batches.append(batch)
        return pa.Table.from_batches(batches, result.schema)

    @contextmanager
    def _relation(
        self,
        sql: str,
        parameters: Sequence[Any],
        moments: tuple[int | None, ...],
        valid_at: int | None = None,
        stored: bool = True,
    ) -> Iterator[DuckDBPyRelation]:
        # Temporary views belong to their cursor, so questions do not see each other's.
        with self._duckdb().cursor() as cursor:
            cursor.execute("set TimeZone = 'UTC'")
            found = self._take(cursor, sql, Wanted((), moments, valid_at, stored))
            try:
                for statement in found.opening:
                    cursor.execute(statement)
                yield cursor.sql(sql, params=list(parameters))
            finally:
                for database in found.databases:
                    cursor.execute(f"detach database if exists {database}")

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

    def _take(self, cursor: DuckDBPyConnection, sql: str, wanted: Wanted) -> Relations:
        """What our SQL is answered from; the rows that are in no file are registered."""
        [(tree,)] = cursor.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
        views = self.catalogue.trusted()
        names = tuple(sorted({*VAULT, *views} & tables_named(tree)))
        wanted = replace(wanted, names=names)
        with relations(self._engine, self._history, views, wanted) as found:
            for name, schema, batches in found.tables():
                cursor.register(name, pa.Table.from_batches(batches, schema))
        return found

    def _parse(self, text: str, what: str) -> int:
        moment = parse_moment(text, now=machine_now())
        if moment is None:
            moment = self._named_moment(text.strip())
        if moment is None:
            raise Invalid(
                f"{what} {text!r} is no moment: write ISO 8601 (2026-01-31T12:00Z), a date, "
                "an age such as '2h ago', or the name of a snapshot"
            )
        return moment
