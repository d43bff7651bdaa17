"""Questions to the project: SQL over its views, as of any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, get_args

import pyarrow as pa
from sqlalchemy import Engine

from millpond.analytics.answer import Answer as Answer
from millpond.analytics.catalogue import Catalogue, closure
from millpond.analytics.definitions import definitions_then, record_definitions
from millpond.analytics.guard import views_used
from millpond.analytics.inside import Inside
from millpond.analytics.own import check_usable
from millpond.analytics.query import HIDDEN, Parsed, Result, Task, run_locked, understood
from millpond.analytics.relations import Relations, Wanted, relations
from millpond.analytics.view import View
from millpond.database.clock import last, machine_now, seal
from millpond.database.connection import reading
from millpond.errors import Busy, Invalid
from millpond.history.history import History
from millpond.history.vault import VAULT
from millpond.settings import QuerySection
from millpond.values import parse_moment

#: Whether views are those of today, or as they were defined at the moment asked for.
Definitions = Literal["now", "then"]

#: User queries that run at once, each in a process with memory of its own.
_AT_ONCE = 4
_BATCH = 10_000


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
        self._inside = Inside()

    def close(self) -> None:
        """Let go of the engine; a later question makes it anew."""
        self._inside.close()

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

    def fixed(self, as_of: str | int | None) -> int:
        """As `resolve`; None is the moment of the last fact."""
        moment = self.resolve(as_of)
        if moment is not None:
            return moment
        with reading(self._engine) as connection:
            return last(connection)

    def moment(self, text: str | int | None, what: str) -> int | None:
        """The moment that a text means, in microseconds since 1970, perhaps to come.

        Args:
            what: the name that the caller has for it.

        Raises:
            Invalid: the text is no moment.
        """
        if text is None or isinstance(text, int):
            return text
        found = parse_moment(text, now=machine_now())
        if found is None:
            found = self._named_moment(text.strip())
        if found is None:
            raise Invalid(
                f"{what} {text!r} is no moment: write ISO 8601 (2026-01-31T12:00Z), a date, "
                "an age such as '2h ago', or the name of a snapshot"
            )
        return found

    def views(self) -> dict[str, list[str]]:
        """The views that a query may name, with their columns in order, as their heads say."""
        return {name: list(view.columns) for name, view in self.catalogue.views().items()}

    def understood(self) -> Mapping[str, View]:
        """Every view, with what it is made from; those of the project itself are parsed."""
        return understood(self._limits, self.catalogue.views())

    # SQL of our own, in this process, over views that are no user's.

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
        found = self._found(sql, as_of, valid_at, stored)
        with self._inside.relation(found, lambda _: sql, parameters) as (_, relation):
            return relation.to_arrow_table()

    def batches(
        self, sql: str, as_of: int | None = None, parameters: Sequence[Any] = ()
    ) -> Iterator[pa.RecordBatch]:
        """As `table`, a record batch at a time, for answers that need not fit into memory."""
        found = self._found(sql, as_of)
        with self._inside.relation(found, lambda _: sql, parameters) as (_, relation):
            yield from relation.to_arrow_reader(_BATCH)

    def _found(
        self, sql: str, as_of: int | None, valid_at: int | None = None, stored: bool = True
    ) -> AbstractContextManager[Relations]:
        views = self.catalogue.trusted()
        names = {*VAULT, *views} & self._inside.named_in(sql)
        wanted = Wanted(tuple(sorted(names)), (as_of,), valid_at, stored)
        return relations(self._engine, self._history, views, wanted)

    # SQL of users, and views of theirs, in a locked process.

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
            if definitions == "now" and self._has_own(parsed.views, names):
                record_definitions(self._engine, parsed.views)
            return self._task(parsed, Wanted(tuple(names), (moment,), valid), lambda _: sql)

        with self._locked(sql, self._views(moment, definitions), prepare) as result:
            return Answer(self.gathered(result), result.types, result.as_of)

    @contextmanager
    def ask(
        self, wanted: Wanted, sql: Callable[[Relations], str], limits: QuerySection | None = None
    ) -> Iterator[Result]:
        """The answer to SQL of our own over any views, the project's own ones too.

        Args:
            wanted: names and moments of the views.
            sql: made from what the views are called.
            limits: of the locked process, where a view is a user's.

        Raises:
            Invalid: a view is not there, or is wrong; the message says where and how.
            Busy: as many queries are under way as run at once.
        """
        views = self.catalogue.views()
        for name in wanted.names:
            if name not in views and name not in VAULT:
                raise Invalid(f"view {name!r} is not found; existing views: {', '.join(views)}")
        trusted = self.catalogue.trusted()
        if all(name in trusted or name in VAULT for name in wanted.names):
            found = relations(self._engine, self._history, trusted, wanted)
            with self._inside.relation(found, sql) as (given, relation):
                types = tuple(str(kind) for kind in relation.types)
                reader = relation.to_arrow_reader(_BATCH)
                yield Result(reader.schema, types, given.as_of, iter(reader))
        else:
            with self._locked(
                None, views, lambda parsed: self._task(parsed, wanted, sql), limits
            ) as result:
                yield result

    def gathered(self, result: Result) -> pa.Table:
        """The rows of an answer, when there are not too many.

        Raises:
            Invalid: there are.
        """
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
    def _locked(
        self,
        sql: str | None,
        views: Mapping[str, View],
        prepare: Callable[[Parsed], Task],
        limits: QuerySection | None = None,
    ) -> Iterator[Result]:
        if not self._places.acquire(timeout=self._limits.seconds):
            raise Busy(f"{_AT_ONCE} queries are under way; try again a little later")
        try:
            with run_locked(sql, limits or self._limits, views, prepare) as result:
                yield result
        finally:
            self._places.release()

    def _task(self, parsed: Parsed, wanted: Wanted, sql: Callable[[Relations], str]) -> Task:
        check_usable(parsed.views, wanted.names)
        found = relations(self._engine, self._history, parsed.views, wanted)
        return Task(found, list(wanted.names), sql)

    def _has_own(self, views: Mapping[str, View], names: list[str]) -> bool:
        needed = closure(names, views)
        return any(name in views and views[name].origin == "own" for name in needed)

    def _views(self, moment: int | None, definitions: Definitions) -> Mapping[str, View]:
        if definitions not in get_args(Definitions):
            raise Invalid(f"definitions {definitions!r} is not one of now, then")
        views = self.catalogue.views()
        if definitions == "now" or moment is None:
            return views
        with reading(self._engine) as connection:
            return definitions_then(connection, views, moment)
