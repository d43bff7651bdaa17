"""How far consumers have come, and which worker reads which partition: rows, and nothing else.

Nothing here decides; every function is a statement or two inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from millpond.capture.tables import OUTBOX, outbox, stream_positions, stream_workers
from millpond.events.event import PARTITIONS


@dataclass(frozen=True)
class Place:
    """Which rows are a group's: those of one consumer of one source."""

    source: str
    consumer: str

    def rows(self, table: Table) -> ColumnElement[bool]:
        """The condition for them."""
        return (table.c.source == self.source) & (table.c.consumer == self.consumer)


@dataclass(frozen=True)
class Held:
    """A partition: its position, and the worker that reads it, if any."""

    position: int
    worker: str | None


@dataclass(frozen=True)
class Lag:
    """How far a consumer of the outbox is behind.

    Args:
        events: that it has still to read.
        since: when the oldest of them was recorded, in microseconds since 1970.
    """

    consumer: str
    events: int
    since: int | None


def partitions_of(connection: Connection, place: Place) -> dict[int, Held]:
    """The partitions of a group."""
    table = stream_positions
    query = select(table.c.partition, table.c.position, table.c.worker).where(place.rows(table))
    return {row.partition: Held(row.position, row.worker) for row in connection.execute(query)}


def add_partitions(
    connection: Connection, place: Place, partitions: Iterable[int], position: int
) -> None:
    """Give a group partitions that it does not have yet, at a position."""
    rows = [
        {
            "source": place.source,
            "consumer": place.consumer,
            "partition": partition,
            "position": position,
        }
        for partition in partitions
    ]
    if rows:
        connection.execute(stream_positions.insert(), rows)


def give(
    connection: Connection, place: Place, partitions: Collection[int], worker: str | None
) -> None:
    """Say which worker reads partitions from now on; None: any that comes."""
    table = stream_positions
    query = update(table).where(place.rows(table), table.c.partition.in_(partitions))
    connection.execute(query.values(worker=worker))


def move(connection: Connection, place: Place, worker: str, positions: Mapping[int, int]) -> bool:
    """Move positions on, if the worker still has all of these partitions.

    Returns:
        False where another has taken one over: then nothing of the transaction may be kept.
    """
    table, moved = stream_positions, 0
    for position in set(positions.values()):
        partitions = [partition for partition, at in positions.items() if at == position]
        query = update(table).where(
            place.rows(table), table.c.worker == worker, table.c.partition.in_(partitions)
        )
        moved += connection.execute(query.values(position=position)).rowcount
    return moved == len(positions)


def workers_of(connection: Connection, place: Place) -> dict[str, int]:
    """The workers of a group, each with the moment until which it is taken to be alive."""
    table = stream_workers
    rows = connection.execute(select(table.c.worker, table.c.alive_until).where(place.rows(table)))
    return {row.worker: row.alive_until for row in rows}


def keep_alive(connection: Connection, place: Place, worker: str, until: int) -> None:
    """Say that a worker is alive."""
    table = stream_workers
    query = update(table).where(place.rows(table), table.c.worker == worker)
    if connection.execute(query.values(alive_until=until)).rowcount == 0:
        connection.execute(
            table.insert().values(
                source=place.source, consumer=place.consumer, worker=worker, alive_until=until
            )
        )


def remove_workers(connection: Connection, place: Place, workers: Collection[str]) -> None:
    """Forget workers, and let others have what they read."""
    table = stream_workers
    connection.execute(delete(table).where(place.rows(table), table.c.worker.in_(workers)))
    table = stream_positions
    query = update(table).where(place.rows(table), table.c.worker.in_(workers))
    connection.execute(query.values(worker=None))


def forget_others(connection: Connection, source: str, consumers: Collection[str]) -> None:
    """Forget the consumers that there are no longer, so that the outbox waits for them no more."""
    for table in (stream_positions, stream_workers):
        others = (table.c.source == source) & table.c.consumer.not_in(consumers)
        connection.execute(delete(table).where(others))


def lags(connection: Connection) -> list[Lag]:
    """How far each consumer of the outbox is behind, by name."""
    table, found = stream_positions, dict[str, dict[int, list[int]]]()
    query = select(table.c.consumer, table.c.partition, table.c.position).order_by(table.c.consumer)
    for consumer, partition, position in connection.execute(query.where(table.c.source == OUTBOX)):
        found.setdefault(consumer, {}).setdefault(position, []).append(partition)
    return [_lag(connection, consumer, positions) for consumer, positions in found.items()]


def _lag(connection: Connection, consumer: str, positions: Mapping[int, Sequence[int]]) -> Lag:
    """What is after each position in the partitions that are there; mostly all are at one."""
    events, oldest = 0, list[int]()
    for position, partitions in positions.items():
        query = select(func.count(), func.min(outbox.c.recorded_at))
        query = query.where(outbox.c.recorded_at > position)
        if len(partitions) < PARTITIONS:
            query = query.where(outbox.c.partition.in_(partitions))
        count, since = connection.execute(query).one()
        events += count
        oldest += [] if since is None else [since]
    return Lag(consumer, events, min(oldest, default=None))
