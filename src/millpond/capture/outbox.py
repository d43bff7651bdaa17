"""The outbox: events written in the transaction of the fact that they tell."""

from __future__ import annotations

from sqlalchemy import Connection

from millpond.capture import tables
from millpond.events.event import Event, partition_of


def write_events(connection: Connection, events: list[Event]) -> None:
    """Put events beside their facts, in the same transaction."""
    if events:
        connection.execute(
            tables.outbox.insert(),
            [
                {
                    "event_id": event.event_id,
                    "recorded_at": event.recorded_at,
                    "type": event.type,
                    "app": event.app,
                    "entity_id": event.entity_id,
                    "data": event.data,
                    "key": event.key,
                    "partition": partition_of(event.key),
                }
                for event in events
            ],
        )
