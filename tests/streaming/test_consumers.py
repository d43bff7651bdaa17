"""Consumer groups: each event has its effect once, whoever fails, stops or joins."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import backends
from millpond.database.connection import reading
from millpond.errors import Busy
from millpond.events.event import PARTITIONS
from millpond.streaming.leases import Leases, fair_share
from millpond.streaming.positions import Place, lags, partitions_of
from millpond.streaming.source import Batch
from streaming.bus import Bus, Noting, in_order, until

pytestmark = pytest.mark.parametrize("database", backends.KINDS, indirect=True)

OUTBOX = Place("outbox", "noting")


def held(bus: Bus) -> dict[str | None, int]:
    """How many partitions each worker has."""
    found: dict[str | None, int] = {}
    with reading(bus.engine) as connection:
        for one in partitions_of(connection, OUTBOX).values():
            found[one.worker] = found.get(one.worker, 0) + 1
    return found


def test_each_event_has_its_effect_once_and_in_order(bus: Bus) -> None:
    told = bus.tell(500)
    bus.group(Noting(), most=64)
    told += bus.tell(500, first=500)
    until(lambda: len(bus.effects()) >= len(told))
    found = bus.effects()
    assert sorted(event_id for event_id, *_ in found) == sorted(event.event_id for event in told)
    assert in_order(found)


def test_a_consumer_gets_the_facts_as_they_were_told(bus: Bus) -> None:
    [told] = bus.tell(1)
    noting = Noting()
    bus.group(noting)
    until(lambda: bool(noting.batches))
    [got] = noting.batches[0].events
    assert (got.event_id, got.type, got.app) == (told.event_id, told.type, "cells")
    assert (got.entity_id, got.recorded_at) == (told.entity_id, told.recorded_at)
    assert (got.key, got.data) == ("object-0", {"object_id": "object-0"})


def test_an_event_is_there_soon(bus: Bus) -> None:
    noting = Noting()
    bus.group(noting, pause=0.1)
    until(lambda: bool(held(bus)))
    waits = []
    for number in range(5):
        started = time.monotonic()
        bus.tell(1, first=number)
        until(partial(noting.has, number + 1))
        waits.append(time.monotonic() - started)
    # A machine that does much else may be late now and then, but not always.
    assert min(waits) < 0.3


def test_a_consumer_that_fails_gets_the_same_again(bus: Bus) -> None:
    told = bus.tell(50)
    noting, failures = Noting(), [Busy("not now"), ValueError("a bug")]

    def fail(batch: Batch) -> None:
        if failures:
            raise failures.pop()

    noting.before = fail
    group = bus.group(noting)
    until(lambda: len(bus.effects()) >= len(told))
    until(lambda: group.problem is None)
    assert len(bus.effects()) == len(told)
    assert in_order(bus.effects())


def test_what_fails_is_said(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    bus.tell(1)
    noting = Noting()

    def fail(batch: Batch) -> None:
        raise Busy("the broker is away")

    noting.before = fail
    group = bus.group(noting)
    until(lambda: group.problem is not None)
    assert group.problem == "the broker is away"
    assert "noting waits: the broker is away" in caplog.text


def test_another_goes_on_where_one_stopped(bus: Bus) -> None:
    bus.tell(100)
    first = bus.group(Noting(worker="first"))
    until(lambda: len(bus.effects()) == 100)
    bus.stop(first)
    assert held(bus) == {None: 16}
    bus.tell(100, first=100)
    bus.group(Noting(worker="second"))
    until(lambda: len(bus.effects()) >= 200)
    assert bus.by_worker() == {"first": 100, "second": 100}
    assert in_order(bus.effects())


def test_consumers_do_not_know_of_each_other(bus: Bus) -> None:
    bus.tell(100)
    bus.group(Noting("left"))
    bus.group(Noting("right"))
    until(lambda: len(bus.effects("left")) == len(bus.effects("right")) == 100)


def test_workers_share_fairly(bus: Bus) -> None:
    first = bus.group(Noting(worker="first"))
    until(lambda: sum(held(bus).values()) == 16)
    bus.group(Noting(worker="second"))
    bus.group(Noting(worker="third"))
    until(lambda: sorted(held(bus).values()) == [5, 5, 6] and None not in held(bus))
    told = bus.tell(600, keys=100)
    until(lambda: len(bus.effects()) >= len(told))
    assert len(bus.effects()) == len(told)
    assert set(bus.by_worker()) == {"first", "second", "third"}
    assert in_order(bus.effects())
    bus.stop(first)
    until(lambda: sorted(held(bus).values()) == [8, 8])


def test_one_who_lost_its_lease_keeps_nothing(tmp_path: Path, bus: Bus) -> None:
    """A worker sleeps in the middle of a batch until another has taken over and done it."""
    bus.tell(100, keys=100)
    other = Bus(tmp_path)
    sleeper, slept = Noting(worker="sleeper"), []

    def sleep(batch: Batch) -> None:
        if not slept:
            slept.append(len(batch.events))
            with other.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE stream_workers SET alive_until = 0")
            other.group(Noting(worker="other"), lease=60)
            until(lambda: len(other.effects()) == 100)

    sleeper.before = sleep
    bus.group(sleeper, lease=60)
    until(lambda: bool(slept) and len(bus.effects()) >= 100)
    time.sleep(0.2)
    other.close()
    assert slept == [100]
    assert bus.by_worker() == {"other": 100}


def test_what_a_killed_process_had_is_taken_over_at_once(bus: Bus) -> None:
    """The lease of the one that is killed would run for an hour."""
    bus.tell(100, keys=100)
    child = subprocess.Popen([sys.executable, "-c", _A_WORKER], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        worker = child.stdout.readline().strip()
        leases = Leases(bus.engine, bus.commit, OUTBOX, worker, 3600)
        assert len(leases.balance(PARTITIONS, 0)) == PARTITIONS
        bus.group(Noting(), lease=3600)
        time.sleep(1.5)
        assert not bus.effects(), "it is alive, and has everything"
    finally:
        child.kill()
        child.communicate()
    until(lambda: len(bus.effects()) == 100)


_A_WORKER = """
import time
from millpond.streaming.worker_ids import new_worker
print(new_worker(), flush=True)
time.sleep(600)
"""


def test_what_is_behind_is_told(bus: Bus) -> None:
    told = bus.tell(10)
    group = bus.group(Noting())
    until(lambda: len(bus.effects()) == 10)
    bus.stop(group)
    told = bus.tell(25)
    with reading(bus.engine) as connection:
        [lag] = lags(connection)
    assert (lag.consumer, lag.events, lag.since) == ("noting", 25, told[0].recorded_at)


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 16, 20])
def test_shares_are_fair(workers: int) -> None:
    shares = fair_share([f"{number:02}" for number in range(workers)], 16).values()
    assert sum(shares) == 16
    assert max(shares) - min(shares) <= 1
