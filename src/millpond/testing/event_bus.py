"""What every event bus must do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from millpond.capture.outbox import write_events
from millpond.database.connection import create_schema, open_database
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.errors import Busy
from millpond.events.event import Event
from millpond.streaming.bus import Bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.source import Batch, EventSource, StreamEvent

#: Seconds in which what was told is to come through.
_PATIENCE = 20.0


class Noting:
    """A consumer that notes in memory what it got, in the order of its effects."""

    name = "noting"

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.fails = 0

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        """Note the events of a batch, once it is kept."""
        if self.fails:
            self.fails -= 1
            raise Busy("not now")
        return lambda transaction: self.events.extend(batch.events)

    def stop(self) -> None:
        """It waits for nothing."""

    def has(self, count: int) -> bool:
        """Whether so many events had their effects."""
        return len(self.events) >= count


class EventBusSuite:
    """Inherit it, and give it an empty bus as the fixture ``bus``."""

    @pytest.fixture
    def bus(self) -> Bus:
        """A bus without events."""
        raise pytest.UsageError("a suite needs a fixture that gives the backend: bus")

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[Engine]:
        """An empty operational database."""
        engine = open_database("sqlite:///operations.db", tmp_path)
        create_schema(engine)
        yield engine
        engine.dispose()

    @pytest.fixture
    def commit(self, bus: Bus, engine: Engine) -> Iterator[GroupCommit]:
        """Writes to that database, whose outbox is relayed, if the bus is to have it."""
        commit = GroupCommit(engine)
        relay = bus.relay()
        group = relay and ConsumerGroup(OutboxSource(engine), relay, engine, commit, pause=0.01)
        if group:
            group.start()
        yield commit
        if group:
            group.stop()
        commit.close()

    @pytest.fixture
    def source(self, bus: Bus, engine: Engine) -> Iterator[EventSource]:
        """Where those events are read."""
        source = bus.source(engine)
        yield source
        source.close()

    def test_every_event_comes_as_it_was_told(
        self, commit: GroupCommit, source: EventSource
    ) -> None:
        """All fields are the same, and those of a key come in their order."""
        told = tell(commit, 50)
        found = read(source, 50)
        assert sorted(map(_fields, found)) == sorted(map(_fields, told))
        assert _by_key(found) == _by_key(told)

    def test_a_key_is_in_one_partition(self, commit: GroupCommit, source: EventSource) -> None:
        """Whoever reads a partition has all of its keys, and each partition is told."""
        tell(commit, 100, keys=30)
        found = {(event.key, event.partition) for event in read(source, 100)}
        assert len(found) == 30
        assert {partition for _, partition in found} <= set(range(source.partitions()))

    def test_partitions_are_read_apart(self, commit: GroupCommit, source: EventSource) -> None:
        """Each partition by itself, they give what all give together."""
        tell(commit, 60, keys=60)
        together = read(source, 60)
        for partition in range(source.partitions()):
            wanted = [event for event in together if event.partition == partition]
            found, _ = _gather(source, {partition: source.start()}, len(wanted))
            assert found == wanted

    def test_a_position_is_where_to_go_on(self, commit: GroupCommit, source: EventSource) -> None:
        """What was read before a position does not come again, and from an older one it does."""
        tell(commit, 20)
        start = dict.fromkeys(range(source.partitions()), source.start())
        first, reached = _gather(source, start, 20)
        told = tell(commit, 10)
        second, _ = _gather(source, reached, 10)
        assert sorted(event.event_id for event in second) == sorted(e.event_id for e in told)
        again, _ = _gather(source, start, 30)
        ids = {event.event_id for event in (*first, *second)}
        assert {event.event_id for event in again} == ids

    def test_reading_waits_for_nothing(self, commit: GroupCommit, source: EventSource) -> None:
        """Where there is nothing, that is said at once."""
        start = dict.fromkeys(range(source.partitions()), source.start())
        _, reached = _gather(source, start, 0)
        started = time.monotonic()
        assert not source.read(reached, 10).events
        assert time.monotonic() - started < 1

    def test_a_group_has_each_event_once(
        self, bus: Bus, engine: Engine, commit: GroupCommit
    ) -> None:
        """Also when its consumer fails now and then, and when it ends and another goes on."""
        told: list[Event] = []
        noting = Noting()
        for first in (0, 100):
            told += tell(commit, 100, first=first)
            noting.fails = 2
            group = ConsumerGroup(bus.source(engine), noting, engine, commit, pause=0.01, most=30)
            group.start()
            _until(partial(noting.has, len(told)))
            group.stop()
        assert sorted(map(_fields, noting.events)) == sorted(map(_fields, told))
        assert _by_key(noting.events) == _by_key(told)

    def test_it_can_be_reached(self, bus: Bus, commit: GroupCommit) -> None:
        """And says what it is."""
        tell(commit, 1)
        _until(lambda: bool(bus.reach()))


def tell(commit: GroupCommit, count: int, keys: int = 7, first: int = 0) -> list[Event]:
    """Write events of some objects to the outbox."""

    def work(transaction: Transaction) -> list[Event]:
        events = [
            Event.of(
                "millpond.annotation.recorded",
                "blood-cells",
                f"annotation-{number}",
                transaction.clock.tick(),
                object_id=f"object-{number % keys}",
                label="Erythrozyt \N{MIDDLE DOT} rot",
            )
            for number in range(first, first + count)
        ]
        write_events(transaction.connection, events)
        return events

    return commit.run(work)


def read(source: EventSource, count: int) -> list[StreamEvent]:
    """So many events, from the beginning."""
    return _gather(source, dict.fromkeys(range(source.partitions()), source.start()), count)[0]


def _gather(
    source: EventSource, after: dict[int, int], count: int
) -> tuple[list[StreamEvent], dict[int, int]]:
    found: list[StreamEvent] = []

    def enough() -> bool:
        nonlocal after
        batch = source.read(after, 7)
        after = dict(batch.positions)
        found.extend(batch.events)
        return len(found) >= count

    _until(enough)
    return found, after


def _until(condition: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + _PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it has not come through"
        pause.wait(0.01)


def _fields(event: Event | StreamEvent) -> tuple[str, ...]:
    return (
        event.event_id,
        event.type,
        event.app,
        event.key,
        event.entity_id,
        str(event.recorded_at),
        str(event.data),
    )


def _by_key(events: Sequence[Event | StreamEvent]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event.key, []).append(event.event_id)
    return found
