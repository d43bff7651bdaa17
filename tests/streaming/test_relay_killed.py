"""Relays that are killed and stopped at random: nothing is lost, nothing has two effects."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kafka_cluster import NOT_LEADER, TIMED_OUT, KafkaCluster, kafka_cluster
from millpond.database.connection import reading
from millpond.events.event import Event
from millpond.settings import BusSection
from millpond.streaming.bus import open_bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.positions import lags
from streaming.bus import Bus, Noting, in_order, until
from streaming.reader import reader
from streaming.relay_work import LEASE

_TESTS = Path(__file__).parents[1]
#: Relays that run at the same time.
_RELAYS = 2


class Relays:
    """Processes that relay the same outbox, some of them stopped or dead."""

    def __init__(self, folder: Path, url: str, seed: int) -> None:
        self._command = [sys.executable, "-m", "streaming.relay_work", str(folder), url]
        self._random = random.Random(seed)
        self._running = [self._start() for _ in range(_RELAYS)]
        self.killed = self.stopped = 0

    def harm(self) -> None:
        """Kill one and start another, or have one sleep until it has lost its lease."""
        at = self._random.randrange(_RELAYS)
        if self._random.random() < 0.6:
            self._running[at].kill()
            self._collect(self._running[at])
            self._running[at] = self._start()
            self.killed += 1
        else:
            self._running[at].send_signal(signal.SIGSTOP)
            time.sleep(self._random.uniform(0.2, 1.5 * LEASE))
            self._running[at].send_signal(signal.SIGCONT)
            self.stopped += 1

    def end(self) -> None:
        """Have them end by themselves."""
        for process in self._running:
            self._collect(process)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(_TESTS)}
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, env=environment)

    @staticmethod
    def _collect(process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


@contextmanager
def telling(bus: Bus, told: list[Event], rate: int) -> Iterator[None]:
    """Write events all the time, a hundred at once, about so many a second."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(100 / rate):
            told.extend(bus.tell(100, keys=37, first=len(told)))

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def harm(cluster: KafkaCluster, relays: Relays, chance: random.Random) -> None:
    """Harm a relay while brokers fail, are slow, or are away for a moment."""
    match chance.randrange(4):
        case 0:
            cluster.fail(NOT_LEADER, TIMED_OUT)
            relays.harm()
        case 1:
            cluster.slow(chance.choice([0, 20, 200]))
            relays.harm()
        case away:
            brokers = [chance.randint(1, 3)] if away == 2 else []
            cluster.down(*brokers)
            time.sleep(chance.uniform(0.1, 0.5))
            relays.harm()
            cluster.up(*brokers)


def harmed(bus: Bus, folder: Path, seconds: float, seed: int, rate: int) -> str:
    """Harm relays and brokers for some seconds while events are told; what became of all."""
    told: list[Event] = []
    chance = random.Random(seed)
    with kafka_cluster() as cluster:
        topic = cluster.topic("events")
        url = f"kafka://{cluster.brokers}/{topic}"
        source = open_bus(BusSection(url=url)).source(bus.engine)
        bus.groups.append(ConsumerGroup(source, Noting(), bus.engine, bus.commit, pause=0.02))
        bus.groups[0].start()
        relays = Relays(folder, url, seed)
        deadline = time.monotonic() + seconds
        with reader(cluster.brokers, topic) as found:
            with telling(bus, told, rate):
                while time.monotonic() < deadline:
                    time.sleep(chance.uniform(0.1, 1.2))
                    harm(cluster, relays, chance)
            cluster.slow(0)
            until(lambda: len(bus.effects()) >= len(told), 120)
            until(lambda: len(found.first) >= len(told), 120)
            time.sleep(0.5)
            relays.end()
        bus.stop(bus.groups[0])
        first, came = found.first, len(found.messages)
    wanted = sorted(event.event_id for event in told)
    order = {event.event_id: event.recorded_at for event in told}
    effects = bus.effects()
    assert sorted(event_id for event_id, *_ in effects) == wanted
    assert in_order(effects)
    assert sorted(event_id for event_id, *_ in first) == wanted
    assert in_order([(event_id, key, order[event_id]) for event_id, key, _ in first])
    with reading(bus.engine) as connection:
        assert [lag.events for lag in lags(connection)] == [0]
    assert relays.killed > 0
    return (
        f"{len(told)} events, {came - len(told)} of them twice, "
        f"{relays.killed} kills, {relays.stopped} stops"
    )


def test_relays_that_are_killed_and_stopped_lose_nothing(bus: Bus, tmp_path: Path) -> None:
    harmed(bus, tmp_path, seconds=8, seed=1, rate=1_000)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_relays_that_are_killed_and_stopped_for_ten_minutes(
    bus: Bus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = harmed(bus, tmp_path, seconds=600, seed=2, rate=500)
    with capsys.disabled():
        print(f"\n{told}")
