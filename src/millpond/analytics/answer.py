"""The answer to a query: its rows, the types of its columns, and the moment that it holds for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from millpond.values import iso, to_micros


@dataclass(frozen=True)
class Answer:
    """What a query was answered.

    Args:
        table: the rows; moments are in UTC.
        types: the SQL type of each column, in order.
        as_of: microseconds since 1970; asked again as of it, the answer is the same.
    """

    table: pa.Table
    types: tuple[str, ...]
    as_of: int

    def rows(self) -> Iterator[list[Any]]:
        """The rows, as values that JSON has: numbers as numbers, moments as ISO 8601."""
        for batch in self.table.to_batches(10_000):
            columns = [[_plain(value) for value in column.to_pylist()] for column in batch.columns]
            yield from (list(row) for row in zip(*columns, strict=True))

    def as_columns(self) -> list[tuple[str, str]]:
        """The name and the SQL type of each column."""
        return list(zip(self.table.column_names, self.types, strict=True))

    def as_json(self) -> dict[str, Any]:
        """``{columns: [{name, type}], rows: [[...]], as_of}``."""
        return {
            "columns": [{"name": name, "type": kind} for name, kind in self.as_columns()],
            "rows": list(self.rows()),
            "as_of": iso(self.as_of),
        }


def _plain(value: Any) -> Any:
    """A value as JSON has it; what has no number there, such as infinity, is null."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.datetime):
        return iso(to_micros(value))
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)
