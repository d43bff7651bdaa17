"""A topic of somebody's rows as a source: each message is one row, as a line of JSON.

A message is a JSON object; or a CloudEvent, structured or binary, whose data is one. Events
that come again by their source and id are left out; of other messages the offset tells that
they were read. What is no JSON stays a row: whoever lands it says why it does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millpond.database.clock import machine_now
from millpond.streaming.kafka_address import KafkaAddress
from millpond.streaming.kafka_topic import Received, Topic
from millpond.streaming.source import Batch, StreamEvent

#: The type of the events that this source gives; a line is in their data.
ROW = "row"
LINE = "line"
_CLOUDEVENT = b"application/cloudevents+json"


class KafkaRows:
    """Reads the messages of a topic as rows. A position is an offset."""

    repeats = True

    def __init__(self, address: KafkaAddress) -> None:
        self.name = f"kafka:{address.topic}"
        self._topic = Topic(address)

    def partitions(self) -> int:
        """As many as the topic has now."""
        return self._topic.partitions()

    def start(self) -> int:
        """Before the first offset."""
        return -1

    def read(self, after: Mapping[int, int], most: int) -> Batch:
        """The messages that have come in."""
        received = self._topic.read(after, most)
        positions = {**after, **{one.partition: one.offset for one in received}}
        # When it was written is the producer's word; how long an id is kept is ours.
        now = machine_now()
        return Batch([_row(one, now) for one in received], positions, len(received) == most)

    def close(self) -> None:
        """Let go of the brokers."""
        self._topic.close()


def _row(received: Received, now: int) -> StreamEvent:
    event_id, content = _opened(received)
    line = content.replace(b"\n", b" ").replace(b"\r", b" ").decode(errors="replace")
    entity_id = f"{received.partition}-{received.offset}"
    return StreamEvent(
        event_id, ROW, "", entity_id, entity_id, now, received.partition, {LINE: line.strip()}
    )


def _opened(received: Received) -> tuple[str, bytes]:
    """The id of the event that a message is, empty where it is none, and the row in it.

    CloudEvents, Kafka protocol binding 1.0.2: sections 3.2, binary, and 3.3, structured.
    """
    headers = received.headers
    if {"ce_id", "ce_source"} <= headers.keys():
        parts = (headers[name].decode(errors="replace") for name in ("ce_source", "ce_id"))
        return _event_id(*parts), received.value
    if headers.get("content-type", b"").startswith(_CLOUDEVENT):
        try:
            event = json.loads(received.value)
            return _event_id(event["source"], event["id"]), _text(event["data"])
        except (ValueError, TypeError, KeyError, RecursionError):
            # It is landed as it came, and so quarantined with its content.
            pass
    # A message without a value is one of a record that was deleted: nothing that a row says.
    return "", received.value or b"null"


def _event_id(source: str | bytes, event_id: str | bytes) -> str:
    parts = [
        one.decode(errors="replace") if isinstance(one, bytes) else one
        for one in (source, event_id)
    ]
    return " ".join(parts)


def _text(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="replace")
