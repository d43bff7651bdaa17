"""Reconciliation: is every row that was loaded in the history as capture has it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import pyarrow as pa
from sqlalchemy import Connection, Engine, select

from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history.history import History
from millpond.history.rows import batches
from millpond.history.tables import loaded_tables, loads
from millpond.history.vault import VAULT, VaultTable

#: Rows that are compared at once.
_SLICE = 2_000


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
    names = table.fact_schema.names
    kept = _slices(batches(connection, table, where, table.fact_schema))
    loaded = _slices(batch.select(names) for batch in history.tables[table.name].read(load_id))
    rows = 0
    try:
        for ours, theirs in zip_longest(kept, loaded):
            if ours is None or theirs is None or not ours.equals(theirs):
                key = _first_difference(ours, theirs)
                yield f"{table.name}: row {key} of load {load_id} is not as capture has it"
                return
            rows += ours.num_rows
    except Corrupted as error:
        yield str(error)
        return
    if rows != (counted or 0):
        yield f"{table.name}: load {load_id} brought {counted} rows, but {rows} are there"


def _slices(found: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows in slices of one size, however they were cut before."""
    waiting: list[pa.RecordBatch] = []
    for batch in found:
        waiting.append(batch)
        while sum(each.num_rows for each in waiting) >= _SLICE:
            whole = pa.concat_batches(waiting)
            yield whole.slice(0, _SLICE)
            waiting = [whole.slice(_SLICE)]
    if rest := [batch for batch in waiting if batch.num_rows]:
        yield pa.concat_batches(rest)


def _first_difference(ours: pa.RecordBatch | None, theirs: pa.RecordBatch | None) -> str:
    """The key of the first row in which two slices differ."""
    left, right = ([] if each is None else each.to_pylist() for each in (ours, theirs))
    for one, other in zip_longest(left, right):
        if one != other:
            return str(next(iter((one or other).values())))
    return "(none)"
