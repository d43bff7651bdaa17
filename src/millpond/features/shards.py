"""How a listing is cut into shards: the parts that workers take, one at a time.

A shard is a row group of a Parquet file, so a worker reads its own and no other. All
shards are about as much work; towards the end they become smaller, so that no worker
waits long for the last one (guided self-scheduling: Polychronopoulos and Kuck 1987,
with the half shares of factoring: Hummel, Schonberg and Flynn 1992).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from millpond.analytics.memory import InMemory
from millpond.durable import PART, sync_file, sync_folder
from millpond.features.listing import LISTING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST_ROWS, _FEWEST_ROWS = 256, 8
_MOST_BYTES = 64 * 1024 * 1024

#: What an image costs besides its bytes, in bytes: a pass of the model takes about as
#: long as it takes to decode that much.
_EACH = 128 * 1024

_BATCH = 10_000
_MEMORY = 128

_NOT_DONE = """
CREATE TEMP TABLE todo AS
SELECT * FROM read_parquet(?) AS listed {without_done}
"""
_WITHOUT_DONE = """
WHERE NOT EXISTS (FROM read_parquet(?) AS done WHERE done.object_id = listed.object_id)
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """What there is to do: `shards` of `objects` images, which have so many `bytes`."""

    shards: int
    objects: int
    bytes: int


def cut(
    listing: Path, done: Sequence[Path], work: Path, workers: int, memory: int = _MEMORY
) -> Cut:
    """Write the images that are not done to a new file, durably, a row group for each shard.

    Memory does not grow with the number of images: sorting and comparing go on beside
    `work` when they outgrow it.

    Args:
        listing: as `listing.write_listing` has written it.
        done: Parquet files whose column ``object_id`` names images to leave out.
        work: the file; its rows are sorted by ``object_id``, whatever order they came in.
        workers: that take shards at the same time.
        memory: MiB that sorting and comparing may take.
    """
    with _todo(listing, done, work.parent, memory) as cursor:
        [(objects, size)] = cursor.execute(
            "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM todo"
        ).fetchall()
        sizes = _Sizes(size + objects * _EACH, workers)
        batches = cursor.sql("FROM todo ORDER BY object_id").to_arrow_reader(_BATCH)
        shards = _write(_shards(batches, sizes), work)
    return Cut(shards, objects, size)


def read_shard(work: Path, number: int) -> pa.Table:
    """The rows of a shard, in the shape of `LISTING`."""
    about = work.stat()
    footer = _footer(work, about.st_ino, about.st_mtime_ns)
    with pq.ParquetFile(work, metadata=footer) as file:
        return file.read_row_group(number, use_threads=False)


@lru_cache(maxsize=4)
def _footer(work: Path, *_version: int) -> pq.FileMetaData:
    return pq.read_metadata(work)


@contextmanager
def _todo(
    listing: Path, done: Sequence[Path], beside: Path, memory: int
) -> Iterator[DuckDBPyConnection]:
    """An engine with the table `todo`, which spills into a folder that goes at the end."""
    engine = InMemory()
    with (
        TemporaryDirectory(prefix=PART, dir=beside) as spill,
        contextlib.closing(engine),
        engine.cursor() as cursor,
    ):
        folder = spill.replace("'", "''")
        cursor.execute(f"SET temp_directory = '{folder}'; SET memory_limit = '{memory}MiB'")
        cursor.execute("SET threads = 1; SET preserve_insertion_order = false")
        files: list[str | list[str]] = [str(listing)]
        if done:
            files.append([str(path) for path in done])
        cursor.execute(_NOT_DONE.format(without_done=_WITHOUT_DONE if done else ""), files)
        yield cursor


class _Sizes:
    """Says, image by image, where a shard is full.

    Args:
        left: the work of all images, in bytes.
    """

    def __init__(self, left: int, workers: int) -> None:
        self._left = left
        self._shares = 2 * workers
        self._rows = self._work = 0

    def full_with(self, size: int) -> bool:
        """Whether an image of so many bytes is the last one of its shard."""
        self._rows += 1
        self._work += size + _EACH
        fair = min(self._left // self._shares, _MOST_BYTES)
        if self._rows < _MOST_ROWS and (self._rows < _FEWEST_ROWS or self._work < fair):
            return False
        self._left -= self._work
        self._rows = self._work = 0
        return True


def _shards(batches: Iterator[pa.RecordBatch], sizes: _Sizes) -> Iterator[pa.Table]:
    begun: list[pa.RecordBatch] = []
    for batch in batches:
        start = 0
        for end, size in enumerate(batch["bytes"].to_pylist(), 1):
            if sizes.full_with(size):
                yield pa.Table.from_batches([*begun, batch.slice(start, end - start)])
                begun, start = [], end
        if start < batch.num_rows:
            begun.append(batch.slice(start))
    if begun:
        yield pa.Table.from_batches(begun)


def _write(shards: Iterator[pa.Table], work: Path) -> int:
    """Write each as a row group; their number. The file appears whole or not at all."""
    aside = work.with_name(f"{PART}{work.name}")
    count = 0
    with pq.ParquetWriter(aside, LISTING, compression="zstd", write_statistics=False) as writer:
        for shard in shards:
            writer.write_table(shard.cast(LISTING), row_group_size=shard.num_rows)
            count += 1
    sync_file(aside)
    os.replace(aside, work)
    sync_folder(work.parent)
    return count
