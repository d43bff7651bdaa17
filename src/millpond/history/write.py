"""Writing the rows of one load to Parquet files, in one pass over each of their sources."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Engine

from millpond.database.connection import reading
from millpond.history.data_file import DataFile, NewFile
from millpond.history.hash_diff import hash_diffs
from millpond.history.room import room
from millpond.history.rows import projections, sources
from millpond.history.vault import MOMENT, VaultTable

#: Files are waited for at once, not one after the other.
_THREADS = 8


def write_load(engine: Engine, folder: Path, load_id: str, loaded_at: int) -> dict[str, DataFile]:
    """Write the rows that a load has claimed, and have them on disk.

    Args:
        folder: of the history.
        loaded_at: microseconds since 1970.

    Returns:
        The file of each table that has rows.

    Raises:
        DiskFull: there is no room; what was written is named in no log.
    """
    load = _Writing(folder, load_id, loaded_at)
    with room(), reading(engine) as connection:
        for tables in sources():
            claimed = tables[0].source.fact.c.load_id == load_id
            load.write(tables, projections(connection, tables, claimed))
    return load.files


class _Writing:
    def __init__(self, folder: Path, load_id: str, loaded_at: int) -> None:
        self._folder = folder
        self._load_id = load_id
        self._loaded_at = loaded_at
        self.files: dict[str, DataFile] = {}

    def write(self, tables: list[VaultTable], rows: Iterator[list[pa.RecordBatch]]) -> None:
        """Write the rows of the tables of one source side by side, while the next are read."""
        name = f"{self._load_id}.parquet"
        with ExitStack() as stack, ThreadPoolExecutor(_THREADS) as pool:
            files = [NewFile(self._folder / table.name / name, table) for table in tables]
            for file in files:
                stack.callback(file.close)
            written: list[Future[None]] = []
            for batches in rows:
                _wait(written)
                every = zip(tables, files, batches, strict=True)
                written = [pool.submit(self._write_batch, *each) for each in every]
            _wait(written)
            finished = pool.map(NewFile.finish, files)
            for table, done in zip(tables, finished, strict=True):
                if done is not None:
                    self.files[table.name] = done

    def _write_batch(self, table: VaultTable, file: NewFile, batch: pa.RecordBatch) -> None:
        file.write(self._stamp(table, batch))

    def _stamp(self, table: VaultTable, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the columns that a load adds."""
        size = batch.num_rows
        added: list[pa.Array] = [
            pa.repeat(pa.scalar(self._load_id), size),
            pa.repeat(pa.scalar(self._loaded_at, pa.int64()), size).cast(MOMENT),
        ]
        if table.kind == "satellite":
            names = [column.name for column in table.columns[1:]]
            added.append(hash_diffs(names, [batch[name] for name in names]))
        return pa.record_batch([*batch.columns, *added], schema=table.schema)


def _wait(written: list[Future[None]]) -> None:
    for each in written:
        each.result()
