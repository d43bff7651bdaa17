"""Reconciliation: is the history what was loaded, and what capture has?

Each file is read once. The rows of each load must be as many as it brought, and have
the checksum that was kept when it did; each row that is still in capture must be the
same there; and each hash difference must be that of its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, select

from millpond.capture.trim import TIMED
from millpond.database.connection import reading
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum
from millpond.history.hash_diff import first_hash_diffs, hash_diffs
from millpond.history.history import History
from millpond.history.horizon import archived_until
from millpond.history.load import not_loaded
from millpond.history.rows import batches, count
from millpond.history.tables import loaded_tables, loads
from millpond.history.vault import VAULT, VaultTable

#: Rows, and loads, whose capture rows are asked for at once.
_ROWS = 50_000
_LOADS = 500


def reconcile(
    engine: Engine, history: History, tables: Iterable[str] | None = None
) -> Iterator[str]:
    """What is amiss in the history, a sentence each, beginning with the name of the table.

    Memory does not grow with the number of rows.

    Args:
        tables: names of those of the vault to look at; all by default.
    """
    for name in VAULT if tables is None else tables:
        with reading(engine) as connection:
            try:
                yield from _Reconciliation(connection, history, VAULT[name]).problems()
            except Corrupted as error:
                yield str(error)


class _Reconciliation:
    """One table against what was loaded into it, in one pass over its files.

    The files hold the loads in their order, and the rows of each in theirs; so they are
    one stream, as the loads of the operational database are, and as capture is.
    """

    def __init__(self, connection: Connection, history: History, table: VaultTable) -> None:
        self._connection = connection
        self._table = table
        self._facts = table.fact_schema.names
        # Facts that leave capture are compared from the horizon on; others all.
        leaves = table.source.fact in TIMED
        self._horizon = archived_until(connection) if leaves else 0
        active = history.active(connection, [table.name])[table.name]
        self._loaded = _Stream(history.tables[table.name].rows(active.parts))
        self._compared = 0

    def problems(self) -> Iterator[str]:
        for group in self._groups():
            ids = [load["load_id"] for load in group]
            where = self._kept(self._table.source.fact.c.load_id.in_(ids))
            kept = _Stream(batches(self._connection, self._table, where, self._table.fact_schema))
            for load in group:
                found = next(self._load(load, kept), None)
                if found is not None:
                    # What follows would be compared with the rows of something else.
                    yield f"{self._table.name}: {found}"
                    return
        yield from (f"{self._table.name}: {found}" for found in self._left())

    def _groups(self) -> Iterator[list[RowMapping]]:
        """What the completed loads brought, in the order of the files, some at a time."""
        table = loaded_tables
        query = (
            select(table.c.load_id, table.c.rows, table.c.checksum)
            .join(loads, loads.c.load_id == table.c.load_id)
            .where(loads.c.completed_at.is_not(None), table.c.table_name == self._table.name)
            .order_by(table.c.version)
        )
        group: list[RowMapping] = []
        rows = 0
        for load in self._connection.execute(query).mappings().all():
            if group and (rows + load["rows"] > _ROWS or len(group) >= _LOADS):
                yield group
                group, rows = [], 0
            group.append(load)
            rows += load["rows"]
        if group:
            yield group

    def _load(self, load: RowMapping, kept: _Stream) -> Iterator[str]:
        """What is amiss with one load."""
        checksum = Checksum()
        for batch in self._loaded.take(load["rows"]):
            facts = batch.select(self._facts)
            since = facts.filter(pc.greater(facts["recorded_at"].cast(pa.int64()), self._horizon))
            yield from self._compare(since, kept, load["load_id"])
            if pc.any(pc.not_equal(batch["load_id"], load["load_id"])).as_py():
                yield f"load {load['load_id']} brought {load['rows']} rows, but fewer are there"
            yield from _wrong_hashes(self._table, batch)
            checksum.update(facts)
        if checksum.rows != load["rows"]:
            yield (
                f"load {load['load_id']} brought {load['rows']} rows, but {checksum.rows} are there"
            )
        # Loads of the first format may have none.
        if load["checksum"] not in (None, checksum.hexdigest()):
            yield f"the rows of load {load['load_id']} do not have the checksum that it had"

    def _compare(self, loaded: pa.RecordBatch, kept: _Stream, load_id: str) -> Iterator[str]:
        rows = list(kept.take(loaded.num_rows))
        ours = pa.Table.from_batches(rows, loaded.schema)
        self._compared += ours.num_rows
        if not ours.equals(pa.Table.from_batches([loaded])):
            key = _first_difference(ours, loaded)
            yield f"row {key} of load {load_id} is not as capture has it"

    def _left(self) -> Iterator[str]:
        """What no load accounts for, in capture or in the files."""
        fact = self._table.source.fact
        number = count(self._connection, self._table, self._kept(~not_loaded(fact)))
        if number != self._compared:
            yield f"capture has {number} loaded rows, but {self._compared} are there"
        for batch in self._loaded.take(None):
            # Rows of a load that has completed since, or never will, are none of ours.
            names = batch["load_id"].unique().to_pylist()
            completed = and_(loads.c.load_id.in_(names), loads.c.completed_at.is_not(None))
            for load_id in self._connection.scalars(select(loads.c.load_id).where(completed)):
                yield f"load {load_id} has more rows there than it brought"
                return

    def _kept(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(where, self._table.source.fact.c.recorded_at > self._horizon)


class _Stream:
    """Batches, of which a number of rows is taken at a time."""

    def __init__(self, found: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(found)
        self._waiting: pa.RecordBatch | None = None

    def take(self, rows: int | None) -> Iterator[pa.RecordBatch]:
        """The next rows, all that are left for None; fewer where there are no more."""
        while rows is None or rows > 0:
            batch = self._waiting or next(self._batches, None)
            if batch is None:
                return
            part = batch.slice(0, rows)
            rest = batch.slice(part.num_rows)
            self._waiting = rest if rest.num_rows else None
            if rows is not None:
                rows -= part.num_rows
            yield part


def _wrong_hashes(table: VaultTable, batch: pa.RecordBatch) -> Iterator[str]:
    """Rows of a satellite whose hash difference is not that of what they say."""
    if table.kind != "satellite":
        return
    names = [column.name for column in table.columns[1:]]
    right = hash_diffs(names, [batch[name] for name in names])
    wrong = batch.filter(pc.not_equal(batch["hash_diff"], right))
    first = first_hash_diffs(names, [wrong[name] for name in names])
    for key, found, old in zip(wrong[table.key], wrong["hash_diff"], first, strict=True):
        if found.as_py() != old:
            yield f"row {key} does not have the hash difference of what it says"


def _first_difference(ours: pa.Table, theirs: pa.RecordBatch) -> str:
    """The key of the first row in which two tables differ."""
    for one, other in zip_longest(ours.to_pylist(), theirs.to_pylist()):
        if one != other:
            return str(next(iter((one or other).values())))
    return "(none)"
