"""The routes of the events: what each type of event tells, as a JSON schema."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from millpond.events.schemas import EVENT_TYPES, schema_of
from millpond.serving.routes import Routes

routes = Routes("Events")


class EventTypeAnswer(TypedDict):
    """A type of event: what it tells, and what its ``dataschema`` says."""

    type: str
    title: str
    dataschema: str


class EventTypesAnswer(TypedDict):
    """All types of events."""

    types: list[EventTypeAnswer]


@routes.get("/api/v1/events/schemas", "events.describe", response_model=EventTypesAnswer)
def list_schemas() -> EventTypesAnswer:
    """The types of events that the outbox and the event bus have."""
    schemas = {kind: schema_of(kind) for kind in EVENT_TYPES}
    return {
        "types": [
            {"type": kind, "title": schema["title"], "dataschema": schema["$id"]}
            for kind, schema in schemas.items()
        ]
    }


@routes.get("/api/v1/events/schemas/{event_type}", "events.describe", errors=(404,))
def get_schema(event_type: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of the data of a type of event."""
    return schema_of(event_type)
