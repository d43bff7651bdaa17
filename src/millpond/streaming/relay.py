"""The relay: publishes the outbox to a topic of Kafka, in order per key, and nothing is lost.

A batch counts as published when every event of it was acknowledged by all replicas in sync,
and only then its position moves. A relay that is killed in between publishes those events
again: consumers deduplicate on the id of the event.

Order is kept over errors, too: the producer is idempotent, has one request at a time under
way to a broker, never gives a message up, and stops altogether before it would leave a gap.
What is then sent anew begins with the first
event that is not known to be there, so the first of each event come in their order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from millpond.database.group_commit import Transaction
from millpond.errors import Busy
from millpond.events.cloudevent import STRUCTURED, encoded
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.kafka_client import make_topic, said, settings_of
from millpond.streaming.source import Batch, StreamEvent

#: The name under which the relay's positions are kept.
RELAY = "relay"
#: Seconds without an acknowledgement after which it is said that the brokers are away.
_PATIENCE = 10.0
_POLL = 0.1
_HEADERS = [("content-type", STRUCTURED.encode())]

_log = logging.getLogger(__name__)


class Relay:
    """A consumer of the outbox that publishes what it gets."""

    name = RELAY

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._producer: Producer | None = None
        self._stopping = threading.Event()

    def prepare(self, batch: Batch) -> Callable[[Transaction], None]:
        """Publish a batch, and wait until all of it is acknowledged, however long that takes.

        Raises:
            Busy: the brokers refuse something, or the relay is to end. Some of the batch may
                be published; it is published again.
        """
        if self._producer is None:
            make_topic(self._address)
            self._producer = Producer(
                {
                    **settings_of(self._address),
                    "acks": "all",
                    "enable.idempotence": True,
                    "enable.gapless.guarantee": True,
                    # With several, a later one that succeeds is taken to acknowledge those
                    # before it, which holds for brokers alone that check the sequence.
                    "max.in.flight.requests.per.connection": 1,
                    "message.timeout.ms": 0,
                    # What is no longer queued was acknowledged, unless it was refused.
                    "delivery.report.only.error": True,
                    "linger.ms": 5,
                    "retry.backoff.max.ms": 500,
                }
            )
        sending = _Sending(self._producer, self._address, self._stopping)
        try:
            sending.send(batch)
        except BaseException:
            # What waits in it must not be sent after what the next one sends.
            self._producer.purge()
            self._producer = None
            raise
        return _nothing

    def stop(self) -> None:
        """Wait for no broker any longer."""
        self._stopping.set()


class _Sending:
    """One batch on its way."""

    def __init__(
        self, producer: Producer, address: KafkaAddress, stopping: threading.Event
    ) -> None:
        self._producer = producer
        self._address = address
        self._stopping = stopping
        self._refused: KafkaError | None = None

    def send(self, batch: Batch) -> None:
        """Send all of it, and wait for every answer."""
        for event in batch.events:
            self._produce(event)
        heard, left = time.monotonic(), len(self._producer)
        while now_left := self._producer.flush(_POLL):
            self._check()
            if now_left < left:
                heard, left = time.monotonic(), now_left
            elif time.monotonic() - heard > _PATIENCE:
                heard = float("inf")
                _log.warning(
                    "Kafka at %s does not answer; the relay goes on when it does",
                    self._address.brokers,
                )
        self._check()

    def _produce(self, event: StreamEvent) -> None:
        value = encoded(
            event.event_id,
            event.type,
            event.app,
            event.key,
            event.entity_id,
            event.recorded_at,
            event.data,
        )
        while True:
            try:
                self._producer.produce(
                    self._address.topic,
                    value,
                    event.key.encode(),
                    headers=_HEADERS,
                    timestamp=event.recorded_at // 1_000,
                    on_delivery=self._refuse,
                )
            except BufferError:
                # As much waits as may; what is acknowledged makes room.
                self._producer.poll(_POLL)
                self._check()
            except KafkaException as error:
                raise Busy(f"Kafka does not take event {event.event_id}: {said(error)}") from error
            else:
                return

    def _refuse(self, error: KafkaError | None, message: Message) -> None:
        self._refused = self._refused or error

    def _check(self) -> None:
        if self._refused is not None:
            raise Busy(
                f"Kafka at {self._address.brokers} refused events of topic "
                f"{self._address.topic}: {self._refused.str()}"
            )
        if self._stopping.is_set():
            raise Busy("the relay ends; what is not acknowledged is sent again")


def _nothing(transaction: Transaction) -> None:
    """The effects of the relay are elsewhere; only its position is written."""
