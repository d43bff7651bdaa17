"""The JSON form of CloudEvents 1.0 (section 3, "Context attributes"), written and read.

``partitionkey`` is of the extension "Partitioning".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millpond.errors import Invalid
from millpond.values import iso, parse_moment

#: The content type of a message that is an event as a whole (Kafka binding, section 3.3).
STRUCTURED = "application/cloudevents+json; charset=UTF-8"

_APPS = "/apps/"
_NEEDED = ("id", "source", "type", "time")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_text = json.encoder.encode_basestring


def schema_id(kind: str) -> str:
    """What the schema of a type of event is called: an absolute URI, the same in every project."""
    return f"urn:millpond:event:{kind}"


def to_cloudevent(
    event_id: str,
    kind: str,
    app: str,
    key: str,
    entity_id: str,
    recorded_at: int,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """An event of ours as JSON values."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"{_APPS}{app}" if app else "/",
        "type": kind,
        "subject": entity_id,
        "time": iso(recorded_at),
        "partitionkey": key,
        "datacontenttype": "application/json",
        "dataschema": schema_id(kind),
        "data": data,
    }


def encoded(
    event_id: str,
    kind: str,
    app: str,
    key: str,
    entity_id: str,
    recorded_at: int,
    data: Mapping[str, Any],
) -> bytes:
    """What `to_cloudevent` gives, as JSON in UTF-8; a relay writes thousands a second."""
    source = f"{_APPS}{app}" if app else "/"
    return (
        f'{{"specversion":"1.0","id":{_text(event_id)},"source":{_text(source)},'
        f'"type":{_text(kind)},"subject":{_text(entity_id)},"time":"{iso(recorded_at)}",'
        f'"partitionkey":{_text(key)},"datacontenttype":"application/json",'
        f'"dataschema":{_text(schema_id(kind))},"data":{_ENCODER.encode(data)}}}'
    ).encode()


def from_cloudevent(content: bytes) -> tuple[str, str, str, str, str, int, dict[str, Any]]:
    """What `to_cloudevent` was given, of an event in its JSON form.

    Raises:
        Invalid: it is no such event; the message says why.
    """
    try:
        event = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"it is no JSON: {error}") from error
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise Invalid("it is no CloudEvent of version 1.0")
    for name in _NEEDED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise Invalid(f"the CloudEvent has no {name}")
    recorded_at = parse_moment(event["time"], now=0)
    data = event.get("data", {})
    if recorded_at is None or not isinstance(data, dict):
        raise Invalid("the time of the CloudEvent is no moment, or its data no JSON object")
    source, subject = event["source"], str(event.get("subject") or event["id"])
    app = source.removeprefix(_APPS) if source.startswith(_APPS) else ""
    key = str(event.get("partitionkey") or subject)
    return event["id"], event["type"], app, key, subject, recorded_at, data
