"""Which events were seen: each is let through once, however it is shuffled and repeated."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select

import backends
from millpond.database.connection import reading
from millpond.streaming.positions import Place
from millpond.streaming.seen import KEPT, remember, unseen
from millpond.streaming.seen_tables import seen_events
from millpond.streaming.source import StreamEvent
from streaming.bus import Bus

pytestmark = pytest.mark.parametrize("database", backends.KINDS, indirect=True)

GROUP = Place("kafka:events", "noting")
SECOND = 1_000_000


def event(number: int, at: int, key: str = "key", partition: int = 0) -> StreamEvent:
    return StreamEvent(f"event-{number}", "a.fact", "cells", key, "x", at, partition, {})


def through(bus: Bus, events: list[StreamEvent], group: Place = GROUP) -> list[str]:
    """What is let through of a batch, which is then kept."""
    with reading(bus.engine) as connection:
        found = unseen(connection, group, events)
    bus.commit.run(lambda transaction: remember(transaction.connection, group, found))
    return [one.event_id for one in found]


def kept(bus: Bus) -> int:
    with reading(bus.engine) as connection:
        return connection.scalar(select(func.count()).select_from(seen_events)) or 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_comes_through_once(bus: Bus, seed: int) -> None:
    """Three hours of events of many keys, some several times, up to half an hour out of order."""
    chance = random.Random(seed)
    told = [event(number, number * 2 * SECOND, f"key-{number % 9}") for number in range(5_400)]
    sent = [(one.recorded_at + chance.uniform(0, KEPT / 2), one) for one in told]
    sent += [
        (one.recorded_at + chance.uniform(0, KEPT / 2), one)
        for one in told
        if chance.random() < 0.2
    ]
    order = [one for _, one in sorted(sent, key=lambda pair: pair[0])]
    found = [
        event_id
        for at in range(0, len(order), 500)
        for event_id in through(bus, order[at : at + 500])
    ]
    assert sorted(found) == sorted(one.event_id for one in told)
    assert kept(bus) < len(told) / 2


def test_one_that_comes_after_its_id_was_forgotten_is_a_repetition(bus: Bus) -> None:
    first, later = event(1, SECOND), event(2, 2 * KEPT)
    assert through(bus, [first, later]) == ["event-1", "event-2"]
    assert kept(bus) == 1
    assert through(bus, [first]) == []


def test_another_lane_may_be_far_behind(bus: Bus) -> None:
    """As it is where of two relays one was away for hours, and where partitions are apart."""
    assert through(bus, [event(1, 9 * KEPT, "key-1")]) == ["event-1"]
    behind = [event(2, SECOND, "key-2"), event(3, SECOND, "key-1", partition=1)]
    assert through(bus, behind) == ["event-2", "event-3"]


def test_groups_do_not_know_of_each_other(bus: Bus) -> None:
    other = Place(GROUP.source, "other")
    assert through(bus, [event(1, SECOND)]) == ["event-1"]
    assert through(bus, [event(1, SECOND)], other) == ["event-1"]


def test_one_without_an_id_cannot_come_again(bus: Bus) -> None:
    nameless = event(1, SECOND)._replace(event_id="")
    assert through(bus, [nameless, nameless]) == ["", ""]
    assert kept(bus) == 0
