"""What a feed's file brings, as facts of the operational database.

The rows of a file are recorded a few at a time, so that a big file does not keep
predictions from being written. None of them counts before `record_landing`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
    transaction: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], **same: Any
) -> None:
    """Record rows of one of the tables, each at a moment of its own.

    Args:
        table: one of `feed_tables`, but not ``landings``.
        same: columns that have the same value in all rows.
    """
    tick = transaction.clock.tick
    if rows:
        transaction.connection.execute(
            table.insert(), [{**row, **same, "recorded_at": tick()} for row in rows]
        )


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
