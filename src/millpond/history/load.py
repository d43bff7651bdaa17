"""The load: capture rows into the history, each exactly once, whenever it is interrupted.

There is no commit across Delta tables. So every row carries the id of its load,
and a single row in the operational database says that the load is complete. A
reader takes the completed loads first, then the tables filtered by them, then
the capture rows of no completed load; a load that stopped half-way is therefore
never seen, and its rows are claimed again by the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection, Engine, Table, or_, select, update

from millpond.database.clock import last, machine_now
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum, checksum_of
from millpond.history.data_file import DataFile
from millpond.history.history import History
from millpond.history.maintain import tidy
from millpond.history.room import room
from millpond.history.rows import count, sources
from millpond.history.sweep import sweep_locked
from millpond.history.tables import loaded_tables, loads, unfinished_loads
from millpond.history.totals import add_to_totals
from millpond.history.vault import FACTS, VAULT
from millpond.history.write import write_load
from millpond.history.writers import WRITERS, Writers
from millpond.values import new_id

#: The most rows of one capture table that are claimed in one transaction: it bounds how
#: long the write lock is held, during which predictions wait.
CLAIM = 2_500
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
        with closing(_written(engine, commit, history, until)) as steps:
            for step in steps:
                load_id, rows = step.load_id, rows + step.finish()
    return Loaded(load_id, rows, until)


def _written(
    engine: Engine, commit: GroupCommit, history: History, until: int
) -> Generator[Load, None, None]:
    """The loads that it takes, in their order, each when its rows are written.

    Where one does not do, several are written at once, ahead of the one that is finished.
    """
    ahead: deque[tuple[Load, Future[dict[str, DataFile]]]] = deque()
    with closing(Writers(engine, history.folder)) as writers:
        while (step := Load(engine, commit, history)).claim(until):
            if not ahead and not step.is_full:
                step.write()
                yield step
                continue
            ahead.append((step, step.write_in(writers)))
            if len(ahead) > WRITERS:
                yield _with_files(*ahead.popleft())
        for each in ahead:
            yield _with_files(*each)


def _with_files(step: Load, files: Future[dict[str, DataFile]]) -> Load:
    step.files = files.result()
    return step


def not_loaded(fact: Table) -> ColumnElement[bool]:
    """The rows of a capture table that no completed load has."""
    return or_(fact.c.load_id.is_(None), fact.c.load_id.in_(unfinished_loads))


class Load:
    """One load, in five steps. Only the holder of the history's lock may take them."""

    def __init__(self, engine: Engine, commit: GroupCommit, history: History) -> None:
        self.load_id = new_id()
        #: Whether more rows may be waiting than it has claimed.
        self.is_full = False
        #: What step 2 has written.
        self.files: dict[str, DataFile] = {}
        self._engine = engine
        self._commit = commit
        self._history = history
        self._loaded_at = machine_now()
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
                left = left - found if found == chunk else -1
            self.is_full = self.is_full or left == 0
        return claimed

    def write(self) -> None:
        """Step 2. Write the rows to Parquet files, and have them on disk."""
        self.files = write_load(self._engine, self._history.folder, self.load_id, self._loaded_at)

    def write_in(self, writers: Writers) -> Future[dict[str, DataFile]]:
        """Step 2, in another process; what comes of it are the files."""
        return writers.write(self.load_id, self._loaded_at)

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
                for name, file in self.files.items()
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
        file = self.files.get(name)
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
        rows = {name: file.rows for name, file in self.files.items()}
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
                for name, file in self.files.items()
            ],
        )
        add_to_totals(connection, rows)
        connection.execute(
            update(loads)
            .where(loads.c.load_id == self.load_id)
            .values(completed_at=machine_now(), rows=sum(rows.values()))
        )
        return sum(rows.values())
