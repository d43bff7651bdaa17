"""The published schemas: every kind of fact has one, and what is told fits it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from millpond.capture.uncaptured import Uncaptured, record_uncaptured
from millpond.errors import NotFound
from millpond.events.cloudevent import encoded, from_cloudevent
from millpond.events.compatible import compatible, incompatibilities
from millpond.events.event import Event
from millpond.events.schemas import EVENT_TYPES, schema_of
from millpond.settings import AppSection, FeedSection, Settings
from serving.helpers import LABELS, picture, serving
from streaming.bus import until
from valid_events import assert_valid_events, undeclared

_RELEASED = Path(__file__).parent / "released"


@pytest.fixture
def settings() -> Settings:
    return Settings(
        apps={"blood_cells": AppSection(task="detection", labels=LABELS)},
        feeds={"customers": FeedSection(key=("id",), columns={"id": "string"})},
    )


def test_every_fact_tells_what_its_schema_says(tmp_path: Path, settings: Settings) -> None:
    """One of each, made as users make them."""
    with serving(tmp_path, settings) as served:
        first = served.promote()
        served.promote()
        served.services.registry.rollback("blood-cells", by="os:test")
        client = served.client()
        answer = client.post("/api/v1/apps/blood-cells/predict", content=picture()).json()
        assert answer["model_version"] == first
        sent = [
            {"action": "confirm", "target": answer["predictions"][0]["prediction_id"]},
            {"action": "add", "label": "WBC", "box": [1, 2, 3, 4]},
            {"action": "complete"},
        ]
        where = f"/api/v1/inferences/{answer['inference_id']}/annotations"
        client.post(where, json=sent).raise_for_status()
        assert client.post("/api/v1/apps/blood-cells/predict", content=b"no").status_code == 400
        served.layers.annotate([{"action": "complete"}], object_id=answer["object_id"])
        file = tmp_path / "customers_2026-05-01.csv"
        file.write_text("id\n1\n2\n\n")
        assert served.layers.land(file).rows == 2
        counted = Counter({Uncaptured("blood-cells", None, 0, "rate"): 3})
        served.services.commit.run(lambda transaction: record_uncaptured(transaction, counted))
        # Refusals are written a moment after they are answered.
        until(lambda: bool(served.rows("select refusal_id from refusals")))
        told = assert_valid_events(served.services.engine)
    assert told == set(EVENT_TYPES) - {"millpond.alert.raised", "millpond.alert.resolved"}


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_schema_is_one(kind: str) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:millpond:event:{kind}"
    assert schema["title"]
    assert schema["description"]
    for name, field in schema["properties"].items():
        assert field["description"], name


def test_there_is_no_other_schema() -> None:
    with pytest.raises(NotFound, match=r"types are millpond\.alert\.raised, "):
        schema_of("millpond.object.lost")


def test_readers_of_the_last_release_can_read_on() -> None:
    """A type that was released stays, and changes only as its readers need not know."""
    released = {path.stem: json.loads(path.read_text()) for path in _RELEASED.glob("*.json")}
    assert released.keys() <= set(EVENT_TYPES)
    for kind, old in released.items():
        assert incompatibilities(old, schema_of(kind)) == [], kind


def changed(**changes: Any) -> dict[str, Any]:
    """A schema with some of its fields changed; None removes one."""
    fields: dict[str, Any] = {
        "label": {"type": "string", "description": "What it is."},
        "score": {"type": ["number", "null"], "minimum": 0},
        "boxes": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}},
    }
    fields = {name: field for name, field in {**fields, **changes}.items() if field is not None}
    return {"type": "object", "properties": fields, "required": ["label"]}


OLD = changed()


@pytest.mark.parametrize(
    "new",
    [
        changed(),
        changed(extra={"type": "string"}),
        changed(label={"type": "string", "title": "Label", "description": "In other words."}),
        changed(score={"type": ["null", "number"], "minimum": 0}),
        {**OLD, "title": "Something", "examples": [1]},
    ],
)
def test_what_readers_need_not_know(new: dict[str, Any]) -> None:
    assert compatible(OLD, new)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (changed(score=None), "score of the event: it was removed"),
        (changed(score={"type": "number", "minimum": 0}), "score of the event: type was"),
        (changed(score={"type": ["number", "null"]}), "minimum was 0 and is not said"),
        (changed(label={"type": "string", "enum": ["a"]}), "enum was not said and is ['a']"),
        (changed(label={"type": "string", "maxLength": 3}), "maxLength was not said"),
        ({**OLD, "required": ["label", "score"]}, "score of the event: it was optional"),
        ({**OLD, "required": []}, "label of the event: it was required and is optional"),
        ({**changed(new={}), "required": ["label", "new"]}, "new of the event: it is new and"),
        ({**OLD, "additionalProperties": False}, "additionalProperties was not said"),
        (
            changed(boxes={"type": "array", "items": {"type": "object", "properties": {}}}),
            "x of each of boxes of the event: it was removed",
        ),
    ],
)
def test_what_would_break_a_reader(new: dict[str, Any], problem: str) -> None:
    assert not compatible(OLD, new)
    assert problem in "; ".join(incompatibilities(OLD, new))


def test_what_is_not_declared_is_found() -> None:
    assert undeclared(OLD, {"label": "a", "more": 1, "boxes": [{"x": 1, "y": 2}]}) == ["more", "y"]


def test_what_is_published_is_what_the_event_says() -> None:
    event = Event.of(
        "millpond.annotation.recorded",
        "blood-cells",
        'an "id" \\ of \n ä',
        1_790_000_000_000_001,
        object_id="object",
        label="Erythrozyt \N{MIDDLE DOT} \u2028 rot",
    )
    fields = (event.event_id, event.type, event.app, event.key, event.entity_id, event.recorded_at)
    content = encoded(*fields, event.data)
    assert json.loads(content) == event.as_cloudevent()
    assert from_cloudevent(content) == (*fields, event.data)
    nowhere = encoded(event.event_id, event.type, "", *fields[3:], event.data)
    assert json.loads(nowhere)["source"] == "/"
