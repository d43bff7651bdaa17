"""The checksum of a stream of rows: the same for the same rows, however they are cut.

It tells whether rows that lie in the history are those that were loaded, whichever
file holds them by now. Each column feeds hashers of its own with its plain values, so
neither the batches nor the encoding of a file make a difference; the hashes of the
columns are combined at the end, under their names. A column without any value adds
nothing: so a column that is declared later changes no checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

#: Bytes of a hash of one column; the whole has twice as many.
_SIZE = 16


class Checksum:
    """The checksum of rows that come a batch at a time, in their order."""

    def __init__(self) -> None:
        self._rows = 0
        self._columns: dict[str, _Column] = {}

    def update(self, batch: pa.RecordBatch) -> None:
        """Take the next rows in; all batches have the same columns."""
        self._rows += batch.num_rows
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            self._columns.setdefault(name, _Column()).update(values)

    @property
    def rows(self) -> int:
        """How many there were so far."""
        return self._rows

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        whole = hashlib.blake2b(str(self._rows).encode(), digest_size=2 * _SIZE)
        for name in sorted(self._columns):
            if self._columns[name].any:
                whole.update(f" {name} ".encode())
                whole.update(self._columns[name].digest())
        return whole.hexdigest()


def checksum_of(batches: Iterable[pa.RecordBatch]) -> Checksum:
    """The checksum of all rows of some batches."""
    found = Checksum()
    for batch in batches:
        found.update(batch)
    return found


class _Column:
    """The hash of one column: which values there are, how long they are, and what they are."""

    def __init__(self) -> None:
        self.any = False
        self._present, self._sizes, self._values = (
            hashlib.blake2b(digest_size=_SIZE) for _ in range(3)
        )

    def update(self, values: pa.Array) -> None:
        size = len(values)
        if size == 0:
            return
        if values.null_count:
            self._present.update(np.asarray(values.is_valid()).astype(np.uint8).data)
        else:
            self._present.update(b"\1" * size)
        self.any = self.any or values.null_count < size
        if pa.types.is_string(values.type) or pa.types.is_binary(values.type):
            offsets, data = binary_parts(values)
            self._sizes.update(np.diff(offsets).astype("<i8").data)
            self._values.update(data)
        else:
            self._values.update(plain(values).data)

    def digest(self) -> bytes:
        return self._present.digest() + self._sizes.digest() + self._values.digest()


def binary_parts(values: pa.Array) -> tuple[np.ndarray, memoryview]:
    """The offsets of texts or bytes, counted from 0, and their bytes; those of a null are none."""
    filled = values.cast(pa.binary())
    if filled.null_count:
        filled = filled.fill_null(b"")
    _, starts, data = filled.buffers()
    offsets = np.frombuffer(starts, np.int32, len(filled) + 1, 4 * filled.offset)
    first, last = int(offsets[0]), int(offsets[-1])
    return offsets - first, memoryview(data or b"")[first:last]


def plain(values: pa.Array) -> np.ndarray:
    """Numbers, truths or moments as numbers of eight bytes; a null is 0."""
    kind = pa.float64() if pa.types.is_floating(values.type) else pa.int64()
    numbers = values.cast(kind)
    if numbers.null_count:
        numbers = numbers.fill_null(0)
    found: np.ndarray = numbers.to_numpy()
    return found.astype("<f8" if kind == pa.float64() else "<i8", copy=False)
