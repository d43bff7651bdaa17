"""The load: capture rows into the history, each exactly once, whenever it is interrupted.

There is no commit across Delta tables. So every row carries the id of its load,
and a single row in the operational database says that the load is complete. A
reader takes the completed loads first, then the tables filtered by them, then
the capture rows of no completed load; a load that stopped half-way is therefore
never seen, and its rows are claimed again by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Engine, Table, or_, select, update

from millpond.database.clock import last, machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum, checksum_of
from millpond.history.data_file import DataFile, NewFile
from millpond.history.hash_diff import hash_diffs
from millpond.history.history import History
from millpond.history.maintain import tidy
from millpond.history.room import room
from millpond.history.rows import count, projections, sources
from millpond.history.sweep import sweep_locked
from millpond.history.tables import loaded_tables, loads
from millpond.history.totals import add_to_totals
from millpond.history.vault import FACTS, MOMENT, VAULT, VaultTable
from millpond.values import new_id

#: The most rows of one capture table that are claimed in one transaction: it bounds how
#: long the write lock is held, during which predictions wait.
CLAIM = 10_000
#: The most rows of one capture table in a load: what a load costs by itself is shared.
LOAD = 50_000
#: Files and logs are waited for at once, not one after the other.
_THREADS = 8


@dataclass(frozen=True)
class Loaded:
    """What a run of loads brought into the history.

    Args:
        load_id: of the last load; None where there was nothing to load.
        rows: written to the tables of the vault, all loads together.
        until: everything recorded up to this moment is in the history, in microseconds
            since 1970.
    """

    load_id: str | None
    rows: int
    until: int


def load(engine: Engine, commit: GroupCommit, history: History) -> Loaded:
    """Bring everything recorded so far into the history, in as many loads as it takes.

    Two at once are one after the other, and the second finds nothing. What a load that
    was interrupted left behind is swept first, and its rows are loaded anew.

    Raises:
        Corrupted: what was written could not be read back; nothing counts of that load.
        DiskFull: there is no room for it; nothing counts of that load either.
    """
    with history.locked():
        sweep_locked(engine, commit, history)
        with reading(engine) as connection:
            until = last(connection)
        load_id, rows = None, 0
        # While one load is finished, the next is claimed and written.
        with ThreadPoolExecutor(1) as pool:
            finished: list[Future[int]] = []
            while (step := Load(engine, commit, history)).claim(until):
                step.write()
                rows += sum(each.result() for each in finished)
                load_id, finished = step.load_id, [pool.submit(step.finish)]
            rows += sum(each.result() for each in finished)
    return Loaded(load_id, rows, until)


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

    def claim(self, until: int, most: int = LOAD) -> bool:
        """Step 1. Mark the rows that are to be loaded, a bounded number in each transaction.

        Args:
            until: rows recorded later are left, so that a load ends while others write.
            most: rows of one capture table, the oldest first.

        Returns:
            Whether there are any.
        """
        claimed = False
        for fact in FACTS:
            left = most
            while left > 0:
                chunk = min(CLAIM, left)
                found = self._commit.run(partial(self._claim, fact, until, chunk))
                claimed = claimed or found > 0
                left = left - found if found == chunk else 0
        return claimed

    def write(self) -> None:
        """Step 2. Write the rows to Parquet files, and have them on disk."""
        with room(), reading(self._engine) as connection:
            for tables in sources():
                claimed = tables[0].source.fact.c.load_id == self.load_id
                self._write(tables, projections(connection, tables, claimed))

    def finish(self) -> int:
        """Steps 3 to 5; the rows written, all tables together."""
        self.append()
        self.verify()
        rows = self.complete()
        with room():
            tidy(self._history, self._versions)
        return rows

    def append(self) -> None:
        """Step 3. Add the files to the Delta tables, and have their logs on disk."""
        with room(), ThreadPoolExecutor(_THREADS) as pool:
            appended = {
                name: pool.submit(self._history.tables[name].append, file)
                for name, file in self._files.items()
            }
            self._versions = {name: version.result() for name, version in appended.items()}

    def verify(self) -> None:
        """Step 4. Compare what can be read back with what was claimed, by count and checksum.

        Raises:
            Corrupted: the two differ.
        """
        with ThreadPoolExecutor(2) as pool:
            found = {name: pool.submit(self._read_back, name) for name in VAULT}
            with reading(self._engine) as connection:
                claimed = self._count_claimed(connection)
            for name in VAULT:
                self._compare(name, claimed[name], found[name].result())

    def complete(self) -> int:
        """Step 5. Say in one row that the load counts, from this commit on.

        Returns:
            The rows written, all tables together.
        """
        return self._commit.run(self._complete)

    def _claim(self, fact: Table, until: int, most: int, transaction: Transaction) -> int:
        connection = transaction.connection
        known = select(loads.c.load_id).where(loads.c.load_id == self.load_id)
        key = next(iter(fact.primary_key))
        chosen = (
            select(key)
            .where(fact.c.load_id.is_(None), fact.c.recorded_at <= until)
            .order_by(fact.c.recorded_at, key)
            .limit(most)
        )
        claimed = connection.execute(
            update(fact).where(key.in_(chosen)).values(load_id=self.load_id)
        ).rowcount
        if claimed and connection.scalar(known) is None:
            connection.execute(
                loads.insert().values(load_id=self.load_id, claimed_at=self._loaded_at)
            )
        return claimed

    def _write(self, tables: list[VaultTable], rows: Iterator[list[pa.RecordBatch]]) -> None:
        """Write the rows of the tables of one source side by side, while the next are read."""
        with ExitStack() as stack, ThreadPoolExecutor(_THREADS) as pool:
            files = [self._history.tables[table.name].new_file(self.load_id) for table in tables]
            for file in files:
                stack.callback(file.close)
            written: list[Future[None]] = []
            for batches in rows:
                for each in written:
                    each.result()
                written = [
                    pool.submit(self._write_batch, *each)
                    for each in zip(tables, files, batches, strict=True)
                ]
            for each in written:
                each.result()
            finished = pool.map(NewFile.finish, files)
            for table, done in zip(tables, finished, strict=True):
                if done is not None:
                    self._files[table.name] = done

    def _write_batch(self, table: VaultTable, file: NewFile, batch: pa.RecordBatch) -> None:
        file.write(self._stamp(table, batch))

    def _read_back(self, name: str) -> Checksum:
        facts = VAULT[name].fact_schema.names
        return checksum_of(
            batch.select(facts) for batch in self._history.tables[name].read(self.load_id)
        )

    def _count_claimed(self, connection: Connection) -> dict[str, int]:
        """The rows that each table of the vault is to have."""
        claimed = {}
        for tables in sources():
            where = tables[0].source.fact.c.load_id == self.load_id
            counts: dict[int, int] = {}
            for table in tables:
                part = id(table.present)
                if part not in counts:
                    counts[part] = count(connection, table, where)
                claimed[table.name] = counts[part]
        return claimed

    def _compare(self, name: str, claimed: int, found: Checksum) -> None:
        file = self._files.get(name)
        rows = file.rows if file else 0
        if not claimed == rows == found.rows:
            raise Corrupted(
                f"load {self.load_id} claimed {claimed} rows of {name}, wrote {rows} and found "
                f"{found.rows} in its files; they will be loaded again"
            )
        if file and file.checksum != found.hexdigest():
            raise Corrupted(
                f"load {self.load_id} found other rows of {name} in its files than it wrote; "
                "they will be loaded again"
            )

    def _complete(self, transaction: Transaction) -> int:
        connection = transaction.connection
        rows = {name: file.rows for name, file in self._files.items()}
        connection.execute(
            loaded_tables.insert(),
            [
                {
                    "load_id": self.load_id,
                    "table_name": name,
                    "version": self._versions[name],
                    "rows": file.rows,
                    "checksum": file.checksum,
                }
                for name, file in self._files.items()
            ],
        )
        add_to_totals(connection, rows)
        connection.execute(
            update(loads)
            .where(loads.c.load_id == self.load_id)
            .values(completed_at=machine_now(), rows=sum(rows.values()))
        )
        return sum(rows.values())

    def _stamp(self, table: VaultTable, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the columns that a load adds."""
        size = batch.num_rows
        added: list[pa.Array] = [
            pa.repeat(pa.scalar(self.load_id), size),
            pa.repeat(pa.scalar(self._loaded_at, pa.int64()), size).cast(MOMENT),
        ]
        if table.kind == "satellite":
            names = [column.name for column in table.columns[1:]]
            added.append(hash_diffs(names, [batch[name] for name in names]))
        return pa.record_batch([*batch.columns, *added], schema=table.schema)
