"""A client of Kafka that is none of ours: it reads a topic from its beginning, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition


class Reader:
    """Notes every message; `first` are the events in the order in which they first came."""

    def __init__(self, brokers: str, topic: str, partitions: int) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.messages: list[Message] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The content of every message."""
        return [read(message) for message in list(self.messages)]

    @property
    def first(self) -> list[tuple[str, str, str]]:
        """Id, key and time of each event, when it first came."""
        found: dict[str, tuple[str, str, str]] = {}
        for event in self.events:
            found.setdefault(event["id"], (event["id"], event["partitionkey"], event["time"]))
        return list(found.values())

    def _read(self) -> None:
        while not self._stopping.is_set():
            for message in self._consumer.consume(1_000, timeout=0.05):
                if message.error() is None:
                    self.messages.append(message)


def read(message: Message) -> dict[str, Any]:
    """The event of a message, as another library reads it."""
    from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event
    from cloudevents.core.formats.json import JSONFormat

    headers = dict(message.headers() or [])
    event = from_structured_event(
        KafkaMessage(headers=headers, key=message.key(), value=message.value()), JSONFormat()
    )
    return {**event.get_attributes(), "data": event.get_data()}


@contextmanager
def reader(brokers: str, topic: str, partitions: int = 4) -> Iterator[Reader]:
    """A reader, until the end of the block."""
    started = Reader(brokers, topic, partitions)
    started.start()
    try:
        yield started
    finally:
        started.stop()
