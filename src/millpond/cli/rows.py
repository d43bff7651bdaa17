"""The forms in which the rows of an answer are written: JSON, JSON lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Rows(Protocol):
    """The answer to a query, from the project or from a server."""

    @property
    def table(self) -> pa.Table:
        """The rows as a table."""
        ...

    def rows(self) -> Iterator[list[Any]]:
        """The rows as values that JSON has."""
        ...

    def as_columns(self) -> list[tuple[str, str]]:
        """The name and the SQL type of each column."""
        ...

    def as_json(self) -> dict[str, Any]:
        """``{columns, rows, as_of}``."""
        ...


class Form(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"


def write_rows(answer: Rows, form: Form, sink: BinaryIO) -> None:
    """Write an answer into a binary file, in any form but the table for people."""
    if form is Form.parquet:
        _write_parquet(answer, sink)
        return
    text = io.TextIOWrapper(sink, encoding="utf-8", newline="")
    try:
        if form is Form.json:
            json.dump(answer.as_json(), text, ensure_ascii=False, allow_nan=False)
            text.write("\n")
        elif form is Form.jsonl:
            _write_lines(answer, text)
        else:
            _write_csv(answer, text)
    finally:
        # The sink stays open: it is the caller's.
        text.detach()


def _write_csv(answer: Rows, text: io.TextIOWrapper) -> None:
    """CSV by RFC 4180, but with line feeds; lists and structures are JSON in their cell."""
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(answer.table.column_names)
    for row in answer.rows():
        rows.writerow(
            [
                json.dumps(cell, ensure_ascii=False) if isinstance(cell, (list, dict)) else cell
                for cell in row
            ]
        )


def _write_lines(answer: Rows, text: io.TextIOWrapper) -> None:
    """JSON lines: an object for each row, with the names of the columns."""
    for row in as_records(answer):
        json.dump(row, text, ensure_ascii=False, allow_nan=False)
        text.write("\n")


def as_records(answer: Rows) -> Iterator[dict[str, Any]]:
    """The rows, each with the names of the columns; JSON in a column of that type is no text."""
    columns = answer.as_columns()
    for row in answer.rows():
        yield {
            name: json.loads(cell) if kind == "JSON" and isinstance(cell, str) else cell
            for (name, kind), cell in zip(columns, row, strict=True)
        }


def _write_parquet(answer: Rows, sink: BinaryIO) -> None:
    import pyarrow.parquet as pq

    # Parquet is written from its own buffer: stdout cannot tell its position.
    buffer = io.BytesIO()
    pq.write_table(answer.table, buffer)
    sink.write(buffer.getbuffer())
