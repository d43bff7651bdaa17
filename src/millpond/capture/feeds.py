"""What a feed's file brings, as facts of the operational database.

The rows of a file are recorded a few at a time, so that a big file does not keep
predictions from being written. None of them counts before `record_landing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any

from sqlalchemy import Table

from millpond.capture import feed_tables
from millpond.capture.outbox import write_events
from millpond.database.group_commit import Transaction
from millpond.events.event import Event


def batch_key(landing_id: str) -> str:
    """Where the bytes of a landed file lie in the object store."""
    return f"batches/{landing_id[-2:]}/{landing_id}"


@dataclass(frozen=True)
class NewLanding:
    """A file whose rows are all recorded, and whose bytes are durable under `batch_key`.

    Args:
        business_date: the day that it is of, as YYYY-MM-DD.
        rows: rows of the file, those `quarantined` among them.
        added: sightings recorded, those of what is `gone` among them.
        complete: whether it lists every record of its day.
        extra: its columns that the feed does not declare.
    """

    landing_id: str
    feed: str
    business_date: str
    file_name: str
    sha256: str
    bytes: int
    rows: int
    added: int
    gone: int
    quarantined: int
    complete: bool
    extra: tuple[str, ...]


def record_rows(
    transaction: Transaction, table: Table, columns: Mapping[str, Sequence[Any]], **same: Any
) -> None:
    """Record rows of one of the tables, each at a moment of its own.

    Args:
        table: one of `feed_tables`, but not ``landings``.
        columns: the values of each column, one for each row.
        same: columns that have the same value in all rows.
    """
    size = len(next(iter(columns.values())))
    if size == 0:
        return
    tick = transaction.clock.tick
    values: dict[str, Iterable[Any]] = {
        **columns,
        **{name: repeat(value, size) for name, value in same.items()},
        "recorded_at": [tick() for _ in range(size)],
    }
    # A file may have millions of rows, and to the driver they go twice as fast as they are.
    insert = table.insert().compile(
        dialect=transaction.connection.dialect, column_keys=list(values)
    )
    names = insert.positiontup or list(values)
    rows: list[Any] = list(zip(*(values[name] for name in names), strict=True))
    if not insert.positional:
        rows = [dict(zip(names, row, strict=True)) for row in rows]
    transaction.connection.exec_driver_sql(str(insert), rows)


def record_landing(transaction: Transaction, new: NewLanding) -> None:
    """Record that a file has landed: from this commit on its rows count."""
    recorded_at = transaction.clock.tick()
    row = {**asdict(new), "complete": int(new.complete), "extra": json.dumps(new.extra)}
    transaction.connection.execute(
        feed_tables.landings.insert().values(**row, recorded_at=recorded_at)
    )
    event = Event.of(
        "millpond.landing.recorded",
        "",
        new.landing_id,
        recorded_at,
        feed=new.feed,
        business_date=new.business_date,
        rows=new.rows,
        added=new.added,
        quarantined=new.quarantined,
    )
    write_events(transaction.connection, [event])
