"""A topic as a source of rows: each message lands once, whatever it is."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

import backends
from inbox import Inbox
from kafka_cluster import KafkaCluster, kafka_cluster
from millpond.errors import ProjectError
from millpond.pipelines.land_topic import topic_group
from millpond.settings import FILE, SourceSection
from millpond.streaming.consumers import ConsumerGroup
from streaming.bus import until

pytestmark = pytest.mark.parametrize("database", backends.KINDS, indirect=True)

_NUMBERS = itertools.count()
FEED: dict[str, Any] = {
    "key": ["id"],
    "columns": {"id": "integer", "plan": "string", "at": "timestamp"},
    "valid_from": "at",
}
_AT = "2026-03-02T10:00:00Z"


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with kafka_cluster() as cluster:
        yield cluster


@pytest.fixture
def topic(cluster: KafkaCluster) -> str:
    return cluster.topic(f"plans-{next(_NUMBERS)}")


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    inbox = Inbox(tmp_path, plans=FEED)
    yield inbox
    inbox.close()


class Landing:
    """Lands a topic in the feed of an inbox, until it is stopped."""

    def __init__(self, inbox: Inbox, cluster: KafkaCluster, topic: str, **options: Any) -> None:
        self.inbox = inbox
        source = SourceSection(
            url=f"kafka://{cluster.brokers}/{topic}", feed="plans", seconds=0.05, **options
        )
        lake = inbox.lake
        self.group: ConsumerGroup = topic_group(
            "plans", source, inbox.feeds["plans"], inbox.landings, lake.engine, lake.commit
        )

    def __enter__(self) -> Landing:
        self.group.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.group.stop()

    def has(self, rows: int, quarantined: int = 0) -> bool:
        found = self.inbox.lake.rows("select sum(rows), sum(quarantined) from landings")
        return found == [(rows, quarantined)]


def row(number: int, plan: str = "basic") -> bytes:
    return json.dumps({"id": number, "plan": plan, "at": _AT}).encode()


def send(cluster: KafkaCluster, topic: str, *values: bytes | None, **headers: str) -> None:
    producer = Producer({"bootstrap.servers": cluster.brokers, "acks": "all"})
    for number, value in enumerate(values):
        producer.produce(
            topic,
            value,
            str(number),
            headers=[(k.replace("_", "-"), v) for k, v in headers.items()],
        )
    assert producer.flush(10) == 0


def test_messages_become_rows(inbox: Inbox, cluster: KafkaCluster, topic: str) -> None:
    send(cluster, topic, *(row(number) for number in range(300)))
    with Landing(inbox, cluster, topic) as landing:
        until(lambda: landing.has(300))
        send(cluster, topic, row(7, "gold"), b'{\n "id": 300,\n "plan": "a\\nb", "at": "2026"}\n')
        until(lambda: landing.has(302, 1))
    assert inbox.lake.rows("select count(*) from plans") == [(300,)]
    [(name,)] = inbox.lake.rows(
        "select file_name from landings where quarantined = 0 order by rows desc limit 1"
    )
    assert name.endswith(".jsonl")


def test_what_is_no_row_is_quarantined(inbox: Inbox, cluster: KafkaCluster, topic: str) -> None:
    wide = json.dumps({f"column {number}": 1 for number in range(20_000)}).encode()
    bad = [b"no JSON", b"[1]", b"", None, b'{"other": 1}', b"\xff\xfe", b'{"id": 1}', wide]
    send(cluster, topic, *bad)
    with Landing(inbox, cluster, topic) as landing:
        until(lambda: landing.has(len(bad), len(bad)))
        send(cluster, topic, row(1))
        until(lambda: landing.has(len(bad) + 1, len(bad)))
    reasons = {why for (why,) in inbox.lake.rows("select reason from quarantined_rows")}
    assert any("no JSON object" in why for why in reasons)
    assert any("plan is blank" in why for why in reasons)


def test_events_that_come_again_land_once(inbox: Inbox, cluster: KafkaCluster, topic: str) -> None:
    """CloudEvents, structured and binary, each sent twice; the source is part of the id."""
    told = {
        "specversion": "1.0",
        "type": "plan.changed",
        "source": "/crm",
        "id": "a",
        "data": {"id": 1, "plan": "basic", "at": _AT},
    }
    structured = json.dumps(told).encode()
    for _ in range(2):
        send(cluster, topic, structured, content_type="application/cloudevents+json")
        send_binary(cluster, topic, row(2), "/crm", "b")
    send_binary(cluster, topic, row(3), "/erp", "b")
    with Landing(inbox, cluster, topic) as landing:
        until(lambda: landing.has(3))
        send(cluster, topic, structured, content_type="application/cloudevents+json")
        send(cluster, topic, row(4))
        until(lambda: landing.has(4))
    assert inbox.lake.rows("select id, plan from plans order by id") == [
        (number, "basic") for number in (1, 2, 3, 4)
    ]


def send_binary(cluster: KafkaCluster, topic: str, value: bytes, source: str, id: str) -> None:
    producer = Producer({"bootstrap.servers": cluster.brokers})
    headers = [("ce_specversion", "1.0"), ("ce_source", source), ("ce_id", id), ("ce_type", "t")]
    producer.produce(topic, value, headers=headers)
    assert producer.flush(10) == 0


_LAND = """
import sys
from pathlib import Path
from millpond.project import Project

with Project.open(Path(sys.argv[1])) as project:
    [group] = [one for one in project.consumer_groups() if one.name == "source plans"]
    group.start()
    print("started", flush=True)
    sys.stdin.read()
    group.stop()
"""


def test_a_killed_landing_lands_each_message_once(
    inbox: Inbox, cluster: KafkaCluster, topic: str, tmp_path: Path
) -> None:
    """Its process is killed again and again, each time a little later, while messages come."""
    declare(tmp_path, f"kafka://{cluster.brokers}/{topic}")
    sent = 0
    for life in (0.3, 1.0, 60.0):
        with subprocess.Popen(
            [sys.executable, "-c", _LAND, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
            send(cluster, topic, *(row(number) for number in range(sent, sent + 200)))
            sent += 200
            deadline = time.monotonic() + life
            while time.monotonic() < deadline and landed(inbox) < sent:
                time.sleep(0.05)
            process.kill()
        # Whoever comes next need not wait until the lease of the dead has run out.
        with inbox.lake.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE stream_workers SET alive_until = 0")
    found = inbox.lake.rows("select sum(rows), sum(added), sum(quarantined) from landings")
    assert found == [(sent, sent, 0)]
    assert inbox.lake.rows("select count(*) from plans") == [(sent,)]


def landed(inbox: Inbox) -> int:
    """How many rows have landed."""
    with inbox.lake.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT sum(rows) FROM landings").scalar() or 0


def declare(folder: Path, url: str) -> None:
    (folder / FILE).write_text(
        f"""
[database]
url = "{backends.database_url(folder)}"

[feeds.plans]
key = ["id"]
columns = {{ id = "integer", plan = "string", at = "timestamp" }}
valid_from = "at"

[sources.plans]
url = "{url}"
feed = "plans"
seconds = 0.05
"""
    )


def test_a_malformed_address_is_refused(inbox: Inbox) -> None:
    source = SourceSection(url="kafka://host:1", feed="plans")
    with pytest.raises(ProjectError, match="kafka://host:port/topic"):
        topic_group(
            "plans",
            source,
            inbox.feeds["plans"],
            inbox.landings,
            inbox.lake.engine,
            inbox.lake.commit,
        )
