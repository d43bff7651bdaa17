"""An operational database whose outbox a test fills, and a consumer that notes what it gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, String, Table, func, select

from backends import database_url
from millpond.capture.outbox import write_events
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.database.schema import metadata
from millpond.events.event import Event
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.source import Batch

#: The effects of the consumers of tests: a row for each time that an event had one.
effects = Table(
    "test_effects",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("consumer", String(64), nullable=False),
    Column("worker", String(64), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)


class Noting:
    """A consumer whose effects are rows of `effects`."""

    def __init__(self, name: str = "noting", worker: str = "one") -> None:
        self.name = name
        self.worker = worker
        self.batches: list[Batch] = []
        self.before: Callable[[Batch], None] = lambda batch: None

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        self.before(batch)
        self.batches.append(batch)
        rows = [
            {
                "consumer": self.name,
                "worker": self.worker,
                "event_id": event.event_id,
                "key": event.key,
                "recorded_at": event.recorded_at,
            }
            for event in batch.events
        ]

        def write(transaction: Transaction) -> None:
            transaction.connection.execute(effects.insert(), rows)

        return write

    def stop(self) -> None:
        pass

    def has(self, count: int) -> bool:
        """Whether so many events were got."""
        return sum(len(batch.events) for batch in self.batches) >= count


class Bus:
    """Opens the operational database in a folder, as a process does."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(database_url(folder), folder)
        create_schema(self.engine)
        self.commit = GroupCommit(self.engine)
        self.groups: list[ConsumerGroup] = []

    def close(self) -> None:
        for group in self.groups:
            group.stop()
        self.commit.close()
        self.engine.dispose()

    def tell(self, count: int, keys: int = 7, first: int = 0) -> list[Event]:
        """Write events of some objects, one transaction for each hundred."""
        told: list[Event] = []
        for at in range(0, count, 100):
            numbers = range(first + at, first + min(at + 100, count))
            told += self.commit.run(lambda t, numbers=numbers: _tell(t, numbers, keys))
        return told

    def group(self, consumer: Noting, **options: float) -> ConsumerGroup:
        """A worker that reads the outbox; it is stopped at the end of the test."""
        given = {"pause": 0.01, "lease": 1.0, **options}
        group = ConsumerGroup(
            OutboxSource(self.engine), consumer, self.engine, self.commit, **given
        )
        group.start()
        self.groups.append(group)
        return group

    def stop(self, group: ConsumerGroup) -> None:
        self.groups.remove(group)
        group.stop()

    def effects(self, consumer: str = "noting") -> list[tuple[str, str, int]]:
        """Event id, key and moment of each effect, in the order of the effects."""
        query = (
            select(effects.c.event_id, effects.c.key, effects.c.recorded_at)
            .where(effects.c.consumer == consumer)
            .order_by(effects.c.number)
        )
        with reading(self.engine) as connection:
            return [(*row,) for row in connection.execute(query)]

    def by_worker(self, consumer: str = "noting") -> dict[str, int]:
        """How many effects each worker had."""
        query = (
            select(effects.c.worker, func.count().label("events"))
            .where(effects.c.consumer == consumer)
            .group_by(effects.c.worker)
        )
        with reading(self.engine) as connection:
            return {row.worker: row.events for row in connection.execute(query)}


def _tell(transaction: Transaction, numbers: range, keys: int) -> list[Event]:
    events = [
        Event.of(
            "millpond.inference.recorded",
            "cells",
            f"inference-{number}",
            transaction.clock.tick(),
            object_id=f"object-{number % keys}",
        )
        for number in numbers
    ]
    write_events(transaction.connection, events)
    return events


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds, but not for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it has not come to hold"
        threading.Event().wait(0.01)


def in_order(found: list[tuple[str, str, int]]) -> bool:
    """Whether the effects of each key are in the order of its events."""
    last: dict[str, int] = {}
    for _, key, recorded_at in found:
        if recorded_at <= last.get(key, 0):
            return False
        last[key] = recorded_at
    return True
