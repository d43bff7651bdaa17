"""Trimming: facts whose copies are safe elsewhere leave the operational database.

What others refer to stays: objects with their origins, subjects, the requests that
an ``Idempotency-Key`` stands for, and each review that has annotations left. So does an
event that a consumer has still to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, union_all

from millpond.capture import tables
from millpond.capture.feed_tables import FEED_FACTS

#: The tables whose facts leave, those that point at others first. One without a moment of
#: its own goes with the fact that its foreign key names.
ARCHIVED: tuple[Table, ...] = (
    tables.predictions,
    tables.annotations,
    tables.inferences,
    tables.refusals,
    tables.uncaptured,
    tables.outbox,
    *FEED_FACTS,
)

#: Those that have a moment of their own.
TIMED: tuple[Table, ...] = tuple(table for table in ARCHIVED if "recorded_at" in table.c)

#: The most ids in one statement.
_IDS = 500


@dataclass(frozen=True)
class Trimmed:
    """What left.

    Args:
        rows: of all tables together.
        last_inference_id: the greatest id among the inferences; None where there is none.
    """

    rows: int
    last_inference_id: str | None


def next_moment(connection: Connection, until: int, most: int) -> int | None:
    """Up to which moment to trim next, so that about `most` facts leave; None: nothing is left.

    Args:
        until: the last moment of all, in microseconds since 1970.
    """
    read = _read_until(connection, until)
    oldest = [
        select(table.c.recorded_at)
        .where(table.c.recorded_at <= (read if table is tables.outbox else until))
        .order_by(table.c.recorded_at)
        .limit(most)
        .subquery()
        for table in TIMED
    ]
    every = union_all(*(select(each) for each in oldest)).subquery()
    first = select(every).order_by(every.c.recorded_at).limit(most).subquery()
    found: int | None = connection.scalar(select(func.max(first.c.recorded_at)))
    return found


def trim(connection: Connection, until: int) -> Trimmed:
    """Delete every fact of the archived tables that was recorded up to a moment.

    That their copies are safe is the caller's word.
    """
    inferences = tables.inferences
    last = connection.scalar(
        select(func.max(inferences.c.inference_id)).where(inferences.c.recorded_at <= until)
    )
    annotations = tables.annotations
    reviews = connection.scalars(
        select(annotations.c.review_id).where(annotations.c.recorded_at <= until).distinct()
    ).all()
    rows, read = 0, _read_until(connection, until)
    for table in ARCHIVED:
        moment = read if table is tables.outbox else until
        rows += connection.execute(delete(table).where(_recorded_until(table, moment))).rowcount
    for at in range(0, len(reviews), _IDS):
        _delete_empty(connection, reviews[at : at + _IDS])
    return Trimmed(rows, last)


def _read_until(connection: Connection, until: int) -> int:
    """Up to which moment, at most another, every consumer has read the outbox."""
    table = tables.stream_positions
    query = select(func.min(table.c.position)).where(table.c.source == tables.OUTBOX)
    reached: int | None = connection.scalar(query)
    return until if reached is None else min(until, reached)


def _recorded_until(table: Table, until: int) -> ColumnElement[bool]:
    if table in TIMED:
        return table.c.recorded_at <= until
    [key] = table.foreign_keys
    fact = key.column.table
    return key.parent.in_(select(key.column).where(fact.c.recorded_at <= until))


def _delete_empty(connection: Connection, review_ids: Sequence[str]) -> None:
    """Delete those of the reviews that have no annotation any more."""
    reviews, annotations = tables.reviews, tables.annotations
    left = select(annotations.c.review_id).where(annotations.c.review_id == reviews.c.review_id)
    connection.execute(delete(reviews).where(reviews.c.review_id.in_(review_ids), ~left.exists()))
