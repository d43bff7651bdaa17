"""One Delta table of the vault on a local folder, written so that it survives a power cut.

We write the Parquet files and the log of the table ourselves: so each file is on disk
before the log names it, its rows keep their order, and personal columns stay out of
every statistic. The log is read by `deltalake`, as others read it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from millpond.errors import Corrupted
from millpond.history.actions import ADDED, Action, added, evolved, removed
from millpond.history.data_file import STATISTICS, DataFile, NewFile, read_file
from millpond.history.log import DeltaLog
from millpond.history.vault import VaultTable
from millpond.values import new_id

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: How the name of a file begins that holds the rows of several completed loads.
COMPACT = "compact-"


@dataclass(frozen=True)
class ActiveFile:
    """A file of a version of a table.

    Args:
        first, last: the ``recorded_at`` of its rows, in microseconds since 1970.
        first_load, last_load: the least and the greatest id of their loads.
    """

    path: str
    rows: int
    bytes: int
    first: int
    last: int
    first_load: str
    last_load: str

    @property
    def name(self) -> str:
        """As the log has it."""
        return Path(self.path).name

    @property
    def load_id(self) -> str | None:
        """The load that it was written by; None where several were made one."""
        stem = Path(self.path).stem
        return None if stem.startswith(COMPACT) else stem


@dataclass(frozen=True)
class Active:
    """The files that make up a version of a table, in the order of their rows.

    Args:
        evolved: whether older files may lack columns; they are read with `union_by_name`.
        only_completed: whether all rows are known to be of completed loads, so that they
            need not be looked up row by row.
    """

    version: int
    parts: tuple[ActiveFile, ...]
    evolved: bool = False
    only_completed: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files."""
        return tuple(part.path for part in self.parts)

    @property
    def rows(self) -> int:
        """All rows, those of loads that have not completed among them."""
        return sum(part.rows for part in self.parts)


class VaultFiles:
    """The Delta table of one table of the vault.

    Args:
        folder: of the Delta table.
        table: its declaration.
    """

    def __init__(self, folder: Path, table: VaultTable) -> None:
        self.folder = folder
        self.table = table
        self.log = DeltaLog(folder)
        self._lock = threading.Lock()
        self._handle: DeltaTable | None = None
        self._active: Active | None = None

    def create(self) -> None:
        """Make the table, unless it is there."""
        self.log.create(self.table.schema, STATISTICS)
        self.log.mend()

    def evolve(self) -> None:
        """Give the table the columns that were declared since, without writing a file anew.

        Raises:
            Corrupted: the log cannot be read.
        """
        with self._lock:
            handle = self._newest()
            known = {field.name for field in handle.schema().fields}
            metadata = handle.metadata()
        new = [name for name in self.table.schema.names if name not in known]
        if new:
            self._commit("CHANGE COLUMNS", [evolved(self.table, metadata, new)])

    def active(self) -> Active:
        """The files of the newest version.

        Raises:
            Corrupted: the log cannot be read.
        """
        with self._lock:
            handle = self._newest()
            if self._active is None or self._active.version != handle.version():
                self._active = self._listed(handle)
            return self._active

    def new_file(self, load_id: str) -> NewFile:
        """A file for the rows of a load."""
        return NewFile(self.folder / f"{load_id}.parquet", self.table)

    def new_compact_file(self) -> NewFile:
        """A file for the rows of several completed loads."""
        return NewFile(self.folder / f"{COMPACT}{new_id()}.parquet", self.table)

    def append(self, file: DataFile) -> int:
        """Add a durable file to the table, and have the new version on disk.

        Returns:
            The version that has it.

        Raises:
            Corrupted: the log is not as it was left.
        """
        return self._commit("WRITE", [added(file, data_change=True)])

    def remove(self, parts: Iterable[ActiveFile]) -> int:
        """Take files of loads that never completed out of the table, durably."""
        return self._commit("DELETE", [removed(part.name, data_change=True) for part in parts])

    def replace(self, parts: Iterable[ActiveFile], file: DataFile) -> int:
        """Put one durable file in the place of some that hold the same rows."""
        gone = [removed(part.name, data_change=False) for part in parts]
        return self._commit("OPTIMIZE", [*gone, added(file, data_change=False)])

    def read(self, load_id: str) -> Iterator[pa.RecordBatch]:
        """The rows of a load, as the newest version has them, every page checked.

        Raises:
            Corrupted: a page is not what was written.
        """
        for part in self.active().parts:
            if part.load_id == load_id:
                yield from read_file(Path(part.path), self.table)
            elif part.load_id is None and part.first_load <= load_id <= part.last_load:
                yield from read_file(Path(part.path), self.table, load_id=load_id)

    def read_file(self, path: Path) -> Iterator[pa.RecordBatch]:
        """The rows of a file, whether or not a version of the table names it."""
        return read_file(path, self.table)

    def rows(self, parts: Iterable[ActiveFile]) -> Iterator[pa.RecordBatch]:
        """The rows of some files, one after the other, every page checked.

        Raises:
            Corrupted: a page is not what was written.
        """
        for part in parts:
            yield from read_file(Path(part.path), self.table)

    def _commit(self, operation: str, actions: Sequence[Action]) -> int:
        version = self.active().version + 1
        self.log.commit(version, operation, actions)
        found = self.active().version
        if found != version:
            raise Corrupted(f"{self.table.name} is at version {found}, not {version} as written")
        return version

    def _listed(self, handle: DeltaTable) -> Active:
        actions = pa.table(handle.get_add_actions(flatten=True))
        parts = [
            ActiveFile(
                str(self.folder / row["path"]),
                row["num_records"] or 0,
                row["size_bytes"],
                row["min.recorded_at"],
                row["max.recorded_at"],
                row["min.load_id"],
                row["max.load_id"],
            )
            for row in (_in_micros(actions).to_pylist() if actions.num_rows else ())
        ]
        parts.sort(key=lambda part: (part.first, part.last, part.path))
        evolved = ADDED in handle.metadata().configuration
        return Active(handle.version(), tuple(parts), evolved)

    def _newest(self) -> DeltaTable:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            if self._handle is not None:
                try:
                    self._handle.update_incremental()
                    return self._handle
                except DeltaError:
                    # The log was summed up and cleaned since; it is read from its beginning.
                    self._handle = self._active = None
            self._handle = DeltaTable(str(self.folder))
        except DeltaError as error:
            self._handle = self._active = None
            reason = str(error).splitlines()[0]
            raise Corrupted(f"the log of {self.table.name} cannot be read: {reason}") from error
        return self._handle


def _in_micros(actions: pa.Table) -> pa.Table:
    """The add actions with their moments as numbers."""
    for name in ("min.recorded_at", "max.recorded_at"):
        at = actions.schema.get_field_index(name)
        micros = actions[name].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        actions = actions.set_column(at, name, micros)
    return actions
