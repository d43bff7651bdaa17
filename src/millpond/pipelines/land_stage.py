"""The rows of a file put aside as Parquet, in the shape of their feed, for SQL to compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from millpond.errors import Invalid
from millpond.raw.feeds.table import BadRow, TableFile, open_table
from millpond.raw.feeds.table_shape import SHAPED, Shape
from millpond.settings import FeedSection

_READ = 10_000

#: Rows that were not taken.
BAD = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("content", pa.string())])


class File(Protocol):
    """What is to be known of a file: its name, and its business day in microseconds."""

    @property
    def name(self) -> str: ...

    @property
    def day(self) -> int: ...

    @property
    def streamed(self) -> bool: ...


@dataclass(frozen=True)
class Staged:
    """What was put aside.

    Args:
        rows: of the file, the `bad` ones among them.
        day: the business day, in microseconds since 1970: the latest where rows say theirs.
        first: the earliest ``valid_from`` of a row, in microseconds; `last` is the latest.
        extra: columns that the feed does not declare.
    """

    rows: int
    bad: int
    day: int
    first: int
    last: int
    extra: tuple[str, ...]


def stage(
    copy: Path,
    file: File,
    section: FeedSection,
    rows_to: Path,
    bad_to: Path,
    on_progress: Callable[[int], None],
) -> Staged:
    """Read a file and write its rows, and those that are bad, each to a Parquet file.

    Raises:
        Invalid: the file is not of its format, or lacks a column that may not be blank.
    """
    told = _told(file.name, section)
    wanted = [name for name in section.names if name not in told]
    table = open_table(copy, file.name, section.format, wanted)
    if table.columns and not file.streamed:
        _check_columns(table, file.name, section, told)
    shape = Shape(section, told, file.day, table.iso)
    good = bad = 0
    days, moments = [], []
    with pq.ParquetWriter(rows_to, SHAPED) as good_rows, pq.ParquetWriter(bad_to, BAD) as bad_rows:
        for rows in table:
            batch, wrong = shape.rows(rows) if rows.lines else (None, list(rows.bad))
            if batch is not None and batch.num_rows:
                good_rows.write_batch(batch.cast(SHAPED))
                days.append(pc.max(batch["day"]).as_py())
                moments += pc.min_max(batch["valid_from"]).as_py().values()
                good += batch.num_rows
            bad_rows.write_batch(_as_batch(wrong))
            bad += len(wrong)
            on_progress(good + bad)
    if good + bad and not file.streamed:
        _check_columns(table, file.name, section, told)
    extra = tuple(name for name in table.columns if name not in section.names)
    day = max(days, default=file.day) if section.business_date else file.day
    first, last = min(moments, default=file.day), max(moments, default=file.day)
    return Staged(good + bad, bad, day, first, last, extra)


def said_on(rows: Path, lines: pa.Table) -> Iterator[pa.RecordBatch]:
    """What the rows on some lines say: ``record_id, version, content, personal``.

    Args:
        rows: as `stage` has written them.
        lines: ``line, record_id``, in the order of the lines.
    """
    lines = lines.combine_chunks()
    wanted = lines["line"].to_numpy()
    with pq.ParquetFile(rows) as file:
        columns = ["line", "version", "content", "personal"]
        for batch in file.iter_batches(batch_size=_READ, columns=columns):
            here = batch["line"].to_numpy()
            first, end = np.searchsorted(wanted, [here[0], here[-1] + 1])
            chosen = batch.take(pa.array(np.searchsorted(here, wanted[first:end])))
            ids = lines["record_id"].slice(first, end - first).combine_chunks()
            yield chosen.drop_columns(["line"]).add_column(0, "record_id", ids)


def _told(name: str, section: FeedSection) -> dict[str, str]:
    """The values of the columns that the name of the file tells.

    Raises:
        Invalid: it does not tell one of them.
    """
    told = {}
    for column, pattern in section.from_path.items():
        match = re.search(pattern, name)
        if match is None or not match[1]:
            raise Invalid(
                f"the name {name} does not tell the column {column!r}: "
                f"it does not match {pattern!r} of from_path"
            )
        told[column] = match[1]
    return told


def _check_columns(table: TableFile, name: str, section: FeedSection, told: dict[str, str]) -> None:
    missing = [
        column
        for column in section.names
        if column not in table.columns and column not in told and not section.column(column).blank
    ]
    if missing:
        raise Invalid(
            f"{name} has no column {', '.join(map(repr, missing))}; it has "
            f"{', '.join(table.columns)}. Nothing of it was taken: mend the file, or the "
            "columns of the feed in millpond.toml (a type that ends in ? may be missing)"
        )


def _as_batch(rows: list[BadRow]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([asdict(row) for row in rows], BAD)
