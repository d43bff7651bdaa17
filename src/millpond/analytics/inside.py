"""The engine in this process, for SQL of our own over views that are no user's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from millpond.analytics.guard import tables_named
from millpond.analytics.memory import InMemory
from millpond.analytics.relations import Relations

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation


class Inside:
    """An empty database in memory; each question makes its views in it, and takes them away."""

    def __init__(self) -> None:
        self._engine = InMemory()

    def close(self) -> None:
        """Let go of the engine; a later question makes it anew."""
        self._engine.close()

    def named_in(self, sql: str) -> set[str]:
        """The names that SQL of our own gives for tables."""
        with self._engine.cursor() as cursor:
            [(tree,)] = cursor.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
        return tables_named(tree)

    @contextmanager
    def relation(
        self,
        relations: AbstractContextManager[Relations],
        sql: Callable[[Relations], str],
        parameters: Sequence[Any] | Mapping[str, Any] = (),
    ) -> Iterator[tuple[Relations, DuckDBPyRelation]]:
        """What SQL answers, over what its views are answered from.

        Args:
            sql: made from what the relations say.
            parameters: values for each ``?`` of it.
        """
        # Temporary views belong to their cursor, so questions do not see each other's.
        with self._engine.cursor() as cursor:
            cursor.execute("set TimeZone = 'UTC'")
            with relations as found:
                for name, schema, batches in found.tables():
                    # As tables of its own the engine knows how many rows they have, and
                    # joins in a good order; of Arrow tables it does not.
                    cursor.register("given", pa.Table.from_batches(batches, schema))
                    cursor.execute(f"create temp table {name} as from given")
                    cursor.unregister("given")
            try:
                for statement in found.opening:
                    cursor.execute(statement)
                yield found, cursor.sql(sql(found), params=list(parameters))
            finally:
                cursor.execute("use memory")
                for database in found.databases:
                    cursor.execute(f"detach database if exists {database}")
