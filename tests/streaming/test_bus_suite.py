"""The outbox and Kafka do what every event bus must."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from kafka_cluster import KafkaCluster, kafka_cluster
from millpond.settings import BusSection
from millpond.streaming.bus import Bus, open_bus
from millpond.testing.event_bus import EventBusSuite

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with kafka_cluster() as cluster:
        yield cluster


class TestOutbox(EventBusSuite):
    @pytest.fixture
    def bus(self) -> Bus:
        return open_bus(BusSection())


class TestKafka(EventBusSuite):
    @pytest.fixture
    def bus(self, cluster: KafkaCluster) -> Bus:
        topic = cluster.topic(f"suite-{next(_NUMBERS)}")
        return open_bus(BusSection(url=f"kafka://{cluster.brokers}/{topic}"))
