"""Kafka as the bus: the relay publishes the outbox to a topic, from which consumers read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from sqlalchemy import Engine

from millpond.errors import NotInstalled
from millpond.streaming.consumers import Consumer
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.source import EventSource

#: The topic, where the address names none.
TOPIC = "millpond.events"


class KafkaBus:
    """The bus of ``kafka://host:port[,host:port]/topic``.

    Args:
        options: of librdkafka, such as ``security.protocol``.
    """

    def __init__(self, address: str, options: Mapping[str, str]) -> None:
        check_installed("bus.url")
        self._address = KafkaAddress.of(address, options, TOPIC)

    def source(self, engine: Engine) -> EventSource:
        """Reads the topic."""
        from millpond.streaming.kafka_source import KafkaSource

        return KafkaSource(self._address)

    def relay(self) -> Consumer:
        """Publishes to the topic."""
        from millpond.streaming.relay import Relay

        return Relay(self._address)

    def reach(self) -> str:
        """The brokers, and the partitions of the topic."""
        from millpond.streaming.kafka_client import describe

        return describe(self._address)


def check_installed(setting: str) -> None:
    """Refuse an address of Kafka where its library is missing.

    Raises:
        NotInstalled: the message names the command that brings it.
    """
    if find_spec("confluent_kafka") is None:
        raise NotInstalled(
            f"{setting} is of Kafka, whose library is not installed; "
            "run: pip install 'millpond[kafka]'"
        )
