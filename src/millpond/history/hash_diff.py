"""The hash difference: 32 digits that are equal where two rows say the same of their key.

A row is hashed as the names and values of its columns that have one: numbers as eight
bytes, texts with their length before them. So a column that is declared later changes
no hash of a row that has nothing in it. (Linstedt and Olschimke, "Building a Scalable
Data Warehouse with Data Vault 2.0", section 4.5.2.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from millpond.history.checksum import binary_parts, plain


def hash_diffs(names: Sequence[str], columns: Sequence[pa.Array]) -> pa.Array:
    """The hash difference of each row.

    Args:
        names: of the columns that describe the key, in their order.
        columns: their values, one array each, all of a length.
    """
    pieces = [
        piece
        for name, values in zip(names, columns, strict=True)
        for piece in _pieces(name.encode() + b"\0", values)
    ]
    rows = pc.binary_join_element_wise(*pieces, b"", null_handling="replace", null_replacement=b"")
    offsets, data = binary_parts(rows)
    return pa.array(
        [
            hashlib.blake2b(data[start:end], digest_size=16).hexdigest()
            for start, end in pairwise(offsets.tolist())
        ],
        pa.string(),
    )


#: The columns that the first format of a project did not have: they are null in its rows.
_LATER = frozenset({"brightness", "contrast", "occurred_at"})


def first_hash_diffs(names: Sequence[str], columns: Sequence[pa.Array]) -> Iterator[str | None]:
    """The hash differences as the first format had them; None of a row that is not of it."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    for row in rows:
        told = dict(zip(names, row, strict=True))
        later = [told.pop(name) for name in _LATER & told.keys()]
        if any(value is not None for value in later):
            yield None
            continue
        yield hashlib.blake2b(repr(tuple(told.values())).encode(), digest_size=16).hexdigest()


def _pieces(name: bytes, values: pa.Array) -> Iterator[pa.Array]:
    """What a column adds to each row; nothing where it has no value."""
    text = pa.types.is_string(values.type) or pa.types.is_binary(values.type)
    if not text:
        yield _with_name(name, plain(values), values)
        return
    offsets, _ = binary_parts(values)
    yield _with_name(name, np.diff(offsets).astype("<i8"), values)
    yield values.cast(pa.binary())


def _with_name(name: bytes, numbers: np.ndarray, values: pa.Array) -> pa.Array:
    """The name and the eight bytes of a number as one piece of bytes for each row."""
    size, width = len(numbers), len(name) + 8
    data = np.empty((size, width), np.uint8)
    data[:, : len(name)] = np.frombuffer(name, np.uint8)
    data[:, len(name) :] = numbers.view(np.uint8).reshape(size, 8)
    offsets = np.arange(0, (size + 1) * width, width, dtype=np.int32)
    present = None
    if values.null_count:
        bits = np.packbits(np.asarray(values.is_valid()), bitorder="little")
        present = pa.py_buffer(bits)
    return pa.Array.from_buffers(
        pa.binary(), size, [present, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
