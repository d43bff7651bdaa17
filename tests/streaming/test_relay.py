"""The relay: everything reaches Kafka, in order per key, over errors and absent brokers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import httpx
import pytest
from confluent_kafka import Producer

from bad_line import bad_line
from kafka_cluster import NOT_ENOUGH_REPLICAS, NOT_LEADER, TIMED_OUT, KafkaCluster, kafka_cluster
from millpond.database.connection import reading
from millpond.errors import ProjectError
from millpond.events.event import Event
from millpond.project import Project
from millpond.settings import BusSection
from millpond.streaming.bus import Bus as EventBus
from millpond.streaming.bus import open_bus
from millpond.streaming.consumers import ConsumerGroup
from millpond.streaming.outbox_source import OutboxSource
from millpond.streaming.positions import lags
from pond import picture
from running import Server
from streaming.bus import Bus, Noting, in_order, until
from streaming.reader import Reader, reader

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with kafka_cluster() as cluster:
        yield cluster


@pytest.fixture
def topic(cluster: KafkaCluster) -> str:
    return cluster.topic(f"events-{next(_NUMBERS)}")


@pytest.fixture
def kafka(cluster: KafkaCluster, topic: str) -> EventBus:
    return at(cluster, topic)


def at(cluster: KafkaCluster, topic: str) -> EventBus:
    return open_bus(BusSection(url=f"kafka://{cluster.brokers}/{topic}"))


def relayed(bus: Bus, kafka: EventBus) -> ConsumerGroup:
    """A relay that runs until the end of the test."""
    relay = kafka.relay()
    assert relay is not None
    group = ConsumerGroup(OutboxSource(bus.engine), relay, bus.engine, bus.commit, pause=0.01)
    group.start()
    bus.groups.append(group)
    return group


def behind(bus: Bus) -> int:
    """How many events the relay has still to publish; -1 before it has begun."""
    with reading(bus.engine) as connection:
        found = lags(connection)
    return sum(lag.events for lag in found) if found else -1


def assert_there(found: Reader, told: list[Event]) -> None:
    """All that was told has come, and its first time is in the order of each key."""
    until(lambda: len(found.first) >= len(told))
    assert sorted(event_id for event_id, *_ in found.first) == sorted(e.event_id for e in told)
    order = {event.event_id: event.recorded_at for event in told}
    assert in_order([(event_id, key, order[event_id]) for event_id, key, _ in found.first])


def test_another_library_reads_what_was_told(
    bus: Bus, cluster: KafkaCluster, topic: str, kafka: EventBus
) -> None:
    told = bus.tell(300)
    relayed(bus, kafka)
    with reader(cluster.brokers, topic) as found:
        assert_there(found, told)
        told += bus.tell(300, first=300)
        assert_there(found, told)
        assert len(found.messages) == len(told)
        event, message = found.events[0], found.messages[0]
    assert message.key().decode() == event["partitionkey"]
    assert dict(message.headers())["content-type"].startswith(b"application/cloudevents+json")
    first = next(one for one in told if one.event_id == event["id"])
    assert (event["type"], event["source"]) == (first.type, "/apps/cells")
    assert (event["subject"], event["data"]) == (first.entity_id, first.data)
    assert event["dataschema"] == f"urn:millpond:event:{first.type}"


def test_errors_of_brokers_change_nothing(
    bus: Bus, cluster: KafkaCluster, topic: str, kafka: EventBus
) -> None:
    relayed(bus, kafka)
    told: list[Event] = []
    with reader(cluster.brokers, topic) as found:
        for first in range(0, 500, 100):
            cluster.fail(*[NOT_LEADER, NOT_ENOUGH_REPLICAS, TIMED_OUT])
            told += bus.tell(100, first=first)
        assert_there(found, told)


def test_no_later_success_stands_for_an_earlier_failure(
    bus: Bus, cluster: KafkaCluster, topic: str, kafka: EventBus
) -> None:
    """Of the requests of a batch, which follow each other closely, some fail.

    These brokers do not check the sequence, so whoever leaves that to them loses events here.
    """
    told = bus.tell(200)
    relayed(bus, kafka)
    with reader(cluster.brokers, topic) as found:
        assert_there(found, told)
        cluster.slow(30)
        for first in range(200, 5_000, 800):
            cluster.fail(TIMED_OUT)
            told += bus.tell(800, first=first)
        assert_there(found, told)
        cluster.slow(0)


def test_it_catches_up_when_brokers_come_back(
    bus: Bus, cluster: KafkaCluster, topic: str, kafka: EventBus
) -> None:
    told = bus.tell(100)
    group = relayed(bus, kafka)
    with reader(cluster.brokers, topic) as found:
        assert_there(found, told)
        until(lambda: behind(bus) == 0)
        cluster.down()
        told += bus.tell(400, first=100)
        time.sleep(0.5)
        assert behind(bus) == 400
        cluster.up()
        assert_there(found, told)
        until(lambda: behind(bus) == 0)
    assert group.problem is None


def test_it_ends_while_brokers_are_away(bus: Bus, cluster: KafkaCluster, topic: str) -> None:
    relayed(bus, at(cluster, topic))
    bus.tell(10)
    until(lambda: behind(bus) == 0)
    cluster.down()
    bus.tell(10)
    time.sleep(0.2)
    started = time.monotonic()
    bus.stop(bus.groups[0])
    cluster.up()
    assert time.monotonic() - started < 5
    assert behind(bus) == 10


def test_a_line_that_is_slow_stalls_and_is_cut(bus: Bus, topic: str) -> None:
    """Three brokers, each behind a proxy; every client knows them by the proxies alone."""
    with kafka_cluster() as cluster:
        lines = [bad_line(address) for address in cluster.addresses]
        with lines[0] as one, lines[1] as two, lines[2] as three:
            cluster.behind([one, two, three])
            cluster.topic(topic)
            brokers = ",".join("{}:{}".format(*line.address) for line in (one, two, three))
            kafka = open_bus(BusSection(url=f"kafka://{brokers}/{topic}"))
            relayed(bus, kafka)
            with reader(brokers, topic) as found:
                told = bus.tell(200)
                assert_there(found, told)
                for number, line in enumerate((one, two, three), start=1):
                    line.stall()
                    told += bus.tell(200, first=400 * number - 200)
                    line.cut()
                    line.delay(0.05)
                    line.mend() if number == 2 else line.stall()
                    told += bus.tell(200, first=400 * number)
                    time.sleep(0.2)
                    line.cut()
                    line.mend()
                assert_there(found, told)


def test_a_consumer_leaves_out_what_is_no_event(
    bus: Bus,
    cluster: KafkaCluster,
    topic: str,
    kafka: EventBus,
    caplog: pytest.LogCaptureFixture,
) -> None:
    noting = Noting()
    group = ConsumerGroup(kafka.source(bus.engine), noting, bus.engine, bus.commit, pause=0.01)
    group.start()
    bus.groups.append(group)
    producer = Producer({"bootstrap.servers": cluster.brokers})
    for value in (b"", b"no JSON", b"[1]", b'{"specversion": "1.0", "id": "a"}', b"\xff" * 9):
        producer.produce(topic, value, "object-0")
    producer.flush(5)
    told = bus.tell(20)
    relayed(bus, kafka)
    until(lambda: len(bus.effects()) >= len(told))
    assert len(bus.effects()) == len(told)
    assert "left out: it is no JSON" in caplog.text
    assert "left out: the CloudEvent has no source" in caplog.text


def test_what_comes_twice_has_its_effect_once(
    bus: Bus, cluster: KafkaCluster, topic: str, kafka: EventBus
) -> None:
    """Two relays that know nothing of each other, as two projects restored from one backup."""
    told = bus.tell(200)
    noting = Noting()
    group = ConsumerGroup(kafka.source(bus.engine), noting, bus.engine, bus.commit, pause=0.01)
    group.start()
    bus.groups.append(group)
    relayed(bus, kafka)
    until(lambda: len(bus.effects()) >= len(told))
    with bus.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stream_positions SET position = 0 WHERE source='outbox'")
    bus.stop(bus.groups[1])
    relayed(bus, kafka)
    with reader(cluster.brokers, topic) as found:
        until(lambda: len(found.messages) >= 2 * len(told))
    told += bus.tell(50, first=200)
    until(lambda: len(bus.effects()) >= len(told))
    assert sorted(event_id for event_id, *_ in bus.effects()) == sorted(e.event_id for e in told)
    assert in_order(bus.effects())


def test_a_served_project_publishes_what_it_keeps(
    server: Server, cluster: KafkaCluster, topic: str
) -> None:
    server.stop()
    toml = server.project / "millpond.toml"
    toml.write_text(f'{toml.read_text()}\n[bus]\nurl = "kafka://{cluster.brokers}/{topic}"\n')
    server.start()
    url, headers = f"{server.url}/api/v1/apps/cells/predict", {}
    headers["Authorization"] = f"Bearer {server.token}"
    with reader(cluster.brokers, topic) as found:
        answer = httpx.post(url, content=picture(1), headers=headers).raise_for_status().json()
        httpx.post(url, content=b"no picture", headers=headers)
        until(lambda: {"object", "inference", "refusal"} <= kinds(found), 15)
    subjects = {event["subject"] for event in found.events}
    assert {answer["inference_id"], answer["object_id"]} <= subjects
    with Project.open(server.project) as project:
        told = {one["name"]: one for one in project.doctor()}["event bus"]
    assert told["ok"]
    assert "3 brokers" in told["detail"]
    assert "relay has read all events" in told["detail"]


def test_without_brokers_everything_else_goes_on(server: Server) -> None:
    server.stop()
    toml = server.project / "millpond.toml"
    toml.write_text(f'{toml.read_text()}\n[bus]\nurl = "kafka://127.0.0.1:1/events"\n')
    server.start()
    url = f"{server.url}/api/v1/apps/cells/predict"
    headers = {"Authorization": f"Bearer {server.token}"}
    httpx.post(url, content=picture(1), headers=headers).raise_for_status()
    with Project.open(server.project) as project:
        told = {one["name"]: one for one in project.doctor()}["event bus"]
    assert not told["ok"]
    assert "Kafka at 127.0.0.1:1 does not answer" in told["detail"]
    assert "events behind, the oldest of " in told["detail"]
    started = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started < 15


def kinds(found: Reader) -> set[str]:
    return {event["type"].split(".")[1] for event in found.events}


@pytest.mark.parametrize("url", ["kafka://", "kafka://host/a b", "kafka://u:p@host/t", "kafka:x"])
def test_a_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(ProjectError, match="kafka://host:port/topic"):
        open_bus(BusSection(url=url))


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(ProjectError, match="it serves kafka, outbox"):
        open_bus(BusSection(url="amqp://host"))
