"""Which vectors of a listing a reduction has not been applied to, and those vectors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from millpond.analytics.memory import InMemory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Vectors that are in memory at once.
BATCH = 2048

_IDS = "select object_id from read_parquet(?)"


def count_ids(listing: Path, among: Sequence[Path], without: Sequence[Path]) -> int:
    """How many images of a listing some files have, and others have not."""
    if not among:
        return 0
    with _engine() as cursor:
        sql, files = _chosen("object_id", listing, among, without)
        [(count,)] = cursor.execute(f"select count(*) from ({sql})", files).fetchall()
        return int(count)


def vectors(
    listing: Path, among: Sequence[Path], without: Sequence[Path]
) -> Iterator[pa.RecordBatch]:
    """Their object ids, labels as they are listed now, and vectors, a few at a time."""
    if not among:
        return
    with _engine() as cursor:
        sql, files = _chosen("object_id, listed.label, vector", listing, among, without)
        yield from cursor.sql(sql, params=files).to_arrow_reader(BATCH)


def other_rows(path: Path, listing: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a file that are of no image of a listing."""
    sql = f"select * from read_parquet(?) anti join ({_IDS}) as listed using (object_id)"
    with _engine() as cursor:
        yield from cursor.sql(sql, params=[str(path), str(listing)]).to_arrow_reader(BATCH)


def _chosen(
    columns: str, listing: Path, among: Sequence[Path], without: Sequence[Path]
) -> tuple[str, list[str | list[str]]]:
    files: list[str | list[str]] = [list(map(str, among)), str(listing)]
    sql = f"select {columns} from read_parquet(?) as found join read_parquet(?) as listed"
    sql += " using (object_id)"
    if without:
        sql += f" anti join ({_IDS}) as done using (object_id)"
        files.append(list(map(str, without)))
    return sql, files


@contextlib.contextmanager
def _engine() -> Iterator[DuckDBPyConnection]:
    with contextlib.closing(InMemory()) as engine, engine.cursor() as cursor:
        cursor.execute("set threads = 2; set preserve_insertion_order = false")
        yield cursor
