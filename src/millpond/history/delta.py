"""One Delta table of the vault on a local folder, written so that it survives a power cut.

We write the Parquet files ourselves and give them to the log of the table as they
are: so each is on disk before the log names it, its rows keep their order, and
personal columns stay out of every statistic.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from millpond.durable import make_folder, sync_file, sync_folder, write_file
from millpond.errors import Corrupted
from millpond.history.vault import VaultTable
from millpond.values import iso

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: The columns by which a reader can skip files; none of them is personal.
_STATISTICS = ("recorded_at", "load_id")
#: Versions from one checkpoint of the log to the next.
_CHECKPOINT_EVERY = 50
_READ = 5_000


@dataclass(frozen=True)
class DataFile:
    """A durable Parquet file that no version of the table names yet."""

    path: Path
    rows: int
    first: int
    last: int


@dataclass(frozen=True)
class Active:
    """The files that make up a version of a table, and the rows in them."""

    version: int
    files: tuple[str, ...]
    rows: int


class VaultFiles:
    """The Delta table of one table of the vault.

    Args:
        folder: of the Delta table; it is made when it is missing.
        table: its declaration.
    """

    def __init__(self, folder: Path, table: VaultTable) -> None:
        self._folder = folder
        self._log = folder / "_delta_log"
        self._table = table
        self._lock = threading.Lock()
        self._handle: DeltaTable | None = None

    def create(self) -> None:
        """Write the first version, without rows, unless there is one.

        The entry is our own: the one that `deltalake` writes has the absolute path of
        the folder in it, and a project can be moved.
        """
        if self._entry(0).is_file():
            return
        make_folder(self._log)
        write_file(self._entry(0), _first_entry(self._table))

    def mend(self) -> None:
        """Take away a last log entry that a power cut has torn.

        No completed load counts on it: what a load counts on was on disk before.
        """
        entries = self._entries()
        if len(entries) > 1 and not _is_whole(entries[-1]):
            entries[-1].unlink()
            sync_folder(self._log)

    @property
    def sound(self) -> bool:
        """Whether the table is there, and its last log entry whole."""
        entries = self._entries()
        return bool(entries) and _is_whole(entries[-1])

    def active(self) -> Active:
        """The files of the newest version.

        Raises:
            Corrupted: the log cannot be read.
        """
        with self._lock:
            handle = self._newest()
            actions = pa.table(handle.get_add_actions())
            rows = pc.sum(actions["num_records"]).as_py() or 0
            files = tuple(sorted(str(self._folder / name) for name in actions["path"].to_pylist()))
            return Active(handle.version(), files, rows)

    def write(self, load_id: str, batches: Iterable[pa.RecordBatch]) -> DataFile | None:
        """Write the rows of a load to a file and have it on disk; None where there are none."""
        path = self._folder / f"{load_id}.parquet"
        rows, first, last = 0, 0, 0
        schema = self._table.schema
        with contextlib.ExitStack() as stack:
            writer = None
            for batch in batches:
                if writer is None:
                    writer = stack.enter_context(_writer(path, schema))
                moments = batch["recorded_at"].cast(pa.int64())
                first = first or moments[0].as_py()
                last = moments[-1].as_py()
                rows += batch.num_rows
                writer.write_batch(batch)
        if rows == 0:
            return None
        sync_file(path)
        sync_folder(self._folder)
        return DataFile(path, rows, first, last)

    def append(self, file: DataFile, load_id: str) -> int:
        """Add a durable file to the table, and have the new version on disk.

        Raises:
            Corrupted: the version is not in the log as it was written.
        """
        from deltalake import CommitProperties, PostCommitHookProperties
        from deltalake.transaction import AddAction

        action = AddAction(
            path=file.path.name,
            size=file.path.stat().st_size,
            partition_values={},
            modification_time=time.time_ns() // 1_000_000,
            data_change=True,
            stats=_statistics(file, load_id),
        )
        with self._lock:
            handle = self._newest()
            handle.create_write_transaction(
                [action],
                "append",
                self._table.schema,
                commit_properties=CommitProperties(custom_metadata={"load_id": load_id}),
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            handle.update_incremental()
            version = handle.version()
            # What is read next is read from the disk again.
            self._handle = None
        sync_file(self._entry(version))
        sync_folder(self._log)
        if not _is_whole(self._entry(version)):
            raise Corrupted(f"version {version} of {self._table.name} is not whole in its log")
        return version

    def read(self, load_id: str) -> Iterator[pa.RecordBatch]:
        """The rows of a load, as the newest version has them, every page checked.

        Raises:
            Corrupted: a page is not what was written.
        """
        name = f"{load_id}.parquet"
        if str(self._folder / name) not in self.active().files:
            return
        try:
            with pq.ParquetFile(self._folder / name, page_checksum_verification=True) as file:
                yield from file.iter_batches(batch_size=_READ)
        except (OSError, pa.ArrowException) as error:
            raise Corrupted(f"{name} of {self._table.name} cannot be read: {error}") from error

    def checkpoint(self, version: int) -> None:
        """Sum up the log, now and then, so that opening the table stays quick.

        It is made beside the table, and named in its log only when it is on disk: a
        torn one would make the table unreadable.
        """
        from deltalake import DeltaTable

        if version == 0 or version % _CHECKPOINT_EVERY:
            return
        scratch = self._folder.with_name(f".checkpoint-{self._table.name}")
        shutil.rmtree(scratch, ignore_errors=True)
        (scratch / "_delta_log").mkdir(parents=True)
        for entry in self._log.iterdir():
            os.link(entry, scratch / "_delta_log" / entry.name)
        DeltaTable(str(scratch)).create_checkpoint()
        made = scratch / "_delta_log" / f"{version:020d}.checkpoint.parquet"
        sync_file(made)
        os.replace(made, self._log / made.name)
        sync_folder(self._log)
        shutil.rmtree(scratch)

    def _newest(self) -> DeltaTable:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            if self._handle is None:
                self._handle = DeltaTable(str(self._folder))
            else:
                self._handle.update_incremental()
        except DeltaError as error:
            self._handle = None
            reason = str(error).splitlines()[0]
            raise Corrupted(f"the log of {self._table.name} cannot be read: {reason}") from error
        return self._handle

    def _entries(self) -> list[Path]:
        return sorted(self._log.glob("[0-9]*.json"))

    def _entry(self, version: int) -> Path:
        return self._log / f"{version:020d}.json"


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        write_statistics=list(_STATISTICS),
        write_page_checksum=True,
        store_schema=False,
    )


def _statistics(file: DataFile, load_id: str) -> str:
    return json.dumps(
        {
            "numRecords": file.rows,
            "minValues": {"recorded_at": iso(file.first), "load_id": load_id},
            "maxValues": {"recorded_at": iso(file.last), "load_id": load_id},
            "nullCount": {"recorded_at": 0, "load_id": 0},
        }
    )


def _first_entry(table: VaultTable) -> bytes:
    """Version 0 of a table, after the Delta protocol ("Delta Log Entries")."""
    from deltalake import Schema

    now = time.time_ns() // 1_000_000
    actions: list[dict[str, object]] = [
        {"commitInfo": {"timestamp": now, "operation": "CREATE TABLE", "operationParameters": {}}},
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": str(uuid4()),
                "name": table.name,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": Schema.from_arrow(table.schema).to_json(),
                "partitionColumns": [],
                "createdTime": now,
                "configuration": {"delta.dataSkippingStatsColumns": ",".join(_STATISTICS)},
            }
        },
    ]
    return "".join(json.dumps(action) + "\n" for action in actions).encode()


def _is_whole(entry: Path) -> bool:
    """Whether a log entry holds JSON on each line, and at least one."""
    try:
        lines = entry.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False
