"""The Delta tables of vectors, of reduced vectors, and of the images that have none.

Workers write their files; here they become rows, all of a run in one commit. Each file
holds the rows of one model or one reduction, and says so in the log: a reader of that
one opens no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from millpond.durable import PART, make_folder, sync_file, sync_folder
from millpond.errors import Corrupted
from millpond.history.actions import added_file, removed
from millpond.history.log import DeltaLog
from millpond.values import new_id


@dataclass(frozen=True)
class TableKind:
    """What a table holds.

    Args:
        key: the column that is the same in all rows of a file.
    """

    name: str
    schema: pa.Schema
    key: str


def vectors_of(numbers: int) -> pa.DataType:
    """The type of a column of vectors, in a file: each has as many numbers."""
    return pa.list_(pa.field("element", pa.float32(), nullable=False), numbers)


def _kind(name: str, key: str, last: pa.Field) -> TableKind:
    label = [] if last.name == "reason" else [pa.field("label", pa.string())]
    columns = [pa.field("object_id", pa.string(), nullable=False), *label]
    columns += [pa.field(key, pa.string(), nullable=False), last]
    return TableKind(name, pa.schema(columns), key)


_VECTOR = pa.field(
    "vector", pa.list_(pa.field("element", pa.float32(), nullable=False)), nullable=False
)
FEATURES = _kind("features", "model", _VECTOR)
REDUCED = _kind("features_reduced", "reduction", _VECTOR)
QUARANTINE = _kind("features_quarantine", "model", pa.field("reason", pa.string(), nullable=False))


def file_schema(kind: TableKind, numbers: int) -> pa.Schema:
    """The columns of a file of vectors of so many numbers."""
    at = kind.schema.get_field_index("vector")
    return kind.schema.set(at, pa.field("vector", vectors_of(numbers), nullable=False))


def vectors_array(vectors: NDArray[np.float32], schema: pa.Schema) -> pa.Array:
    """``[n, d]`` numbers as a column of a file."""
    numbers = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(numbers, type=schema.field("vector").type)


def matrix_of(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float32]:
    """``[n, d]`` numbers of a column that has at least one row."""
    if isinstance(column, pa.ChunkedArray):
        return np.concatenate([matrix_of(chunk) for chunk in column.chunks if len(chunk)])
    flat: NDArray[np.float32] = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), -1)


def write_batches(
    path: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    told: Mapping[str, str] | None = None,
) -> int:
    """A Parquet file that is whole and on disk, or not there; how many rows it has.

    Neither numbers nor names are in its statistics.

    Args:
        told: what the file says besides its rows.
    """
    aside = path.with_name(f"{PART}{new_id()}")
    rows = 0
    with pq.ParquetWriter(
        aside,
        schema,
        compression="none",
        use_dictionary=[name for name in ("label", "model", "reduction") if name in schema.names],
        write_statistics=False,
        write_page_checksum=True,
        # A list of a fixed size is none to Delta.
        store_schema=False,
    ) as writer:
        for batch in batches:
            if batch.num_rows:
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))
                rows += batch.num_rows
        writer.add_key_value_metadata(told or {})
    sync_file(aside)
    aside.replace(path)
    sync_folder(path.parent)
    return rows


@dataclass(frozen=True)
class NewRows:
    """A durable Parquet file that is to become rows of a table.

    Args:
        path: where it lies, on the file system of the table.
        name: what it is called in the table; a file of that name is the same file.
        key: what its rows are of.
    """

    path: Path
    name: str
    key: str
    rows: int


class FeatureTable:
    """One of the tables.

    Args:
        folder: of all of them.
    """

    def __init__(self, folder: Path, kind: TableKind) -> None:
        self.folder = folder / kind.name
        self.kind = kind
        self._log = DeltaLog(self.folder)

    def files(self, key: str) -> list[Path]:
        """The files of one model or reduction, the oldest first."""
        active, _ = self._active()
        return [self.folder / name for name, found in active.items() if found == key]

    def keys(self) -> list[str]:
        """The models or reductions that there are rows of, that of the newest file last."""
        newest_first = reversed(self._active()[0].values())
        return list(dict.fromkeys(newest_first))[::-1]

    def names(self) -> set[str]:
        """The names of all files of the newest version."""
        return set(self._active()[0])

    def count(self, key: str) -> int:
        """How many rows there are of one model or reduction."""
        return sum(pq.read_metadata(path).num_rows for path in self.files(key))

    def batches(self, key: str) -> Iterator[pa.RecordBatch]:
        """The rows of one model or reduction."""
        for path in self.files(key):
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches()

    def commit(self, new: Iterable[NewRows], gone: Sequence[Path] = ()) -> None:
        """Make files rows of the table, and take others out, all at once or not at all.

        A file that is there already is left as it is, so it may be called again after a
        crash.

        1. Give each file its name in the table's folder, and have the names on disk.
        2. Write the one entry of the log.

        Raises:
            Corrupted: the log cannot be read, or somebody else wrote to the table.
        """
        make_folder(self.folder)
        self._log.create(self.kind.schema, [self.kind.key])
        self._log.mend()
        active, version = self._active()
        files = [file for file in new if file.name not in active]
        for file in files:
            if not (self.folder / file.name).exists():
                # The name that it had stays, so that a run that is finished later finds it done.
                os.link(file.path, self.folder / file.name)
        sync_folder(self.folder)
        actions = [removed(path.name, data_change=True) for path in gone if path.name in active]
        actions += [self._added(file) for file in files]
        if actions:
            self._log.commit(version + 1, "WRITE", actions)

    def _added(self, file: NewRows) -> dict[str, dict[str, object]]:
        statistics = {
            "numRecords": file.rows,
            "minValues": {self.kind.key: file.key},
            "maxValues": {self.kind.key: file.key},
            "nullCount": {self.kind.key: 0},
        }
        size = (self.folder / file.name).stat().st_size
        return dict(added_file(file.name, size, statistics))  # type: ignore[arg-type]

    def _active(self) -> tuple[dict[str, str], int]:
        """The key of each file of the newest version by its name, and the version."""
        if not self._log.entries():
            return {}, -1
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            table = DeltaTable(str(self.folder))
        except DeltaError as error:
            reason = str(error).splitlines()[0]
            raise Corrupted(f"the log of {self.kind.name} cannot be read: {reason}") from error
        actions = pa.table(table.get_add_actions(flatten=True))
        if not actions.num_rows:
            return {}, table.version()
        # A name begins with the id of its run, which is by time.
        rows = zip(
            actions["path"].to_pylist(), actions[f"min.{self.kind.key}"].to_pylist(), strict=True
        )
        return dict(sorted(rows)), table.version()


class FeatureTables:
    """All three.

    Args:
        folder: of the features in the lake.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.features = FeatureTable(folder, FEATURES)
        self.reduced = FeatureTable(folder, REDUCED)
        self.quarantine = FeatureTable(folder, QUARANTINE)

    def kept(self) -> list[Path]:
        """Every file of the features but those of runs under way; logs before what they name."""
        names = [table.folder.name for table in (self.features, self.reduced, self.quarantine)]
        names += ["reductions", "lineages", "reports", "backbones"]
        found = [
            path
            for name in names
            for path in (self.folder / name).rglob("*")
            if path.is_file() and not path.name.startswith(PART)
        ]
        return sorted(found, key=lambda path: (path.parent.name != "_delta_log", path))
