"""What a query is given: each fact once, from the history or from the rows not yet loaded.

The protocol of a reader, in this order:

1. In one read transaction of the operational database, take the moment, the
   completed loads and the capture rows that none of them has.
2. Take the files of the Delta tables. They hold all rows of those loads by now,
   and perhaps rows of others.
3. Answer from the rows of the completed loads in the files and the capture rows,
   both recorded at or before the moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine, select

from millpond.analytics.catalogue import closure
from millpond.analytics.view import View
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.history.history import History
from millpond.history.load import not_loaded
from millpond.history.rows import batches
from millpond.history.tables import loads
from millpond.history.vault import VAULT

#: The name of the table of completed loads that the statements refer to.
COMPLETED = "completed_loads"


@dataclass(frozen=True)
class Relations:
    """What some views are answered from, as of a moment.

    Args:
        as_of: microseconds since 1970; facts recorded later are left out.
        statements: SQL that makes the views, once `tables` are known by their names.
        files: the Parquet files that the statements read.
    """

    as_of: int
    statements: list[str]
    files: list[str]
    _connection: Connection
    _vault: list[str]

    @property
    def table_names(self) -> list[str]:
        """The names of `tables`, in their order."""
        return [COMPLETED, *map(unloaded_name, self._vault)]

    def tables(self) -> Iterator[tuple[str, pa.Schema, Iterator[pa.RecordBatch]]]:
        """The Arrow tables that the statements refer to: name, schema and batches.

        To be taken one after the other, while the transaction is open.
        """
        completed = self._connection.scalars(
            select(loads.c.load_id).where(loads.c.completed_at.is_not(None))
        ).all()
        batch = pa.record_batch({"load_id": pa.array(completed, pa.string())})
        yield COMPLETED, batch.schema, iter([batch])
        for name in self._vault:
            table = VAULT[name]
            fact = table.source.fact
            where = not_loaded(fact) & (fact.c.recorded_at <= self.as_of)
            schema = table.query_schema
            rows = batches(self._connection, table, where, schema)
            yield unloaded_name(name), schema, rows


@contextmanager
def relations(
    engine: Engine,
    history: History,
    views: Mapping[str, View],
    names: Iterable[str],
    as_of: int | None,
) -> Iterator[Relations]:
    """What the named views and vault tables are answered from, in one read transaction.

    Args:
        views: those that there are, by name.
        as_of: microseconds since 1970; None for the last fact recorded.

    Raises:
        Corrupted: the history has less than was loaded.
    """
    needed = closure(names, views)
    vault = [name for name in needed if name in VAULT]
    with reading(engine) as connection:
        moment = last(connection) if as_of is None else as_of
        active = history.active(connection, vault)
        broken_off = _broken_off(connection)
        files = {
            name: [path for path in active[name].files if Path(path).stem not in broken_off]
            for name in vault
        }
        statements = []
        for name in needed:
            sql = _vault_sql(name, files[name], moment) if name in files else views[name].sql
            statements.append(f"create temp view {name} as {sql}")
        every = [path for name in vault for path in files[name]]
        yield Relations(moment, statements, every, connection, vault)


def _broken_off(connection: Connection) -> set[str]:
    """The loads that have not completed; whatever became of their files is of no account."""
    return set(connection.scalars(select(loads.c.load_id).where(loads.c.completed_at.is_(None))))


def _vault_sql(name: str, files: list[str], as_of: int) -> str:
    """The rows of a vault table: those loaded and those not, as one."""
    columns = ", ".join(field for field in VAULT[name].query_schema.names if field != "recorded_at")
    chosen = f"select {columns}, recorded_at::timestamp as recorded_at from"
    unloaded = f"{chosen} {unloaded_name(name)}"
    if not files:
        return unloaded
    paths = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return (
        f"{chosen} read_parquet([{paths}]) "
        f"where load_id in (select load_id from {COMPLETED}) "
        f"and recorded_at <= make_timestamp({as_of})::timestamptz "
        f"union all {unloaded}"
    )


def unloaded_name(name: str) -> str:
    """The name of the Arrow table of a vault table's rows that are not loaded yet."""
    return f"{name}_unloaded"
