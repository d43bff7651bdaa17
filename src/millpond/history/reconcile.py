"""Reconciliation: is every row that was loaded in the history as capture has it?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import pyarrow as pa
from sqlalchemy import Connection, Engine, select

from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history.history import History
from millpond.history.rows import batches
from millpond.history.tables import loaded_tables, loads
from millpond.history.vault import VAULT, VaultTable


def reconcile(engine: Engine, history: History) -> Iterator[str]:
    """What is amiss between capture and history, a sentence each.

    Every row of every completed load is read and compared with the capture row that
    it was made from, so nothing is missing, changed or there twice. Memory does not
    grow with the number of rows.
    """
    with reading(engine) as connection:
        try:
            history.active(connection, VAULT)
        except Corrupted as error:
            yield str(error)
            return
        completed = select(loads.c.load_id).where(loads.c.completed_at.is_not(None))
        for load_id in connection.scalars(completed.order_by(loads.c.claimed_at)).all():
            for table in VAULT.values():
                yield from _compare(connection, history, table, load_id)


def _compare(
    connection: Connection, history: History, table: VaultTable, load_id: str
) -> Iterator[str]:
    where = table.source.fact.c.load_id == load_id
    counted = connection.scalar(
        select(loaded_tables.c.rows).where(
            loaded_tables.c.load_id == load_id, loaded_tables.c.table_name == table.name
        )
    )
    loaded = (
        batch.select(table.fact_schema.names) for batch in history.tables[table.name].read(load_id)
    )
    rows = 0
    try:
        for kept, found in zip_longest(_rows(batches(connection, table, where)), _rows(loaded)):
            if kept != found:
                key = (kept or found or {}).get(table.key)
                yield f"{table.name}: row {key} of load {load_id} is not as capture has it"
                return
            rows += 1
    except Corrupted as error:
        yield str(error)
        return
    if rows != (counted or 0):
        yield f"{table.name}: load {load_id} brought {counted} rows, but {rows} are there"


def _rows(found: Iterator[pa.RecordBatch]) -> Iterator[dict[str, object]]:
    for batch in found:
        yield from batch.to_pylist()
