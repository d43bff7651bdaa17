"""Capture rows as Arrow record batches of a vault table, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, func, select

from millpond.history.vault import MOMENT, VaultTable

_CHUNK = 20_000
#: Rows of a chunk with packed candidates, which take kilobytes each.
_BLOB_CHUNK = 2_000


def batches(
    connection: Connection, table: VaultTable, where: ColumnElement[bool], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows of a vault table among the capture rows `where` holds.

    Memory does not grow with the number of rows.

    Args:
        connection: inside a read transaction that lasts until the end of the iteration.
        schema: the table's ``fact_schema`` or ``query_schema``.
    """
    chunk = _BLOB_CHUNK if pa.binary() in schema.types else _CHUNK
    result = connection.execution_options(yield_per=chunk).execute(
        table.projection(where, schema.names)
    )
    for rows in result.partitions(chunk):
        columns = zip(*rows, strict=True)
        yield pa.record_batch(
            [
                _array(list(values), kind)
                for values, kind in zip(columns, schema.types, strict=True)
            ],
            schema=schema,
        )


def count(connection: Connection, table: VaultTable, where: ColumnElement[bool]) -> int:
    """How many rows `batches` would give."""
    rows = table.projection(where, [table.key]).order_by(None).subquery()
    found: int = connection.execute(select(func.count()).select_from(rows)).scalar_one()
    return found


def _array(values: list[object], kind: pa.DataType) -> pa.Array:
    if kind == MOMENT:
        return pa.array(values, pa.int64()).cast(MOMENT)
    return pa.array(values, kind)
