"""A topic of Kafka as a source of events: the offsets are kept with the consumer's effects.

Kafka's own groups and commits are not used: which worker reads a partition, and from where
on, is in our database, in the same transaction as what was made of the events.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from millpond.errors import Invalid
from millpond.events.cloudevent import from_cloudevent
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.kafka_topic import Topic
from millpond.streaming.source import Batch, StreamEvent

_log = logging.getLogger(__name__)


class KafkaSource:
    """Reads events that a relay has published. A position is an offset."""

    repeats = True

    def __init__(self, address: KafkaAddress) -> None:
        self.name = f"kafka:{address.topic}"
        self._topic = Topic(address)
        #: Messages that were no events of ours, since it was opened.
        self.rejected = 0

    def partitions(self) -> int:
        """As many as the topic has now."""
        return self._topic.partitions()

    def start(self) -> int:
        """Before the first offset."""
        return -1

    def read(self, after: Mapping[int, int], most: int) -> Batch:
        """The messages that have come in; what is no event is said, and left out."""
        messages = self._topic.read(after, most)
        events: list[StreamEvent] = []
        for message in messages:
            try:
                told = from_cloudevent(message.value)
            except Invalid as error:
                self.rejected += 1
                where = f"{self.name} {message.partition}/{message.offset}"
                _log.warning("%s left out: %s", where, error)
                continue
            event_id, kind, app, key, entity_id, recorded_at, data = told
            events.append(
                StreamEvent(
                    event_id, kind, app, key, entity_id, recorded_at, message.partition, data
                )
            )
        positions = {**after, **{one.partition: one.offset for one in messages}}
        return Batch(events, positions, bool(messages))

    def close(self) -> None:
        """Let go of the brokers."""
        self._topic.close()
