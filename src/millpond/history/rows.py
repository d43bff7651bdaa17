"""Capture rows as Arrow record batches of vault tables, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from millpond.history.vault import MOMENT, VAULT, VaultTable

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
    return _fetched(connection, table.projection(where, schema.names), schema)


def sources() -> list[list[VaultTable]]:
    """The tables of the vault, those together that are made from the same capture rows."""
    found: dict[tuple[int, str], list[VaultTable]] = {}
    for table in VAULT.values():
        found.setdefault((id(table.source), table.key), []).append(table)
    return list(found.values())


def projections(
    connection: Connection, tables: Sequence[VaultTable], where: ColumnElement[bool]
) -> Iterator[list[pa.RecordBatch]]:
    """The facts of several tables of one source, in one pass over its capture rows.

    Args:
        connection: inside a read transaction that lasts until the end of the iteration.
        tables: one of the lists of `sources`.

    Yields:
        The next rows of each table, in the order of `tables`; what `batches` would give.
    """
    fields: dict[str, pa.Field] = {}
    columns: dict[str, ColumnElement[Any]] = {}
    for table in tables:
        fields |= {field.name: field.with_nullable(True) for field in table.fact_schema}
        columns |= {column.name: column for column in table.columns}
    source = tables[0].source
    columns["recorded_at"] = source.fact.c.recorded_at
    columns["record_source"] = source.record_source.label("record_source")
    for number, table in enumerate(tables):
        if table.present is not None:
            name = f"present_{number}"
            columns[name] = case((table.present, 1), else_=0).label(name)
            fields[name] = pa.field(name, pa.int64())
    query = (
        select(*columns.values())
        .select_from(source.rows)
        .where(where)
        .order_by(source.fact.c.recorded_at, tables[0].columns[0])
    )
    for batch in _fetched(connection, query, pa.schema([fields[name] for name in columns])):
        yield [_share(batch, number, table) for number, table in enumerate(tables)]


def count(connection: Connection, table: VaultTable, where: ColumnElement[bool]) -> int:
    """How many rows `batches` would give."""
    rows = table.projection(where, [table.key]).order_by(None).subquery()
    found: int = connection.execute(select(func.count()).select_from(rows)).scalar_one()
    return found


def _share(batch: pa.RecordBatch, number: int, table: VaultTable) -> pa.RecordBatch:
    """The rows and columns of a batch that are one table's."""
    if table.present is not None:
        batch = batch.filter(pa.compute.equal(batch[f"present_{number}"], 1))
    schema = table.fact_schema
    return pa.record_batch([batch[name] for name in schema.names], schema=schema)


def _fetched(
    connection: Connection, query: Select[Any], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """The rows of a query, straight from the driver: all their types are its own."""
    chunk = _BLOB_CHUNK if pa.binary() in schema.types else _CHUNK
    # SQLite's cursors give row after row by themselves; others send all unless told.
    streams = connection.dialect.name != "sqlite"
    result = connection.execution_options(stream_results=streams).execute(query)
    # SQLAlchemy's own rows take longer to make than everything else of a load.
    with result:
        while rows := result.cursor_strategy.fetchmany(result, result.cursor, chunk):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [_array(values, kind) for values, kind in zip(columns, schema.types, strict=True)],
                schema=schema,
            )


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if kind == MOMENT:
        return pa.array(values, pa.int64()).cast(MOMENT)
    return pa.array(values, kind)
