"""A topic that is read from offsets which the reader keeps itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from millpond.errors import Busy
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.kafka_client import partitions_of, said, settings_of

#: Seconds that messages are waited for, so that they come by the hundred and not one by one.
_GATHER = 0.02
#: Seconds for which the number of partitions is taken to stay what it is.
_COUNTED = 30.0


class Received(NamedTuple):
    """A message; one without a value has an empty one."""

    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, bytes]


class Topic:
    """The messages of some partitions, each in its order."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._consumer = Consumer(
            {
                **settings_of(address),
                # Asked for by the library; nothing is ever kept under it.
                "group.id": "millpond",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "fetch.error.backoff.ms": 100,
            },
            error_cb=self._note,
        )
        self._reached: dict[int, int] = {}
        self._partitions, self._counted = 0, 0.0
        self._away: str | None = None

    def partitions(self) -> int:
        """How many there are.

        Raises:
            Busy: no broker answers.
        """
        if not self._partitions or time.monotonic() - self._counted > _COUNTED:
            self._partitions = partitions_of(self._consumer, self._address)
            self._counted = time.monotonic()
        return self._partitions

    def read(self, after: Mapping[int, int], most: int) -> list[Received]:
        """The messages that have come in since offsets, by partition.

        Raises:
            Busy: the brokers are away, or refuse to tell.
        """
        if self._reached != after:
            self._go_to(after)
        try:
            messages = self._consumer.consume(most, timeout=_GATHER)
        except KafkaException as error:
            self._reached = {}
            raise Busy(f"topic {self._address.topic} cannot be read: {said(error)}") from error
        for message in messages:
            if (problem := message.error()) is not None:
                self._reached = {}
                raise Busy(f"topic {self._address.topic} cannot be read: {problem.str()}")
        if messages:
            self._away = None
        elif self._away is not None:
            self._look()
        received = [
            Received(
                message.partition(),
                message.offset(),
                message.value() or b"",
                {name: value or b"" for name, value in message.headers() or ()},
            )
            for message in messages
        ]
        self._reached.update({one.partition: one.offset for one in received})
        return received

    def close(self) -> None:
        """Let go of the brokers."""
        self._consumer.close()

    def _go_to(self, after: Mapping[int, int]) -> None:
        topic = self._address.topic
        self._consumer.assign(
            [TopicPartition(topic, partition, offset + 1) for partition, offset in after.items()]
        )
        self._reached = dict(after)

    def _note(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._away = error.str()

    def _look(self) -> None:
        """Whether the brokers are still away."""
        partitions_of(self._consumer, self._address, patience=1.0)
        self._away = None
