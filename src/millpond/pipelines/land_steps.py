"""One landing: the steps in which the rows of a file are brought in.

What the file says is compared with what was said before of the same record from the
same moment on; what differs is recorded, nothing is ever overwritten.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine, Table

from millpond.analytics.analytics import Analytics
from millpond.capture import feed_tables
from millpond.capture.feeds import NewLanding, batch_key, record_landing, record_rows
from millpond.database.clock import last
from millpond.database.connection import reading
from millpond.database.group_commit import GroupCommit
from millpond.errors import NotFound
from millpond.pipelines import land_sql
from millpond.pipelines.land_stage import BAD, Staged, said_on, stage
from millpond.raw.store import Data, ObjectStore
from millpond.settings import FeedSection
from millpond.values import from_micros, new_id

#: Rows of one transaction: predictions wait while they are written.
_CHUNK = 5_000
_COPY = 1 << 20


@dataclass(frozen=True)
class Arrived:
    """A file of a feed.

    Args:
        path: where its bytes are.
        name: its own name; the feed's columns ``from_path`` are found in it.
        day: its business day in microseconds since 1970.
        dated: whether somebody said that day, in words or in the name of the file.
        streamed: its rows came one by one; what they all lack is no mistake of the file.
    """

    path: Path
    name: str
    day: int
    dated: bool
    streamed: bool = False


@dataclass(frozen=True)
class LandedFile:
    """What a file brought in.

    Args:
        business_date: the day that it is of, as YYYY-MM-DD.
        rows: rows of the file, those `quarantined` among them.
        added: what it said that was not known; of that, records that are `gone`.
        extra: its columns that the feed does not declare.
        repeated: it had landed before, as `landing_id`, and nothing was added.
    """

    landing_id: str
    feed: str
    business_date: str
    rows: int
    added: int
    gone: int
    quarantined: int
    extra: tuple[str, ...] = ()
    repeated: bool = False


@dataclass(frozen=True)
class Shore:
    """The backends that a file lands in."""

    engine: Engine
    commit: GroupCommit
    store: ObjectStore
    analytics: Analytics


class Land:
    """One landing, in its steps. Only the holder of the lock may take them."""

    def __init__(
        self, to: Shore, feed: str, section: FeedSection, file: Arrived, scratch: Path
    ) -> None:
        self.landing_id = new_id()
        self._to = to
        self._feed = feed
        self._section = section
        self._file = file
        self._copy = scratch / "file"
        self._rows, self._bad = scratch / "rows.parquet", scratch / "bad.parquet"
        self._keys, self._dropped = scratch / "keys.parquet", scratch / "dropped.parquet"
        self._conflicts = scratch / "conflicts.parquet"
        self._sha256 = ""
        self._staged = Staged(0, 0, file.day, file.day, file.day, ())
        self._conflicting = self._added = self._gone = 0
        with reading(to.engine) as connection:
            # What this landing writes itself is not to be taken for known.
            self._known_until = last(connection)

    def copy(self) -> None:
        """Step 1. Copy the bytes, so that they stay the same whoever writes to the file."""
        hashed = hashlib.sha256()
        try:
            with open(self._file.path, "rb") as source, open(self._copy, "xb") as copy:
                while part := source.read(_COPY):
                    hashed.update(part)
                    copy.write(part)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound(f"there is no file {self._file.path}") from error
        self._sha256 = hashed.hexdigest()

    def repeated(self) -> LandedFile | None:
        """The landing that brought the same file already, if one did."""
        said = self._file.dated and self._section.business_date is None
        named = bool(self._section.from_path)
        values = [self._feed, self._sha256, not said, _date(self._file.day)]
        values += [not named, self._file.name]
        batches = self._batches(land_sql.REPEATED, *values)
        found = [row for batch in batches for row in batch.to_pylist()]
        return replace(self._landed(), **found[0], repeated=True) if found else None

    def stage(self, on_progress: Callable[[int], None]) -> None:
        """Step 2. Read the rows, and put what they say, and those that are bad, aside."""
        self._staged = stage(
            self._copy, self._file, self._section, self._rows, self._bad, on_progress
        )

    def keep(self) -> None:
        """Step 3. Keep the bytes as they came; once recorded, nothing of them can be lost."""
        with open(self._copy, "rb") as file, _mapped(file) as data:
            self._to.store.put(batch_key(self.landing_id), data)

    def keys(self) -> None:
        """Step 4. Record the keys that were never seen, and have the ids of all."""
        schema = pa.schema([("key", pa.string()), ("record_id", pa.string())])
        with pq.ParquetWriter(self._keys, schema) as writer:
            for batch in self._batches(land_sql.KEYS, str(self._rows), self._feed):
                new = batch.filter(pc.is_null(batch["record_id"])).select(["key"])
                ids = pa.array([new_id() for _ in range(new.num_rows)], pa.string())
                new = new.append_column("record_id", ids)
                self._record(feed_tables.record_keys, new, feed=self._feed)
                writer.write_batch(batch.filter(pc.is_valid(batch["record_id"])).cast(schema))
                writer.write_batch(new.cast(schema))

    def twice(self) -> None:
        """Step 5. Find rows that say the same as an earlier one, and those that say otherwise.

        Of the first kind one is enough; of the second the first row is taken.
        """
        with (
            pq.ParquetWriter(self._dropped, pa.schema([("line", pa.int64())])) as dropped,
            pq.ParquetWriter(self._conflicts, BAD) as conflicts,
        ):
            for batch in self._batches(land_sql.TWICE, *[str(self._rows)] * 3):
                dropped.write_batch(batch.select(["line"]))
                differing = batch.filter(batch["differs"]).select(BAD.names).cast(BAD)
                conflicts.write_batch(differing)
                self._conflicting += differing.num_rows

    def versions(self) -> None:
        """Step 6. Record what was never said of its record."""
        paths = map(str, (self._rows, self._keys, self._dropped))
        new = list(self._batches(land_sql.VERSIONS, self._feed, *paths))
        for batch in said_on(self._rows, pa.Table.from_batches(new)) if new else ():
            self._record(feed_tables.record_versions, batch, landing_id=self.landing_id)

    def sightings(self) -> None:
        """Step 7. Record from when each version holds, where something else stood or nothing."""
        paths = map(str, (self._rows, self._keys, self._dropped))
        values = [self._feed, self._staged.first, self._staged.last, *paths, self._complete]
        for batch in self._batches(land_sql.SIGHTINGS, *values):
            self._record(feed_tables.record_sightings, batch, landing_id=self.landing_id)
            self._added += batch.num_rows
            self._gone += batch["version"].null_count

    def quarantine(self) -> None:
        """Step 8. Record the rows that were not taken, with line and reason."""
        for path in (self._bad, self._conflicts):
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_CHUNK):
                    self._record(feed_tables.quarantined_rows, batch, landing_id=self.landing_id)

    def complete(self) -> LandedFile:
        """Step 9. Record the landing: from this commit on all of it counts."""
        new = self.landing()
        self._to.commit.run(lambda transaction: record_landing(transaction, new))
        return self._landed()

    def landing(self) -> NewLanding:
        """What step 9 records."""
        landed = self._landed()
        return NewLanding(
            landing_id=landed.landing_id,
            feed=landed.feed,
            business_date=landed.business_date,
            file_name=self._file.name,
            sha256=self._sha256,
            bytes=self._copy.stat().st_size,
            rows=landed.rows,
            added=landed.added,
            gone=landed.gone,
            quarantined=landed.quarantined,
            complete=self._complete,
            extra=landed.extra,
        )

    @property
    def _complete(self) -> bool:
        """Whether the file lists every record of its day.

        Not where a row was not taken: nobody knows which record that is. Nor where there
        is none: a feed that failed would tell of nothing but departures.
        """
        return self._section.complete and self._staged.rows > 0 and self._quarantined == 0

    @property
    def _quarantined(self) -> int:
        return self._staged.bad + self._conflicting

    def _landed(self) -> LandedFile:
        return LandedFile(
            landing_id=self.landing_id,
            feed=self._feed,
            business_date=_date(self._staged.day),
            rows=self._staged.rows,
            added=self._added,
            gone=self._gone,
            quarantined=self._quarantined,
            extra=self._staged.extra,
        )

    def _record(self, table: Table, batch: pa.RecordBatch, **same: str) -> None:
        for first in range(0, batch.num_rows, _CHUNK):
            self._write(table, batch.slice(first, _CHUNK).to_pydict(), same)

    def _write(self, table: Table, columns: dict[str, list[Any]], same: dict[str, str]) -> None:
        self._to.commit.run(lambda transaction: record_rows(transaction, table, columns, **same))

    def _batches(self, sql: str, *parameters: object) -> Iterator[pa.RecordBatch]:
        return self._to.analytics.batches(sql, as_of=self._known_until, parameters=parameters)


@contextmanager
def _mapped(file: IO[bytes]) -> Iterator[Data]:
    """The bytes of a file, none of them in memory; nothing cannot be mapped."""
    if os.fstat(file.fileno()).st_size == 0:
        yield b""
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _date(day: int) -> str:
    return from_micros(day).date().isoformat()
