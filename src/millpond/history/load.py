"""The load: capture rows into the history, each exactly once, whenever it is interrupted.

There is no commit across Delta tables. So every row carries the id of its load,
and a single row in the operational database says that the load is complete. A
reader takes the completed loads first, then the tables filtered by them, then
the capture rows of no completed load; a load that stopped half-way is therefore
never seen, and its rows are claimed again by the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import ColumnElement, Engine, Table, or_, select, update

from millpond.database.clock import last, machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Corrupted
from millpond.history.delta import DataFile
from millpond.history.history import History
from millpond.history.room import room
from millpond.history.rows import batches, count
from millpond.history.tables import loaded_tables, loads
from millpond.history.vault import FACTS, MOMENT, VAULT, VaultTable
from millpond.values import new_id

#: The most rows of one capture table in a load: it bounds how long the claim holds
#: the write lock, during which predictions wait.
CLAIM = 10_000


@dataclass(frozen=True)
class Loaded:
    """What a run of loads brought into the history.

    Args:
        load_id: of the last load; None where there was nothing to load.
        rows: written to the tables of the vault, all loads together.
    """

    load_id: str | None
    rows: int


def load(engine: Engine, commit: GroupCommit, history: History) -> Loaded:
    """Bring everything recorded so far into the history, in as many loads as it takes.

    Two at once are one after the other, and the second finds nothing. A load that
    was interrupted is taken over.

    Raises:
        Corrupted: what was written could not be read back; nothing counts of that load.
        DiskFull: there is no room for it; nothing counts of that load either.
    """
    loaded = Loaded(None, 0)
    with history.locked():
        with reading(engine) as connection:
            until = last(connection)
        while (step := Load(engine, commit, history)).claim(until):
            step.write()
            step.append()
            step.verify()
            loaded = Loaded(step.load_id, loaded.rows + step.complete())
    return loaded


def not_loaded(fact: Table) -> ColumnElement[bool]:
    """The rows of a capture table that no completed load has."""
    unfinished = select(loads.c.load_id).where(loads.c.completed_at.is_(None))
    return or_(fact.c.load_id.is_(None), fact.c.load_id.in_(unfinished))


class Load:
    """One load, in five steps. Only the holder of the history's lock may take them."""

    def __init__(self, engine: Engine, commit: GroupCommit, history: History) -> None:
        self.load_id = new_id()
        self._engine = engine
        self._commit = commit
        self._history = history
        self._loaded_at = machine_now()
        self._files: dict[str, DataFile] = {}
        self._versions: dict[str, int] = {}

    def claim(self, until: int, most: int = CLAIM) -> bool:
        """Step 1. Mark the rows that are to be loaded, those of unfinished loads among them.

        Args:
            until: rows recorded later are left, so that a load ends while others write.
            most: rows of one capture table, the oldest first.

        Returns:
            Whether there are any.
        """
        return self._commit.run(lambda transaction: self._claim(transaction, until, most))

    def write(self) -> None:
        """Step 2. Write the rows to Parquet files, and have them on disk."""
        with room(), reading(self._engine) as connection:
            for name, table in VAULT.items():
                rows = batches(connection, table, self._claimed(table), table.fact_schema)
                stamped = (self._stamp(table, batch) for batch in rows)
                file = self._history.tables[name].write(self.load_id, stamped)
                if file is not None:
                    self._files[name] = file

    def append(self) -> None:
        """Step 3. Add the files to the Delta tables, and have their logs on disk."""
        with room():
            for name, file in self._files.items():
                self._versions[name] = self._history.tables[name].append(file, self.load_id)

    def verify(self) -> None:
        """Step 4. Count what can be read back against what was claimed.

        Raises:
            Corrupted: the two differ.
        """
        with reading(self._engine) as connection:
            for name, table in VAULT.items():
                claimed = count(connection, table, self._claimed(table))
                batches = self._history.tables[name].read(self.load_id)
                found = sum(batch.num_rows for batch in batches)
                written = self._files[name].rows if name in self._files else 0
                if not claimed == written == found:
                    raise Corrupted(
                        f"load {self.load_id} claimed {claimed} rows of {name}, wrote {written} "
                        f"and found {found} in its files; they will be loaded again"
                    )

    def complete(self) -> int:
        """Step 5. Say in one row that the load counts, from this commit on.

        Returns:
            The rows written, all tables together.
        """
        rows = self._commit.run(self._complete)
        for name, version in self._versions.items():
            self._history.tables[name].checkpoint(version)
        return rows

    def _claim(self, transaction: Transaction, until: int, most: int) -> bool:
        claimed = 0
        for fact in FACTS:
            key = next(iter(fact.primary_key))
            chosen = (
                select(key)
                .where(not_loaded(fact), fact.c.recorded_at <= until)
                .order_by(fact.c.recorded_at)
                .limit(most)
            )
            result = transaction.connection.execute(
                update(fact).where(key.in_(chosen)).values(load_id=self.load_id)
            )
            claimed += result.rowcount
        if claimed:
            transaction.connection.execute(
                loads.insert().values(load_id=self.load_id, claimed_at=self._loaded_at)
            )
        return claimed > 0

    def _complete(self, transaction: Transaction) -> int:
        rows = sum(file.rows for file in self._files.values())
        transaction.connection.execute(
            loaded_tables.insert(),
            [
                {
                    "load_id": self.load_id,
                    "table_name": name,
                    "version": self._versions[name],
                    "rows": file.rows,
                }
                for name, file in self._files.items()
            ],
        )
        transaction.connection.execute(
            update(loads)
            .where(loads.c.load_id == self.load_id)
            .values(completed_at=machine_now(), rows=rows)
        )
        return rows

    def _claimed(self, table: VaultTable) -> ColumnElement[bool]:
        return table.source.fact.c.load_id == self.load_id

    def _stamp(self, table: VaultTable, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the columns that a load adds."""
        size = batch.num_rows
        added: list[pa.Array] = [
            pa.repeat(pa.scalar(self.load_id), size),
            pa.repeat(pa.scalar(self._loaded_at, pa.int64()), size).cast(MOMENT),
        ]
        if table.kind == "satellite":
            described = batch.columns[1 : len(table.columns)]
            added.append(pa.array(_hashes([column.to_pylist() for column in described])))
        return pa.record_batch([*batch.columns, *added], schema=table.schema)


def _hashes(columns: list[list[object]]) -> Iterator[str]:
    """A hash of what each row says of its key, so that equal descriptions can be told."""
    for row in zip(*columns, strict=True):
        yield hashlib.blake2b(repr(row).encode(), digest_size=16).hexdigest()
