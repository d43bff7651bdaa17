"""How fast the relay drains the outbox, beside a relay that publishes a row at a time.

``python -m benchmarks.streaming.relay``: both read the same events from SQLite, publish them
to the same three brokers (librdkafka's mock cluster in a process of its own, read by another
while they are written), wait for the acknowledgement of all replicas, and commit durably
what was published. The other relay reads one row, publishes it, waits, and commits.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Producer

from millpond.capture.outbox import write_events
from millpond.database.connection import create_schema, open_database, reading
from millpond.database.group_commit import GroupCommit, Transaction
from millpond.events.event import Event
from millpond.settings import BusSection
from millpond.streaming.bus import open_bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.positions import lags

#: Events of one transaction when the outbox is filled.
_AT_ONCE = 1_000
_OBJECTS = 500

_BROKERS = """
import sys, time
from confluent_kafka import Producer
holder = Producer({"bootstrap.servers": "", "test.mock.num.brokers": 3, "log_level": 0})
holder.poll(0)
brokers = holder.list_topics(timeout=10).brokers.values()
print(",".join(f"{one.host}:{one.port}" for one in brokers), flush=True)
sys.stdin.read()
"""
_READER = """
import sys, threading
from confluent_kafka import Consumer, TopicPartition
brokers, topic = sys.argv[1:]
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "log_level": 0,
    "auto.offset.reset": "earliest", "enable.auto.commit": False})
partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
reached, wanted = dict.fromkeys(partitions, 0), None
def ask():
    global wanted
    wanted = int(sys.stdin.readline())
threading.Thread(target=ask, daemon=True).start()
# By offsets: brokers that keep 5 MB of a partition may be faster than whoever reads them.
while wanted is None or sum(reached.values()) < wanted:
    for message in consumer.consume(5000, 0.1):
        if message.error() is None:
            reached[message.partition()] = message.offset() + 1
print(sum(reached.values()), flush=True)
"""


def main() -> None:
    """Measure both in turn, and say how they compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="that the relay publishes")
    parser.add_argument("--rows", type=int, default=1_000, help="that are published one by one")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ours, theirs = [], []
    with _child(_BROKERS) as brokers:
        assert brokers.stdout is not None
        address = brokers.stdout.readline().strip()
        for number in range(given.rounds):
            with TemporaryDirectory() as folder:
                ours.append(_relayed(Path(folder), address, f"relay-{number}", given.events))
                theirs.append(_row_by_row(Path(folder), address, f"rows-{number}", given.rows))
            print(f"relay {ours[-1]:,.0f} events/s, row at a time {theirs[-1]:,.0f} events/s")
    best, other = sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2]
    print(
        json.dumps(
            {
                "relay_events_per_second": round(best),
                "row_at_a_time_events_per_second": round(other),
                "times": round(best / other, 1),
            }
        )
    )


def _relayed(folder: Path, brokers: str, topic: str, count: int) -> float:
    """Events a second, from when the relay is started until the last position is committed."""
    engine = open_database("sqlite:///operations.db", folder)
    create_schema(engine)
    commit = GroupCommit(engine)
    for at in range(0, count, _AT_ONCE):
        commit.run(lambda transaction, at=at: _tell(transaction, range(at, at + _AT_ONCE)))
    relay = open_bus(BusSection(url=f"kafka://{brokers}/{topic}")).relay()
    assert relay is not None
    group = ConsumerGroup(OutboxSource(engine), relay, engine, commit)
    with _read(brokers, topic, count):
        started = time.perf_counter()
        group.start()
        while True:
            with reading(engine) as connection:
                found = lags(connection)
            if found and found[0].events == 0:
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - started
    group.stop()
    commit.close()
    engine.dispose()
    return count / seconds


def _tell(transaction: Transaction, numbers: range) -> None:
    write_events(transaction.connection, [_event(transaction, number) for number in numbers])


def _event(transaction: Transaction, number: int) -> Event:
    return Event.of(
        "millpond.inference.recorded",
        "cells",
        f"0190b6a3-0000-7000-8000-{number:012}",
        transaction.clock.tick(),
        object_id=f"0190b6a3-0000-7000-9000-{number % _OBJECTS:012}",
        model_version="cells-1",
        duration_ms=12.5,
        predictions=[{"label": "RBC", "score": 0.9}, {"label": "WBC", "score": 0.8}],
        image={"width": 640, "height": 480, "bytes": 40_000, "brightness": 0.5, "contrast": 0.2},
    )


def _row_by_row(folder: Path, brokers: str, topic: str, count: int) -> float:
    """Events a second of a relay that reads, publishes and commits one row at a time."""
    producer = Producer(
        {"bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True, "linger.ms": 0}
    )
    with (
        closing(sqlite3.connect(folder / "operations.db", isolation_level=None)) as database,
        _read(brokers, topic, count),
    ):
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE published (recorded_at INTEGER)")
        database.execute("INSERT INTO published VALUES (0)")
        started = time.perf_counter()
        for _ in range(count):
            _publish_next(database, producer, topic)
        return count / (time.perf_counter() - started)


def _publish_next(database: sqlite3.Connection, producer: Producer, topic: str) -> None:
    row = database.execute(
        "SELECT event_id, recorded_at, type, app, entity_id, data, key FROM outbox"
        " WHERE recorded_at > (SELECT recorded_at FROM published) ORDER BY recorded_at LIMIT 1"
    ).fetchone()
    event_id, recorded_at, kind, app, entity_id, data, key = row
    value = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/apps/{app}",
        "type": kind,
        "subject": entity_id,
        "data": json.loads(data),
    }
    producer.produce(topic, json.dumps(value), key)
    assert producer.flush(30) == 0
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE published SET recorded_at = ?", (recorded_at,))
    database.execute("COMMIT")


@contextmanager
def _read(brokers: str, topic: str, count: int) -> Iterator[None]:
    """Another process reads the topic meanwhile, and has each event in the end."""
    with _child(_READER, brokers, topic) as reader:
        yield
        output, _ = reader.communicate(f"{count}\n", timeout=120)
        assert int(output) == count


@contextmanager
def _child(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    main()
