"""One event: a fact that was recorded, told in the form of CloudEvents 1.0.

Events carry ids and measures, never what identifies a person.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from millpond.events.cloudevent import to_cloudevent
from millpond.values import new_id

EventType = Literal[
    "millpond.object.recorded",
    "millpond.inference.recorded",
    "millpond.annotation.recorded",
    "millpond.refusal.recorded",
    "millpond.uncaptured.recorded",
    "millpond.landing.recorded",
    "millpond.model.registered",
    "millpond.model.promoted",
    "millpond.uncaptured.recorded",
    "millpond.alert.raised",
    "millpond.alert.resolved",
]

#: The shares into which all events are parted; workers divide them among themselves.
PARTITIONS = 16


@dataclass(frozen=True)
class Event:
    """A fact on its way out.

    Args:
        type: what kind of fact.
        app: the application that it belongs to, or ``""``.
        entity_id: the id of the object, inference, annotation, ... that it tells of.
        recorded_at: microseconds since 1970.
        data: the fact itself, as JSON values.
        event_id: what consumers deduplicate on.
    """

    type: EventType
    app: str
    entity_id: str
    recorded_at: int
    data: dict[str, Any]
    event_id: str

    @classmethod
    def of(cls, kind: EventType, app: str, entity_id: str, recorded_at: int, **data: Any) -> Event:
        """A new event with an id of its own."""
        return cls(kind, app, entity_id, recorded_at, data, new_id())

    @property
    def key(self) -> str:
        """What order is kept for: events of the same key reach everyone in their order."""
        return key_of(self.type, self.app, self.entity_id, self.data)

    def as_cloudevent(self) -> dict[str, Any]:
        """In the JSON form of CloudEvents."""
        return to_cloudevent(
            self.event_id,
            self.type,
            self.app,
            self.key,
            self.entity_id,
            self.recorded_at,
            self.data,
        )


def key_of(kind: str, app: str, entity_id: str, data: Mapping[str, Any]) -> str:
    """What order is kept for, of an event of a kind.

    An object and all that is said of it come in their order, and so do the landings of a
    feed, and the models, alerts and refusals of an application.
    """
    if kind == "millpond.object.recorded":
        return entity_id
    return str(data.get("object_id") or data.get("feed") or app or entity_id)


def partition_of(key: str) -> int:
    """The partition of the events of a key, the same on every machine.

    >>> partition_of("0190b6a3-0000-7000-8000-000000000001")
    15
    """
    return zlib.crc32(key.encode()) % PARTITIONS
