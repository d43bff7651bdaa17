"""One event: a fact that was recorded, told in the form of CloudEvents 1.0.

Events carry ids and measures, never what identifies a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from millpond.values import iso, new_id

EventType = Literal[
    "millpond.object.recorded",
    "millpond.inference.recorded",
    "millpond.annotation.recorded",
    "millpond.refusal.recorded",
    "millpond.landing.recorded",
    "millpond.model.registered",
    "millpond.model.promoted",
]


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

    def as_cloudevent(self) -> dict[str, Any]:
        """The JSON form of CloudEvents 1.0 (section 3, "Context attributes")."""
        return {
            "specversion": "1.0",
            "id": self.event_id,
            "source": f"/apps/{self.app}" if self.app else "/",
            "type": self.type,
            "subject": self.entity_id,
            "time": iso(self.recorded_at),
            "datacontenttype": "application/json",
            "data": self.data,
        }
