"""The Parquet files of the vault: written durably, in row groups of a size, and read back.

Personal columns stay out of every statistic. Each page carries a checksum of its own,
so that changed bytes are told and never taken for data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.durable import sync_file, sync_folder
from millpond.errors import Corrupted
from millpond.history.checksum import Checksum
from millpond.history.vault import VaultTable

#: The columns by which a reader can skip files; none of them is personal.
STATISTICS = ("recorded_at", "load_id")
#: Rows, and bytes in memory, from which a row group is written.
_GROUP_ROWS = 100_000
_GROUP_BYTES = 16_000_000
#: Rows that are read at once; packed candidates take kilobytes each.
_READ = 50_000
_READ_BLOBS = 4_000


@dataclass(frozen=True)
class DataFile:
    """A durable Parquet file of the vault.

    Args:
        first, last: the ``recorded_at`` of its rows, in microseconds since 1970.
        first_load, last_load: the ids of the loads of its rows.
        checksum: of its facts, as `Checksum` has it.
    """

    path: Path
    rows: int
    bytes: int
    first: int
    last: int
    first_load: str
    last_load: str
    checksum: str


class NewFile:
    """A file that is being written, in the order of ``recorded_at``.

    Args:
        path: what its name will be; nothing may lie there.
        table: whose rows it will hold.
    """

    def __init__(self, path: Path, table: VaultTable) -> None:
        self._path = path
        self._table = table
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._checksum = Checksum()
        self._moments: list[int] = []
        self._loads: set[str] = set()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows, with all columns of the table."""
        if batch.num_rows == 0:
            return
        moments = batch["recorded_at"].cast(pa.int64())
        self._moments = [*self._moments[:1], moments[0].as_py(), moments[-1].as_py()]
        self._loads |= set(batch["load_id"].unique().to_pylist())
        self._checksum.update(batch.select(self._table.fact_schema.names))
        self._waiting.append(batch)
        if (
            sum(each.num_rows for each in self._waiting) >= _GROUP_ROWS
            or sum(each.nbytes for each in self._waiting) >= _GROUP_BYTES
        ):
            self._flush()

    def finish(self) -> DataFile | None:
        """Have the file and its name on disk; None, and no file, where there were no rows."""
        if not self._moments:
            return None
        self._flush()
        self.close()
        sync_file(self._path)
        sync_folder(self._path.parent)
        return DataFile(
            self._path,
            self._checksum.rows,
            self._path.stat().st_size,
            self._moments[0],
            self._moments[-1],
            min(self._loads),
            max(self._loads),
            self._checksum.hexdigest(),
        )

    def close(self) -> None:
        """Let go of the file; one that was not finished is named in no log."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if self._writer is None:
            self._writer = _writer(self._path, self._table)
        if self._waiting:
            group = pa.Table.from_batches(self._waiting, self._table.schema)
            self._writer.write_table(group, row_group_size=group.num_rows)
            self._waiting = []


def read_file(
    path: Path, table: VaultTable, *, load_id: str | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a file, or those of one load in it, every page checked.

    A column that was declared after the file was written is null.

    Raises:
        Corrupted: a page is not what was written.
    """
    size = _READ_BLOBS if pa.binary() in table.schema.types else _READ
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            groups = _groups_of(file, load_id)
            for batch in file.iter_batches(batch_size=size, row_groups=groups):
                found = _as_declared(batch, table.schema)
                if load_id is not None:
                    found = found.filter(pa.compute.equal(found["load_id"], load_id))
                if found.num_rows:
                    yield found
    except (OSError, pa.ArrowException) as error:
        raise Corrupted(f"{path.name} of {table.name} cannot be read: {error}") from error


def _groups_of(file: pq.ParquetFile, load_id: str | None) -> list[int]:
    """The row groups that may have rows of a load."""
    every = range(file.metadata.num_row_groups)
    if load_id is None:
        return list(every)
    column = file.schema_arrow.get_field_index("load_id")
    ranges = [file.metadata.row_group(number).column(column).statistics for number in every]
    return [
        number
        for number, found in zip(every, ranges, strict=True)
        if found is None or not found.has_min_max or found.min <= load_id <= found.max
    ]


def _as_declared(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        batch[field.name]
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.record_batch(columns, schema=schema)


def _writer(path: Path, table: VaultTable) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path,
        table.schema,
        compression="zstd",
        use_dictionary=[name for name in table.schema.names if _repeats(name, table)],
        write_statistics=list(STATISTICS),
        write_page_checksum=True,
        store_schema=False,
    )


def _repeats(name: str, table: VaultTable) -> bool:
    """Whether few values of a column are many rows, so that a dictionary of them is smaller."""
    different = name == table.key or name.endswith("_id") or name in ("recorded_at", "hash_diff")
    measured = pa.types.is_floating(table.schema.field(name).type)
    return name == "load_id" or not (different or measured)
